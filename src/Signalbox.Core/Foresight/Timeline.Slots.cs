using Signalbox.Core.Runs;

namespace Signalbox.Core.Foresight;

/// <content>Who may begin: runs of a pipeline, and tasks that want slots of a pool.</content>
internal sealed partial class Timeline
{
    // More of them at one time change next to nothing, and each is an event.
    private const int MostStrands = 200;

    private readonly ForecastLimits _limits;
    private readonly Func<PoolMeter>? _meter;
    private readonly Dictionary<string, Pool> _pools = new(StringComparer.Ordinal);
    private readonly List<(int Run, int Node, Claim Claim)> _passed = [];
    private int _inUse;

    /// <summary>What became of the pools that were used; empty when nobody asked.</summary>
    public IEnumerable<(string Pool, int Slots, ImmutableArray<PoolLoad> Load)> Loads =>
        _pools.Where(pool => pool.Value.Meter is not null).Select(pool => (pool.Key, pool.Value.Size, pool.Value.Meter!.Finish()));

    private (int Priority, bool IsLow, long Logical, int Run) QueueOrder(int run) =>
        (-_runs[run].Priority, _runs[run].IsLow, Ms(_runs[run].Run?.LogicalDate ?? _runs[run].DueAt), run);

    private Pool PoolOf(int run, int node) => _poolsOf[run][node];

    private Pool PoolOf(string name)
    {
        if (!_pools.TryGetValue(name, out var pool))
        {
            _pools.Add(name, pool = new Pool(_limits.Pools.GetValueOrDefault(name), _meter?.Invoke()));
        }

        return pool;
    }

    private void Want(int run, int node, long at)
    {
        var task = _runs[run].Model.Pipeline.Tasks[node];
        var pool = PoolOf(run, node);
        var strands = StrandsOf(run, node, pool);
        if (strands > 1)
        {
            _strands[_offset[run] + node] = strands;
        }

        for (var strand = 0; strand < strands; strand++)
        {
            pool.Ready.Enqueue((run, node), new Claim(-(_runs[run].Priority + task.Priority), _runs[run].IsLow, at, run, node));
        }
    }

    /// <summary>In how many rows the items of a task go one after the other: as many as can ever be at work at one time.</summary>
    private int StrandsOf(int run, int node, Pool pool)
    {
        if (_runs[run].Model.Items(node, _late) is not { Count: > 1 and var items })
        {
            return 1;
        }

        var task = _runs[run].Model.Pipeline.Tasks[node];
        var most = Math.Min(Math.Min(MostStrands, task.MaxParallel ?? int.MaxValue), Math.Min(_lineOf[run].MostTasks, _limits.Tasks));
        return Math.Clamp(pool.Size / Math.Max(1, task.Slots), 1, Math.Min(items, Math.Max(1, most)));
    }

    /// <summary>How long a task holds its slot: the items of its row, or the one that it is.</summary>
    private long LengthOf(int run, int node)
    {
        var model = _runs[run].Model;
        if (model.Items(node, _late) is not var (count, each))
        {
            return (long)model.Length(node, _late).TotalMilliseconds;
        }

        var strands = StrandsOf(run, node, PoolOf(run, node));
        return (long)(((count + strands - 1) / strands) * each.TotalMilliseconds);
    }

    /// <summary>Gives what is free to those who come first. A task that does not fit is passed over.</summary>
    private void Admit(long at)
    {
        foreach (var pool in _pools.Values)
        {
            pool.IsChecked = pool.Ready.Count == 0;
        }

        while (_inUse < _limits.Tasks && Best() is { } pool)
        {
            pool.Ready.TryDequeue(out var task, out var claim);
            var node = _runs[task.Run].Model.Pipeline.Tasks[task.Node];
            var line = _lineOf[task.Run];
            if (_runEnd[task.Run] != Never)
            {
                // Its run was cancelled while it waited.
            }
            else if (line.InUse >= line.MostTasks)
            {
                line.Parked.Enqueue(task, claim);
            }
            else if (node.Slots > pool.Size - pool.InUse)
            {
                _passed.Add((task.Run, task.Node, claim));
            }
            else
            {
                Take(task.Run, task.Node, at);
                Start(task.Run, task.Node, at);
                Enqueue(task.Run, task.Node, Happening.Ended, at + LengthOf(task.Run, task.Node));
            }

            pool.IsChecked = pool.Ready.Count == 0 || pool.InUse >= pool.Size;
        }

        foreach (var (run, node, claim) in _passed)
        {
            PoolOf(run, node).Ready.Enqueue((run, node), claim);
        }

        _passed.Clear();
        if (_meter is null)
        {
            return;
        }

        foreach (var pool in _pools.Values)
        {
            pool.Meter!.Set(at, pool.InUse, pool.Ready.Count);
        }
    }

    private Pool? Best()
    {
        Pool? best = null;
        Claim first = default;
        foreach (var pool in _pools.Values)
        {
            if (!pool.IsChecked && pool.InUse < pool.Size && pool.Ready.TryPeek(out _, out var claim))
            {
                if (best is null || claim.CompareTo(first) < 0)
                {
                    (best, first) = (pool, claim);
                }
            }
        }

        return best;
    }

    private void Take(int run, int node, long at)
    {
        var pool = PoolOf(run, node);
        pool.InUse += _runs[run].Model.Pipeline.Tasks[node].Slots;
        _lineOf[run].InUse++;
        _inUse++;
        _held[_offset[run] + node]++;
        pool.Meter?.Set(at, pool.InUse, pool.Ready.Count);
    }

    private void GiveBack(int run, int node, long at)
    {
        var (pool, line) = (PoolOf(run, node), _lineOf[run]);
        pool.InUse -= _runs[run].Model.Pipeline.Tasks[node].Slots;
        line.InUse--;
        _inUse--;
        _held[_offset[run] + node]--;
        pool.Meter?.Set(at, pool.InUse, pool.Ready.Count);
        while (line.Parked.TryDequeue(out var parked, out var claim))
        {
            if (_runEnd[parked.Run] == Never)
            {
                PoolOf(parked.Run, parked.Node).Ready.Enqueue(parked, claim);
                break;
            }
        }
    }

    private readonly record struct Claim(int Priority, bool IsLow, long Since, int Run, int Node) : IComparable<Claim>
    {
        public int CompareTo(Claim other)
        {
            var order = Priority.CompareTo(other.Priority);
            order = order != 0 ? order : IsLow.CompareTo(other.IsLow);
            order = order != 0 ? order : Since.CompareTo(other.Since);
            order = order != 0 ? order : Run.CompareTo(other.Run);
            return order != 0 ? order : Node.CompareTo(other.Node);
        }
    }

    private sealed class Pool(int size, PoolMeter? meter)
    {
        public int Size { get; } = size;

        public PoolMeter? Meter { get; } = meter;

        public int InUse { get; set; }

        /// <summary>Whether there is nothing more to give here at this instant.</summary>
        public bool IsChecked { get; set; }

        public PriorityQueue<(int Run, int Node), Claim> Ready { get; } = new();
    }

    /// <summary>The runs of one pipeline, those of a namespace apart.</summary>
    private sealed class Line(int mostRuns, int mostTasks)
    {
        public int MostRuns { get; } = mostRuns;

        public int MostTasks { get; } = mostTasks;

        public int Active { get; set; }

        /// <summary>Those that count for the rule of overlapping runs, queued ones too.</summary>
        public HashSet<int> Live { get; } = [];

        public int InUse { get; set; }

        public PriorityQueue<int, (int Priority, bool IsLow, long Logical, int Run)> Queued { get; } = new();

        public PriorityQueue<(int Run, int Node), Claim> Parked { get; } = new();
    }
}
