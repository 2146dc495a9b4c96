using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;

namespace Signalbox.Core.Sla;

/// <summary>A deadline of one run.</summary>
/// <param name="Task">The task that must have succeeded; null for the whole run.</param>
/// <param name="Ordinal">Position among the deadlines of the run, or of the task, from 0.</param>
/// <param name="DueAt">The run, or the task, must have succeeded by then.</param>
/// <param name="Rule">The rule in words, e.g. <c>by 06:00 Europe/London</c>.</param>
public readonly record struct Deadline(TaskName? Task, int Ordinal, DateTimeOffset DueAt, string Rule);

/// <summary>Where a deadline stands.</summary>
public enum DeadlineState
{
    /// <summary>It has not come, and the run or task has not succeeded.</summary>
    Open,

    /// <summary>The run, or the task, had succeeded (or was skipped) by then. An end.</summary>
    Met,

    /// <summary>It had not. An end, also when the run succeeds later.</summary>
    Missed,
}

/// <summary>What the <c>sla</c> of a pipeline and of its tasks says of a run.</summary>
public static class DeadlineRules
{
    /// <summary>Whether the pipeline, or any task of it, has a deadline.</summary>
    public static bool HasSla(this Pipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return !pipeline.Sla.IsDefaultOrEmpty || pipeline.Tasks.Any(task => !task.Sla.IsDefaultOrEmpty);
    }

    /// <summary>
    /// From which instant the deadlines of a run are counted: when the schedule made it due, or when its update or message came. Null:
    /// it has none, for people and backfills choose their own time, and what runs apart (a variant, a proof) serves no reader.
    /// </summary>
    public static DateTimeOffset? BaseOf(Run run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Namespace is not null
            ? null
            : run.Trigger switch
            {
                RunTrigger.Scheduled => run.IntervalEnd,
                RunTrigger.Dataset or RunTrigger.Event => run.CreatedAt,
                _ => null,
            };
    }

    /// <summary>All deadlines of a run: those of the run first, then those of its tasks in the order of the file.</summary>
    /// <param name="pipeline">The definition that the run executes.</param>
    /// <param name="due">When the run is due.</param>
    public static ImmutableArray<Deadline> Of(Pipeline pipeline, DateTimeOffset due)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        if (!pipeline.HasSla())
        {
            return [];
        }

        var zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        var found = ImmutableArray.CreateBuilder<Deadline>();
        Add(task: null, pipeline.Sla);
        foreach (var task in pipeline.Tasks)
        {
            Add(task.Name, task.Sla);
        }

        return found.DrainToImmutable();

        void Add(TaskName? task, ImmutableArray<SlaSpec> specs)
        {
            for (var i = 0; !specs.IsDefaultOrEmpty && i < specs.Length; i++)
            {
                found.Add(new Deadline(task, i, specs[i].DeadlineOf(due, zone), specs[i].Sentence));
            }
        }
    }

    /// <summary>
    /// Judges a deadline of the whole run: met as soon as the run has succeeded in time, missed once the deadline has passed without that.
    /// A run that failed or was stopped before its deadline may be repaired until then.
    /// </summary>
    public static DeadlineState Judge(DateTimeOffset due, RunState? state, DateTimeOffset? endedAt, DateTimeOffset now) =>
        state == RunState.Success && endedAt <= due ? DeadlineState.Met
        : now > due ? DeadlineState.Missed
        : DeadlineState.Open;

    /// <summary>Judges a deadline of a task, as of a run; a task that was skipped has nothing to deliver and is in time.</summary>
    public static DeadlineState Judge(DateTimeOffset due, TaskState? state, DateTimeOffset? endedAt, DateTimeOffset now) =>
        state is TaskState.Success or TaskState.Skipped && endedAt <= due ? DeadlineState.Met
        : now > due ? DeadlineState.Missed
        : DeadlineState.Open;
}
