namespace Signalbox.Core.Alerts;

/// <summary>
/// Something that people should be told: a row, written in the transaction of what it is about. Whom it is told to is decided when it is
/// delivered, by the routes of the project as they are then.
/// </summary>
public sealed record Alert
{
    public required AlertKind Kind { get; init; }

    public required AlertSeverity Severity { get; init; }

    /// <summary>
    /// What the alert is about, the same for the trouble and for the end of it: receivers that know incidents put alerts of one key into one.
    /// Made by <see cref="KeyOf"/>, with a suffix where one thing may be in several kinds of trouble.
    /// </summary>
    public required string DedupKey { get; init; }

    /// <summary>An alert with the once key of another that was not released is not written. Null: it is written each time. At most one a key.</summary>
    public string? OnceKey { get; init; }

    /// <summary>Null for what is about no one pipeline.</summary>
    public PipelineName? Pipeline { get; init; }

    /// <summary>The tags of the pipeline.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    public RunNumber? Run { get; init; }

    public RunId? RunId { get; init; }

    /// <summary>The logical date of the run. An alert is resolved by a success of this date or a later one.</summary>
    public DateTimeOffset? LogicalDate { get; init; }

    public TaskName? Task { get; init; }

    /// <summary>One line for people: what happened, and what to do where that is known.</summary>
    public required string Message { get; init; }

    /// <summary>More to know, in the order in which it is shown.</summary>
    public ImmutableArray<AlertFact> Facts { get; init; } = [];

    /// <summary>Channels that are told whatever the routes say: those that the task names.</summary>
    public ImmutableArray<string> Notify { get; init; } = [];

    public required DateTimeOffset At { get; init; }

    /// <summary><c>PIPELINE/RUN_ID</c> or <c>PIPELINE/RUN_ID/TASK</c>.</summary>
    public static string KeyOf(PipelineName pipeline, RunId run, TaskName? task = null) =>
        task is { } name ? $"{pipeline}/{run}/{name}" : $"{pipeline}/{run}";
}

/// <summary>One thing to know about an alert.</summary>
/// <param name="Name">snake_case, e.g. <c>class</c>, <c>attempts</c>, <c>expected_completion</c>.</param>
public readonly record struct AlertFact(string Name, string Value);

/// <summary>What an alert tells.</summary>
public enum AlertKind
{
    /// <summary>A task failed and is not tried again, or a run failed.</summary>
    Failed,

    /// <summary>An attempt failed and is tried again. Told only where a route or the task asks for it.</summary>
    Retried,

    /// <summary>An output failed a check: what needs it is blocked.</summary>
    Blocked,
    SlaMissed,

    /// <summary>A dataset was not updated by when its freshness says.</summary>
    FreshnessMissed,
    BackfillFinished,

    /// <summary>A question waits for people.</summary>
    ApprovalReminder,

    /// <summary>A message from outside could not be made a run of.</summary>
    TriggerDeadLetter,

    /// <summary>Runs of a pipeline, or attempts on a target, failed so often in a row that new ones are held.</summary>
    BreakerOpened,

    /// <summary>The trouble of an earlier alert is over. Told to those who were told of the trouble.</summary>
    Resolved,
}

/// <summary>How bad it is, rising.</summary>
public enum AlertSeverity
{
    Info,
    Warning,
    Error,

    /// <summary>Somebody has to come.</summary>
    Critical,
}

/// <summary>How far the delivery of an alert to a channel is.</summary>
public enum DeliveryState
{
    /// <summary>It is tried until it is delivered, or too old.</summary>
    Waiting,
    Delivered,

    /// <summary>It could not be delivered, and is not tried any more.</summary>
    GivenUp,
}
