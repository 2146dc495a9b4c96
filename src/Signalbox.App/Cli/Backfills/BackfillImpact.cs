using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>backfill impact</c>: which dates stand as a definition version made them, for whoever found a mistake in it.</summary>
internal static class BackfillImpact
{
    public static Command Build()
    {
        var command = VerbParts.Command(
            "impact",
            "Lists the dates whose latest success was made by a version of the definition: where one of them is wrong, the others may be, too.",
            "backfill impact daily --version 3f9a",
            "backfill impact daily --run 12"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline" };
        var version = new Option<string?>("--version") { Description = "The version, or how it begins", HelpName = "HASH" };
        var run = new Option<long?>("--run") { Description = "The version that this run was made by", HelpName = "RUN" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        foreach (var option in new Option[] { version, run, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var name = new PipelineName(parsed.GetRequiredValue(pipeline));
            var document = store.Read(session => Read(session, name, parsed.GetValue(version), parsed.GetValue(run)));
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.ImpactDocument);
            }
            else
            {
                Print(document);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static ImpactDocument Read(ReadSession session, PipelineName pipeline, string? version, long? run)
    {
        if ((version is null) == (run is null))
        {
            throw new UserMistakeException("backfill impact: say which version, with one of --version and --run");
        }

        var latest = session
            .RunsOf(pipeline, DateTimeOffset.MinValue, DateTimeOffset.MaxValue)
            .Where(each => each.State == RunState.Success)
            .GroupBy(each => each.LogicalDate)
            .Select(date => date.MaxBy(each => each.Number.Value)!)
            .OrderBy(each => each.LogicalDate)
            .ToList();
        var wanted = run is { } number ? OfRun(session, pipeline, number) : Beginning(pipeline, version!, latest);
        return new ImpactDocument(
            pipeline.Value,
            wanted.Value,
            session.Pipeline(pipeline)?.Version == wanted,
            [
                .. latest
                    .Where(each => each.Version == wanted)
                    .Select(each => new ImpactDateDocument(
                        InstantText.Utc(each.LogicalDate),
                        each.Partition,
                        each.Number.Value,
                        [
                            .. session
                                .Publications(each.Number)
                                .Where(row => row.State == PublicationState.Published)
                                .Select(row => row.Dataset)
                                .Distinct()
                                .Order(StringComparer.Ordinal),
                        ]
                    )),
            ]
        );
    }

    private static VersionHash OfRun(ReadSession session, PipelineName pipeline, long number) =>
        session.Run(new RunNumber(number)) is { } run && run.Pipeline == pipeline
            ? run.Version
            : throw new UserMistakeException($"--run: {pipeline} has no run {number}");

    private static VersionHash Beginning(PipelineName pipeline, string text, List<Run> latest)
    {
        var all = latest.Select(run => run.Version).Distinct().ToList();
        var found = all.Where(version => version.Value.StartsWith(text, StringComparison.Ordinal)).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new UserMistakeException(
                $"--version: no date of {pipeline} stands as `{text}` made it"
                    + (all.Count == 0 ? "; it has never succeeded" : $"; there are {string.Join(", ", all.Take(10))}")
            ),
            _ => throw new UserMistakeException($"--version: `{text}` begins {string.Join(" and ", found)}; write more of it"),
        };
    }

    private static void Print(ImpactDocument document)
    {
        Console.Out.WriteLine(
            $"version {document.Version} of {document.Pipeline}{(document.Current ? ", the current one," : "")} made {Brief.Count(document.Dates.Length, "date")} that stand"
        );
        TextTable.Write(
            Console.Out,
            ["for", "run", "datasets"],
            [
                .. document.Dates.Select(date =>
                    new[]
                    {
                        date.Partition.Length > 0 ? date.Partition : date.LogicalDate,
                        $"{date.RunNumber}",
                        string.Join(", ", date.Datasets),
                    }
                ),
            ]
        );
        if (document.Dates.Length > 0)
        {
            var dates = document.Dates.Select(date => date.Partition.Length > 0 ? date.Partition : date.LogicalDate);
            Console.Out.WriteLine($"made again by: signalbox backfill {document.Pipeline} --dates {string.Join(',', dates)}");
        }
    }
}

/// <summary><c>backfill impact --json</c>.</summary>
/// <param name="Current">Whether it is the version that runs are made by now.</param>
internal sealed record ImpactDocument(string Pipeline, string Version, bool Current, ImpactDateDocument[] Dates);

/// <summary>A date that stands as the version made it.</summary>
internal sealed record ImpactDateDocument(string LogicalDate, string Partition, long RunNumber, string[] Datasets);
