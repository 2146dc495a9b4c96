using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Lint;
using Signalbox.Engine.Linting;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>lint</c>: what keeps pipelines from being run again safely, as far as it can be seen without running them.</summary>
internal static class LintVerb
{
    public static readonly Verb Verb = new("lint", "See what keeps a pipeline from being run again safely", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Looks through pipeline files, and the shell, Python, SQL and C# sources that their tasks run, for what keeps them from being run "
                + "again safely: the wall clock, appends, chance, paths without a partition, names such as latest.pkl, no timeout, no retries; "
                + "and schedules that read a dataset before it is expected to be made. "
                + "Prints a checklist for each pipeline. A comment `signalbox: allow CODE` silences a warning on its line. "
                + "Exit code 2 for mistakes in a file, 1 for warnings with --strict.",
            "lint",
            "lint pipelines/daily.yaml --strict",
            "lint --json"
        );
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files or folders. Default: the project's pipelines",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var strict = new Option<bool>("--strict") { Description = "Exit with 1 when there are warnings" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(paths);
        command.Options.Add(strict);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            var files = PipelineSource.Check(parsed.GetValue(paths) ?? [], opened);
            using var store = ProjectOpening.FindStore(opened);
            var early = EarlyReadFindings.Of(
                store,
                opened,
                [.. opened.OpenPipelines().Load().Pipelines.Select(loaded => loaded.Pipeline)],
                TimeProvider.System.GetUtcNow()
            );
            var reports = files.Select(file => (File: file, Report: Proven(Look(opened, file, early), file, store))).ToList();
            var problems = reports.SelectMany(one => one.Report.Problems).Distinct().ToList();
            var errors = problems.Count(found => found.Problem.Severity == Severity.Error);
            if (parsed.GetValue(json))
            {
                CliJson.Print(
                    new LintDocument(
                        [.. problems.Select(LintProblemDocument.Of)],
                        [.. reports.Where(one => one.File.Pipeline is not null).Select(Document)]
                    ),
                    CliJson.Default.LintDocument
                );
            }
            else
            {
                Print(problems, reports);
            }

            return errors > 0 ? ExitCode.UserMistake
                : problems.Count > 0 && parsed.GetValue(strict) ? ExitCode.WorkFailed
                : ExitCode.Done;
        });
        return command;
    }

    private static LintReport Look(Project project, CheckedFile file, ILookup<PipelineName, Finding> early) =>
        PipelineLinter.Check(
            project,
            file.File,
            file.Text,
            file.Parsed,
            file is { InProject: true, Pipeline: { } pipeline } ? early[pipeline.Name] : []
        );

    /// <summary>The report with what is proven of the pipeline as the last item of its checklist.</summary>
    private static LintReport Proven(LintReport report, CheckedFile file, Store? store)
    {
        if (file.Pipeline is not { } pipeline)
        {
            return report;
        }

        var badge = ProofBadge.Of(store, pipeline);
        var detail = badge.Message ?? $"unverified: signalbox verify idempotency {pipeline.Name} --date D";
        return report with
        {
            Checklist = report.Checklist.Add(new ChecklistItem("idempotency verified", badge.Idempotency == "verified", detail)),
        };
    }

    private static LintChecklistDocument Document((CheckedFile File, LintReport Report) one) =>
        new(one.File.Pipeline!.Name.Value, one.File.File, [.. one.Report.Checklist.Select(LintItemDocument.Of)]);

    private static void Print(List<LintProblem> problems, List<(CheckedFile File, LintReport Report)> reports)
    {
        foreach (var found in problems)
        {
            Console.Out.WriteLine(found);
        }

        foreach (var (file, report) in reports.Where(one => one.File.Pipeline is not null))
        {
            Console.Out.WriteLine($"{(problems.Count > 0 ? "\n" : "")}{file.Pipeline!.Name} ({file.File})");
            foreach (var item in report.Checklist)
            {
                Console.Out.WriteLine($"  {(item.Passed ? "pass" : "FAIL")}  {item.Item, -32}  {item.Detail}");
            }
        }

        var errors = problems.Count(found => found.Problem.Severity == Severity.Error);
        var parts = new List<string>();
        if (errors > 0)
        {
            parts.Add(Brief.Count(errors, "error"));
        }

        parts.Add(problems.Count == errors ? "no warnings" : Brief.Count(problems.Count - errors, "warning"));
        Console.Out.WriteLine($"{Brief.Count(reports.Count, "file")}: {string.Join(", ", parts)}");
    }
}
