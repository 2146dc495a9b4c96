using System.Diagnostics;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Triggers;

/// <summary>Decides which updates of datasets become which runs of one subscriber.</summary>
/// <remarks>
/// Nothing is lost and nothing is used twice: every update is in one planned run, or waits, or is unmatched with a reason. A condition holds
/// for one partition of the consumer at a time; updates of different partitions never make a run together.
/// </remarks>
public static class DatasetDecider
{
    /// <summary>What becomes of the updates that wait.</summary>
    /// <param name="trigger">What the subscriber wants.</param>
    /// <param name="consumer">How its pipeline is cut.</param>
    public static SubscriberPlan Decide(TriggerSpec.Datasets trigger, PartitionScheme consumer, SubscriberState state)
    {
        var unmatched = ImmutableArray.CreateBuilder<UnmatchedUpdate>();
        var targets = new Dictionary<string, Target>(StringComparer.Ordinal);
        var order = new List<Target>();
        foreach (var update in state.Updates)
        {
            var mapped = PartitionMapping.Map(update.Partition, update.At, consumer);
            if (!mapped.Maps)
            {
                unmatched.Add(new UnmatchedUpdate(update, mapped.Error!));
                continue;
            }

            if (!targets.TryGetValue(mapped.Key, out var target))
            {
                target = new Target(mapped.Key, trigger, consumer, state);
                targets.Add(mapped.Key, target);
                order.Add(target);
            }

            target.Add(update);
        }

        var runs = order
            .SelectMany(target => target.Runs())
            .OrderBy(run => run.Updates[^1].Update.Id)
            .Take(state.MaxRuns)
            .ToImmutableArray();
        var used = runs.SelectMany(run => run.Updates).Select(update => update.Update.Id).ToHashSet();
        var waiting = order.Select(target => target.Waiting(used)).OfType<WaitingPartition>().ToImmutableArray();
        return new SubscriberPlan(runs, unmatched.DrainToImmutable(), waiting);
    }

    /// <summary>One partition of the consumer and the updates that wait for it.</summary>
    private sealed class Target(string key, TriggerSpec.Datasets trigger, PartitionScheme consumer, SubscriberState state)
    {
        private readonly Dictionary<string, List<DatasetUpdate>> _queues = new(StringComparer.Ordinal);
        private readonly Dictionary<string, int> _taken = new(StringComparer.Ordinal);
        private readonly Dictionary<string, (string? Missing, bool IsHeld)> _hindrances = new(StringComparer.Ordinal);

        // What is made again of one dataset re-runs the consumer with what stands of the others: nobody makes those again.
        private bool _isAgain;

        public void Add(DatasetUpdate update)
        {
            if (!_queues.TryGetValue(update.Dataset, out var queue))
            {
                _queues.Add(update.Dataset, queue = []);
            }

            queue.Add(update);
        }

        public IEnumerable<DatasetRun> Runs()
        {
            if (trigger.Consume != ConsumeMode.Each && state.HasUnfinishedRun)
            {
                yield break;
            }

            while (Next() is { Count: > 0 } taken)
            {
                foreach (var update in taken)
                {
                    _taken[update.Dataset] = _taken.GetValueOrDefault(update.Dataset) + 1;
                }

                yield return new DatasetRun(key, Labelled(taken));
            }
        }

        /// <summary>What waits on, and why; null when nothing does.</summary>
        public WaitingPartition? Waiting(HashSet<long> used)
        {
            var left = _queues.Values.SelectMany(queue => queue).Where(update => !used.Contains(update.Id)).ToList();
            if (left.Count == 0)
            {
                return null;
            }

            var (missing, isHeld) =
                trigger.Consume != ConsumeMode.Each && state.HasUnfinishedRun
                    ? ("a run of this trigger has not ended; they become one run then", true)
                : Missing(trigger.When) is { } why ? why
                : ("more runs are made at the next look", true);
            return new WaitingPartition(key, [.. left.Select(update => update.Id).Order()], missing, isHeld);
        }

        private List<DatasetUpdate>? Next()
        {
            _isAgain = false;
            if (Take(trigger.When) is { Count: > 0 } taken)
            {
                return taken;
            }

            _isAgain = _queues.Keys.Any(dataset => Left(dataset).Any(update => update.Group is not null) && Ready(dataset));
            return _isAgain ? Take(trigger.When) : null;
        }

        /// <summary>The updates that make the condition hold, none of what stands already; null when it does not hold.</summary>
        private List<DatasetUpdate>? Take(DatasetCondition condition)
        {
            switch (condition)
            {
                case DatasetCondition.Updated { Dataset: var dataset }:
                    return Ready(dataset) ? First(dataset)
                        : _isAgain && !Left(dataset).Any() && Stands(dataset) ? []
                        : null;
                case DatasetCondition.All all:
                    var together = new List<DatasetUpdate>();
                    foreach (var each in all.Of)
                    {
                        if (Take(each) is not { } part)
                        {
                            return null;
                        }

                        together.AddRange(part);
                    }

                    return together;
                case DatasetCondition.Any any:
                    var ready = any.Of.Select(Take).OfType<List<DatasetUpdate>>().ToList();
                    return ready.Count == 0 ? null
                        : trigger.Consume == ConsumeMode.Each
                            ? ready.Where(part => part.Count > 0).MinBy(part => part.Min(update => update.Id)) ?? []
                        : [.. ready.SelectMany(part => part)];
                default:
                    throw new UnreachableException();
            }
        }

        private IEnumerable<DatasetUpdate> Left(string dataset) =>
            _queues.TryGetValue(dataset, out var queue) ? queue.Skip(_taken.GetValueOrDefault(dataset)) : [];

        /// <summary>Whether all of a dataset that this partition is about has been updated before.</summary>
        private bool Stands(string dataset) =>
            state.LatestOf(dataset) is { } example
            && (
                key.Length == 0
                || example.Length == 0
                || (PartitionMapping.PartsOf(key, example, consumer, state.CellsOf(dataset)) ?? [key]).All(part =>
                    state.IsThere(dataset, part)
                )
            );

        private bool Ready(string dataset) => Left(dataset).Any() && Hindrance(dataset).Missing is null;

        /// <summary>Of the updates of a dataset: the oldest, or all of them where they count together.</summary>
        private List<DatasetUpdate> First(string dataset)
        {
            var left = Left(dataset).ToList();
            return trigger.Consume != ConsumeMode.Each || _isAgain || left[0].Group is not null || IsCovered(left[0]) ? left : left[..1];
        }

        private bool IsCovered(DatasetUpdate update) =>
            trigger.Partitions == PartitionCover.All
            && PartitionMapping.PartsOf(key, update.Partition, consumer, state.CellsOf(update.Dataset)) is not null;

        /// <summary>What keeps the updates of a dataset from counting.</summary>
        private (string? Missing, bool IsHeld) Hindrance(string dataset)
        {
            if (!_hindrances.TryGetValue(dataset, out var hindrance))
            {
                _hindrances.Add(dataset, hindrance = Find());
            }

            return hindrance;

            (string?, bool) Find()
            {
                var queue = _queues[dataset];
                if (trigger.Partitions == PartitionCover.All)
                {
                    foreach (
                        var example in queue.DistinctBy(update =>
                            (
                                PartitionMapping.Read(update.Partition, consumer)?.Scheme.Kind,
                                PartitionMapping.CellOf(update.Partition, consumer).Length > 0
                            )
                        )
                    )
                    {
                        if (PartitionMapping.PartsOf(key, example.Partition, consumer, state.CellsOf(dataset)) is { } parts)
                        {
                            var there = queue.Select(update => update.Partition).ToHashSet(StringComparer.Ordinal);
                            var missing = parts.Where(part => !there.Contains(part) && !state.IsThere(dataset, part)).ToList();
                            if (missing.Count > 0)
                            {
                                return (
                                    $"{parts.Length - missing.Count} of {parts.Length} partitions of {dataset} are there; missing {string.Join(", ", missing.Take(10))}",
                                    false
                                );
                            }
                        }
                    }
                }

                foreach (var group in queue.Select(update => update.Group).OfType<string>().Distinct(StringComparer.Ordinal))
                {
                    if (
                        state.Open.TryGetValue(group, out var open)
                        && open.Any(partition => PartitionMapping.Map(partition, queue[0].At, consumer).Key == key)
                    )
                    {
                        return ($"{group} has not ended and will update {dataset} again", true);
                    }
                }

                return (null, false);
            }
        }

        /// <summary>Why the condition does not hold; null when it does.</summary>
        private (string Missing, bool IsHeld)? Missing(DatasetCondition condition)
        {
            switch (condition)
            {
                case DatasetCondition.Updated { Dataset: var dataset }:
                    if (!Left(dataset).Any())
                    {
                        return ($"no update of {dataset}{(key.Length > 0 ? $" for {key}" : "")} yet", false);
                    }

                    return Hindrance(dataset) is { Missing: { } missing, IsHeld: var isHeld } ? (missing, isHeld) : null;
                case DatasetCondition.All all:
                    var lacking = all.Of.Select(Missing).OfType<(string Missing, bool IsHeld)>().ToList();
                    return lacking.Count == 0
                        ? null
                        : (string.Join("; ", lacking.Select(each => each.Missing)), lacking.Exists(each => each.IsHeld));
                case DatasetCondition.Any any:
                    var each = any.Of.Select(Missing).ToList();
                    return each.Contains(null)
                        ? null
                        : (string.Join(", and ", each.Select(one => one!.Value.Missing)), each.Exists(one => one!.Value.IsHeld));
                default:
                    throw new UnreachableException();
            }
        }

        private ImmutableArray<ConsumedUpdate> Labelled(List<DatasetUpdate> taken)
        {
            taken.Sort((a, b) => a.Id.CompareTo(b.Id));
            var newest = new Dictionary<(string, string), long>();
            foreach (var update in taken)
            {
                newest[(update.Dataset, update.Partition)] = update.Id;
            }

            return
            [
                .. taken.Select(update => new ConsumedUpdate(
                    update,
                    update.Id == taken[^1].Id ? UpdateLabel.TriggeredBy
                        : trigger.Consume == ConsumeMode.Latest && newest[(update.Dataset, update.Partition)] != update.Id
                            ? UpdateLabel.Superseded
                        : UpdateLabel.Included
                )),
            ];
        }
    }
}
