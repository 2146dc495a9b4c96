using System.Runtime.InteropServices;
using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <summary>A run with its definition and its tasks: what the decider reads. Changed only by applying a decision's changes.</summary>
/// <remarks>
/// Deciding never changes it; the driver applies a decision's changes once they are durable. It keeps the counts that trigger
/// rules and the end of the run are decided from, so that one event costs the same in a run of ten tasks and of ten thousand.
/// </remarks>
public sealed class RunSnapshot
{
    private readonly Cell[] _cells;
    private readonly Dictionary<TaskKey, Attempt> _attempts = [];
    private readonly HashSet<TaskKey> _scheduled = [];
    private readonly HashSet<TaskKey> _holders = [];
    private readonly SortedSet<Timer> _timers = [];
    private readonly HashSet<(TaskKey, string)> _refusals = [];

    private RunSnapshot(Pipeline pipeline, Run run)
    {
        Pipeline = pipeline;
        Run = run;
        Graph = Graph.Of(pipeline);
        _cells = new Cell[Graph.Count];
        for (var i = 0; i < _cells.Length; i++)
        {
            _cells[i] = new Cell();
        }
    }

    public Pipeline Pipeline { get; }

    public Graph Graph { get; }

    public Run Run { get; private set; }

    /// <summary>Task runs that have not ended: plain tasks, summaries and instances.</summary>
    public int OpenCount { get; private set; }

    /// <summary>The tasks that want a slot.</summary>
    public IReadOnlyCollection<TaskKey> Scheduled => _scheduled;

    /// <summary>The tasks that hold slots.</summary>
    public IReadOnlyCollection<TaskKey> Holders => _holders;

    /// <summary>Attempts that have not ended, those of waiting tasks included.</summary>
    public IReadOnlyDictionary<TaskKey, Attempt> LiveAttempts => _attempts;

    /// <summary>The next instant at which <see cref="RunEvent.TimerFired"/> would change something.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            if (Run.State != RunState.Running)
            {
                return null;
            }

            DateTimeOffset? task = _timers.Count == 0 ? null : _timers.Min.At;
            var own =
                Run.Ending is not null ? null
                : Run.RetryAt is { } retry && !(Run.Deadline < retry) ? retry
                : Run.Deadline;
            return task is null || own < task ? own : task;
        }
    }

    /// <summary>All task runs, in the order of the file; a mapped task's summary before its instances.</summary>
    public IEnumerable<TaskRun> Tasks
    {
        get
        {
            foreach (var cell in _cells)
            {
                if (cell.Row is { } row)
                {
                    yield return row;
                }

                for (var i = 0; i < cell.Instances.Count; i++)
                {
                    yield return cell.Instances[i];
                }
            }
        }
    }

    /// <summary>Builds a snapshot from rows.</summary>
    /// <param name="pipeline">The definition that the run is pinned to.</param>
    /// <param name="run">The run's row.</param>
    /// <param name="tasks">All of the run's task rows, in any order.</param>
    /// <param name="live">The run's attempt rows that have not ended.</param>
    public static RunSnapshot Load(Pipeline pipeline, Run run, IEnumerable<TaskRun> tasks, IEnumerable<Attempt> live)
    {
        var snapshot = new RunSnapshot(pipeline, run);
        var instances = new List<TaskRun>();
        foreach (var task in tasks)
        {
            if (task.Key.IsInstance)
            {
                instances.Add(task);
            }
            else
            {
                snapshot.Put(task);
            }
        }

        instances.Sort(static (a, b) => a.Key.MapIndex.CompareTo(b.Key.MapIndex));
        foreach (var instance in instances)
        {
            snapshot.Put(instance);
        }

        foreach (var attempt in live)
        {
            snapshot._attempts[attempt.Key] = attempt;
        }

        return snapshot;
    }

    /// <summary>A new run: an empty snapshot with <see cref="RunDecider.Create"/> applied.</summary>
    public static RunSnapshot Create(Pipeline pipeline, Run run)
    {
        var snapshot = new RunSnapshot(pipeline, run);
        snapshot.Apply(RunDecider.Create(pipeline, run));
        return snapshot;
    }

    /// <summary>Takes over a decision's changes.</summary>
    public void Apply(Decision decision)
    {
        foreach (var change in decision.Changes)
        {
            switch (change)
            {
                case Change.RunChanged { After: var run }:
                    Run = run;
                    break;
                case Change.TaskChanged { After: var task }:
                    Put(task);
                    break;
                case Change.AttemptChanged { After: var attempt }:
                    if (attempt.State.IsEnd())
                    {
                        _attempts.Remove(attempt.Key);
                    }
                    else
                    {
                        _attempts[attempt.Key] = attempt;
                    }

                    break;
                case Change.HistoryAdded { Entry: { Task: { } key, Event: HistoryEntry.StaleRejected, Reason: { } reason } }:
                    _refusals.Add((key, reason));
                    break;
            }
        }
    }

    /// <summary>The task run of a key, or null.</summary>
    public TaskRun? Find(TaskKey key)
    {
        var node = Graph.IndexOf(key.Task);
        if (node < 0)
        {
            return null;
        }

        var cell = _cells[node];
        return key.IsInstance ? (key.MapIndex < cell.Instances.Count ? cell.Instances[key.MapIndex] : null) : cell.Row;
    }

    /// <summary>The plain task, or the summary of the mapped one.</summary>
    public TaskRun Row(int node) =>
        _cells[node].Row ?? throw new InvalidOperationException($"run {Run.Number} has no row for task {Graph.Tasks[node].Name}");

    /// <summary>The instances of a mapped task, by map index, those removed included.</summary>
    public IReadOnlyList<TaskRun> Instances(int node) => _cells[node].Instances;

    /// <summary>What the trigger rule of a task is judged from.</summary>
    public Tally Upstream(int node) => _cells[node].Up;

    /// <summary>The instances of a mapped task by their ends.</summary>
    public Tally InstanceTally(int node) => _cells[node].Sum;

    /// <summary>Instances of a mapped task that have an attempt.</summary>
    internal int LiveInstances(int node) => _cells[node].Live;

    /// <summary>The tasks whose timer is due, earliest first.</summary>
    internal IEnumerable<TaskKey> Due(DateTimeOffset at)
    {
        foreach (var timer in _timers)
        {
            if (timer.At > at)
            {
                yield break;
            }

            yield return new TaskKey(Graph.Tasks[timer.Node].Name, timer.MapIndex);
        }
    }

    /// <summary>
    /// Whether a refused message of a stale attempt is new and worth a line of history. What was noted is forgotten with the
    /// process, and bounded, so that a process that never tires of repeating itself fills nothing.
    /// </summary>
    internal bool IsNewRefusal(TaskKey key, string reason) => _refusals.Count < 1000 && !_refusals.Contains((key, reason));

    private static DateTimeOffset? TimerOf(TaskRun task)
    {
        if (task.State.IsEnd())
        {
            return null;
        }

        return task.DueAt is { } due && !(task.Deadline < due) ? due : task.Deadline;
    }

    private void Put(TaskRun after)
    {
        var node = Graph.IndexOf(after.Key.Task);
        if (node < 0)
        {
            throw new InvalidOperationException($"run {Run.Number} has a row of task {after.Key.Task}, which its definition has not");
        }

        var cell = _cells[node];
        var before = Find(after.Key);
        if (after.Revision != (before?.Revision + 1 ?? after.Revision))
        {
            throw new InvalidOperationException($"{after.Key}: revision {after.Revision} applied after {before!.Revision}");
        }

        var contribution = cell.Contribution;
        if (!after.Key.IsInstance)
        {
            cell.Row = after;
        }
        else
        {
            if (before is null)
            {
                if (after.Key.MapIndex != cell.Instances.Count)
                {
                    throw new InvalidOperationException($"{after.Key}: instance {cell.Instances.Count} is missing");
                }

                cell.Instances.Add(after);
            }
            else
            {
                cell.Instances[after.Key.MapIndex] = after;
                cell.Sum -= Tally.Of(before);
                cell.Live -= before.Attempt is null ? 0 : 1;
            }

            cell.Sum += Tally.Of(after);
            cell.Live += after.Attempt is null ? 0 : 1;
        }

        Spread(node, cell.Contribution - contribution);
        Index(node, before, after);
    }

    private void Spread(int node, Tally delta)
    {
        if (delta == default)
        {
            return;
        }

        foreach (var next in Graph.Downstream(node))
        {
            _cells[next].Up += delta;
        }
    }

    private void Index(int node, TaskRun? before, TaskRun after)
    {
        OpenCount += (after.State.IsEnd() ? 0 : 1) - (before is null || before.State.IsEnd() ? 0 : 1);
        if (before?.State == TaskState.Scheduled && after.State != TaskState.Scheduled)
        {
            _scheduled.Remove(after.Key);
        }
        else if (after.State == TaskState.Scheduled)
        {
            _scheduled.Add(after.Key);
        }

        if (after.HoldsSlot)
        {
            _holders.Add(after.Key);
        }
        else if (before is { HoldsSlot: true })
        {
            _holders.Remove(after.Key);
        }

        var was = before is null ? null : TimerOf(before);
        var now = TimerOf(after);
        if (was != now)
        {
            if (was is { } old)
            {
                _timers.Remove(new Timer(old, node, after.Key.MapIndex));
            }

            if (now is { } next)
            {
                _timers.Add(new Timer(next, node, after.Key.MapIndex));
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Timer(DateTimeOffset At, int Node, int MapIndex) : IComparable<Timer>
    {
        public int CompareTo(Timer other)
        {
            var byTime = At.CompareTo(other.At);
            var byNode = byTime != 0 ? byTime : Node.CompareTo(other.Node);
            return byNode != 0 ? byNode : MapIndex.CompareTo(other.MapIndex);
        }
    }

    private sealed class Cell
    {
        public TaskRun? Row { get; set; }

        public List<TaskRun> Instances { get; } = [];

        public Tally Sum { get; set; }

        public Tally Up { get; set; }

        public int Live { get; set; }

        /// <summary>What the task counts for those that need it.</summary>
        public Tally Contribution =>
            Row is null ? default
            : Row.MapCount > 0 ? Sum
            : Tally.Of(Row);
    }
}
