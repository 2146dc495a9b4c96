using System.CommandLine;
using System.Text.Json;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>datasets rollback</c>: makes a kept version current again.</summary>
internal static class DatasetsRollback
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "rollback",
            "Makes a kept version current again, at every path of one partition of a dataset, each in one atomic step; no task runs. Without --to it is "
                + "the version before the one that the newest run published. With --to, what that version's run published at the other paths comes back too. "
                + "Later runs publish as usual, and runs that have read the version that is gone are not run again.",
            "datasets rollback flights/features --partition 2024-03-01 --reason \"the source was wrong\"",
            "datasets rollback flights/features --partition 2024-03-01 --to 41 --reason \"the source was wrong\" --json"
        );
        var name = new Argument<string>("DATASET") { Description = "The name of a dataset" };
        var partition = DatasetsVerb.Partition("the only one there is");
        var to = new Option<long?>("--to")
        {
            Description = "The number of a version; `datasets show` lists them. Default: the one before the current one",
            HelpName = "VERSION",
        };
        var reason = new Option<string>("--reason")
        {
            Description = "Why; shown with the switch",
            HelpName = "TEXT",
            Required = true,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { partition, to, reason, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var why = parsed.GetRequiredValue(reason);
                if (string.IsNullOrWhiteSpace(why))
                {
                    throw new UserMistakeException("--reason: say why in a few words; it is shown with the switch");
                }

                // Looking first: where nothing ever ran, nothing is to be made.
                using (ProjectOpening.OpenStore(found)) { }

                await using var engine = ProjectOpening.OpenEngine(found);
                var answer = await engine.AskAsync(
                    new Request.RollBackDataset(parsed.GetRequiredValue(name), parsed.GetValue(partition), parsed.GetValue(to), why)
                );
                Print(answer, parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static void Print(Answer answer, bool json)
    {
        var switched = answer.Details is { } details
            ? JsonSerializer.Deserialize(details, CliJson.Default.SwitchedDocumentArray) ?? []
            : [];
        if (json)
        {
            CliJson.Print(new RollbackDocument(answer.Done, answer.Message, switched), CliJson.Default.RollbackDocument);
            return;
        }

        Console.Out.WriteLine(answer.Message);
        foreach (var path in switched)
        {
            Console.Out.WriteLine($"  {path.Path}");
        }
    }
}
