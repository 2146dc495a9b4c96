using System.Collections.Immutable;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>wait_for: {dataset}</c>: every partition of the dataset that the run is about, or of a range, has been updated at least once.</summary>
/// <remarks>By the calendar: a week wants its seven days, whatever the zones of both. How the dataset is cut is told from the keys of its updates.</remarks>
internal static class WaitForDatasetTask
{
    public static Task<Sighting> LookAsync(TaskKind.WaitForDataset kind, AttemptContext context, CancellationToken cancellationToken)
    {
        var range =
            kind.From is { } from && kind.To is { } to
                ? (context.Render(from, "wait_for.from"), context.Render(to, "wait_for.to"))
                : ((string First, string Last)?)null;
        return context.Parts.Store.ReadAsync(session => Look(kind, range, context, session), cancellationToken);
    }

    private static Sighting Look(
        TaskKind.WaitForDataset kind,
        (string First, string Last)? range,
        AttemptContext context,
        ReadSession session
    )
    {
        var next = context.Parts.Time.GetUtcNow() + kind.Every;
        if (session.LatestPartition(kind.Dataset) is not { } latest)
        {
            return new Sighting.NotYet($"{kind.Dataset}: no update yet", next);
        }

        if (latest.Partition.Length == 0 && range is null)
        {
            return latest.UpdatedAt >= context.Run.IntervalStart
                ? new Sighting.Satisfied(Result: null)
                : new Sighting.NotYet(
                    $"{kind.Dataset}: last updated {latest.UpdatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, before the data interval began",
                    next
                );
        }

        var calendar = context.Pipeline.CalendarOf().Partitions;
        var cells = PartitionMapping.CellOf(latest.Partition, calendar).Length > 0 ? session.CellsOf(kind.Dataset) : [];
        var isList = !cells.IsEmpty && PartitionMapping.Read(latest.Partition, calendar) is null;
        var wanted =
            isList && range is null
                ? cells
                : PartitionCells.Expand(
                    range is { } told ? Between(told, latest.Partition, context) : Own(latest.Partition, context),
                    isList ? [] : cells
                );
        var missing = wanted.Where(key => session.Partition(kind.Dataset, key) is null).Take(11).ToList();
        return missing.Count == 0
            ? new Sighting.Satisfied(Result: null)
            : new Sighting.NotYet(
                $"{kind.Dataset}: missing {string.Join(", ", missing.Take(10))}{(missing.Count > 10 ? ", ..." : "")} of {wanted.Length} partition{(wanted.Length == 1 ? "" : "s")}",
                next
            );
    }

    /// <summary>The partitions of the dataset that the run's own partition is made of, or the one that it lies in.</summary>
    private static ImmutableArray<string> Own(string example, AttemptContext context)
    {
        var own = context.Pipeline.CalendarOf().Partitions;
        if (PartitionMapping.Read(example, own)?.Scheme is not { } scheme)
        {
            return [context.Run.Partition];
        }

        if (own.Parse(context.Run.Partition).Partition is not { } partition || own.Kind == PartitionKind.None)
        {
            return [.. scheme.Range(context.Run.IntervalStart, context.Run.IntervalEnd).Select(each => each.Key)];
        }

        return scheme.Kind > own.Kind ? [scheme.PartitionOf(partition.Label).Key] : PartitionMapping.Inside(partition, scheme);
    }

    private static ImmutableArray<string> Between((string First, string Last) range, string example, AttemptContext context)
    {
        var own = context.Pipeline.CalendarOf().Partitions;
        if (PartitionMapping.Read(example, own)?.Scheme is not { } scheme)
        {
            return range.First == range.Last
                ? [range.First]
                : throw Refused(
                    context,
                    $"the partitions of the dataset are like `{example}`, which have no ranges: write the same key twice"
                );
        }

        var (first, last) = (Bound(range.First, "from"), Bound(range.Last, "to"));
        var keys = scheme
            .Range(scheme.Parse(first[0]).Partition!, scheme.Parse(last[^1]).Partition!)
            .Select(each => each.Key)
            .ToImmutableArray();
        return keys.IsEmpty ? throw Refused(context, $"`from` ({range.First}) is after `to` ({range.Last})") : keys;

        ImmutableArray<string> Bound(string text, string key) =>
            PartitionMapping.Read(text, own) is not { } bound
                ? throw Refused(context, $"`{key}` gives `{text}`, which is no partition; write one like {example}")
            : bound.Scheme.Kind > scheme.Kind ? PartitionMapping.Inside(bound, scheme)
            : [scheme.PartitionOf(bound.Label).Key];
    }

    private static Exception Refused(AttemptContext context, string message) =>
        TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}.wait_for: {message}", "partition");
}
