using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Driving;

/// <summary>Which waiting tasks want to know when something of another pipeline succeeds, so that they look at once and not at their next poll.</summary>
internal sealed class Waiters
{
    private readonly Dictionary<PipelineName, HashSet<(RunNumber Run, TaskKey Task)>> _byPipeline = [];

    private readonly HashSet<(RunNumber Run, TaskKey Task)> _onDatasets = [];

    // Promotions that people are asked about: the numbers they are shown are those of the versions that aliases point to now.
    private readonly HashSet<(RunNumber Run, TaskKey Task)> _promotions = [];

    private readonly Dictionary<PipelineName, HashSet<(RunNumber Run, TaskKey Task)>> _messages = [];

    /// <summary>Tasks of runs of a pipeline that wait for a message.</summary>
    public IReadOnlyCollection<(RunNumber Run, TaskKey Task)> Messages(PipelineName pipeline) =>
        _messages.TryGetValue(pipeline, out var waiting) ? waiting : [];

    /// <summary>Promotions that wait for people.</summary>
    public IReadOnlyCollection<(RunNumber Run, TaskKey Task)> Promotions => _promotions;

    /// <summary>Takes note of a task as it now is.</summary>
    public void Follow(RunSnapshot run, TaskRun task)
    {
        var entry = (run.Run.Number, task.Key);
        switch (KindOf(run, task))
        {
            case TaskKind.Promote { Asks: true }:
                _ = task.State == TaskState.UpForReschedule ? _promotions.Add(entry) : _promotions.Remove(entry);
                break;
            case TaskKind.WaitForTask kind:
                Follow(_byPipeline, kind.Pipeline, entry, task);
                break;
            case TaskKind.WaitForMessage:
                Follow(_messages, run.Run.Pipeline, entry, task);
                break;
            case TaskKind.WaitForDataset:
                _ = task.State == TaskState.UpForReschedule ? _onDatasets.Add(entry) : _onDatasets.Remove(entry);
                break;
        }
    }

    private static void Follow(
        Dictionary<PipelineName, HashSet<(RunNumber, TaskKey)>> all,
        PipelineName pipeline,
        (RunNumber, TaskKey) entry,
        TaskRun task
    )
    {
        if (task.State == TaskState.UpForReschedule)
        {
            if (!all.TryGetValue(pipeline, out var waiting))
            {
                all[pipeline] = waiting = [];
            }

            waiting.Add(entry);
        }
        else if (all.TryGetValue(pipeline, out var waiting))
        {
            waiting.Remove(entry);
        }
    }

    public void Forget(RunSnapshot run)
    {
        // By its own tasks: among ten thousand that wait, nothing is searched for.
        foreach (var task in run.Tasks)
        {
            switch (KindOf(run, task))
            {
                case TaskKind.WaitForTask kind when _byPipeline.TryGetValue(kind.Pipeline, out var others):
                    others.Remove((run.Run.Number, task.Key));
                    break;
                case TaskKind.WaitForMessage when _messages.TryGetValue(run.Run.Pipeline, out var messages):
                    messages.Remove((run.Run.Number, task.Key));
                    break;
            }
        }

        _onDatasets.RemoveWhere(entry => entry.Run == run.Run.Number);
        if (_promotions.Count > 0)
        {
            _promotions.RemoveWhere(entry => entry.Run == run.Run.Number);
        }
    }

    /// <summary>Those that may be satisfied by what has become durable.</summary>
    public IEnumerable<(RunNumber Run, TaskKey Task)> Concerned(RunSnapshot run, Change change)
    {
        var others = OtherRuns(run, change);
        if (
            _onDatasets.Count > 0
            && change is Change.TaskChanged { After: { State: TaskState.Success } done }
            && run.Pipeline.Tasks[run.Graph.IndexOf(done.Key.Task)].Outputs.Any(output => output.Dataset is not null)
        )
        {
            others = [.. others, .. _onDatasets];
        }

        return
            _promotions.Count > 0
            && change is Change.TaskChanged { After: { State: TaskState.Success } task }
            && KindOf(run, task) is TaskKind.Promote
            ? [.. others, .. _promotions]
            : others;
    }

    private IEnumerable<(RunNumber Run, TaskKey Task)> OtherRuns(RunSnapshot run, Change change) =>
        change
            is Change.TaskChanged { After: { State: TaskState.Success, Key.IsInstance: false } }
                or Change.RunChanged { After.State: RunState.Success }
        && _byPipeline.TryGetValue(run.Run.Pipeline, out var waiting)
            ? waiting
            : [];

    private static TaskKind KindOf(RunSnapshot run, TaskRun task) => run.Pipeline.Tasks[run.Graph.IndexOf(task.Key.Task)].Kind;
}
