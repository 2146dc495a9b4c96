using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.Driving;

/// <summary>Carries out the commands that a decision returned, after it is durable. Every deed may be done twice.</summary>
internal sealed class Deeds(NamesOfRuns names)
{
    private AttemptRunner? _attempts;
    private Evaluation? _evaluation;

    /// <summary>Told that a run has ended.</summary>
    public event Action<Run>? RunEnded;

    /// <summary>The parts report to the driver, which acts through them: they come to know each other here.</summary>
    public void Connect(AttemptRunner attempts, Evaluation evaluation)
    {
        _attempts = attempts;
        _evaluation = evaluation;
    }

    public void Do(LiveRun run, RunCommand command) => Do(run, command, again: false);

    /// <summary>After a restart: does what the state implies, some of which an earlier engine may have done, and finds the attempts that run.</summary>
    public void Resume(LiveRun run)
    {
        foreach (var command in RunDecider.Resume(run.Snapshot).Commands)
        {
            Do(run, command, again: true);
        }

        foreach (var attempt in run.Snapshot.LiveAttempts.Values)
        {
            if (
                attempt.State == AttemptState.Running
                && run.Snapshot.Find(attempt.Key) is { Stopping: null } task
                && Node(run, task.Key) is { Kind.Waits: false } node
            )
            {
                _attempts!.Find(AttemptOf(run, node, task, attempt.Number, attempt.Token));
            }
        }
    }

    /// <summary>Looks at what waits and has no time for its next look, and leaves alone the attempts that are on their way.</summary>
    public void LookAgain(LiveRun run)
    {
        foreach (var command in RunDecider.Resume(run.Snapshot).Commands.Where(command => command is RunCommand.Poll or RunCommand.Listen))
        {
            Do(run, command, again: true);
        }
    }

    private void Do(LiveRun run, RunCommand command, bool again)
    {
        switch (command)
        {
            case RunCommand.Evaluate evaluate:
                _evaluation!.Start(run.Snapshot.Pipeline, run.Snapshot.Run, Node(run, new TaskKey(evaluate.Task)));
                break;
            case RunCommand.StartAttempt start when run.Snapshot.Find(start.Task) is { } task:
                _attempts!.Start(AttemptOf(run, task, start.Number, start.Token), again);
                break;
            case RunCommand.Publish publish when run.Snapshot.Find(publish.Task) is { } task:
                _attempts!.Publish(AttemptOf(run, task, publish.Number, publish.Token));
                break;
            case RunCommand.StopAttempt stop when run.Snapshot.Find(stop.Task) is { } task:
                var publishes = run.Snapshot.LiveAttempts.TryGetValue(stop.Task, out var live) && live.State == AttemptState.Publishing;
                _attempts!.Stop(AttemptOf(run, task, stop.Number, stop.Token), publishes, stop.Grace);
                break;
            case RunCommand.Poll poll when run.Snapshot.Find(poll.Task) is { } task:
                _attempts!.Look(AttemptOf(run, task, poll.Number, poll.Token));
                break;
            case RunCommand.Listen listen when run.Snapshot.Find(listen.Task) is { } task:
                _attempts!.Listen(AttemptOf(run, task, listen.Number, listen.Token));
                break;
            case RunCommand.RunEnded:
                names.Forget(run.Snapshot.Run.Number);
                RunEnded?.Invoke(run.Snapshot.Run);
                break;
        }
    }

    private LiveAttempt AttemptOf(LiveRun run, TaskRun task, int number, long token) =>
        AttemptOf(run, Node(run, task.Key), task, number, token);

    private LiveAttempt AttemptOf(LiveRun run, TaskNode node, TaskRun task, int number, long token) =>
        _attempts!.Make(
            run.Snapshot.Pipeline,
            run.Snapshot.Run,
            run.Fence,
            node,
            task,
            number,
            token,
            run.Snapshot.LiveAttempts.GetValueOrDefault(task.Key)?.Gpus
        );

    private static TaskNode Node(LiveRun run, TaskKey key) => run.Snapshot.Pipeline.Tasks[run.Snapshot.Graph.IndexOf(key.Task)];
}
