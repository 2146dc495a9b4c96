using Signalbox.Core.Definitions;
using Signalbox.Core.Lint;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Linting;

/// <summary>Looks through a pipeline file and the sources that its tasks run.</summary>
public static class PipelineLinter
{
    /// <summary>What the checker says too, here with more of it and without what a comment says.</summary>
    private const string Coarse = LintCodes.WallClock;

    /// <param name="file">The pipeline file as problems name it.</param>
    /// <param name="text">What stands in it.</param>
    /// <param name="parsed">What was read from it.</param>
    /// <param name="more">What is known of it besides, from outside of the file. Default nothing.</param>
    public static LintReport Check(Project project, string file, string text, ParsedPipeline parsed, IEnumerable<Finding>? more = null)
    {
        var lines = new TextLines(text);
        var problems = new List<LintProblem>();
        foreach (var problem in parsed.Problems)
        {
            var allowed = problem.Severity == Severity.Warning && Allowance.Silences(text, lines.Position(problem.Line), problem.Code);
            if (!allowed && problem.Code != Coarse)
            {
                var parts = problem.Message.Split("; ", 2);
                problems.Add(new LintProblem(problem with { Message = parts[0] }, TaskAt(parsed, problem), parts.ElementAtOrDefault(1)));
            }
        }

        if (parsed.Pipeline is not { } pipeline)
        {
            return new LintReport([.. problems], []);
        }

        var files = new Dictionary<string, TextLines>(StringComparer.Ordinal);
        var sources = TaskSources
            .OfDefinition(pipeline)
            .Concat(pipeline.Tasks.SelectMany(task => SourceFiles.Of(project.Folder, task)))
            .ToList();
        foreach (var source in sources)
        {
            if (source.File is { } named)
            {
                files.TryAdd(named, new TextLines(source.Text));
            }
        }

        var codes = new List<(string, Core.TaskName?)>(problems.Select(problem => (problem.Problem.Code, Name(problem.Task))));
        var told = new HashSet<(string, int, int, string)>();
        foreach (var finding in Linter.Check(pipeline, sources).Concat(more ?? []))
        {
            if (finding.Code == LintCodes.NoRetries && (project.Defaults.Retries is not null || parsed.IsSaid(finding.Field)))
            {
                continue;
            }

            var (line, column) = finding.File is { } source
                ? files[source].Place(finding.Offset)
                : parsed.PlaceOf(finding.Field, finding.Offset);
            if (finding.File is null && Allowance.Silences(text, lines.Position(line), finding.Code))
            {
                continue;
            }

            codes.Add((finding.Code, finding.Task));

            // Several tasks may run one file.
            if (told.Add((finding.File ?? "", line, column, finding.Code)))
            {
                problems.Add(
                    new LintProblem(
                        new Problem(finding.File ?? file, line, column, Severity.Warning, finding.Code, finding.Message),
                        finding.Task?.Value,
                        finding.Mend
                    )
                );
            }
        }

        return new LintReport(
            [
                .. problems
                    .OrderBy(problem => problem.Problem.File == file ? 0 : 1)
                    .ThenBy(problem => problem.Problem.File, StringComparer.Ordinal)
                    .ThenBy(problem => problem.Problem.Line)
                    .ThenBy(problem => problem.Problem.Column),
            ],
            Checklist.Of(pipeline, codes)
        );
    }

    private static Core.TaskName? Name(string? task) => task is null ? null : new Core.TaskName(task);

    /// <summary>The task in whose lines a problem stands.</summary>
    private static string? TaskAt(ParsedPipeline parsed, Problem problem)
    {
        string? found = null;
        var latest = 0;
        foreach (var task in parsed.Pipeline?.Tasks ?? [])
        {
            var (line, _) = parsed.PlaceOf($"tasks.{task.Name}");
            if (line <= problem.Line && line >= latest)
            {
                (found, latest) = (task.Name.Value, line);
            }
        }

        return found;
    }
}
