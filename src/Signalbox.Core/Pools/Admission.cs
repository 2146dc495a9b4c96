using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Pools;

/// <summary>
/// Who gets the next slots: the ready tasks of all runs against the limits of the server, the pools, the pipelines and the mapped
/// tasks. What is in use is never a counter kept beside the truth: it is the set of tasks told to hold slots.
/// </summary>
/// <remarks>
/// <para>
/// Order: the higher sum of the run's and the task's priority; live before backfill; longer ready; lower run number; then task name and map
/// index. A task that does not fit is passed over, so that a full pool or a busy pipeline never keeps others from their slots.
/// A task that wants several slots is not waited for either: smaller ones may overtake it while they fit.
/// </para>
/// <para>
/// Neither starves the other: a backfill that holds slots somewhere does not take the last one there, so that a live task finds one when it
/// comes; and after <see cref="LiveInARow"/> live tasks, while tasks of backfills fitted and waited, the next slot is one of theirs.
/// </para>
/// <para>
/// Tasks that the same limits hold back stand in one queue; a queue whose head does not fit is parked at the limit that
/// refused it, and is looked at again when something is given back there. So a grant costs O(log n).
/// </para>
/// <para>Not thread-safe. It may be lost at any instant and built again from the rows of the active runs.</para>
/// </remarks>
public sealed partial class Admission
{
    /// <summary>The pool of tasks that name none. It has no limit of its own unless the project gives it one.</summary>
    public const string DefaultPool = "default";

    /// <summary>Live tasks that get slots one after the other before one of a backfill does that waits: 16.</summary>
    public const int LiveInARow = 16;

    private readonly Dictionary<Seat, Entry> _entries = [];
    private readonly Dictionary<Lane, SortedSet<Entry>> _lanes = [];
    private readonly Dictionary<Lane, Limit> _parked = [];
    private readonly SortedSet<(Entry Head, Lane Lane)> _open = new(HeadOrder.Instance);
    private readonly SortedSet<(Entry Head, Lane Lane)> _openBackfills = new(HeadOrder.Instance);
    private readonly Dictionary<Limit, HashSet<Lane>> _parkedAt = [];
    private readonly Dictionary<Limit, int> _used = [];
    private Dictionary<string, int> _pools = [];
    private int _total;
    private int _liveInARow;

    /// <param name="total">Slots of the whole server: attempts that may run at one time.</param>
    /// <param name="pools">Slots per pool.</param>
    /// <param name="devices">What the slots of a pool are, by the pool's name, where they are devices. Each is in one pool. Default none.</param>
    public Admission(int total, IReadOnlyDictionary<string, int> pools, IReadOnlyDictionary<string, ImmutableArray<string>>? devices = null)
    {
        _devices = devices ?? ImmutableDictionary<string, ImmutableArray<string>>.Empty;
        SetLimits(total, pools);
    }

    /// <summary>Attempts in the whole server that hold slots; each counts once, however many slots of its pool it takes.</summary>
    public int InUse => _used.GetValueOrDefault(Limit.Server);

    /// <summary>Tasks that want slots.</summary>
    public int Waiting { get; private set; }

    /// <summary>Changes the limits; what holds slots keeps them.</summary>
    public void SetLimits(int total, IReadOnlyDictionary<string, int> pools)
    {
        _total = total;
        _pools = new Dictionary<string, int>(pools, StringComparer.Ordinal);
        foreach (var limit in new List<Limit>(_parkedAt.Keys))
        {
            Unpark(limit);
        }
    }

    /// <summary>Slots of a pool that are in use.</summary>
    public int InUseOf(string pool) => _used.GetValueOrDefault(Limit.OfPool(pool));

    /// <summary>Slots of a pool; null when it has no limit, 0 when there is no such pool.</summary>
    public int? SizeOf(string pool) =>
        _pools.TryGetValue(pool, out var size) ? size
        : pool == DefaultPool ? null
        : 0;

    /// <summary>
    /// Takes note of a task as it now is: ready, holding slots, or neither. To be told of every change of a task, in the order of
    /// the changes; repeating one changes nothing.
    /// </summary>
    public void Update(RunSnapshot run, TaskRun task)
    {
        var seat = new Seat(run.Run.Number, task.Key);
        var wants = task.State == TaskState.Scheduled && run.Run.State == RunState.Running;
        if (!wants && !task.HoldsSlot)
        {
            Remove(seat);
            return;
        }

        if (_entries.TryGetValue(seat, out var known))
        {
            if (known.Holds == task.HoldsSlot && (known.Holds || known.ReadyAt == task.ReadyAt))
            {
                return;
            }

            Remove(seat);
        }

        var entry = EntryOf(run, task, seat);
        _entries.Add(seat, entry);
        if (entry.Holds)
        {
            Use(entry, 1);
        }
        else
        {
            Enter(entry);
        }
    }

    /// <summary>Takes note of all tasks of a run: after loading it.</summary>
    public void Load(RunSnapshot run)
    {
        foreach (var key in run.Holders)
        {
            Update(run, run.Find(key)!);
        }

        foreach (var key in run.Scheduled)
        {
            Update(run, run.Find(key)!);
        }
    }

    /// <summary>Forgets a run: it ended, or another server drives it.</summary>
    public void Forget(RunSnapshot run)
    {
        foreach (var task in run.Tasks)
        {
            Remove(new Seat(run.Run.Number, task.Key));
        }
    }

    /// <summary>
    /// The next tasks that get slots, first come first. They hold them from now on; when the run refuses
    /// (<see cref="RunEvent.SlotGranted"/> changed nothing), <see cref="Update"/> with the task as it is gives them back.
    /// </summary>
    /// <param name="most">No more than this many.</param>
    public IReadOnlyList<Seat> Take(int most = int.MaxValue)
    {
        var taken = new List<Seat>();
        while (taken.Count < most && InUse < _total && _open.Count > 0)
        {
            var isTheirTurn = _liveInARow >= LiveInARow && _openBackfills.Count > 0;
            var (head, lane) = isTheirTurn ? _openBackfills.Min : _open.Min;
            if (Refusing(head, lane) is { } limit)
            {
                Close(head, lane);
                Park(lane, limit);
                continue;
            }

            _liveInARow =
                lane.IsBackfill ? 0
                : _openBackfills.Count > 0 ? _liveInARow + 1
                : _liveInARow;
            Leave(head);
            if (lane is { IsRetry: true, Target: { } target } && _retriesLeft.TryGetValue(target, out var left))
            {
                _retriesLeft[target] = left with { Most = left.Most - 1 };
            }

            head.Holds = true;
            head.Devices = Choose(lane);
            Use(head, 1);
            taken.Add(head.Seat);
        }

        return taken;
    }

    /// <summary>
    /// Why a ready task has no slot: every limit that holds it back, else who is before it. Empty when it is not a task that
    /// waits for a slot.
    /// </summary>
    public IReadOnlyList<Hindrance> Explain(RunNumber run, TaskKey task)
    {
        var found = new List<Hindrance>();
        if (!_entries.TryGetValue(new Seat(run, task), out var entry) || entry.Holds)
        {
            return found;
        }

        var lane = entry.Lane;
        if (HeldBy(lane) is { } held)
        {
            found.Add(held);
        }

        var size = SizeOf(lane.Pool);
        if (Impossible(lane.Pool, lane.Slots, size) is { } impossible)
        {
            found.Add(new Hindrance("pool", impossible));
        }
        else if (size is { } slots && InUseOf(lane.Pool) + lane.Slots > slots)
        {
            found.Add(
                new Hindrance("pool", $"pool {lane.Pool}: {InUseOf(lane.Pool)} of {Words(slots, "slot")} in use" + Wanted(lane.Slots))
            );
        }
        else if (Lacks(lane))
        {
            found.Add(new Hindrance("pool", $"pool {lane.Pool}: attempts that began before it had these devices hold some of them still"));
        }

        var pipeline = _used.GetValueOrDefault(Limit.OfPipeline(lane));
        if (pipeline >= entry.PipelineLimit)
        {
            found.Add(
                new Hindrance("pipeline", $"limit of pipeline {lane.Pipeline}: {pipeline} of {Words(entry.PipelineLimit, "active task")}")
            );
        }

        if (lane.Map is not null && entry.MapLimit is { } most && _used.GetValueOrDefault(Limit.OfMap(lane)) is var map && map >= most)
        {
            found.Add(new Hindrance("map", $"max_parallel of task {lane.Map}: {map} of {Words(most, "instance")} active"));
        }

        if (entry.IsBackfill && found.Count == 0 && Kept(entry, lane) is { } kept)
        {
            found.Add(new Hindrance("live", $"the last place of {kept.Words} is kept for live runs, and backfills hold others"));
        }

        if (InUse >= _total)
        {
            found.Add(new Hindrance("server", $"limit of the server: {InUse} of {Words(_total, "attempt")} active"));
        }

        if (found.Count == 0)
        {
            found.Add(new Hindrance("order", "nothing holds it back: it gets its slot in the next round"));
        }

        return found;
    }

    /// <summary>A sentence when a task can never get what it wants of a pool of this size; else null.</summary>
    public static string? Impossible(string pool, int slots, int? size) =>
        size is null || slots <= size ? null
        : size == 0 ? $"pool {pool} has no slots: give it some under `pools:` in signalbox.yaml, or name another pool"
        : $"it wants {slots} slots of pool {pool}, which has {size}: it can never start; ask for fewer, or make the pool larger";

    private static string Wanted(int slots) => slots == 1 ? "" : $", and it wants {slots}";

    private static string Words(int count, string thing) => count == 1 ? $"1 {thing}" : $"{count} {thing}s";

    private static Entry EntryOf(RunSnapshot run, TaskRun task, Seat seat)
    {
        var node = run.Pipeline.Tasks[run.Graph.IndexOf(task.Key.Task)];
        var isMapped = task.Key.IsInstance && node.MaxParallel is not null;
        return new Entry
        {
            Seat = seat,
            Lane = new Lane(
                run.Pipeline.Name,
                run.Run.Namespace,
                node.Pool,
                node.Slots,
                node.Resources?.Gpu ?? 0,
                isMapped ? run.Run.Number : null,
                isMapped ? node.Name : null,
                run.Run.Trigger == RunTrigger.Backfill,
                node.Target,
                node.Target is not null && task.TryNumber > task.TriesBefore
            ),
            Priority = run.Run.Priority + node.Priority,
            IsBackfill = run.Run.Trigger == RunTrigger.Backfill,
            ReadyAt = task.ReadyAt ?? run.Run.CreatedAt,
            PipelineLimit = run.Pipeline.MaxActiveTasks,
            MapLimit = node.MaxParallel,
            Holds = task.HoldsSlot,
            Devices = task.HoldsSlot ? run.LiveAttempts.GetValueOrDefault(task.Key)?.Gpus : null,
        };
    }

    /// <summary>The narrowest limit that keeps the head of a lane from its slots.</summary>
    private Limit? Refusing(Entry head, Lane lane)
    {
        if (lane.Target is { } target && HeldBy(lane) is not null)
        {
            return Limit.OfTarget(target);
        }

        if (lane.Map is not null && _used.GetValueOrDefault(Limit.OfMap(lane)) >= head.MapLimit)
        {
            return Limit.OfMap(lane);
        }

        if (_used.GetValueOrDefault(Limit.OfPipeline(lane)) >= head.PipelineLimit)
        {
            return Limit.OfPipeline(lane);
        }

        return SizeOf(lane.Pool) is { } size && InUseOf(lane.Pool) + lane.Slots > size ? Limit.OfPool(lane.Pool)
            : Lacks(lane) ? Limit.Devices
            : lane.IsBackfill ? Kept(head, lane)
            : null;
    }

    /// <summary>Where a backfill would take the last place although it holds others there.</summary>
    private Limit? Kept(Entry head, Lane lane) =>
        IsLast(Limit.Server, InUse + 1, _total) ? Limit.Server
        : SizeOf(lane.Pool) is { } size && IsLast(Limit.OfPool(lane.Pool), InUseOf(lane.Pool) + lane.Slots, size) ? Limit.OfPool(lane.Pool)
        : IsLast(Limit.OfPipeline(lane), _used.GetValueOrDefault(Limit.OfPipeline(lane)) + 1, head.PipelineLimit) ? Limit.OfPipeline(lane)
        : null;

    private bool IsLast(Limit limit, int used, int most) => used >= most && _used.ContainsKey(limit.OfBackfills);

    private void Use(Entry entry, int sign)
    {
        Occupy(entry, sign);
        Add(Limit.Server, sign);
        Add(Limit.OfPool(entry.Lane.Pool), sign * entry.Lane.Slots);
        Add(Limit.OfPipeline(entry.Lane), sign);
        if (entry.Lane.Target is { } target)
        {
            Add(Limit.OfTarget(target), sign);
        }

        if (entry.Lane.Map is not null)
        {
            Add(Limit.OfMap(entry.Lane), sign);
        }

        if (entry.IsBackfill)
        {
            Add(Limit.Server.OfBackfills, sign);
            Add(Limit.OfPool(entry.Lane.Pool).OfBackfills, sign);
            Add(Limit.OfPipeline(entry.Lane).OfBackfills, sign);
        }
    }

    private void Open(Entry head, Lane lane)
    {
        _open.Add((head, lane));
        if (lane.IsBackfill)
        {
            _openBackfills.Add((head, lane));
        }
    }

    private void Close(Entry head, Lane lane)
    {
        _open.Remove((head, lane));
        if (lane.IsBackfill)
        {
            _openBackfills.Remove((head, lane));
        }
    }

    private void Add(Limit limit, int count)
    {
        var now = _used.GetValueOrDefault(limit) + count;
        if (now == 0)
        {
            _used.Remove(limit);
        }
        else
        {
            _used[limit] = now;
        }

        if (count < 0)
        {
            Unpark(limit);
        }
    }

    private void Remove(Seat seat)
    {
        if (!_entries.Remove(seat, out var entry))
        {
            return;
        }

        if (entry.Holds)
        {
            Use(entry, -1);
        }
        else
        {
            Leave(entry);
        }
    }

    private void Enter(Entry entry)
    {
        Waiting++;
        if (!_lanes.TryGetValue(entry.Lane, out var lane))
        {
            _lanes.Add(entry.Lane, lane = new SortedSet<Entry>(EntryOrder.Instance));
        }

        var head = lane.Min;
        lane.Add(entry);
        if (lane.Min == head)
        {
            return;
        }

        if (head is not null)
        {
            Close(head, entry.Lane);
        }

        // Parked lanes stay parked: the limit refuses every task of the lane alike.
        if (!_parked.ContainsKey(entry.Lane))
        {
            Open(entry, entry.Lane);
        }
    }

    private void Leave(Entry entry)
    {
        Waiting--;
        var lane = _lanes[entry.Lane];
        var wasHead = lane.Min == entry;
        lane.Remove(entry);
        if (!wasHead)
        {
            return;
        }

        Close(entry, entry.Lane);
        if (lane.Min is { } next)
        {
            if (!_parked.ContainsKey(entry.Lane))
            {
                Open(next, entry.Lane);
            }
        }
        else
        {
            _lanes.Remove(entry.Lane);
            if (_parked.Remove(entry.Lane, out var limit))
            {
                _parkedAt[limit].Remove(entry.Lane);
            }
        }
    }

    private void Park(Lane lane, Limit limit)
    {
        _parked[lane] = limit;
        if (!_parkedAt.TryGetValue(limit, out var lanes))
        {
            _parkedAt.Add(limit, lanes = []);
        }

        lanes.Add(lane);
    }

    private void Unpark(Limit limit)
    {
        if (!_parkedAt.Remove(limit, out var lanes))
        {
            return;
        }

        foreach (var lane in lanes)
        {
            _parked.Remove(lane);
            Open(_lanes[lane].Min!, lane);
        }
    }
}

/// <summary>A task of a run, as the dispatcher names it.</summary>
public readonly record struct Seat(RunNumber Run, TaskKey Task);

/// <summary>A limit that comes and goes: of a circuit breaker, or of a retry budget.</summary>
/// <param name="Most">How many may; 0 is none.</param>
/// <param name="Reason">A sentence for people.</param>
public sealed record Held(int Most, string Reason);

/// <summary>Something that keeps a task or a run from starting.</summary>
/// <param name="Kind">A stable word: pool, pipeline, map, server, live, breaker, retry_budget, order.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record Hindrance(string Kind, string Message);
