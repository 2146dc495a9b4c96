namespace Signalbox.Core.Runs;

/// <summary>What follows from one event: rows to write in one transaction, then deeds.</summary>
public sealed record Decision(ImmutableArray<Change> Changes, ImmutableArray<RunCommand> Commands)
{
    /// <summary>Nothing changes.</summary>
    public static readonly Decision Nothing = new([], []);
}

/// <summary>One row to write. Rows carry their revision: the store sets what it compares.</summary>
public abstract record Change
{
    private Change() { }

    public sealed record RunChanged(Run After) : Change;

    /// <param name="After">The task as it is now; new when <see cref="TaskRun.Revision"/> is 1.</param>
    public sealed record TaskChanged(TaskRun After) : Change;

    public sealed record AttemptChanged(Attempt After) : Change;

    public sealed record HistoryAdded(HistoryEntry Entry) : Change;
}

/// <summary>One line of a run's history: what was, what happened, what is, and why.</summary>
/// <param name="Task">Null for a line about the run itself.</param>
/// <param name="Number">Attempt number, 0 where there is none.</param>
/// <param name="From">State before, in the words people see, e.g. <c>queued</c>.</param>
/// <param name="Event">Name of the event in snake_case, e.g. <c>attempt_ended</c>.</param>
/// <param name="To">State after; the same as before for a refused message of a stale attempt.</param>
public sealed record HistoryEntry(DateTimeOffset At, TaskKey? Task, int Number, string From, string Event, string To, string? Reason)
{
    /// <summary>The event of a line that records a message of a stale attempt: it changed nothing.</summary>
    public const string StaleRejected = "stale_rejected";
}
