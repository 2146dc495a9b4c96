using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <summary>
/// A decision in the making: an overlay over a snapshot, with the same counts, so that a rule that is applied late in a decision
/// sees what was decided early. Costs what changes, not what the run holds.
/// </summary>
internal sealed class Draft(RunSnapshot snapshot, DateTimeOffset at, string eventName)
{
    private readonly Dictionary<TaskKey, (TaskRun After, string Cause)> _tasks = [];
    private readonly List<TaskKey> _order = [];
    private readonly Dictionary<int, Sums> _sums = [];
    private readonly PriorityQueue<int, int> _touched = new();
    private readonly HashSet<int> _isTouched = [];
    private List<Attempt>? _attempts;
    private Dictionary<TaskKey, int>? _latest;
    private List<RunCommand>? _commands;
    private List<HistoryEntry>? _refusals;
    private int _open = snapshot.OpenCount;

    public RunSnapshot Snapshot { get; } = snapshot;

    public Graph Graph => Snapshot.Graph;

    public DateTimeOffset At { get; } = at;

    /// <summary>The event that is being decided, as history names it.</summary>
    public string EventName { get; } = eventName;

    public Run Run { get; set; } = snapshot.Run;

    public bool AllEnded => _open == 0;

    /// <summary>Whether work may begin: the run is running and its end is not decided.</summary>
    public bool CanStart => Run.State == RunState.Running && Run.Ending is null;

    /// <summary>Whether tasks that can never run are given their end although the run itself is at rest (a mark on an ended run).</summary>
    public bool SettlesAtRest { get; set; }

    public TaskNode Node(int node) => Graph.Tasks[node];

    public TaskNode Node(TaskKey key) => Graph.Tasks[Graph.IndexOf(key.Task)];

    public TaskRun? Find(TaskKey key) => _tasks.TryGetValue(key, out var changed) ? changed.After : Snapshot.Find(key);

    public TaskRun Row(int node) => _tasks.TryGetValue(new TaskKey(Node(node).Name), out var changed) ? changed.After : Snapshot.Row(node);

    public Tally Upstream(int node) => _sums.TryGetValue(node, out var sums) ? sums.Up : Snapshot.Upstream(node);

    public Tally InstanceTally(int node) => _sums.TryGetValue(node, out var sums) ? sums.Instances : Snapshot.InstanceTally(node);

    public int LiveInstances(int node) => _sums.TryGetValue(node, out var sums) ? sums.Live : Snapshot.LiveInstances(node);

    /// <summary>Instances that exist before this decision, as they are now.</summary>
    public IEnumerable<TaskRun> Instances(int node)
    {
        var count = Snapshot.Instances(node).Count;
        for (var i = 0; i < count; i++)
        {
            yield return Find(new TaskKey(Node(node).Name, i))!;
        }
    }

    /// <summary>Asks for the trigger rule, or the summary, of the node to be looked at before the decision is complete.</summary>
    public void Touch(int node)
    {
        if (_isTouched.Add(node))
        {
            _touched.Enqueue(node, Graph.Rank(node));
        }
    }

    /// <summary>
    /// The next node asked for, in the order of the work: a node is looked at when all before it have been, so that what
    /// becomes of it depends on the event and not on the order of the file.
    /// </summary>
    public bool TryTakeTouched(out int node)
    {
        if (!_touched.TryDequeue(out node, out _))
        {
            return false;
        }

        _isTouched.Remove(node);
        return true;
    }

    /// <summary>Writes a task row.</summary>
    /// <param name="cause">
    /// The event as history names it; null is the event being decided. The first cause stays when a row is written twice.
    /// </param>
    public void Set(TaskRun after, string? cause = null)
    {
        var node = Graph.IndexOf(after.Key.Task);
        var before = Find(after.Key);
        var contribution = Contribution(node);
        if (_tasks.TryGetValue(after.Key, out var earlier))
        {
            cause = earlier.Cause;
        }
        else
        {
            _order.Add(after.Key);
        }

        _tasks[after.Key] = (after, cause ?? EventName);
        _open += (after.State.IsEnd() ? 0 : 1) - (before is null || before.State.IsEnd() ? 0 : 1);
        if (after.Key.IsInstance)
        {
            var sums = Edit(node);
            sums.Instances += Tally.Of(after) - (before is null ? default : Tally.Of(before));
            sums.Live += (after.Attempt is null ? 0 : 1) - (before?.Attempt is null ? 0 : 1);
            Touch(node);
        }

        var delta = Contribution(node) - contribution;
        if (delta == default)
        {
            return;
        }

        foreach (var next in Graph.Downstream(node))
        {
            Edit(next).Up += delta;
            Touch(next);
        }
    }

    /// <summary>The attempt of a task that has not ended.</summary>
    public Attempt? LiveAttempt(TaskKey key)
    {
        if (_latest is not null && _latest.TryGetValue(key, out var place))
        {
            return _attempts![place].State.IsEnd() ? null : _attempts[place];
        }

        return Snapshot.LiveAttempts.GetValueOrDefault(key);
    }

    /// <summary>Writes an attempt row.</summary>
    public void Set(Attempt after)
    {
        _attempts ??= [];
        _latest ??= [];
        if (_latest.TryGetValue(after.Key, out var place) && _attempts[place].Number == after.Number)
        {
            _attempts[place] = after;
            return;
        }

        _latest[after.Key] = _attempts.Count;
        _attempts.Add(after);
    }

    public void Command(RunCommand command) => (_commands ??= []).Add(command);

    /// <summary>Notes that a message of a stale attempt changed nothing.</summary>
    public void Refuse(TaskRun task, string reason)
    {
        if (Snapshot.IsNewRefusal(task.Key, reason))
        {
            var state = Names.Of(task.State);
            (_refusals ??= []).Add(new HistoryEntry(At, task.Key, task.TryNumber, state, HistoryEntry.StaleRejected, state, reason));
        }
    }

    public Decision Build()
    {
        var changes = ImmutableArray.CreateBuilder<Change>();
        var history = new List<HistoryEntry>();
        var before = Snapshot.Run;
        if (Run != before)
        {
            changes.Add(new Change.RunChanged(Run with { Revision = before.Revision + 1 }));
            if (Run.State != before.State || Run.Ending != before.Ending || Run.RetryAt != before.RetryAt)
            {
                history.Add(new HistoryEntry(At, null, 0, Names.Of(before.State), EventName, Names.Of(Run.State), Run.Reason));
            }
        }

        foreach (var key in _order)
        {
            Add(changes, history, key);
        }

        if (_attempts is not null)
        {
            foreach (var attempt in _attempts)
            {
                changes.Add(new Change.AttemptChanged(attempt));
            }
        }

        foreach (var entry in history)
        {
            changes.Add(new Change.HistoryAdded(entry));
        }

        if (_refusals is not null)
        {
            foreach (var entry in _refusals)
            {
                changes.Add(new Change.HistoryAdded(entry));
            }
        }

        return changes.Count == 0 && _commands is null ? Decision.Nothing : new Decision(changes.ToImmutable(), [.. _commands ?? []]);
    }

    private void Add(ImmutableArray<Change>.Builder changes, List<HistoryEntry> history, TaskKey key)
    {
        var (after, cause) = _tasks[key];
        var before = Snapshot.Find(key);
        if (before == after)
        {
            return;
        }

        changes.Add(new Change.TaskChanged(after with { Revision = (before?.Revision ?? 0) + 1 }));

        // An expansion into 10,000 instances is one line, that of the summary.
        if (
            before is not null
            && (
                before.State != after.State
                || before.Attempt != after.Attempt
                || before.Stopping != after.Stopping
                || before.TryNumber != after.TryNumber
            )
        )
        {
            history.Add(new HistoryEntry(At, key, after.TryNumber, Names.Of(before.State), cause, Names.Of(after.State), after.Reason));
        }
    }

    private Tally Contribution(int node)
    {
        var row = Row(node);
        return row.MapCount > 0 ? InstanceTally(node) : Tally.Of(row);
    }

    private Sums Edit(int node)
    {
        if (!_sums.TryGetValue(node, out var sums))
        {
            sums = new Sums
            {
                Up = Snapshot.Upstream(node),
                Instances = Snapshot.InstanceTally(node),
                Live = Snapshot.LiveInstances(node),
            };
            _sums.Add(node, sums);
        }

        return sums;
    }

    private sealed class Sums
    {
        public Tally Up { get; set; }

        public Tally Instances { get; set; }

        public int Live { get; set; }
    }
}
