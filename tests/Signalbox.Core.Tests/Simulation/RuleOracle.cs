using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>
/// The trigger rules a second time, written down from Airflow's TriggerRuleDep as it reads there: lists of states, first what
/// ends the task unrun, then what lets it run. It shares nothing with the product's rules.
/// </summary>
internal static class RuleOracle
{
    public static Verdict Judge(TriggerRule rule, IReadOnlyList<TaskRun> upstream)
    {
        if (upstream.Count == 0)
        {
            return Verdict.Run;
        }

        var success = upstream.Count(t => t.State == TaskState.Success);
        var skipped = upstream.Count(t => t.State == TaskState.Skipped);
        var failed = upstream.Count(t => t.State == TaskState.Failed);
        var upstreamFailed = upstream.Count(t => t.State is TaskState.UpstreamFailed or TaskState.Blocked);
        var done = upstream.Count(t => t.State.IsEnd());
        var all = done == upstream.Count;
        var byCheck = upstream.Any(t => t.State == TaskState.Blocked || t is { State: TaskState.Failed, Failure.CheckFailed: true });
        var broken = byCheck ? Verdict.Blocked : Verdict.UpstreamFailed;
        switch (rule)
        {
            case TriggerRule.AllSuccess when upstreamFailed > 0 || failed > 0:
                return broken;
            case TriggerRule.AllSuccess when skipped > 0:
            case TriggerRule.AllFailed when success > 0 || skipped > 0:
            case TriggerRule.OneFailed when all && failed == 0 && upstreamFailed == 0:
            case TriggerRule.OneSuccess when all && done == skipped:
                return Verdict.Skip;
            case TriggerRule.OneSuccess when all && success == 0:
                return broken;
            case TriggerRule.OneDone when all && failed == 0 && success == 0:
                return Verdict.Skip;
            case TriggerRule.NoneFailed or TriggerRule.NoneFailedMinOneSuccess when upstreamFailed > 0 || failed > 0:
                return broken;
            case TriggerRule.NoneFailedMinOneSuccess when skipped == upstream.Count:
            case TriggerRule.NoneSkipped when skipped > 0:
            case TriggerRule.AllSkipped when success > 0 || failed > 0 || upstreamFailed > 0:
                return Verdict.Skip;
        }

        var runs = rule switch
        {
            TriggerRule.AllSuccess => success == upstream.Count,
            TriggerRule.AllFailed => failed + upstreamFailed == upstream.Count,
            TriggerRule.OneSuccess => success > 0,
            TriggerRule.OneFailed => failed + upstreamFailed > 0,
            TriggerRule.OneDone => success + failed > 0,
            TriggerRule.AllSkipped => skipped == upstream.Count,
            TriggerRule.NoneFailed or TriggerRule.NoneFailedMinOneSuccess => success + skipped == upstream.Count,
            TriggerRule.Always => true,
            _ => all,
        };
        return runs ? Verdict.Run : Verdict.Wait;
    }

    /// <summary>What a task has upstream: instances one by one, a mapped task without instances once.</summary>
    public static List<TaskRun> UpstreamOf(TaskNode node, IReadOnlyDictionary<TaskKey, TaskRun> rows)
    {
        var found = new List<TaskRun>();
        foreach (var need in node.Needs)
        {
            var row = rows[new TaskKey(need)];
            if (row.MapCount is not > 0)
            {
                found.Add(row);
                continue;
            }

            for (var i = 0; rows.TryGetValue(new TaskKey(need, i), out var instance); i++)
            {
                if (instance.State != TaskState.Removed)
                {
                    found.Add(instance);
                }
            }
        }

        return found;
    }
}
