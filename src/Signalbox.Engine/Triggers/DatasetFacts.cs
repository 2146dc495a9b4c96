using System.Collections.Immutable;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>What the store knows of the updates that wait for a subscriber.</summary>
public static class DatasetFacts
{
    private const string OfBackfill = "backfill ";
    private const string OfRun = "run ";

    /// <summary>The updates of a backfill count together.</summary>
    public static string GroupOf(long backfill) => $"{OfBackfill}{backfill}";

    /// <summary>The updates of a re-run count together.</summary>
    public static string GroupOf(RunNumber run) => $"{OfRun}{run}";

    /// <summary>Whether a backfill made it that re-runs consumers.</summary>
    public static bool IsOfBackfill(DatasetUpdate update) => update.Group?.StartsWith(OfBackfill, StringComparison.Ordinal) ?? false;

    /// <summary>What is decided from: all that waits and has been taken note of, and so many updates beyond the cursor.</summary>
    public static SubscriberState Read(ReadSession session, PipelineName pipeline, IReadOnlyList<StoredUpdate> beyond, int maxRuns)
    {
        var waiting = session
            .UpdatesThatWait(pipeline)
            .Concat(beyond.Where(update => update.Quiet is null))
            .DistinctBy(update => update.Id)
            .OrderBy(update => update.Id)
            .Select(update => new DatasetUpdate(update.Id, update.Dataset, update.Partition, update.At, update.Group))
            .ToImmutableArray();
        return new SubscriberState
        {
            Updates = waiting,
            IsThere = (dataset, partition) => session.Partition(dataset, partition) is not null,
            CellsOf = session.CellsOf,
            LatestOf = dataset => session.LatestPartition(dataset)?.Partition,
            HasUnfinishedRun = session.HasUnfinishedDatasetRun(pipeline),
            Open = waiting
                .Select(update => update.Group)
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
                .ToImmutableDictionary(group => group, group => Open(session, group), StringComparer.Ordinal),
            MaxRuns = maxRuns,
        };
    }

    private static ImmutableArray<string> Open(ReadSession session, string group) =>
        Number(group, OfBackfill) is { } backfill ? [.. session.OpenPartitionsOfBackfill(backfill)]
        : Number(group, OfRun) is { } run && session.OpenPartitionOfRun(new RunNumber(run)) is { } partition ? [partition]
        : [];

    private static long? Number(string group, string kind) =>
        group.StartsWith(kind, StringComparison.Ordinal)
        && long.TryParse(group.AsSpan(kind.Length), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
