using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>datasets</c>: what was published, its versions, and the way back to one of them.</summary>
internal static class DatasetsVerb
{
    public static readonly Verb Verb = new(
        "datasets",
        "List what was published and updated; versions, partitions, lineage, roll back",
        Build
    );

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Lists every dataset with its partitions, its newest current version, and whether it is late or made from what was renewed since. An output without `dataset:` is PIPELINE.TASK.OUTPUT.",
            "datasets",
            "datasets show flights/features --partition 2024-03-01",
            "datasets rollback flights/features --partition 2024-03-01 --reason \"the source was wrong\"",
            "datasets resolve flights/features --partition 2024-03-01",
            "datasets update flights/raw --partition 2024-03-01"
        );
        SetList(command);
        var list = VerbParts.Command("list", "The same as `datasets` alone.", "datasets list --json");
        SetList(list);
        command.Subcommands.Add(list);
        command.Subcommands.Add(DatasetsShow.Build());
        command.Subcommands.Add(DatasetsRollback.Build());
        command.Subcommands.Add(DatasetsResolve.Build());
        command.Subcommands.Add(DatasetsUpdate.Build());
        command.Subcommands.Add(DatasetsUpdate.BuildList());
        command.Subcommands.Add(DatasetsPartitions.Build());
        command.Subcommands.Add(DatasetsLineage.Build());
        command.Subcommands.Add(DatasetsFreshness.Build());
        return command;
    }

    /// <summary><c>--partition</c>.</summary>
    public static Option<string?> Partition(string otherwise) =>
        new("--partition") { Description = $"The partition, e.g. 2024-03-01. Default: {otherwise}", HelpName = "PARTITION" };

    /// <summary><c>--namespace</c>.</summary>
    public static Option<string?> Namespace() =>
        new("--namespace") { Description = "What runs of this namespace made. Default: the live ones", HelpName = "NAME" };

    public static RunNamespace? SpaceOf(string? told) => told is { Length: > 0 } name ? new RunNamespace(name) : null;

    /// <summary>The error for a name that no dataset has.</summary>
    public static UserMistakeException Unknown(ReadSession session, string name, RunNamespace? space)
    {
        var advice = Suggestion.DidYouMean(name, session.Datasets(space).Select(dataset => dataset.Name));
        return new UserMistakeException(
            $"there is no dataset `{name}`{(space is { } where ? $" in the namespace `{where}`" : "")}"
                + (advice.Length > 0 ? advice : "; `signalbox datasets` lists them")
        );
    }

    /// <summary>The error for a partition that a dataset does not have.</summary>
    public static UserMistakeException NoPartition(string name, string partition, IEnumerable<string> partitions)
    {
        var known = partitions.Distinct().ToList();
        var some = string.Join(", ", known.TakeLast(5).Select(each => each.Length > 0 ? each : "the empty one: leave --partition out"));
        return new UserMistakeException($"dataset {name} has no partition `{partition}`; it has {some}{(known.Count > 5 ? ", ..." : "")}");
    }

    private static void SetList(Command command)
    {
        var space = Namespace();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(space);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            var lines =
                store?.Read(session => DatasetLineDocument.Read(session, SpaceOf(parsed.GetValue(space)), TimeProvider.System.GetUtcNow()))
                ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(lines, CliJson.Default.DatasetLineDocumentArray);
            }
            else if (lines.Length == 0)
            {
                Console.Out.WriteLine("no datasets: nothing was published yet");
            }
            else
            {
                Print(lines);
            }

            return ExitCode.Done;
        });
    }

    private static string State(DatasetLineDocument line) =>
        string.Join(
            ", ",
            new[] { line.LateSince is { } due ? $"late since {due}" : null, line.Stale > 0 ? $"{line.Stale} stale" : null }.OfType<string>()
        );

    private static void Print(DatasetLineDocument[] lines) =>
        TextTable.Write(
            Console.Out,
            ["dataset", "kind", "partitions", "paths", "rows", "version", "partition", "by run", "task", "at (UTC)", "state"],
            [
                .. lines.Select(line =>
                    new[]
                    {
                        line.Dataset,
                        line.Kind,
                        $"{line.Partitions}",
                        $"{line.Paths}",
                        $"{line.Rows}",
                        $"{line.Version}",
                        line.Partition,
                        $"{line.Run}",
                        line.Task,
                        line.SwitchedAt[..19].Replace('T', ' '),
                        State(line),
                    }
                ),
            ]
        );
}
