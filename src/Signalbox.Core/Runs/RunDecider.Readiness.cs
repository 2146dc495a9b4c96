using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <content>From none to ready or to an end without having run; and the end of the run.</content>
public static partial class RunDecider
{
    private const string UpstreamEnded = "upstream_ended";

    private static void Admit(Draft d)
    {
        if (d.Run.State != RunState.Queued)
        {
            return;
        }

        var limit = d.Snapshot.Pipeline.Timeout;
        d.Run = d.Run with
        {
            State = RunState.Running,
            StartedAt = d.Run.StartedAt ?? d.At,
            Deadline = limit is { } length ? d.At + length : null,
        };
        for (var node = 0; node < d.Graph.Count; node++)
        {
            d.Touch(node);
            if (d.Row(node).MapCount > 0)
            {
                ReadyInstances(d, node);
            }
        }
    }

    /// <summary>Follows a decision's consequences through the graph until nothing more changes.</summary>
    private static void Settle(Draft d)
    {
        while (d.TryTakeTouched(out var node))
        {
            if (d.Row(node).MapCount > 0)
            {
                Summarise(d, node);
            }
            else
            {
                Consider(d, node);
            }
        }

        if (!d.AllEnded || d.Run.State.IsEnd() || (d.Run.State == RunState.Queued && d.Run.Ending is null))
        {
            if (d.Run.RetryAt is not null)
            {
                // Somebody had a task run again, or marked it, while the run waited for its retry: it goes on from there.
                d.Run = d.Run with
                {
                    RetryAt = null,
                    Reason = null,
                };
            }

            return;
        }

        var end = d.Run.Ending ?? NaturalEnd(d);
        if (end == RunState.Failed && d.Run.Ending is null && WaitsForRetry(d))
        {
            return;
        }

        d.Run = d.Run with
        {
            State = end,
            Ending = null,
            EndedAt = d.At,
            Deadline = null,
            RetryAt = null,
            Reason = d.Run.Ending is null ? EndReason(d, end) : d.Run.Reason,
        };
        d.Command(new RunCommand.RunEnded(end));
    }

    /// <summary>Applies the trigger rule to a task that has not begun.</summary>
    private static void Consider(Draft d, int node)
    {
        var row = d.Row(node);
        if (row.State != TaskState.None || row.ReadyAt is not null || !(d.CanStart || d.SettlesAtRest))
        {
            return;
        }

        if (d.LiveInstances(node) > 0)
        {
            return;
        }

        var task = d.Node(node);
        var up = d.Upstream(node);
        if (task.Kind is TaskKind.Group)
        {
            if (up.AllDone)
            {
                EndTry(d, node, row);
            }

            return;
        }

        switch (TriggerRules.Judge(task.TriggerRule, up))
        {
            case Verdict.Run when d.CanStart:
                Ready(d, node, row);
                break;
            case Verdict.Skip:
                EndUnstarted(d, node, row, TaskState.Skipped, $"skipped by its trigger rule {Names.Of(task.TriggerRule)}: {Counts(up)}");
                break;
            case Verdict.UpstreamFailed:
                EndUnstarted(
                    d,
                    node,
                    row,
                    TaskState.UpstreamFailed,
                    $"not run, for its trigger rule {Names.Of(task.TriggerRule)} can no longer be met: {Culprits(d, node)}"
                );
                break;
            case Verdict.Blocked:
                EndUnstarted(d, node, row, TaskState.Blocked, $"not run, for an output upstream failed a check: {Culprits(d, node)}");
                break;
        }
    }

    /// <summary>The trigger rule is met.</summary>
    private static void Ready(Draft d, int node, TaskRun row)
    {
        var task = d.Node(node);
        if (task.When is not null || task.ForEach is not null)
        {
            var what = task.When is not null ? "its condition is being evaluated" : "its items are being evaluated";
            d.Set(row with { ReadyAt = d.At, Reason = what }, CauseOf(d, node));
            d.Command(new RunCommand.Evaluate(task.Name));
            return;
        }

        MakeReady(d, task, row, CauseOf(d, node));
    }

    /// <summary>Makes a task want a slot; one that waits for the world begins to wait at once, without a slot.</summary>
    private static void MakeReady(Draft d, TaskNode task, TaskRun row, string? cause = null)
    {
        if (task.Kind.Waits)
        {
            BeginWait(d, task, row, cause);
            return;
        }

        d.Set(
            row with
            {
                State = TaskState.Scheduled,
                ReadyAt = d.At,
                DueAt = null,
                Deadline = d.At + task.StartTimeout,
                EndedAt = null,
                Reason = $"ready; wants {Sentence.Count(task.Slots, "slot", "slots")} of pool {task.Pool}",
            },
            cause
        );
    }

    /// <summary>Ends a task that never began. What was left of an earlier expansion goes with it.</summary>
    private static void EndUnstarted(
        Draft d,
        int node,
        TaskRun row,
        TaskState state,
        string? reason,
        Failure? failure = null,
        string? cause = null
    )
    {
        d.Set(
            row with
            {
                State = state,
                Reason = reason,
                Failure = failure,
                ReadyAt = null,
                Deadline = null,
                EndedAt = d.At,
            },
            cause ?? CauseOf(d, node)
        );
        RemoveInstances(d, node, from: 0);
    }

    private static string? CauseOf(Draft d, int node) => d.Graph.Upstream(node).Length == 0 ? null : UpstreamEnded;

    private static void ConditionKnown(Draft d, RunEvent.ConditionKnown e)
    {
        if (Evaluating(d, e.Task, out var node, out var row))
        {
            var task = d.Node(node);
            if (!e.Runs)
            {
                EndUnstarted(
                    d,
                    node,
                    row,
                    TaskState.Skipped,
                    e.Explanation is null ? "its condition is false" : $"its condition is false: {e.Explanation}",
                    cause: d.EventName
                );
            }
            else if (task.ForEach is null)
            {
                MakeReady(d, task, row);
                if (e.Explanation is { } explanation)
                {
                    var ready = d.Row(node);
                    d.Set(ready with { Reason = $"its condition is true: {explanation}; {ready.Reason}" }, d.EventName);
                }
            }
        }
    }

    private static void EvaluationFailed(Draft d, RunEvent.EvaluationFailed e)
    {
        if (Evaluating(d, e.Task, out var node, out var row))
        {
            EndUnstarted(d, node, row, TaskState.Failed, $"could not be evaluated: {e.Failure.Message}", e.Failure, d.EventName);
        }
    }

    /// <summary>Whether an answer to <see cref="RunCommand.Evaluate"/> is still wanted.</summary>
    private static bool Evaluating(Draft d, TaskName name, out int node, out TaskRun row)
    {
        node = d.Graph.IndexOf(name);
        row = node < 0 ? null! : d.Row(node);
        return node >= 0 && row.State == TaskState.None && row.ReadyAt is not null && d.CanStart;
    }

    private static RunState NaturalEnd(Draft d)
    {
        for (var node = 0; node < d.Graph.Count; node++)
        {
            if (d.Graph.IsLeaf(node) && IsBadLeaf(d.Row(node)))
            {
                return RunState.Failed;
            }
        }

        return RunState.Success;
    }

    /// <summary>A leaf that makes its run fail; also one that the end of an earlier, broken-off run kept from starting.</summary>
    private static bool IsBadLeaf(TaskRun row) =>
        row.State is TaskState.Failed or TaskState.UpstreamFailed or TaskState.Blocked
        || row is { State: TaskState.Skipped, Failure: not null };

    private static string EndReason(Draft d, RunState end)
    {
        if (end == RunState.Success)
        {
            return "every leaf task ended well";
        }

        for (var node = 0; node < d.Graph.Count; node++)
        {
            var row = d.Row(node);
            if (row.State == TaskState.Failed)
            {
                return $"task {row.Key.Task} failed";
            }
        }

        return "a leaf task was not run";
    }

    /// <summary>The upstream tasks that did not end well, by name; the first few of them.</summary>
    private static string Culprits(Draft d, int node)
    {
        const int most = 3;
        var named = new List<string>();
        var more = 0;
        foreach (var upstream in d.Graph.Upstream(node))
        {
            var row = d.Row(upstream);
            if (row.State is TaskState.Failed or TaskState.UpstreamFailed or TaskState.Blocked or TaskState.Skipped)
            {
                if (named.Count < most)
                {
                    named.Add($"{row.Key.Task} is {Names.Of(row.State)}");
                }
                else
                {
                    more++;
                }
            }
        }

        return named.Count == 0 ? Counts(d.Upstream(node))
            : more == 0 ? string.Join(", ", named)
            : $"{string.Join(", ", named)} and {more} more";
    }

    private static string Counts(Tally up)
    {
        var parts = new List<string>(6);
        Add(up.Success, "success");
        Add(up.Failed, "failed");
        Add(up.UpstreamFailed, "upstream_failed");
        Add(up.Blocked, "blocked");
        Add(up.Skipped, "skipped");
        Add(up.Total - up.Done, "not ended");
        return "upstream " + string.Join(", ", parts);

        void Add(int count, string word)
        {
            if (count > 0)
            {
                parts.Add($"{count} {word}");
            }
        }
    }
}
