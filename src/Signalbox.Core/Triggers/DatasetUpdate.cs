namespace Signalbox.Core.Triggers;

/// <summary>An update of a dataset, as far as it matters for what it starts.</summary>
/// <param name="Id">Rising: of two updates the later has the higher number.</param>
/// <param name="Partition">The key of the partition that was updated; empty when the dataset is not cut.</param>
/// <param name="At">When.</param>
/// <param name="Group">
/// The re-run or backfill that it belongs to, whose updates re-run a consumer's partition once, together; null for all others.
/// </param>
public sealed record DatasetUpdate(long Id, string Dataset, string Partition, DateTimeOffset At, string? Group = null);

/// <summary>What an update is to the run that consumed it.</summary>
public enum UpdateLabel
{
    /// <summary>The last one: with it the condition held.</summary>
    TriggeredBy,

    /// <summary>It waited, and the run is about it, too.</summary>
    Included,

    /// <summary>A later update of the same dataset and partition is in the same run.</summary>
    Superseded,
}

/// <summary>An update in a run that is to be made.</summary>
public sealed record ConsumedUpdate(DatasetUpdate Update, UpdateLabel Label);

/// <summary>A run that is to be made of updates.</summary>
/// <param name="Partition">Key of the consumer's partition; empty for a consumer that is not cut.</param>
/// <param name="Updates">At least one, by number. Exactly one is <see cref="UpdateLabel.TriggeredBy"/>: the last.</param>
public sealed record DatasetRun(string Partition, ImmutableArray<ConsumedUpdate> Updates);

/// <summary>An update that can never be in a run of this subscriber, and why.</summary>
public sealed record UnmatchedUpdate(DatasetUpdate Update, string Reason);

/// <summary>A partition of the consumer for which updates wait, and what is missing before they become a run.</summary>
/// <param name="Updates">The numbers of those that wait.</param>
/// <param name="Missing">A sentence.</param>
/// <param name="IsHeld">Whether it can become due without a further update: when a run or a backfill ends.</param>
public sealed record WaitingPartition(string Partition, ImmutableArray<long> Updates, string Missing, bool IsHeld);

/// <summary>What becomes of the updates that wait for one subscriber. Each of them is in exactly one of the lists.</summary>
public sealed record SubscriberPlan(
    ImmutableArray<DatasetRun> Runs,
    ImmutableArray<UnmatchedUpdate> Unmatched,
    ImmutableArray<WaitingPartition> Waiting
);

/// <summary>What a subscriber's plan is made from.</summary>
public sealed record SubscriberState
{
    /// <summary>The updates of its datasets that no run of it has consumed, by number.</summary>
    public required ImmutableArray<DatasetUpdate> Updates { get; init; }

    /// <summary>Whether a partition of a dataset has ever been updated.</summary>
    public required Func<string, string, bool> IsThere { get; init; }

    /// <summary>The partition of a dataset that was updated last, which says how it is cut; null when it was never updated. Default: never.</summary>
    public Func<string, string?> LatestOf { get; init; } = _ => null;

    /// <summary>All cells of a dataset, as its producer declares them. Default: it has none.</summary>
    public Func<string, ImmutableArray<string>> CellsOf { get; init; } = _ => [];

    /// <summary>Whether a run that this trigger made has not ended.</summary>
    public bool HasUnfinishedRun { get; init; }

    /// <summary>By group: the partitions of which the re-run or backfill will still make updates. A group that is not in it has ended.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Open { get; init; } =
        ImmutableDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    /// <summary>The most runs to plan at one time; the other updates wait. Default 100.</summary>
    public int MaxRuns { get; init; } = 100;
}
