using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Simulation.Check;

namespace Signalbox.Core.Tests.Runs;

/// <summary>What stands in a row in each state, whatever led there: asked of every row that a decision writes.</summary>
internal static class Shape
{
    public static void Check(Decision decision)
    {
        foreach (var change in decision.Changes)
        {
            switch (change)
            {
                case Change.RunChanged { After: var run }:
                    Check(run);
                    break;
                case Change.TaskChanged { After: var task }:
                    Check(task);
                    break;
                case Change.AttemptChanged { After: var attempt }:
                    Check(attempt);
                    break;
            }
        }
    }

    private static void Check(Run run)
    {
        That(run.State.IsEnd() == run.EndedAt is not null, $"a run that is {run.State} ended at {run.EndedAt}");
        That(run.State != RunState.Running || run.StartedAt is not null, $"a run goes on and has not started");
        if (run.State != RunState.Running)
        {
            That(run is { Deadline: null, RetryAt: null, Ending: null }, $"a run that is {run.State} waits for something");
        }

        That(run.Ending is null || run.Ending.Value.IsEnd(), $"a run is to end as {run.Ending}");
    }

    private static void Check(TaskRun task)
    {
        var (key, state) = (task.Key, task.State);
        var hasAttempt = state is TaskState.Queued or TaskState.UpForReschedule || state == TaskState.Running && !task.IsExpanded;
        That(hasAttempt == task.Attempt is not null, $"{key} is {state}, its attempt {task.Attempt}");
        That(state.IsEnd() == task.EndedAt is not null, $"{key} is {state} and ended at {task.EndedAt}");
        That(
            state == TaskState.Scheduled || !(hasAttempt && state == TaskState.UpForReschedule) || task.ReadyAt is null,
            $"{key} is {state} and ready"
        );
        That(task.Stopping is null || state is TaskState.Queued or TaskState.Running, $"{key} is {state} and is being stopped");
        That(task.Stopping is null || task is { DueAt: null, Deadline: null }, $"{key} is being stopped and waits for a time");
        That(
            task.Stopping is StopReason.Marked ? task.MarkedAs is not null : task.MarkedAs is null || task.MarkedAs == state,
            $"{key} is marked as {task.MarkedAs}, stopping for {task.Stopping}"
        );
        switch (state)
        {
            case TaskState.None:
                That(task is { DueAt: null, Deadline: null, Result: null, MapCount: null }, $"{key} has not begun and has something");
                break;
            case TaskState.Scheduled:
                That(task is { DueAt: null, ReadyAt: not null }, $"{key} wants a slot since {task.ReadyAt} and waits for {task.DueAt}");
                break;
            case TaskState.Queued:
                That(task is { DueAt: null, Deadline: null }, $"{key} is being started and waits for a time");
                break;
            case TaskState.Running:
                That(task.StartedAt is not null, $"{key} runs and has not started");
                That(task.Deadline is not null || task.Stopping is not null || task.IsExpanded, $"{key} runs without a limit");
                break;
            case TaskState.UpForRetry:
                That(task is { DueAt: not null, Failure: not null }, $"{key} is tried again at {task.DueAt}");
                break;
            case TaskState.UpForReschedule:
                That(task.StartedAt is not null, $"{key} waits and has not started");
                break;
            default:
                That(task is { DueAt: null, Deadline: null, ReadyAt: null }, $"{key} has ended and waits for something");
                That(state is not TaskState.Success || task.Failure is null, $"{key} has succeeded and has a failure");
                break;
        }
    }

    private static void Check(Attempt attempt)
    {
        var (key, state) = (attempt.Key, attempt.State);
        That(state.IsEnd() == attempt.EndedAt is not null, $"{key}: an attempt is {state} and ended at {attempt.EndedAt}");
        That(state != AttemptState.Submitting || attempt.StartedAt is null, $"{key}: an attempt that is being started has started");
        That(
            state is AttemptState.Submitting or AttemptState.Cancelled || attempt.StartedAt is not null,
            $"{key}: an attempt is {state} and never started"
        );
        That(
            state is not (AttemptState.Failed or AttemptState.Lost) || attempt.Failure is not null,
            $"{key}: an attempt is {state} for nothing"
        );
        That(
            state is AttemptState.Failed or AttemptState.Lost || attempt.NextDelay is null,
            $"{key}: an attempt is {state} and there is another"
        );
    }
}
