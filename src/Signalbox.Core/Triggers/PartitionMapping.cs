using System.Diagnostics.CodeAnalysis;
using Signalbox.Core.Time;

namespace Signalbox.Core.Triggers;

/// <summary>Which partition of a consumer an update of a dataset is about, and which partitions of the dataset such a partition is made of.</summary>
/// <remarks>
/// A key says by its form how its data is cut: <c>2001-01-05T13</c> an hour, <c>2001-01-05</c> a day, <c>2001-W01</c> a week, <c>2001-01</c> a month.
/// Finer data maps to the partition that holds its first wall-clock minute: an hour to its day, a day to its week, a week to the month of
/// its first day. By the calendar and not by instants: a day is a day, whatever the zones. Coarser data does not map: one update would be many runs.
/// </remarks>
public static class PartitionMapping
{
    private static readonly PartitionKind[] Kinds = [PartitionKind.Hour, PartitionKind.Day, PartitionKind.Week, PartitionKind.Month];

    /// <summary>The slice of time that a key names, whatever its cell; null when it is the key of static lists alone, or empty.</summary>
    /// <param name="scheme">The zone and the first day of the week by which it is read.</param>
    public static Partition? Read(string key, PartitionScheme scheme)
    {
        var time = key.IndexOf(PartitionCells.Separator) is >= 0 and var at ? key[..at] : key;
        foreach (var kind in Kinds)
        {
            if ((scheme with { Kind = kind }).Parse(time).Partition is { } partition)
            {
                return partition;
            }
        }

        return null;
    }

    /// <summary>The cell of a key: what stands after its time, or all of it when it has none; empty for a slice of time alone.</summary>
    public static string CellOf(string key, PartitionScheme scheme) =>
        Read(key, scheme) is null ? key
        : key.IndexOf(PartitionCells.Separator) is >= 0 and var at ? key[(at + 1)..]
        : "";

    /// <summary>The consumer's partition for an update. Of a cell it is that of its time: a run is about all cells of its slice.</summary>
    /// <param name="key">The partition that was updated; empty for a dataset that is not cut, which maps by the time of its update.</param>
    /// <param name="at">When it was updated.</param>
    /// <param name="consumer">How the consumer is cut.</param>
    public static MappedPartition Map(string key, DateTimeOffset at, PartitionScheme consumer)
    {
        if (consumer.Kind == PartitionKind.None)
        {
            return new MappedPartition("", Error: null);
        }

        if (key.Length == 0)
        {
            return new MappedPartition(consumer.PartitionOf(at).Key, Error: null);
        }

        if (Read(key, consumer) is not { } updated)
        {
            return new MappedPartition(
                Key: null,
                $"`{key}` names no {Names.Of(consumer.Kind)}: the consumer's partitions are like {consumer.PartitionOf(at).Key}"
            );
        }

        return updated.Scheme.Kind > consumer.Kind
            ? new MappedPartition(
                Key: null,
                $"`{key}` is a {Names.Of(updated.Scheme.Kind)} and the consumer is cut by {Names.Of(consumer.Kind)}s: one update would be many runs"
            )
            : new MappedPartition(consumer.PartitionOf(updated.Label).Key, Error: null);
    }

    /// <summary>
    /// The finer partitions that a partition of the consumer is made of, oldest first: the seven days of a week, and of each all cells. Null when
    /// the key is not of finer data: then it stands for itself.
    /// </summary>
    /// <param name="target">Key of the consumer's partition.</param>
    /// <param name="example">A key of the dataset, which says how it is cut.</param>
    /// <param name="cells">All cells of the dataset, when it has any.</param>
    public static ImmutableArray<string>? PartsOf(string target, string example, PartitionScheme consumer, ImmutableArray<string> cells)
    {
        var isCell = !cells.IsDefaultOrEmpty && CellOf(example, consumer).Length > 0;
        var finer = Read(example, consumer);
        if (consumer.Kind == PartitionKind.None)
        {
            // All of a static list; of cells in time there is no end.
            return isCell && finer is null ? cells : null;
        }

        if (finer is null || finer.Scheme.Kind > consumer.Kind || consumer.Parse(target).Partition is not { } whole)
        {
            return null;
        }

        var isFiner = finer.Scheme.Kind < consumer.Kind;
        return isCell ? PartitionCells.Expand(isFiner ? Inside(whole, finer.Scheme) : [target], cells)
            : isFiner ? Inside(whole, finer.Scheme)
            : null;
    }

    /// <summary>The partitions of a scheme whose first minute lies in a partition, oldest first.</summary>
    public static ImmutableArray<string> Inside(Partition whole, PartitionScheme scheme)
    {
        var first = scheme.PartitionOf(whole.Label);
        if (first.Label < whole.Label)
        {
            first = scheme.Next(first);
        }

        var last = scheme.PartitionOf(whole.EndLabel.AddTicks(-1));
        return [.. scheme.Range(first, last).Select(partition => partition.Key)];
    }
}

/// <summary>Either the key of a partition of the consumer, or why an update has none.</summary>
/// <param name="Key">Empty for a consumer that is not cut; null when the update does not map.</param>
/// <param name="Error">A sentence; null when it maps.</param>
public sealed record MappedPartition(string? Key, string? Error)
{
    /// <summary>Whether the update maps.</summary>
    [MemberNotNullWhen(true, nameof(Key))]
    public bool Maps => Key is not null;
}
