using Signalbox.Core.Definitions;

namespace Signalbox.Engine.Foresight;

/// <summary>What becomes of a tick by another definition.</summary>
public enum TickChange
{
    /// <summary>There is a run that there was not.</summary>
    Added,

    /// <summary>There was a run that there is not.</summary>
    Removed,

    /// <summary>The run about the same data is made at another time.</summary>
    Moved,
}

/// <summary>A tick that differs between two plans of one pipeline.</summary>
/// <param name="Before">By the current definition; null of an added one.</param>
/// <param name="After">By the changed one; null of a removed one.</param>
public sealed record TickDifference(TickChange Change, PlanTick? Before, PlanTick? After);

/// <summary>What a changed definition does to the runs of a pipeline in a window.</summary>
/// <param name="Ticks">Those that differ, by time.</param>
/// <param name="Same">How many runs stay as they are.</param>
/// <param name="LengthBefore">The expected length of a run, by the first of the window; null without one, or when it never ends.</param>
/// <param name="LengthAfter">The same by the changed definition.</param>
/// <param name="Tasks">Tasks that only one of the two has.</param>
public sealed record PlanDifference(
    IReadOnlyList<TickDifference> Ticks,
    int Same,
    TimeSpan? LengthBefore,
    TimeSpan? LengthAfter,
    (IReadOnlyList<string> Added, IReadOnlyList<string> Removed) Tasks
)
{
    /// <summary>Compares two plans of one pipeline for the same window.</summary>
    public static PlanDifference Of(Plan before, Pipeline pipelineBefore, Plan after, Pipeline pipelineAfter)
    {
        var old = Runs(before);
        var fresh = Runs(after);
        var found = new List<TickDifference>();
        var same = 0;
        var missing = new List<PlanTick>();
        var freshAt = fresh.ToLookup(tick => (tick.Tick.FiresAt, Data(tick)));
        var kept = new HashSet<(DateTimeOffset, string)>();
        foreach (var tick in old)
        {
            var key = (tick.Tick.FiresAt, Data(tick));
            if (freshAt[key].Any())
            {
                same++;
                kept.Add(key);
            }
            else
            {
                missing.Add(tick);
            }
        }

        var added = new Dictionary<string, Queue<PlanTick>>(StringComparer.Ordinal);
        foreach (var tick in fresh.Where(tick => !kept.Contains((tick.Tick.FiresAt, Data(tick)))))
        {
            if (!added.TryGetValue(Data(tick), out var queue))
            {
                added.Add(Data(tick), queue = new Queue<PlanTick>());
            }

            queue.Enqueue(tick);
        }

        foreach (var tick in missing)
        {
            found.Add(
                added.TryGetValue(Data(tick), out var queue) && queue.TryDequeue(out var moved)
                    ? new TickDifference(TickChange.Moved, tick, moved)
                    : new TickDifference(TickChange.Removed, tick, null)
            );
        }

        found.AddRange(added.Values.SelectMany(queue => queue).Select(tick => new TickDifference(TickChange.Added, null, tick)));
        found.Sort((a, b) => At(a).CompareTo(At(b)));
        var (names, others) = (
            pipelineBefore.Tasks.Select(task => task.Name.Value).ToList(),
            pipelineAfter.Tasks.Select(task => task.Name.Value).ToList()
        );
        return new PlanDifference(
            found,
            same,
            Length(before, old),
            Length(after, fresh),
            ([.. others.Except(names)], [.. names.Except(others)])
        );
    }

    private static List<PlanTick> Runs(Plan plan) => [.. plan.Ticks.Where(tick => tick.Skip is null)];

    /// <summary>What a run is about: its partition where it has one, else its logical date.</summary>
    private static string Data(PlanTick tick) =>
        tick.Tick.Run!.Slice is { Partition.Length: > 0 } slice
            ? slice.Partition
            : tick.Tick.Run.Slice.LogicalDate.UtcDateTime.ToString("O");

    private static DateTimeOffset At(TickDifference difference) => (difference.Before ?? difference.After)!.Value.Tick.FiresAt;

    private static TimeSpan? Length(Plan plan, List<PlanTick> runs) =>
        runs.Count == 0 ? null
        : plan.Forecast.SpanOf(runs[0].Run!.Value) is { Start: { } start, End: { } end } ? end - start
        : null;
}
