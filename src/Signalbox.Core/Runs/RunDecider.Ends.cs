using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Reuse;
using Signalbox.Core.Time;

namespace Signalbox.Core.Runs;

/// <content>What follows from an attempt's end: success, another attempt, or failure.</content>
public static partial class RunDecider
{
    /// <summary>The attempt ended by itself.</summary>
    private static void Ended(Draft d, TaskRun task, Attempt attempt, Outcome outcome)
    {
        switch (outcome)
        {
            case Outcome.Succeeded done:
                var note = done.Note;
                Succeed(
                    d,
                    task,
                    attempt,
                    done.Result,
                    ReuseNote.Is(note) ? note! : $"attempt {attempt.Number} succeeded{(note is null ? "" : $"; {note}")}"
                );
                break;
            case Outcome.Skipped skipped:
                d.Set(attempt with { State = AttemptState.Skipped, EndedAt = d.At });
                d.Set(AtEnd(d, task, TaskState.Skipped, skipped.Reason) with { Failure = null });
                break;
            case Outcome.Failed failed:
                Fail(d, task, attempt, failed.Failure);
                break;
            case Outcome.Lost lost:
                Lose(d, task, attempt, lost.Reason);
                break;
            case Outcome.Stopped:
                Lose(d, task, attempt, "it was stopped, and not by us");
                break;
        }
    }

    /// <summary>The attempt ended after we had decided to stop it.</summary>
    /// <param name="published">Its outputs became visible before it could be stopped: then it has succeeded, whatever we wished.</param>
    private static void Gone(Draft d, TaskRun task, Attempt attempt, bool published, Outcome outcome)
    {
        var isOwn = attempt.Token == task.Token;
        if (published && isOwn)
        {
            Succeed(
                d,
                task,
                attempt,
                ((Outcome.Succeeded)outcome).Result,
                $"attempt {attempt.Number} had published before it could be stopped"
            );
            return;
        }

        switch (task.Stopping)
        {
            case StopReason.Timeout:
                Fail(d, task, attempt, TimeoutOf(d, task, attempt));
                break;
            case StopReason.Silence:
                Fail(d, task, attempt, SilenceOf(d, task, attempt));
                break;
            case StopReason.Cancelled:
                var failure = new Failure(FailureClass.Cancelled, d.Run.Reason ?? "the run was cancelled", "cancelled");
                d.Set(attempt with { State = AttemptState.Cancelled, EndedAt = d.At, Failure = failure });
                d.Set(AtEnd(d, task, TaskState.Failed, $"attempt {attempt.Number} was cancelled") with { Failure = failure });
                break;
            case StopReason.Cleared:
                d.Set(attempt with { State = AttemptState.Cancelled, EndedAt = d.At });
                StartAfresh(d, task);
                break;
            case StopReason.Marked:
                d.Set(attempt with { State = AttemptState.Cancelled, EndedAt = d.At });
                TakeMark(d, task, task.MarkedAs ?? TaskState.Failed, task.Reason);
                break;
        }

        RemoveIfSurplus(d, task.Key);
    }

    private static void Succeed(Draft d, TaskRun task, Attempt attempt, string? result, string reason)
    {
        d.Set(attempt with { State = AttemptState.Succeeded, EndedAt = d.At });
        d.Set(AtEnd(d, task, TaskState.Success, reason) with { Result = result, Failure = null });
    }

    /// <summary>A failure: tried again while the policy says so.</summary>
    private static void Fail(Draft d, TaskRun task, Attempt attempt, Failure failure)
    {
        var policy = d.Node(task.Key).Retry;
        var asks = d.Node(task.Key).Kind.Asks;
        var retriesUsed = task.TryNumber - task.TriesBefore - task.LostCount - 1;
        var delay = d.CanStart && !asks ? policy.NextDelay(failure, retriesUsed, JitterSeed(d.Run, task.Key, attempt.Number)) : null;
        d.Set(attempt with { State = AttemptState.Failed, EndedAt = d.At, Failure = failure, NextDelay = delay });
        if (delay is { } wait)
        {
            Again(
                d,
                task,
                failure,
                wait,
                $"attempt {attempt.Number} failed ({Sentence.Of(failure)}); retry {retriesUsed + 1} of {policy.RetriesFor(failure.Class)} starts at {Sentence.Of(d.At + wait)}"
            );
            return;
        }

        var why =
            asks ? "what was decided is not asked again"
            : !d.CanStart ? "the run is ending"
            : !policy.Covers(failure.Class) ? $"{Names.Of(failure.Class)} is not retried"
            : policy.Retries == 0 ? "it has no retries"
            : $"its {Sentence.Count(policy.RetriesFor(failure.Class), "retry is", "retries are")} used up";
        d.Set(
            AtEnd(d, task, TaskState.Failed, $"attempt {attempt.Number} failed ({Sentence.Of(failure)}); {why}") with
            {
                Failure = failure,
            }
        );
    }

    /// <summary>Nobody knows how the attempt ended. It has a budget of its own, because the task is not to blame.</summary>
    private static void Lose(Draft d, TaskRun task, Attempt attempt, string reason)
    {
        var node = d.Node(task.Key);
        var lost = task.LostCount + 1;
        var failure = new Failure(FailureClass.Lost, reason, "lost");
        var again = d.CanStart && node.Idempotent && lost <= node.Retry.LostBudget;
        d.Set(
            attempt with
            {
                State = AttemptState.Lost,
                EndedAt = d.At,
                Failure = failure,
                NextDelay = again ? RetryPolicy.LostDelay : null,
            }
        );
        task = task with { LostCount = lost };
        if (again)
        {
            Again(
                d,
                task,
                failure,
                RetryPolicy.LostDelay,
                $"attempt {attempt.Number} was lost ({reason}); loss {lost} of {node.Retry.LostBudget} that are forgiven, starts again at {Sentence.Of(d.At + RetryPolicy.LostDelay)}"
            );
            return;
        }

        var why =
            !node.Idempotent ? "it is not idempotent, so a person must look how far it came and then mark or re-run it"
            : !d.CanStart ? "the run is ending"
            : $"lost more than {Sentence.Count(node.Retry.LostBudget, "time", "times")}";
        d.Set(AtEnd(d, task, TaskState.Failed, $"attempt {attempt.Number} was lost ({reason}); {why}") with { Failure = failure });
    }

    private static void Again(Draft d, TaskRun task, Failure failure, TimeSpan wait, string reason) =>
        d.Set(
            task with
            {
                State = TaskState.UpForRetry,
                Attempt = null,
                Stopping = null,
                // The limit of a wait is one for all its attempts.
                Deadline = d.Node(task.Key).Kind.Waits ? task.Deadline : null,
                DueAt = d.At + wait,
                Failure = failure,
                Reason = reason,
            }
        );

    private static Failure TimeoutOf(Draft d, TaskRun task, Attempt attempt) =>
        d.Run.Ending is null
            ? new Failure(
                FailureClass.Timeout,
                $"attempt {attempt.Number} ran longer than its limit of {Duration.Print(LimitOf(d.Node(task.Key)))}",
                "timeout"
            )
            : new Failure(FailureClass.Timeout, d.Run.Reason ?? "the run ran longer than its limit", RunTimeoutRule);

    /// <summary>The task at an end, with nothing left of its attempt.</summary>
    private static TaskRun AtEnd(Draft d, TaskRun task, TaskState state, string? reason) =>
        task with
        {
            State = state,
            Reason = reason,
            EndedAt = d.At,
            Attempt = null,
            Stopping = null,
            MarkedAs = null,
            DueAt = null,
            Deadline = null,
            ReadyAt = null,
        };
}
