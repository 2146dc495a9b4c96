using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.Core.Runs;

/// <content>
/// The heartbeat of a command is its log. Writing costs no event: it is looked at when the task's <see cref="TaskRun.DueAt"/> has come, as long after the
/// last known writing as it may be silent.
/// </content>
public static partial class RunDecider
{
    private static void Heard(Draft d, RunEvent.Heard e)
    {
        if (
            d.Find(e.Task) is not { State: TaskState.Running, Stopping: null } task
            || !IsAsked(d.Node(e.Task), task)
            || d.LiveAttempt(e.Task) is not { } attempt
            || attempt.Token != e.Token
            || d.Node(e.Task).SilenceLimit is not { } limit
        )
        {
            return;
        }

        var began = attempt.StartedAt ?? attempt.SubmittedAt;
        // It begins in time to come when somebody set the clock back.
        var since = began > d.At ? e.LastWrite ?? d.At : began;
        var due = (e.LastWrite > since ? e.LastWrite.Value : since) + limit;
        if (due > d.At)
        {
            d.Set(task with { DueAt = due });
            return;
        }

        Stop(d, task, attempt, StopReason.Silence, SilenceOf(d, task, attempt).Message);
    }

    /// <summary>Whether its logs are being looked at now.</summary>
    private static bool IsAsked(TaskNode node, TaskRun task) =>
        node.SilenceLimit is not null && task is { Attempt: AttemptState.Running, DueAt: null, Stopping: null };

    private static Failure SilenceOf(Draft d, TaskRun task, Attempt attempt) =>
        d.Run.Ending is null
            ? new Failure(
                FailureClass.Timeout,
                $"attempt {attempt.Number} wrote nothing for its silence_timeout of {Duration.Print(d.Node(task.Key).SilenceLimit ?? TimeSpan.Zero)}",
                "silence timeout"
            )
            : TimeoutOf(d, task, attempt);
}
