using System.Collections.Immutable;
using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>datasets partitions</c>: which partitions of a dataset are there, and which are missing, a page at a time.</summary>
internal static class DatasetsPartitions
{
    private const int PageSize = 100;

    public static Command Build()
    {
        var command = VerbParts.Command(
            "partitions",
            "The partitions of a dataset that have been updated, by their keys; with --missing those of a range that have not. Keys of hours, days, weeks and "
                + $"months are told apart by their form. A page has {PageSize}.",
            "datasets partitions flights/raw --from 2024-03-01 --to 2024-03-31",
            "datasets partitions flights/raw --from 2024-W01 --to 2024-W10 --missing --json"
        );
        var name = new Argument<string>("DATASET") { Description = "The name of a dataset" };
        var from = new Option<string?>("--from")
        {
            Description = "The first partition, or a coarser one that begins with it",
            HelpName = "KEY",
        };
        var to = new Option<string?>("--to") { Description = "The last partition, or a coarser one that ends with it", HelpName = "KEY" };
        var missing = new Option<bool>("--missing") { Description = "Those of the range that were never updated" };
        var weekStarts = new Option<string?>("--week-starts")
        {
            Description = "The first day of a week, in the keys of weeks. Default: monday, as ISO 8601 has it",
            HelpName = "DAY",
        };
        var page = new Option<int>("--page")
        {
            Description = "Which page, from 1",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        foreach (var option in new Option[] { from, to, missing, weekStarts, page, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var number = parsed.GetValue(page) is > 0 and var told
                ? told
                : throw new UserMistakeException("--page: pages are counted from 1");
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var document = store.Read(session =>
                Read(
                    session,
                    parsed.GetRequiredValue(name),
                    parsed.GetValue(from),
                    parsed.GetValue(to),
                    parsed.GetValue(missing),
                    parsed.GetValue(weekStarts),
                    number
                )
            );
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.PartitionPageDocument);
                return ExitCode.Done;
            }

            TextTable.Write(
                Console.Out,
                ["partition", "updates", "last update", "at (UTC)"],
                [
                    .. document.Partitions.Select(one =>
                        new[]
                        {
                            one.Partition.Length > 0 ? one.Partition : "(not cut)",
                            one.IsThere ? $"{one.Updates}" : "missing",
                            $"{one.LastUpdate}",
                            one.UpdatedAt?[..19].Replace('T', ' ') ?? "",
                        }
                    ),
                ]
            );
            if (document.HasMore)
            {
                Console.Out.WriteLine($"more: --page {number + 1}");
            }

            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The error for a name that no update has.</summary>
    public static UserMistakeException NoUpdate(ReadSession session, string name)
    {
        var advice = Suggestion.DidYouMean(name, session.UpdatedDatasetNames());
        return new UserMistakeException(
            $"dataset `{name}` has had no update{(advice.Length > 0 ? advice : "; an output that declares `dataset:` makes one, or `signalbox datasets update`")}"
        );
    }

    /// <param name="weekStarts">The word for a day; null: Monday.</param>
    /// <param name="page">From 1.</param>
    /// <exception cref="UserMistakeException">There is no such dataset, or no such range of it.</exception>
    public static PartitionPageDocument Read(
        ReadSession session,
        string name,
        string? from,
        string? to,
        bool missing,
        string? weekStarts,
        int page
    )
    {
        var calendar = new PartitionScheme(PartitionKind.Day, Zone.Utc, DayOf(weekStarts));
        var latest = session.LatestPartition(name) ?? throw NoUpdate(session, name);
        var scheme = PartitionMapping.Read(latest.Partition, calendar)?.Scheme;
        var cells = PartitionMapping.CellOf(latest.Partition, calendar).Length > 0 ? session.CellsOf(name) : [];
        if (scheme is null && ((missing && cells.IsEmpty) || from is not null || to is not null))
        {
            throw new UserMistakeException(
                $"the partitions of {name} are like `{latest.Partition}`, which is no hour, day, week or month: they have no ranges"
            );
        }

        var first = from is null ? null : Bound(from, scheme!, "--from").First;
        var last = to is null ? null : Bound(to, scheme!, "--to").Last;
        var skip = (page - 1L) * PageSize;
        var found = missing
            ? Missing(session, name, Times(session, name, scheme, first, last ?? latest.Partition), cells)
                .Skip((int)Math.Min(skip, int.MaxValue))
                .Take(PageSize + 1)
                .ToList()
            : session
                .Partitions(name, PageSize + 1, after: null, first, last, skip)
                .Select(one => new PartitionDocument(
                    one.Partition,
                    IsThere: true,
                    one.Updates,
                    one.LastUpdate,
                    InstantText.Fine(one.UpdatedAt)
                ))
                .ToList();
        return new PartitionPageDocument(name, page, found.Count > PageSize, [.. found.Take(PageSize)]);
    }

    /// <summary>The slices of time between two keys, computed while they are read; one without a key for data that is cut by lists alone.</summary>
    private static IEnumerable<string> Times(ReadSession session, string name, PartitionScheme? scheme, string? first, string last)
    {
        if (scheme is null)
        {
            return [""];
        }

        first ??= session.Partitions(name, 1)[0].Partition;
        return scheme.Range(PartitionMapping.Read(first, scheme)!, PartitionMapping.Read(last, scheme)!).Select(partition => partition.Key);
    }

    /// <summary>Those that were never updated.</summary>
    private static IEnumerable<PartitionDocument> Missing(
        ReadSession session,
        string name,
        IEnumerable<string> times,
        ImmutableArray<string> cells
    ) =>
        times
            .SelectMany(time => PartitionCells.Expand([time], cells))
            .Where(key => session.Partition(name, key) is null)
            .Select(key => new PartitionDocument(key, IsThere: false, 0, null, null));

    private static (string First, string Last) Bound(string text, PartitionScheme scheme, string option)
    {
        var bound =
            PartitionMapping.Read(text, scheme)
            ?? throw new UserMistakeException(
                $"{option}: `{text}` is no partition: write one like {scheme.PartitionOf(new DateTime(2001, 1, 5)).Key}"
            );
        if (bound.Scheme.Kind > scheme.Kind)
        {
            var parts = PartitionMapping.Inside(bound, scheme);
            return (parts[0], parts[^1]);
        }

        var key = scheme.PartitionOf(bound.Label).Key;
        return (key, key);
    }

    private static DayOfWeek DayOf(string? word) =>
        word is null ? DayOfWeek.Monday
        : Names.DayOfWeekOf(word) is { } day ? day
        : throw new UserMistakeException(
            $"--week-starts: `{word}` is no day{Suggestion.DidYouMean(word, Enum.GetValues<DayOfWeek>().Select(Names.Of))}"
        );
}
