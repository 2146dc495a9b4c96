using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Driving;

/// <summary>Which waiting tasks want to know when something of another pipeline succeeds, so that they look at once and not at their next poll.</summary>
internal sealed class Waiters
{
    private readonly Dictionary<PipelineName, HashSet<(RunNumber Run, TaskKey Task)>> _byPipeline = [];

    /// <summary>Takes note of a task as it now is.</summary>
    public void Follow(RunSnapshot run, TaskRun task)
    {
        if (run.Pipeline.Tasks[run.Graph.IndexOf(task.Key.Task)].Kind is not TaskKind.WaitForTask kind)
        {
            return;
        }

        var entry = (run.Run.Number, task.Key);
        if (task.State == TaskState.UpForReschedule)
        {
            if (!_byPipeline.TryGetValue(kind.Pipeline, out var waiting))
            {
                _byPipeline[kind.Pipeline] = waiting = [];
            }

            waiting.Add(entry);
        }
        else if (_byPipeline.TryGetValue(kind.Pipeline, out var waiting))
        {
            waiting.Remove(entry);
        }
    }

    public void Forget(RunSnapshot run)
    {
        foreach (var waiting in _byPipeline.Values)
        {
            waiting.RemoveWhere(entry => entry.Run == run.Run.Number);
        }
    }

    /// <summary>Those that may be satisfied by what has become durable.</summary>
    public IEnumerable<(RunNumber Run, TaskKey Task)> Concerned(RunSnapshot run, Change change) =>
        change
            is Change.TaskChanged { After: { State: TaskState.Success, Key.IsInstance: false } }
                or Change.RunChanged { After.State: RunState.Success }
        && _byPipeline.TryGetValue(run.Run.Pipeline, out var waiting)
            ? waiting
            : [];
}
