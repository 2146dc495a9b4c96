using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <content>Breaking a run off: cancelled by a person, or past its own limit. Nothing begins any more; what runs is stopped.</content>
public static partial class RunDecider
{
    private static void Cancel(Draft d, string reason)
    {
        if (!d.Run.State.IsEnd() && d.Run.Ending is null)
        {
            BreakOff(d, RunState.Cancelled, StopReason.Cancelled, reason);
        }
    }

    /// <summary>The run fails before it begins: nothing of it would be another the next time, so there is no attempt and no retry.</summary>
    private static void Refuse(Draft d, string reason)
    {
        if (d.Run.State == RunState.Queued)
        {
            BreakOff(d, RunState.Failed, StopReason.Cancelled, reason, FailureClass.Permanent);
        }
    }

    private static void BreakOff(Draft d, RunState end, StopReason why, string reason) =>
        BreakOff(d, end, why, reason, why == StopReason.Timeout ? FailureClass.Timeout : FailureClass.Cancelled);

    private static void BreakOff(Draft d, RunState end, StopReason why, string reason, FailureClass kind)
    {
        d.Run = d.Run with { Ending = end, Reason = reason };
        var failure = new Failure(kind, reason, BrokenOffRule + Names.Of(end));
        for (var node = 0; node < d.Graph.Count; node++)
        {
            var row = d.Row(node);
            if (row.MapCount is null)
            {
                BreakOff(d, row, why, failure);
            }

            foreach (var instance in d.Instances(node))
            {
                BreakOff(d, instance, why, failure);
            }
        }
    }

    private static void BreakOff(Draft d, TaskRun task, StopReason why, Failure failure)
    {
        switch (task.State)
        {
            case TaskState.None or TaskState.Scheduled:
                var reason = $"not started: {failure.Message}";
                if (task.Key.IsInstance)
                {
                    d.Set(AtEnd(d, task, TaskState.Skipped, reason) with { Failure = failure });
                }
                else
                {
                    var node = d.Graph.IndexOf(task.Key.Task);
                    EndUnstarted(d, node, task, TaskState.Skipped, reason, failure, d.EventName);
                }

                break;

            case TaskState.UpForRetry:
                d.Set(AtEnd(d, task, TaskState.Failed, $"not tried again: {failure.Message}"));
                break;

            case TaskState.UpForReschedule:
                EndWait(d, task, failure);
                d.Set(AtEnd(d, task, TaskState.Failed, $"stopped waiting: {failure.Message}") with { Failure = failure });
                break;

            case TaskState.Queued
            or TaskState.Running when d.LiveAttempt(task.Key) is { } attempt:
                if (task.Stopping is null)
                {
                    Stop(d, task, attempt, why, failure.Message);
                }
                else if (task.Stopping == StopReason.Cleared)
                {
                    // It is being stopped already, but it will not start afresh.
                    d.Set(task with { Stopping = why, Reason = failure.Message });
                }

                break;
        }
    }

    /// <summary>Ends the attempt of a waiting task: there is no process to stop.</summary>
    private static void EndWait(Draft d, TaskRun task, Failure? failure)
    {
        if (d.LiveAttempt(task.Key) is { } attempt)
        {
            d.Set(attempt with { State = AttemptState.Cancelled, EndedAt = d.At, Failure = failure });
        }
    }

    /// <summary>Removes an instance whose mapped task ended without being expanded again while the instance still had to stop.</summary>
    private static void RemoveIfSurplus(Draft d, TaskKey key)
    {
        if (key.IsInstance && d.Graph.IndexOf(key.Task) is var node && d.Row(node) is { MapCount: null } row && row.State.IsEnd())
        {
            RemoveInstances(d, node, from: 0);
        }
    }
}
