using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <summary>
/// Something that happened to a run. A closed list. Events may come twice, late and out of order:
/// <c>RunDecider</c> accepts each in every state and changes nothing where it no longer fits.
/// </summary>
/// <param name="At">When it happened, by the clock of the server.</param>
public abstract record RunEvent(DateTimeOffset At)
{
    /// <summary>The pipeline's limit let the run begin.</summary>
    public sealed record RunAdmitted(DateTimeOffset At) : RunEvent(At);

    /// <summary>It was the run's turn, and something that it needs is not there, such as a secret: it fails before its first task.</summary>
    public sealed record RunRefused(DateTimeOffset At, string Reason) : RunEvent(At);

    /// <summary>The condition of a task was evaluated (answer to <see cref="RunCommand.Evaluate"/>).</summary>
    /// <param name="Task">The task.</param>
    /// <param name="Runs">Whether it runs; false skips it.</param>
    /// <param name="Explanation">The condition with its values.</param>
    public sealed record ConditionKnown(DateTimeOffset At, TaskName Task, bool Runs, string? Explanation) : RunEvent(At);

    /// <summary>The items of a mapped task are known (answer to <see cref="RunCommand.Evaluate"/>).</summary>
    public sealed record ItemsKnown(DateTimeOffset At, TaskName Task, ImmutableArray<MapItem> Items) : RunEvent(At);

    /// <summary>Condition or items could not be evaluated: the task fails.</summary>
    public sealed record EvaluationFailed(DateTimeOffset At, TaskName Task, Failure Failure) : RunEvent(At);

    /// <summary>The dispatcher gave a scheduled task its slots.</summary>
    public sealed record SlotGranted(DateTimeOffset At, TaskKey Task) : RunEvent(At)
    {
        /// <summary>The devices that come with the slots: <see cref="Attempt.Gpus"/>. Null: none.</summary>
        public string? Gpus { get; init; }
    }

    /// <summary>The process of an attempt is running.</summary>
    public sealed record AttemptStarted(DateTimeOffset At, TaskKey Task, long Token, ProcessFacts Process) : RunEvent(At);

    /// <summary>The command of an attempt ended well; what it staged is to be audited and published before the task succeeds.</summary>
    public sealed record AttemptExited(DateTimeOffset At, TaskKey Task, long Token, int? ExitCode, ProcessFacts? Process) : RunEvent(At);

    /// <summary>A running attempt's logs were looked at (answer to <see cref="RunCommand.Listen"/>).</summary>
    /// <param name="LastWrite">When it last wrote anything; null when nobody knows of anything that it wrote.</param>
    public sealed record Heard(DateTimeOffset At, TaskKey Task, long Token, DateTimeOffset? LastWrite) : RunEvent(At);

    /// <summary>An attempt is over.</summary>
    public sealed record AttemptEnded(DateTimeOffset At, TaskKey Task, long Token, Outcome Outcome, int? ExitCode, ProcessFacts? Process)
        : RunEvent(At);

    /// <summary>A waiting task was looked at and is not satisfied yet.</summary>
    public sealed record NotYet(DateTimeOffset At, TaskKey Task, long Token, string Reason, DateTimeOffset NextAt) : RunEvent(At)
    {
        /// <summary>Whether the look itself failed, so that nobody knows how it is: the wait goes on.</summary>
        public bool Failed { get; init; }
    }

    /// <summary>A person answered what a task asks; the answer itself is a row beside the run.</summary>
    public sealed record Answered(DateTimeOffset At, TaskKey Task, long Token) : RunEvent(At);

    /// <summary>A time in the state has come: retry, poll, or a deadline of task or run. Decided from the state and <paramref name="At"/> alone.</summary>
    public sealed record TimerFired(DateTimeOffset At) : RunEvent(At);

    /// <summary>Somebody cancels the run.</summary>
    public sealed record CancelRequested(DateTimeOffset At, string Reason) : RunEvent(At);

    /// <summary>Somebody re-runs tasks: they, and nothing else, start afresh, also when the run had ended.</summary>
    public sealed record Cleared(DateTimeOffset At, ImmutableArray<TaskKey> Tasks, string Reason) : RunEvent(At);

    /// <summary>Somebody decides the state of a task by hand: success, failed or skipped.</summary>
    public sealed record Marked(DateTimeOffset At, TaskKey Task, TaskState State, string Reason) : RunEvent(At);
}

/// <summary>One item of a mapped task: its JSON text and its label.</summary>
public sealed record MapItem(string Json, string? Label);

/// <summary>How an attempt ended.</summary>
public abstract record Outcome
{
    private Outcome() { }

    /// <param name="Result">JSON text of the result or a reference to it; opaque.</param>
    public sealed record Succeeded(string? Result) : Outcome
    {
        /// <summary>What people should see though all went well, a sentence: rows that were rejected, warnings.</summary>
        public string? Note { get; init; }
    }

    /// <summary>The command asked to be skipped (exit code 99), or its action decided so.</summary>
    public sealed record Skipped(string Reason) : Outcome;

    /// <param name="Failure">Why; <see cref="Retry.Failure.CheckFailed"/> blocks what needs the task.</param>
    public sealed record Failed(Failure Failure) : Outcome;

    /// <summary>Nobody knows how it ended.</summary>
    public sealed record Lost(string Reason) : Outcome;

    /// <summary>It was stopped by us and is gone.</summary>
    public sealed record Stopped : Outcome;
}

/// <summary>
/// What the engine is to do after the changes are durable. Every command is implied by the state, so that a crash between the
/// commit and the deed is healed by <c>RunDecider.Resume</c>; every command may be carried out twice.
/// </summary>
public abstract record RunCommand
{
    private RunCommand() { }

    /// <summary>Evaluate the condition and, for a mapped task, the items.</summary>
    public sealed record Evaluate(TaskName Task) : RunCommand;

    /// <summary>Submit the attempt under its key; idempotent.</summary>
    public sealed record StartAttempt(TaskKey Task, int Number, long Token) : RunCommand;

    /// <summary>Audit what the attempt staged, publish it, and report the end.</summary>
    public sealed record Publish(TaskKey Task, int Number, long Token) : RunCommand;

    /// <summary>Stop the attempt: TERM, grace, KILL of the whole tree; report the end.</summary>
    public sealed record StopAttempt(TaskKey Task, int Number, long Token, TimeSpan Grace, StopReason Why) : RunCommand;

    /// <summary>Look whether a waiting task is satisfied.</summary>
    public sealed record Poll(TaskKey Task, int Number, long Token) : RunCommand;

    /// <summary>Look when a running attempt last wrote to its logs.</summary>
    public sealed record Listen(TaskKey Task, int Number, long Token) : RunCommand;

    /// <summary>The run has ended: wake who waits for it.</summary>
    public sealed record RunEnded(RunState State) : RunCommand;
}
