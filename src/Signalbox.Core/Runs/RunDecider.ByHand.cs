using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <content>What people decide: running tasks again, and giving a task its state by hand; in running and in ended runs.</content>
public static partial class RunDecider
{
    private static void Clear(Draft d, RunEvent.Cleared e)
    {
        var summaries = new HashSet<int>();
        var instances = new List<TaskKey>();
        foreach (var key in e.Tasks)
        {
            if (d.Find(key) is null || !TakesPart(d.Run, key.Task))
            {
                continue;
            }

            if (key.IsInstance)
            {
                instances.Add(key);
            }
            else
            {
                summaries.Add(d.Graph.IndexOf(key.Task));
            }
        }

        instances.RemoveAll(key =>
            summaries.Contains(d.Graph.IndexOf(key.Task))
            || d.Row(d.Graph.IndexOf(key.Task)).MapCount is not > 0
            || d.Find(key)!.State == TaskState.Removed
        );
        if (summaries.Count + instances.Count == 0)
        {
            return;
        }

        Reopen(d, e.Reason);
        foreach (var node in summaries)
        {
            ClearTask(d, d.Row(node), e.Reason);
            foreach (var instance in d.Instances(node))
            {
                if (instance.State != TaskState.Removed)
                {
                    ClearTask(d, instance, e.Reason);
                }
            }

            Unready(d, node);
            d.Touch(node);
        }

        foreach (var key in instances)
        {
            ClearTask(d, d.Find(key)!, e.Reason);
        }

        foreach (var key in instances)
        {
            Unready(d, d.Graph.IndexOf(key.Task));
            if (d.CanStart && d.Find(key) is { State: TaskState.None } instance)
            {
                MakeReady(d, d.Node(key), instance);
            }
        }
    }

    /// <summary>Takes back the end of a run, decided or reached. An ended run queues again, so that limits hold for it too.</summary>
    private static void Reopen(Draft d, string reason)
    {
        if (d.Run.State.IsEnd())
        {
            d.Run = d.Run with { State = RunState.Queued, EndedAt = null, Retries = 0, Reason = reason };
        }
        else if (d.Run.Ending is not null)
        {
            var limit = d.Snapshot.Pipeline.Timeout;
            d.Run = d.Run with { Ending = null, Deadline = d.At + limit, Reason = reason };
        }
    }

    private static void ClearTask(Draft d, TaskRun task, string reason)
    {
        if (d.LiveAttempt(task.Key) is { } attempt)
        {
            if (task.State != TaskState.UpForReschedule)
            {
                Disown(d, task, attempt, StopReason.Cleared, null, reason);
                return;
            }

            EndWait(d, task, null);
        }

        d.Set(Fresh(task) with { Token = task.TryNumber > 0 ? task.Token + 1 : task.Token, Reason = reason });
    }

    /// <summary>
    /// Takes the token from a running attempt, so that nothing it still does counts, and has it stopped. The task goes on only
    /// when it is gone: there is never a second attempt beside it.
    /// </summary>
    private static void Disown(Draft d, TaskRun task, Attempt attempt, StopReason why, TaskState? markedAs, string reason)
    {
        var disowned = task with { Token = task.Token + 1, MarkedAs = markedAs, Reason = reason };
        if (task.Stopping is null)
        {
            Stop(d, disowned, attempt, why, reason);
        }
        else
        {
            d.Set(disowned with { Stopping = why });
        }
    }

    /// <summary>A cleared task whose old attempt is gone.</summary>
    private static void StartAfresh(Draft d, TaskRun task)
    {
        var node = d.Graph.IndexOf(task.Key.Task);
        var fresh = Fresh(task) with { Reason = task.Reason };
        if (d.Row(node).MapCount > 0 && d.CanStart)
        {
            MakeReady(d, d.Node(node), fresh);
            return;
        }

        d.Set(fresh);
        d.Touch(node);
    }

    /// <summary>The task as new; its attempts so far stay counted, its retries begin anew.</summary>
    private static TaskRun Fresh(TaskRun task) =>
        task with
        {
            State = TaskState.None,
            TriesBefore = task.TryNumber,
            LostCount = 0,
            Reason = null,
            DueAt = null,
            Deadline = null,
            ReadyAt = null,
            StartedAt = null,
            EndedAt = null,
            Polls = 0,
            FailedPolls = 0,
            MapCount = null,
            Result = null,
            Attempt = null,
            Stopping = null,
            MarkedAs = null,
            Failure = null,
        };

    /// <summary>Sends tasks that were about to begin back to waiting, because what they need is done again.</summary>
    private static void Unready(Draft d, int node)
    {
        foreach (var next in d.Graph.Downstream(node))
        {
            // A group whose next try was to come has it in what was cleared.
            var row = d.Row(next);
            if (
                row is { State: TaskState.None, ReadyAt: not null }
                || (row.State == TaskState.UpForRetry && d.Node(next).Kind is TaskKind.Group)
            )
            {
                d.Set(row with { State = TaskState.None, ReadyAt = null, DueAt = null, Reason = null });
                d.Touch(next);
            }
        }
    }

    private static void Mark(Draft d, RunEvent.Marked e)
    {
        if (
            e.State is not (TaskState.Success or TaskState.Failed or TaskState.Skipped)
            || d.Find(e.Task) is not { } row
            || !TakesPart(d.Run, e.Task.Task)
        )
        {
            return;
        }

        var node = d.Graph.IndexOf(e.Task.Task);
        var ended = d.Run.State.IsEnd() ? EndReason(d, d.Run.State) : null;
        if (row.MapCount > 0)
        {
            foreach (var instance in d.Instances(node))
            {
                MarkTask(d, instance, e.State, e.Reason);
            }
        }
        else if (!e.Task.IsInstance || d.Row(node).MapCount > 0)
        {
            MarkTask(d, row, e.State, e.Reason);
        }

        if (ended is not null)
        {
            EndAgain(d, ended);
        }
    }

    private static void MarkTask(Draft d, TaskRun task, TaskState state, string reason)
    {
        if (task.State == TaskState.Removed || task.State == state)
        {
            return;
        }

        if (d.LiveAttempt(task.Key) is { } attempt)
        {
            if (task.State != TaskState.UpForReschedule)
            {
                Disown(d, task, attempt, StopReason.Marked, state, reason);
                return;
            }

            EndWait(d, task, null);
            task = task with { Token = task.Token + 1 };
        }

        TakeMark(d, task, state, reason);
    }

    private static void TakeMark(Draft d, TaskRun task, TaskState state, string? reason)
    {
        d.Set(
            AtEnd(d, task, state, reason) with
            {
                MarkedAs = state,
                // What had ended before it was marked did not go on until then.
                EndedAt = task.EndedAt ?? d.At,
                Failure = state == TaskState.Failed ? new Failure(FailureClass.Permanent, reason ?? "marked failed", MarkedRule) : null,
            }
        );
        if (!task.Key.IsInstance)
        {
            RemoveInstances(d, d.Graph.IndexOf(task.Key.Task), from: 0);
        }

        if (d.Run.Ending is null && d.Run.State != RunState.Cancelled)
        {
            Reconsider(d, d.Graph.IndexOf(task.Key.Task));
        }
    }

    /// <summary>Tasks that did not run because of what is now decided otherwise wait again, and what waits for them.</summary>
    private static void Reconsider(Draft d, int node)
    {
        d.SettlesAtRest = d.Run.State != RunState.Running;
        var open = new Stack<int>();
        open.Push(node);
        while (open.TryPop(out var from))
        {
            foreach (var next in d.Graph.Downstream(from))
            {
                var row = d.Row(next);
                if (row.State is TaskState.UpstreamFailed or TaskState.Blocked || IsMendedByHand(d, next, row))
                {
                    d.Set(Fresh(row) with { StartedAt = row.StartedAt });
                    open.Push(next);
                }
            }
        }
    }

    /// <summary>After a mark on an ended run: it goes on when a task can now run, else its end is judged anew.</summary>
    /// <param name="because">What its tasks said of its end before.</param>
    private static void EndAgain(Draft d, string because)
    {
        Settle(d);
        if (!d.AllEnded)
        {
            Reopen(d, "goes on, for a task was marked by hand");
        }
        else if (d.Run.State != RunState.Cancelled && NaturalEnd(d) is var end && end != d.Run.State)
        {
            d.Run = d.Run with { State = end, Reason = EndReason(d, end) };
            d.Command(new RunCommand.RunEnded(end));
        }
        else if (d.Run.Reason == because)
        {
            d.Run = d.Run with { Reason = EndReason(d, d.Run.State) };
        }
    }
}
