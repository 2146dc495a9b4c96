using System.CommandLine;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Cli;

/// <summary><c>init</c>: makes a project with a working example.</summary>
internal static class InitVerb
{
    public static readonly Verb Verb = new("init", "Make a project with a working example", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Makes a project: settings with comments, and a small pipeline that works. Files that are there already stay as they are.",
            "init my-project",
            "init"
        );
        var folder = new Argument<string?>("DIR") { Description = "The folder. Default: the current one", Arity = ArgumentArity.ZeroOrOne };
        var json = VerbParts.Json();
        command.Arguments.Add(folder);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var told = parsed.GetValue(folder) ?? ".";
            if (File.Exists(told))
            {
                throw new UserMistakeException($"{told} is a file; init takes a folder");
            }

            var (written, kept) = Write(told);
            if (parsed.GetValue(json))
            {
                CliJson.Print(
                    new InitDocument(Path.GetFullPath(told), [.. written], [.. kept.Select(problem => problem.File)]),
                    CliJson.Default.InitDocument
                );
                return ExitCode.Done;
            }

            foreach (var file in written)
            {
                Console.Out.WriteLine($"wrote {Path.Combine(told, file)}");
            }

            foreach (var problem in kept)
            {
                Console.Out.WriteLine($"kept  {Path.Combine(told, problem.File)}: {problem.Message}");
            }

            var where = told == "." ? "" : $" --project {Quoted(told)}";
            var pipelines = Project.Open(told).Project?.OpenPipelines().Load().Pipelines ?? [];
            if (!pipelines.IsEmpty)
            {
                Console.Out.WriteLine($"now run it: signalbox run {pipelines[0].Pipeline.Name}{where}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static (IReadOnlyList<string> Written, IReadOnlyList<Engine.PipelineFiles.Problem> Kept) Write(string folder)
    {
        try
        {
            var (written, kept) = ProjectTemplate.WriteTo(folder);
            return (written, kept);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"{folder}: a project cannot be made there: {problem.Message.TrimEnd('.')}");
        }
    }

    private static string Quoted(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_')
            ? path
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <summary><c>init --json</c>.</summary>
internal sealed record InitDocument(string Project, string[] Written, string[] Kept);
