namespace Signalbox.Core.Runs;

/// <content>After a restart: the commands that the state implies, for nobody knows which were carried out.</content>
public static partial class RunDecider
{
    /// <summary>
    /// The commands that the state of a run implies. Attempts that run are left to the executor's observation: it adopts them or
    /// reports them lost. Changes nothing.
    /// </summary>
    public static Decision Resume(RunSnapshot run)
    {
        var commands = ImmutableArray.CreateBuilder<RunCommand>();
        if (run.Run.State.IsEnd())
        {
            commands.Add(new RunCommand.RunEnded(run.Run.State));
            return new Decision([], commands.ToImmutable());
        }

        foreach (var task in run.Tasks)
        {
            if (CommandOf(run, task) is { } command)
            {
                commands.Add(command);
            }
        }

        return commands.Count == 0 ? Decision.Nothing : new Decision([], commands.ToImmutable());
    }

    private static RunCommand? CommandOf(RunSnapshot run, TaskRun task)
    {
        if (task is { State: TaskState.None, ReadyAt: not null })
        {
            return new RunCommand.Evaluate(task.Key.Task);
        }

        if (!run.LiveAttempts.TryGetValue(task.Key, out var attempt))
        {
            return null;
        }

        var node = run.Pipeline.Tasks[run.Graph.IndexOf(task.Key.Task)];
        return task switch
        {
            { State: TaskState.UpForReschedule, DueAt: null } => new RunCommand.Poll(task.Key, attempt.Number, attempt.Token),
            { State: TaskState.UpForReschedule } => null,
            { Stopping: { } why } => new RunCommand.StopAttempt(task.Key, attempt.Number, attempt.Token, node.Grace, why),
            _ when IsAsked(node, task) => new RunCommand.Listen(task.Key, attempt.Number, attempt.Token),
            _ => attempt.State switch
            {
                AttemptState.Submitting => new RunCommand.StartAttempt(task.Key, attempt.Number, attempt.Token),
                AttemptState.Publishing => new RunCommand.Publish(task.Key, attempt.Number, attempt.Token),
                _ => null,
            },
        };
    }
}
