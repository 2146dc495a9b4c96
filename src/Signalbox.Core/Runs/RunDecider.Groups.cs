using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <content>
/// Groups: tasks that are tried again as one. The group itself is a row that comes after all of them. Once they have all ended it has had a try; when one of them has failed for
/// good, all of them start afresh after the group's own delay, while its own retries last. Until then the group has not ended, so what needs it waits.
/// </content>
public static partial class RunDecider
{
    /// <summary>All tasks of a group have ended, and it can be said how its try went.</summary>
    private static void EndTry(Draft d, int node, TaskRun row)
    {
        var (failure, delay) = FailureIn(d, node, row);
        if (failure is not null)
        {
            FailTry(d, row, failure, delay);
            return;
        }

        switch (TriggerRules.Judge(d.Node(node).TriggerRule, d.Upstream(node)))
        {
            case Verdict.Run when d.CanStart:
                var done = BeginTry(d, row, out var last);
                Succeed(d, done, last, result: null, $"try {TryOf(done)} of {d.Node(node).Retry.MaxAttempts}: none of its tasks failed");
                break;
            case Verdict.Run:
                // Marks have ended the last of its tasks while the run is at rest: it goes on for this.
                break;
            case Verdict.Skip:
                EndUnstarted(d, node, row, TaskState.Skipped, "none of its tasks ran");
                break;
            case var verdict:
                var end = verdict == Verdict.Blocked ? TaskState.Blocked : TaskState.UpstreamFailed;
                EndUnstarted(d, node, row, end, $"its tasks were not run: {Culprits(d, node)}");
                break;
        }
    }

    /// <summary>The time of the group's next try has come: all of its tasks start afresh.</summary>
    private static void TryAgain(Draft d, int node, TaskRun row)
    {
        var reason = $"try {TryOf(row) + 1} of {d.Node(node).Retry.MaxAttempts} of the group {row.Key.Task}";
        d.Set(row with { State = TaskState.None, DueAt = null, Reason = reason });
        Clear(d, new RunEvent.Cleared(d.At, [.. d.Node(node).Needs.Select(member => new TaskKey(member))], reason));
    }

    private static void FailTry(Draft d, TaskRun row, Failure failure, TimeSpan? delay)
    {
        var policy = d.Node(row.Key).Retry;
        row = BeginTry(d, row, out var attempt);
        delay = d.CanStart ? delay : null;
        d.Set(attempt with { State = AttemptState.Failed, EndedAt = d.At, Failure = failure, NextDelay = delay });
        var told = $"try {TryOf(row)} of {policy.MaxAttempts} failed ({Sentence.Of(failure)})";
        if (delay is { } wait)
        {
            Again(d, row, failure, wait, $"{told}; try {TryOf(row) + 1} starts at {Sentence.Of(d.At + wait)}");
            return;
        }

        var why =
            !d.CanStart ? "the run had ended"
            : policy.Retries == 0 ? "the group has no retries"
            : TryOf(row) > policy.Retries ? $"its {Sentence.Count(policy.Retries, "retry is", "retries are")} used up"
            : "another try would not mend it";
        d.Set(AtEnd(d, row, TaskState.Failed, $"{told}; {why}") with { Failure = failure });
    }

    /// <summary>
    /// Why a group's try has failed, null when it has not; and the longest wait that one of the failures asks for, null when there is no other try. What
    /// another try would not mend is named before what it would.
    /// </summary>
    private static (Failure? Failure, TimeSpan? Delay) FailureIn(Draft d, int node, TaskRun row)
    {
        Failure? named = null;
        TimeSpan? longest = TimeSpan.Zero;
        foreach (var member in d.Graph.Upstream(node))
        {
            foreach (var task in FailedOf(d, member))
            {
                var failure = task.Failure!;
                var delay = IsMendedByRunRetry(d.Node(member), failure)
                    ? d.Node(node).Retry.NextDelay(failure, TryOf(row), JitterSeed(d.Run, row.Key, row.TryNumber))
                    : null;
                if (named is null || (delay is null && longest is not null))
                {
                    named = failure with { Message = $"{task.Key}: {failure.Message}" };
                }

                longest =
                    longest is null || delay is null ? null
                    : longest > delay ? longest
                    : delay;
            }
        }

        return (named, longest);
    }

    /// <summary>Whether the group of a task is to be tried again after the task's last failure, as far as that task goes: then the failure is no news yet.</summary>
    internal static bool IsRetriedWithGroup(RunSnapshot run, TaskName task, Failure failure)
    {
        var member = run.Graph.IndexOf(task);
        return run.Graph.GroupOf(member) is var node
            && node >= 0
            && run.Run.Ending is null
            && IsMendedByRunRetry(run.Graph.Tasks[member], failure)
            && run.Row(node) is var row
            && (
                row.State == TaskState.UpForRetry
                || (row.State == TaskState.None && TryOf(row) < run.Graph.Tasks[node].Retry.RetriesFor(failure.Class))
            );
    }

    /// <summary>Whether a mark has taken away the last failure in a group that had failed, or waits for its next try.</summary>
    private static bool IsMendedByHand(Draft d, int node, TaskRun row) =>
        d.Node(node).Kind is TaskKind.Group
        && row.State is TaskState.Failed or TaskState.UpForRetry
        && FailureIn(d, node, row).Failure is null;

    /// <summary>A try is an attempt that begins and ends when it is over: it has no process.</summary>
    private static TaskRun BeginTry(Draft d, TaskRun row, out Attempt attempt)
    {
        attempt = new Attempt
        {
            Key = row.Key,
            Number = row.TryNumber + 1,
            Token = row.Token + 1,
            State = AttemptState.Submitting,
            SubmittedAt = d.At,
            StartedAt = d.At,
        };
        return row with { TryNumber = attempt.Number, Token = attempt.Token, StartedAt = row.StartedAt ?? d.At };
    }

    /// <summary>Which try of the group it is, counted since it was last re-run by hand.</summary>
    private static int TryOf(TaskRun row) => row.TryNumber - row.TriesBefore;
}
