using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <summary>
/// A task in a run: a plain task, one instance of a mapped task, or the summary of a mapped task (map index -1, whose state
/// sums up its instances).
/// </summary>
public sealed record TaskRun
{
    public required TaskKey Key { get; init; }

    public required TaskState State { get; init; }

    /// <summary>
    /// The token of the current attempt: raised whenever an attempt begins or is disowned, never lowered. A message of an attempt
    /// with another token changes nothing.
    /// </summary>
    public long Token { get; init; }

    /// <summary>Attempts begun so far, over all re-runs. The current attempt has this number.</summary>
    public int TryNumber { get; init; }

    /// <summary><see cref="TryNumber"/> when the task was last cleared: retries are counted from here.</summary>
    public int TriesBefore { get; init; }

    /// <summary>Attempts lost since the task was last cleared; not counted as retries.</summary>
    public int LostCount { get; init; }

    /// <summary>A sentence: why it is in this state.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// When to look again: the retry, the next poll, or whether a command that runs has written anything. Null while a look is under way.
    /// </summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the attempt's, or the wait's, time-out strikes.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>
    /// Since when it wants a slot: first come, first served among equals. In state none: since when its condition or its items
    /// are being evaluated.
    /// </summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>Start of the first attempt since the task was last cleared.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Not null exactly when <see cref="State"/> is an end.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How often a waiting task has been looked at.</summary>
    public int Polls { get; init; }

    /// <summary>How many of <see cref="Polls"/> failed themselves: a connection that broke, a folder that may not be read.</summary>
    public int FailedPolls { get; init; }

    /// <summary>On the summary of a mapped task: the number of instances, once known.</summary>
    public int? MapCount { get; init; }

    /// <summary>On an instance: JSON text of its item.</summary>
    public string? Item { get; init; }

    /// <summary>On an instance: the name shown to people.</summary>
    public string? Label { get; init; }

    /// <summary>JSON text of what the task handed down, or a reference to it; opaque here.</summary>
    public string? Result { get; init; }

    /// <summary>The current attempt, while there is one.</summary>
    public AttemptState? Attempt { get; init; }

    /// <summary>
    /// Why the current attempt is being stopped, when we are stopping it. The task keeps its state and its slots until the
    /// attempt is gone. A cleared or marked task has disowned its attempt: <see cref="Token"/> is already higher than the attempt's.
    /// </summary>
    public StopReason? Stopping { get; init; }

    /// <summary>
    /// The state that a person gave the task; null when it came by itself. With <see cref="StopReason.Marked"/> it is taken once the attempt is gone. How
    /// long a marked task took says nothing of its work.
    /// </summary>
    public TaskState? MarkedAs { get; init; }

    /// <summary>The last failure, until the task succeeds or is cleared.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Raised by one with every change; compared and set by the store.</summary>
    public long Revision { get; init; }

    /// <summary>Whether this is the summary of a mapped task that has been expanded: it never has an attempt or a slot of its own.</summary>
    public bool IsExpanded => MapCount is not null;

    /// <summary>Whether it holds the slots of its pool: from admission until the attempt is gone.</summary>
    public bool HoldsSlot => State.HoldsSlot() && !IsExpanded;
}

/// <summary>Why we stop an attempt ourselves.</summary>
public enum StopReason
{
    Timeout,

    /// <summary>Its command wrote nothing for too long.</summary>
    Silence,
    Cancelled,

    /// <summary>The task was cleared while it ran: it starts afresh once the attempt is gone.</summary>
    Cleared,

    /// <summary>A person marked the task while it ran.</summary>
    Marked,
}

/// <summary>One try of a task: a row of the store, written when it begins, changes and ends.</summary>
public sealed record Attempt
{
    public required TaskKey Key { get; init; }

    /// <summary>1 for the first.</summary>
    public required int Number { get; init; }

    public required long Token { get; init; }

    public required AttemptState State { get; init; }

    /// <summary>When the intent was recorded.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Not null exactly when <see cref="State"/> is an end.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    public int? ExitCode { get; init; }

    public Failure? Failure { get; init; }

    /// <summary>What the process was: number, start, CPU, memory.</summary>
    public ProcessFacts? Process { get; init; }

    /// <summary>
    /// The devices that are its own until it has ended: their numbers or ids, separated by commas, as <c>CUDA_VISIBLE_DEVICES</c> has them.
    /// Null: none.
    /// </summary>
    public string? Gpus { get; init; }

    /// <summary>The delay chosen before the next attempt, when there is a next one.</summary>
    public TimeSpan? NextDelay { get; init; }
}

/// <summary>What the executor knows of an attempt's process.</summary>
/// <param name="Id">The executor's own name for it; for a local process its pid.</param>
/// <param name="Identity">What makes <paramref name="Id"/> unambiguous: start ticks and boot id.</param>
/// <param name="Cpu">User and system time of the whole tree, where known.</param>
/// <param name="PeakMemory">Bytes, where known.</param>
public sealed record ProcessFacts(string? Id, string? Identity = null, TimeSpan? Cpu = null, long? PeakMemory = null)
{
    /// <summary>These facts, and what they do not say as it was known before: who sees only the end does not know the beginning.</summary>
    public ProcessFacts Over(ProcessFacts? earlier) =>
        new(Id ?? earlier?.Id, Identity ?? earlier?.Identity, Cpu ?? earlier?.Cpu, PeakMemory ?? earlier?.PeakMemory);
}
