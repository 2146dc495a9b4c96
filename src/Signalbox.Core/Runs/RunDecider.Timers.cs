using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.Core.Runs;

/// <content>What the clock decides: retries, polls, limits.</content>
public static partial class RunDecider
{
    private static void TimerFired(Draft d)
    {
        if (d.Run.State != RunState.Running)
        {
            return;
        }

        if (d.Run.Ending is null && d.Run.Deadline <= d.At)
        {
            var limit = d.Snapshot.Pipeline.Timeout is { } length ? $" of {Duration.Print(length)}" : "";
            BreakOff(d, RunState.Failed, StopReason.Timeout, $"the run ran longer than its limit{limit}");
            return;
        }

        if (d.Run.Ending is null && d.Run.RetryAt <= d.At)
        {
            RetryRun(d);
            return;
        }

        foreach (var key in d.Snapshot.Due(d.At))
        {
            if (d.Find(key) is { } task)
            {
                TimeCame(d, task);
            }
        }
    }

    private static void TimeCame(Draft d, TaskRun task)
    {
        var isPastLimit = task.Deadline <= d.At;
        switch (task.State)
        {
            case TaskState.UpForRetry when isPastLimit:
                GiveUpWaiting(d, task);
                break;

            case TaskState.UpForRetry when task.DueAt <= d.At && d.Node(task.Key).Kind is TaskKind.Group:
                TryAgain(d, d.Graph.IndexOf(task.Key.Task), task);
                break;

            case TaskState.UpForRetry when task.DueAt <= d.At:
                MakeReady(d, d.Node(task.Key), task);
                break;

            case TaskState.Scheduled when isPastLimit:
                GiveUpStarting(d, task);
                break;

            case TaskState.UpForReschedule when isPastLimit && d.Node(task.Key).Kind.Asks:
                // What no answer means is declared. Without a deadline the look knows that it was reached.
                d.Set(task with { DueAt = null, Deadline = null });
                d.Command(new RunCommand.Poll(task.Key, task.TryNumber, task.Token));
                break;

            case TaskState.UpForReschedule when isPastLimit:
                GiveUpWaiting(d, task);
                break;

            case TaskState.UpForReschedule when task.DueAt <= d.At:
                d.Set(task with { DueAt = null });
                d.Command(new RunCommand.Poll(task.Key, task.TryNumber, task.Token));
                break;

            case TaskState.Running when isPastLimit && d.LiveAttempt(task.Key) is { } attempt:
                Stop(d, task, attempt, StopReason.Timeout, TimeoutOf(d, task, attempt).Message);
                break;

            case TaskState.Running when task.DueAt <= d.At:
                // What it wrote since is in its logs only: whoever is asked says it with an event.
                d.Set(task with { DueAt = null });
                d.Command(new RunCommand.Listen(task.Key, task.TryNumber, task.Token));
                break;
        }
    }

    /// <summary>A task that got no slots in time fails without an attempt: trying again would only wait again.</summary>
    private static void GiveUpStarting(Draft d, TaskRun task)
    {
        var node = d.Node(task.Key);
        var limit = Duration.Print(node.StartTimeout ?? TimeSpan.Zero);
        var failure = new Failure(
            FailureClass.Timeout,
            $"not started within {limit}: it wanted {Sentence.Count(node.Slots, "slot", "slots")} of pool {node.Pool} all that time",
            "start timeout"
        );
        d.Set(AtEnd(d, task, TaskState.Failed, failure.Message) with { Failure = failure });
    }

    /// <summary>A wait past its limit fails once: trying again would only wait again.</summary>
    private static void GiveUpWaiting(Draft d, TaskRun task)
    {
        var limit = Duration.Print(LimitOf(d.Node(task.Key)));
        var failure = new Failure(
            FailureClass.Timeout,
            task.Polls == 0 ? $"not there within {limit}" : $"not there within {limit}: {task.Reason}",
            "timeout"
        );
        if (d.LiveAttempt(task.Key) is { } attempt)
        {
            d.Set(attempt with { State = AttemptState.Failed, EndedAt = d.At, Failure = failure });
        }

        d.Set(AtEnd(d, task, TaskState.Failed, failure.Message) with { Failure = failure });
    }

    /// <summary>Orders an attempt to stop; the task keeps its state and slots until it is gone.</summary>
    private static void Stop(Draft d, TaskRun task, Attempt attempt, StopReason why, string? reason)
    {
        d.Set(task with { Stopping = why, DueAt = null, Deadline = null, Reason = reason });
        d.Command(new RunCommand.StopAttempt(task.Key, attempt.Number, attempt.Token, d.Node(task.Key).Grace, why));
    }
}
