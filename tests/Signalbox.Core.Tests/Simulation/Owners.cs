using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>
/// Who moves on what has not ended: a command that the state implies, so that any server carries it out; a time that is in the row; a queue; or something else
/// that has not ended and has an owner itself. A state that nobody moves on is one in which things stay for ever.
/// </summary>
internal static class Owners
{
    public static void Check(RunSnapshot run, Ledger ledger)
    {
        var implied = RunDecider.Resume(run).Commands;
        Simulation.Check.That(OfRun(ledger) is not null, $"nobody moves on the run, which is {ledger.Run.State}");
        foreach (var task in ledger.Tasks.Values)
        {
            if (!task.State.IsEnd() && ledger.Run.State == RunState.Running)
            {
                Simulation.Check.That(OfTask(run, ledger, implied, task) is not null, $"nobody moves on {task.Key}, which is {task.State}");
            }
        }

        foreach (var attempt in ledger.Live)
        {
            Simulation.Check.That(
                OfAttempt(ledger, implied, attempt) is not null,
                $"nobody moves on attempt {attempt.Number} of {attempt.Key}, which is {attempt.State}"
            );
        }
    }

    private static string? OfRun(Ledger ledger) =>
        ledger.Run.State switch
        {
            RunState.Queued => "the queue of runs",
            RunState.Running when ledger.Run.RetryAt is not null => "the time of its retry",
            RunState.Running => ledger.Tasks.Values.Any(task => !task.State.IsEnd()) ? "its tasks" : null,
            RunState.Success or RunState.Failed or RunState.Cancelled => "nobody needs to",
            _ => null,
        };

    private static string? OfTask(RunSnapshot run, Ledger ledger, IReadOnlyCollection<RunCommand> implied, TaskRun task) =>
        task.State switch
        {
            TaskState.None when task.Key.IsInstance => IsOpen(ledger, new TaskKey(task.Key.Task)) ? "its mapped task" : null,
            TaskState.None when task.ReadyAt is not null => Any<RunCommand.Evaluate>(implied, each => each.Task == task.Key.Task),
            TaskState.None => NodeOf(run, task).Needs.Any(need => IsOpen(ledger, new TaskKey(need))) || HasOpenInstance(ledger, task)
                ? "what it waits for"
                : null,
            TaskState.Scheduled => run.Scheduled.Contains(task.Key) ? "the queue for slots" : null,
            TaskState.Running when task.IsExpanded => HasOpenInstance(ledger, task) ? "its instances" : null,
            TaskState.Queued or TaskState.Running => task.Attempt is { } attempt && !attempt.IsEnd() ? "its attempt" : null,
            TaskState.UpForRetry => task.DueAt is not null ? "the time of its retry" : null,
            TaskState.UpForReschedule => task.DueAt is not null
                ? "the time of the next look"
                : Any<RunCommand.Poll>(implied, poll => poll.Task == task.Key),
            _ => null,
        };

    private static string? OfAttempt(Ledger ledger, IReadOnlyCollection<RunCommand> implied, Attempt attempt)
    {
        var task = ledger.Tasks[attempt.Key];
        if (task.Stopping is not null)
        {
            return Any<RunCommand.StopAttempt>(implied, stop => stop.Task == attempt.Key && stop.Token == attempt.Token);
        }

        return attempt.State switch
        {
            AttemptState.Submitting => Any<RunCommand.StartAttempt>(
                implied,
                start => start.Token == attempt.Token && start.Task == attempt.Key
            ),
            AttemptState.Running => task.Deadline is not null || task.State == TaskState.UpForReschedule ? "its time-out" : null,
            AttemptState.Publishing => Any<RunCommand.Publish>(
                implied,
                publish => publish.Token == attempt.Token && publish.Task == attempt.Key
            ),
            _ => null,
        };
    }

    private static string? Any<T>(IReadOnlyCollection<RunCommand> implied, Func<T, bool> isIt)
        where T : RunCommand => implied.OfType<T>().Any(isIt) ? "the engine" : null;

    private static TaskNode NodeOf(RunSnapshot run, TaskRun task) => run.Graph.Tasks[run.Graph.IndexOf(task.Key.Task)];

    private static bool IsOpen(Ledger ledger, TaskKey key) => !ledger.Tasks[key].State.IsEnd();

    private static bool HasOpenInstance(Ledger ledger, TaskRun summary)
    {
        for (var i = 0; ledger.Tasks.TryGetValue(new TaskKey(summary.Key.Task, i), out var instance); i++)
        {
            if (!instance.State.IsEnd())
            {
                return true;
            }
        }

        return false;
    }
}
