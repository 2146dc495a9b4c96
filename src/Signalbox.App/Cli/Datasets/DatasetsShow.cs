using System.CommandLine;
using System.Text.Json;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>datasets show</c>: the versions of a dataset, who made them and from what, and who switched them.</summary>
internal static class DatasetsShow
{
    private const int HashShown = 12;

    public static Command Build()
    {
        var command = VerbParts.Command(
            "show",
            "The versions of a dataset, the newest first: which is current, which can be brought back, what they hold, which attempt made them and from "
                + "which versions; then who made which version current, and why.",
            "datasets show flights/features",
            "datasets show flights/features --partition 2024-03-01 --json"
        );
        var name = new Argument<string>("DATASET") { Description = "The name of a dataset" };
        var partition = DatasetsVerb.Partition("all");
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many versions",
            HelpName = "N",
            DefaultValueFactory = _ => 20,
        };
        var space = DatasetsVerb.Namespace();
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { partition, limit, space, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var document = store.Read(session =>
                DatasetDocument.Read(
                    session,
                    parsed.GetRequiredValue(name),
                    parsed.GetValue(partition),
                    Math.Max(1, parsed.GetValue(limit)),
                    DatasetsVerb.SpaceOf(parsed.GetValue(space))
                )
            );
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.DatasetDocument);
            }
            else
            {
                Print(document);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(DatasetDocument document)
    {
        Console.Out.WriteLine(
            $"dataset {document.Dataset}{(document.Partition is { Length: > 0 } partition ? $", partition {partition}" : "")}"
        );
        foreach (var path in document.Versions.GroupBy(version => version.Path))
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine(path.Key);
            TextTable.Write(
                Console.Out,
                ["version", "state", "partition", "rows", "sha256", "run", "task", "attempt", "definition", "published (UTC)", "from"],
                [.. path.Select(Row)]
            );
            if (path.FirstOrDefault(version => version.Stale is not null) is { Stale: { } stale } old)
            {
                Console.Out.WriteLine($"version {old.Version} is stale: {stale}");
            }

            if (path.FirstOrDefault(version => version.Columns is { ValueKind: JsonValueKind.Object }) is { Columns: { } columns })
            {
                Console.Out.WriteLine(
                    $"columns: {string.Join(", ", columns.EnumerateObject().Select(column => $"{column.Name} {column.Value}"))}"
                );
            }
        }

        Console.Out.WriteLine();
        TextTable.Write(
            Console.Out,
            ["switched (UTC)", "from", "to", "by", "reason", "path"],
            [
                .. document.Switches.Select(made =>
                    new[] { Second(made.At), made.From?.ToString() ?? "-", $"{made.To}", made.Who, made.Reason ?? "", made.Path }
                ),
            ]
        );
        foreach (var refusal in document.Refusals)
        {
            Console.Out.WriteLine(
                $"refused at {Second(refusal.At)}: run {refusal.Run}, {refusal.Task}, attempt {refusal.Attempt}: {refusal.Reason}"
            );
        }
    }

    private static string[] Row(VersionDocument version) =>
        [
            $"{version.Version}",
            version.Current ? (version.Stale is null ? "current" : "current, stale")
            : version.Kept ? "kept"
            : "gone",
            version.Partition,
            $"{version.Rows}",
            version.Sha256 is { } sha ? sha[..Math.Min(HashShown, sha.Length)] : "",
            $"{version.Run}",
            version.MapIndex < 0 ? version.Task : $"{version.Task}[{version.MapIndex}]",
            $"{version.Attempt}",
            version.Definition,
            version.PublishedAt is { } at ? Second(at) : "",
            string.Join(
                ", ",
                version
                    .Inputs.EnumerateArray()
                    .Take(3)
                    .Select(input => $"{input.GetProperty("name").GetString()} version {input.GetProperty("publication").GetInt64()}")
            ) + (version.Inputs.GetArrayLength() > 3 ? $" and {version.Inputs.GetArrayLength() - 3} more" : ""),
        ];

    private static string Second(string instant) => instant[..19].Replace('T', ' ');
}
