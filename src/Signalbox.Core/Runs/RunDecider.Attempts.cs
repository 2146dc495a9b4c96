using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <content>The life of an attempt: slot, start, exit, and the polls of a task that waits.</content>
public static partial class RunDecider
{
    private static void SlotGranted(Draft d, RunEvent.SlotGranted e)
    {
        if (!d.CanStart || d.Find(e.Task) is not { State: TaskState.Scheduled } task)
        {
            return;
        }

        var number = task.TryNumber + 1;
        var token = task.Token + 1;
        d.Set(
            task with
            {
                State = TaskState.Queued,
                TryNumber = number,
                Token = token,
                Attempt = AttemptState.Submitting,
                Deadline = null,
                Reason = $"attempt {number} is being started",
            }
        );
        d.Set(
            new Attempt
            {
                Key = e.Task,
                Number = number,
                Token = token,
                State = AttemptState.Submitting,
                SubmittedAt = d.At,
                Gpus = e.Gpus,
            }
        );
        d.Command(new RunCommand.StartAttempt(e.Task, number, token));
    }

    private static void AttemptStarted(Draft d, RunEvent.AttemptStarted e)
    {
        if (!IsCurrent(d, e.Task, e.Token, "start", out var task, out var attempt) || attempt.State != AttemptState.Submitting)
        {
            return;
        }

        d.Set(
            task with
            {
                State = TaskState.Running,
                Attempt = AttemptState.Running,
                StartedAt = task.StartedAt ?? d.At,
                DueAt = task.Stopping is null ? d.At + d.Node(e.Task).SilenceLimit : null,
                Deadline = task.Stopping is null ? d.At + LimitOf(d.Node(e.Task)) : null,
                Reason = task.Stopping is null ? $"attempt {attempt.Number} runs" : task.Reason,
            }
        );
        d.Set(attempt with { State = AttemptState.Running, StartedAt = d.At, Process = e.Process });
        if (task.Stopping is { } why)
        {
            // The order to stop may have come before there was anything to stop.
            d.Command(new RunCommand.StopAttempt(e.Task, attempt.Number, attempt.Token, d.Node(e.Task).Grace, why));
        }
    }

    private static void AttemptExited(Draft d, RunEvent.AttemptExited e)
    {
        if (
            !IsCurrent(d, e.Task, e.Token, "exit", out var task, out var attempt)
            || attempt.State == AttemptState.Publishing
            || task.State == TaskState.UpForReschedule
        )
        {
            return;
        }

        attempt = attempt with
        {
            StartedAt = attempt.StartedAt ?? d.At,
            ExitCode = e.ExitCode ?? attempt.ExitCode,
            Process = e.Process?.Over(attempt.Process) ?? attempt.Process,
        };
        if (task.Stopping is not null)
        {
            // Nothing is published for an attempt that was told to stop.
            Gone(d, task, attempt, published: false, new Outcome.Stopped());
            return;
        }

        d.Set(
            task with
            {
                State = TaskState.Running,
                Attempt = AttemptState.Publishing,
                StartedAt = task.StartedAt ?? d.At,
                DueAt = null,
                Deadline = task.Deadline ?? d.At + LimitOf(d.Node(e.Task)),
                Reason = $"attempt {attempt.Number} ended well; its outputs are checked and published",
            }
        );
        d.Set(attempt with { State = AttemptState.Publishing });
        d.Command(new RunCommand.Publish(e.Task, attempt.Number, attempt.Token));
    }

    private static void AttemptEnded(Draft d, RunEvent.AttemptEnded e)
    {
        if (!IsCurrent(d, e.Task, e.Token, "end", out var task, out var attempt, e.Outcome))
        {
            return;
        }

        var published = attempt.State == AttemptState.Publishing && e.Outcome is Outcome.Succeeded;
        attempt = attempt with
        {
            StartedAt = attempt.StartedAt ?? d.At,
            ExitCode = e.ExitCode ?? attempt.ExitCode,
            Process = e.Process?.Over(attempt.Process) ?? attempt.Process,
        };
        if (task.Stopping is null)
        {
            Ended(d, task, attempt, e.Outcome);
        }
        else
        {
            Gone(d, task, attempt, published, e.Outcome);
        }
    }

    private static void BeginWait(Draft d, TaskNode node, TaskRun task, string? cause = null)
    {
        var number = task.TryNumber + 1;
        var token = task.Token + 1;
        var since = task.StartedAt ?? d.At;
        d.Set(
            task with
            {
                State = TaskState.UpForReschedule,
                TryNumber = number,
                Token = token,
                Attempt = AttemptState.Running,
                ReadyAt = null,
                StartedAt = since,
                DueAt = null,
                Deadline = since + LimitOf(node),
                EndedAt = null,
                Reason = "waits; is being looked at for the first time",
            },
            cause
        );
        d.Set(
            new Attempt
            {
                Key = task.Key,
                Number = number,
                Token = token,
                State = AttemptState.Running,
                SubmittedAt = d.At,
                StartedAt = d.At,
            }
        );
        d.Command(new RunCommand.Poll(task.Key, number, token));
    }

    private static void NotYet(Draft d, RunEvent.NotYet e)
    {
        if (!IsCurrent(d, e.Task, e.Token, "poll", out var task, out _) || task is not { State: TaskState.UpForReschedule, Stopping: null })
        {
            return;
        }

        // A question may be looked at out of turn, because what it is about has changed: then it says something else.
        var isNews = d.Node(e.Task).Kind.Asks && (task.DueAt != e.NextAt || task.Reason != e.Reason) && e.NextAt > d.At;
        if (task.DueAt is null || isNews)
        {
            var failed = task.FailedPolls + (e.Failed ? 1 : 0);
            d.Set(
                task with
                {
                    DueAt = e.NextAt > d.At ? e.NextAt : d.At,
                    Polls = task.Polls + 1,
                    FailedPolls = failed,
                    Reason = e.Failed ? $"{e.Reason} (failed looks: {failed} of {task.Polls + 1}; it goes on)" : e.Reason,
                }
            );
        }
    }

    /// <summary>Somebody answered what a task asks: it is looked at again at once.</summary>
    private static void Answered(Draft d, RunEvent.Answered e)
    {
        if (
            IsCurrent(d, e.Task, e.Token, "answer", out var task, out _)
            && task is { State: TaskState.UpForReschedule, Stopping: null }
            && d.Node(e.Task).Kind.Asks
        )
        {
            d.Set(task with { DueAt = null });
            d.Command(new RunCommand.Poll(task.Key, task.TryNumber, task.Token));
        }
    }

    private static TimeSpan LimitOf(TaskNode node) => node.Timeout ?? TaskNode.DefaultTimeout;

    /// <summary>
    /// Whether a message is of the attempt that lives now. One of an attempt that does not changes nothing, and leaves a line in
    /// history when it claims something else than what is known.
    /// </summary>
    private static bool IsCurrent(
        Draft d,
        TaskKey key,
        long token,
        string what,
        out TaskRun task,
        out Attempt attempt,
        Outcome? outcome = null
    )
    {
        task = d.Find(key)!;
        attempt = d.LiveAttempt(key)!;
        if (task is null)
        {
            return false;
        }

        if (attempt?.Token == token)
        {
            return true;
        }

        if (token != task.Token)
        {
            d.Refuse(task, $"refused the {what} reported by an attempt with token {token}: the current token is {task.Token}");
        }
        else if (outcome is not null && outcome is Outcome.Succeeded != (task.State == TaskState.Success))
        {
            d.Refuse(task, $"refused a late report that attempt {task.TryNumber} {WordOf(outcome)}: its end is already decided");
        }

        return false;
    }

    private static string WordOf(Outcome outcome) =>
        outcome switch
        {
            Outcome.Succeeded => "succeeded",
            Outcome.Skipped => "skipped itself",
            Outcome.Failed => "failed",
            Outcome.Lost => "was lost",
            _ => "was stopped",
        };
}
