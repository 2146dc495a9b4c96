using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Foresight;

/// <summary>A run whose course is to be foretold: one that is there, or one that a schedule will make.</summary>
public sealed record PlannedRun
{
    public required PipelineModel Model { get; init; }

    /// <summary>When it is due: what deadlines, and the arrival of what it waits for, are counted from.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When it is made: <see cref="DueAt"/>, later with jitter; of a run that is there, when it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The run that is there; null for one to come.</summary>
    public Run? Run { get; init; }

    /// <summary>Of a run that is there: its tasks (not the instances of mapped ones). Empty: none of them has begun.</summary>
    public ImmutableArray<TaskRun> Tasks { get; init; } = [];

    /// <summary>Whether a backfill makes it: live runs go first, and it is none that they overlap with.</summary>
    public bool IsBackfill { get; init; }

    /// <summary>When it began; null while it is queued, or not there.</summary>
    public DateTimeOffset? StartedAt => Run?.StartedAt;

    /// <summary>The tick that makes it; null of a run that is there.</summary>
    public DecidedTick? Tick { get; init; }

    /// <summary>The updates that are expected to make it; null of a run that is there or that a tick makes.</summary>
    public DatasetRun? Cause { get; init; }

    /// <summary>Key of the partition that it is about; empty where the data has only one.</summary>
    public string Partition => Run?.Partition ?? Tick?.Run?.Slice.Partition ?? Cause?.Partition ?? "";

    /// <summary>Whether it is a run for chosen tasks, and this is none of them.</summary>
    internal bool LeavesOut(TaskName task) => Run is { OnlyTasks.IsEmpty: false } row && !row.OnlyTasks.Contains(task);

    /// <summary>The run that a tick becomes.</summary>
    public static PlannedRun Of(PipelineModel model, DecidedTick tick)
    {
        ArgumentNullException.ThrowIfNull(tick);
        return new PlannedRun
        {
            Model = model,
            DueAt = tick.Tick.Utc,
            CreatedAt = tick.FiresAt,
            Tick = tick,
        };
    }

    /// <summary>Whether it counts for the rule of overlapping runs.</summary>
    internal bool IsLive => !IsBackfill && (Run is null or { Backfill: null, Namespace: null });

    internal bool IsLow => IsBackfill || Run?.Trigger == RunTrigger.Backfill;

    internal int Priority => Run?.Priority ?? Model.Pipeline.Priority;
}

/// <summary>How much may run at one time.</summary>
/// <param name="Tasks">Attempts in the whole project.</param>
/// <param name="Pools">Slots by the name of the pool; of a pool that is not here there are none.</param>
public sealed record ForecastLimits(int Tasks, IReadOnlyDictionary<string, int> Pools);
