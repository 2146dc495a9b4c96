using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.App.Cli;

/// <summary><c>validate</c>: every mistake of pipeline files at its place, without running anything.</summary>
internal static class ValidateVerb
{
    public static readonly Verb Verb = new("validate", "Check pipeline files; every mistake with its place", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Checks pipeline files, or all of a folder, without running anything. Exit code 2 when there is an error; warnings are shown.",
            "validate",
            "validate pipelines/daily.yaml --json"
        );
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files or folders. Default: the project's pipelines",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(paths);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var checkedFiles = PipelineSource.Check(parsed.GetValue(paths) ?? [], ProjectOpening.Find(parsed.GetValue(project)));
            var problems = checkedFiles.SelectMany(file => file.Problems).ToList();
            var errors = problems.Count(problem => problem.Severity == Severity.Error);
            if (parsed.GetValue(json))
            {
                CliJson.Print([.. problems.Select(ProblemDocument.Of)], CliJson.Default.ProblemDocumentArray);
            }
            else
            {
                foreach (var problem in problems)
                {
                    Console.Out.WriteLine(problem);
                }

                Console.Out.WriteLine(Summary(checkedFiles.Count, errors, problems.Count - errors));
            }

            return errors > 0 ? ExitCode.UserMistake : ExitCode.Done;
        });
        return command;
    }

    private static string Summary(int files, int errors, int warnings) =>
        $"{Count(files, "file")}: {(errors == 0 ? "no errors" : Count(errors, "error"))}{(warnings == 0 ? "" : $", {Count(warnings, "warning")}")}";

    private static string Count(int number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";
}
