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

    public void Do(RunSnapshot run, RunCommand command) => Do(run, command, again: false);

    /// <summary>After a restart: an earlier engine may have done it already, in part or whole.</summary>
    public void DoAgain(RunSnapshot run, RunCommand command) => Do(run, command, again: true);

    private void Do(RunSnapshot run, RunCommand command, bool again)
    {
        var (pipeline, row) = (run.Pipeline, run.Run);
        switch (command)
        {
            case RunCommand.Evaluate evaluate:
                _evaluation!.Start(pipeline, row, Node(pipeline, evaluate.Task));
                break;
            case RunCommand.StartAttempt start when run.Find(start.Task) is { } task:
                _attempts!.Start(pipeline, row, Node(pipeline, start.Task.Task), task, start.Number, start.Token, again);
                break;
            case RunCommand.Publish publish when run.Find(publish.Task) is { } task:
                _attempts!.Publish(pipeline, row, Node(pipeline, publish.Task.Task), task, publish.Number, publish.Token);
                break;
            case RunCommand.StopAttempt stop when run.Find(stop.Task) is { } task:
                _attempts!.Stop(pipeline, row, Node(pipeline, stop.Task.Task), task, stop.Number, stop.Token, stop.Grace);
                break;
            case RunCommand.Poll poll when run.Find(poll.Task) is { } task:
                _attempts!.Look(pipeline, row, Node(pipeline, poll.Task.Task), task, poll.Number, poll.Token);
                break;
            case RunCommand.RunEnded:
                names.Forget(row.Number);
                RunEnded?.Invoke(row);
                break;
        }
    }

    private static TaskNode Node(Pipeline pipeline, TaskName name) => pipeline.Tasks.First(node => node.Name == name);
}
