using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <content>
/// The run's own retries: once everything has ended and the run would have failed, it waits, and its failed tasks and what comes after them start afresh. It
/// stays running meanwhile, so its place, its deadline and its limit go on.
/// </content>
public static partial class RunDecider
{
    /// <summary>The seed of the jitter of a run's own retry.</summary>
    private static ulong RetrySeed(Run run) => StableHash.Empty.Add(run.Number.Value).Add("run").Add(run.Retries).Value;

    /// <summary>Whether a run that would fail now is run again instead; then it says when.</summary>
    private static bool WaitsForRetry(Draft d)
    {
        if (d.Run.RetryAt is not null)
        {
            return true;
        }

        if (RunRetryDelay(d) is not { } delay)
        {
            return false;
        }

        var at = d.At + delay;
        d.Run = d.Run with
        {
            RetryAt = at,
            Reason =
                $"{EndReason(d, RunState.Failed)}; retry {d.Run.Retries + 1} of {d.Snapshot.Pipeline.RunRetry.Retries} of the run, from its failed tasks, starts at {Sentence.Of(at)}",
        };
        return true;
    }

    /// <summary>The longest wait that one of the failures asks for; null when the retries are used up, or one of them would be there again.</summary>
    private static TimeSpan? RunRetryDelay(Draft d)
    {
        TimeSpan? longest = null;
        for (var node = 0; node < d.Graph.Count; node++)
        {
            foreach (var task in FailedOf(d, node))
            {
                if (
                    !IsMendedByRunRetry(d.Node(node), task.Failure!)
                    || d.Snapshot.Pipeline.RunRetry.NextDelay(task.Failure!, d.Run.Retries, RetrySeed(d.Run)) is not { } delay
                )
                {
                    return null;
                }

                longest = longest > delay ? longest : delay;
            }
        }

        return longest;
    }

    private static IEnumerable<TaskRun> FailedOf(Draft d, int node) =>
        (d.Row(node).MapCount > 0 ? d.Instances(node) : [d.Row(node)]).Where(task =>
            task is { State: TaskState.Failed, Failure: not null }
        );

    /// <summary>
    /// A wait that is over and what people decided are not asked again, and what may have done half its work and is not idempotent is for a person to look at.
    /// </summary>
    private static bool IsMendedByRunRetry(TaskNode node, Failure failure) =>
        !node.Kind.Waits && (failure.Class != FailureClass.Lost || node.Idempotent) && !IsNoFaultOfTask(failure);

    /// <summary>Whether the task's group or its run is to be tried again after its last failure, as far as that task goes: then the failure is no news yet.</summary>
    internal static bool IsRetried(RunSnapshot run, TaskNode node, Failure failure) =>
        IsRetriedWithGroup(run, node.Name, failure) || IsRetriedWithRun(run, node, failure);

    private static bool IsRetriedWithRun(RunSnapshot run, TaskNode node, Failure failure) =>
        run.Run.Ending is null && run.Run.Retries < run.Pipeline.RunRetry.RetriesFor(failure.Class) && IsMendedByRunRetry(node, failure);

    private static void RetryRun(Draft d)
    {
        var number = d.Run.Retries + 1;
        var reason = $"retry {number} of {d.Snapshot.Pipeline.RunRetry.Retries} of the run";
        d.Run = d.Run with { RetryAt = null, Retries = number, Reason = reason };
        Clear(d, new RunEvent.Cleared(d.At, RerunPlan.FromFailed(d.Snapshot), reason));
    }
}
