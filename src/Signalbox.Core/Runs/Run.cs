namespace Signalbox.Core.Runs;

/// <summary>One execution of a pipeline for one logical date: the row, without its tasks.</summary>
public sealed record Run
{
    public required RunNumber Number { get; init; }

    public required RunId Id { get; init; }

    public required PipelineName Pipeline { get; init; }

    /// <summary>The immutable definition that this run executes from beginning to end.</summary>
    public required VersionHash Version { get; init; }

    /// <summary>The slice of time that the run is about; never the wall clock.</summary>
    public required DateTimeOffset LogicalDate { get; init; }

    /// <summary>Beginning of the data interval, inclusive.</summary>
    public required DateTimeOffset IntervalStart { get; init; }

    /// <summary>End of the data interval, exclusive; when a scheduled run is due.</summary>
    public required DateTimeOffset IntervalEnd { get; init; }

    /// <summary>The key of the partition, e.g. <c>2001-01-05</c>. Empty for an unpartitioned pipeline.</summary>
    public required string Partition { get; init; }

    /// <summary>What started it.</summary>
    public required RunTrigger Trigger { get; init; }

    public required RunState State { get; init; }

    /// <summary>The pipeline's priority, lowered for a backfill.</summary>
    public int Priority { get; init; }

    /// <summary>JSON object of the validated parameters.</summary>
    public string Params { get; init; } = "{}";

    /// <summary>Who started it, or the backfill that made it; null for a scheduled run.</summary>
    public string? Author { get; init; }

    /// <summary>The backfill that made it.</summary>
    public long? Backfill { get; init; }

    /// <summary>Where its outputs go instead of the places that readers know; null for a live run.</summary>
    public RunNamespace? Namespace { get; init; }

    /// <summary>Only these tasks run; the others count as successful without running (<c>--only</c>, new task of an existing pipeline). Empty: all.</summary>
    public ImmutableArray<TaskName> OnlyTasks { get; init; } = [];

    /// <summary>Why it was started, or why it is in its state; a sentence.</summary>
    public string? Reason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Not null exactly when <see cref="State"/> is an end.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the run's own time-out strikes.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>How often it has been run again from its failed tasks by itself, since it was started or last re-run by hand.</summary>
    public int Retries { get; init; }

    /// <summary>All has ended, some of it in failure, and it is run again from its failed tasks then. It is <see cref="RunState.Running"/> until it has ended.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Set when the end of the run is decided but attempts still have to stop: the state it will end in.</summary>
    public RunState? Ending { get; init; }

    /// <summary>Raised by one with every change; compared and set by the store.</summary>
    public long Revision { get; init; }
}

/// <summary>What started a run.</summary>
public enum RunTrigger
{
    /// <summary>A person or a program that asked for it.</summary>
    Manual,
    Scheduled,
    Backfill,

    /// <summary>Updates of datasets.</summary>
    Dataset,

    /// <summary>A message from outside: a webhook, a file that arrived, a queue, a table, another pipeline's end.</summary>
    Event,
}

/// <summary>State of a run. The last three are ends.</summary>
public enum RunState
{
    Queued,
    Running,
    Success,
    Failed,
    Cancelled,
}

/// <summary>State of a task in a run, with Airflow's names, and <see cref="Blocked"/>.</summary>
public enum TaskState
{
    /// <summary>Waits for its upstream tasks, or for its condition or items to be evaluated.</summary>
    None,

    /// <summary>Ready: wants a slot.</summary>
    Scheduled,

    /// <summary>Has a slot and an attempt; the process is about to start.</summary>
    Queued,

    /// <summary>The attempt runs, or its outputs are being audited and published.</summary>
    Running,
    Success,
    Failed,
    Skipped,
    UpstreamFailed,

    /// <summary>An upstream output failed a check: this task could not be given its input. An end, like upstream_failed.</summary>
    Blocked,

    /// <summary>Failed, and tried again at <see cref="TaskRun.DueAt"/>. No slot.</summary>
    UpForRetry,

    /// <summary>Waits for the world (file, time, another task); looked at again at <see cref="TaskRun.DueAt"/>. No slot.</summary>
    UpForReschedule,

    /// <summary>An instance whose item is no longer in the list after a re-run.</summary>
    Removed,
}

/// <summary>State of one attempt. The last five are ends.</summary>
public enum AttemptState
{
    /// <summary>The intent is recorded; the executor may or may not have started it.</summary>
    Submitting,
    Running,

    /// <summary>The command succeeded; what it staged is being audited and published.</summary>
    Publishing,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
    Lost,
}

public static class States
{
    public static bool IsEnd(this RunState state) => state is RunState.Success or RunState.Failed or RunState.Cancelled;

    public static bool IsEnd(this TaskState state) =>
        state
            is TaskState.Success
                or TaskState.Failed
                or TaskState.Skipped
                or TaskState.UpstreamFailed
                or TaskState.Blocked
                or TaskState.Removed;

    public static bool IsEnd(this AttemptState state) => state >= AttemptState.Succeeded;

    /// <summary>Whether the task holds its pool's slots: from admission to the end of the attempt.</summary>
    public static bool HoldsSlot(this TaskState state) => state is TaskState.Queued or TaskState.Running;
}
