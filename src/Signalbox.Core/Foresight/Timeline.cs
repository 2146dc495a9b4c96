using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;

namespace Signalbox.Core.Foresight;

/// <summary>
/// Plays runs forward on a virtual clock, each task with a length given beforehand: begins of runs under the limits of their
/// pipelines, tasks behind what they need, slots of pools.
/// </summary>
/// <remarks>
/// Instants are milliseconds of the Unix epoch here. What happens at one instant is played in the order in which it was known; slots go
/// by priority, live before backfill, then the longer ready. Everything costs O(log n).
/// </remarks>
internal sealed partial class Timeline
{
    /// <summary>Stands for an instant that never comes.</summary>
    public const long Never = long.MaxValue;

    private const string Replaced = "a newer tick takes its place (overlap: cancel_running)";

    private readonly IReadOnlyList<PlannedRun> _runs;
    private readonly bool _late;
    private readonly long _now;
    private readonly int[] _offset;
    private readonly long[] _taskStart;
    private readonly long[] _taskEnd;
    private readonly long[] _runStart;
    private readonly long[] _runEnd;
    private readonly string?[] _skipped;
    private readonly int[] _remaining;
    private readonly byte[] _held;

    // Of mapped tasks: how many rows of items have not ended.
    private readonly Dictionary<int, int> _strands = [];
    private readonly int[]?[] _missing;
    private readonly Line[] _lineOf;
    private readonly Pool[][] _poolsOf;
    private readonly PriorityQueue<(int Run, int Node, Happening What), Moment> _events = new();
    private readonly List<(long At, int Run)> _coming = [];
    private long _order;

    private Timeline(IReadOnlyList<PlannedRun> runs, ForecastLimits limits, DateTimeOffset now, bool late, Func<PoolMeter>? meter)
    {
        (_runs, _late, _now) = (runs, late, now.ToUnixTimeMilliseconds());
        _offset = new int[runs.Count + 1];
        for (var i = 0; i < runs.Count; i++)
        {
            _offset[i + 1] = _offset[i] + runs[i].Model.Count;
        }

        _taskStart = new long[_offset[^1]];
        _taskEnd = new long[_offset[^1]];
        Array.Fill(_taskStart, Never);
        Array.Fill(_taskEnd, Never);
        _runStart = new long[runs.Count];
        _runEnd = new long[runs.Count];
        Array.Fill(_runStart, Never);
        Array.Fill(_runEnd, Never);
        _skipped = new string?[runs.Count];
        _remaining = new int[runs.Count];
        _held = new byte[_offset[^1]];
        _missing = new int[]?[runs.Count];
        _lineOf = new Line[runs.Count];
        _poolsOf = new Pool[runs.Count][];
        _limits = limits;
        _meter = meter;
    }

    private readonly record struct Moment(long At, long Order) : IComparable<Moment>
    {
        public int CompareTo(Moment other) => At == other.At ? Order.CompareTo(other.Order) : At.CompareTo(other.At);
    }

    private enum Happening
    {
        Ready,
        Ended,
    }

    /// <summary>Plays all runs to their end.</summary>
    /// <param name="runs">In any order; at one instant the earlier in the list goes first.</param>
    /// <param name="now">What runs now cannot have ended before.</param>
    /// <param name="late">Whether every task takes as long as its 95th percentile; else its median.</param>
    /// <param name="meter">Makes what adds up the load of a pool; null: nobody asks.</param>
    public static Timeline Play(
        IReadOnlyList<PlannedRun> runs,
        ForecastLimits limits,
        DateTimeOffset now,
        bool late,
        Func<PoolMeter>? meter = null
    )
    {
        var timeline = new Timeline(runs, limits, now, late, meter);
        timeline.Prepare();
        timeline.Play();
        return timeline;
    }

    public long StartOf(int run) => _runStart[run];

    public long EndOf(int run) => _runEnd[run];

    public long StartOf(int run, int node) => _taskStart[_offset[run] + node];

    public long EndOf(int run, int node) => _taskEnd[_offset[run] + node];

    /// <summary>Why a run is not made, by its pipeline's rule for overlapping runs; null: it is.</summary>
    public string? SkippedOf(int run) => _skipped[run];

    private void Prepare()
    {
        var lines = new Dictionary<(PipelineName, RunNamespace?), Line>();
        var pools = new Dictionary<PipelineModel, Pool[]>();
        for (var i = 0; i < _runs.Count; i++)
        {
            var planned = _runs[i];
            var key = (planned.Model.Pipeline.Name, planned.Run?.Namespace);
            if (!lines.TryGetValue(key, out var line))
            {
                lines.Add(key, line = new Line(Overlaps.MostActive(planned.Model.Pipeline), planned.Model.Pipeline.MaxActiveTasks));
            }

            _lineOf[i] = line;
            if (!pools.TryGetValue(planned.Model, out var used))
            {
                pools.Add(planned.Model, used = [.. planned.Model.Pipeline.Tasks.Select(task => PoolOf(task.Pool))]);
            }

            _poolsOf[i] = used;
            if (planned.Run is { State: RunState.Running } run)
            {
                line.Active++;
                Enter(i, line);
                _runStart[i] = Ms(run.StartedAt ?? run.CreatedAt);
                Resume(i);
            }
            else
            {
                // What is queued now begins now at the earliest.
                _coming.Add((planned.Run is null ? Ms(planned.CreatedAt) : Math.Max(_now, Ms(planned.CreatedAt)), i));
            }
        }

        // The runs of months wait in a list, so that the heap of what happens stays as small as what goes on at one time.
        _coming.Sort();
    }

    private void Play()
    {
        Admit(_now);
        var created = 0;
        while (true)
        {
            var at = created < _coming.Count ? _coming[created].At : Never;
            at = _events.TryPeek(out _, out var next) ? Math.Min(at, next.At) : at;
            if (at == Never)
            {
                return;
            }

            for (; created < _coming.Count && _coming[created].At == at; created++)
            {
                Create(_coming[created].Run, _lineOf[_coming[created].Run], at);
            }

            while (_events.TryPeek(out var what, out var moment) && moment.At == at)
            {
                _events.Dequeue();
                Happens(what.Run, what.Node, what.What, at);
            }

            Admit(at);
        }
    }

    private void Happens(int run, int node, Happening what, long at)
    {
        // What was cancelled in between does nothing more.
        if (_runEnd[run] != Never)
        {
            return;
        }

        if (what == Happening.Ready)
        {
            MakeReady(run, node, at);
            return;
        }

        if (_held[_offset[run] + node] > 0)
        {
            GiveBack(run, node, at);
        }

        if (_strands.GetValueOrDefault(_offset[run] + node) is > 1 and var left)
        {
            _strands[_offset[run] + node] = left - 1;
            return;
        }

        End(run, node, at);
    }

    private void Create(int run, Line line, long at)
    {
        var planned = _runs[run];
        // Of updates of datasets none is lost to a run that has not ended.
        if (planned is { Run: null, IsBackfill: false, Cause: null })
        {
            switch (Overlaps.Decide(planned.Model.Pipeline.Overlap, line.Live.Count, isTick: true))
            {
                case OverlapAction.Skip:
                    _skipped[run] = $"another run is expected not to have ended (overlap: {Names.Of(planned.Model.Pipeline.Overlap)})";
                    return;
                case OverlapAction.CancelOthers:
                    foreach (var other in line.Live.ToArray())
                    {
                        // Of ticks that are decided together only the newest becomes a run.
                        _skipped[other] = _runs[other].Tick is not null && Ms(_runs[other].CreatedAt) == at ? Replaced : null;
                        Cancel(other, line, at);
                    }

                    break;
                default:
                    break;
            }
        }

        Enter(run, line);
        line.Queued.Enqueue(run, QueueOrder(run));
        BeginRuns(line, at);
    }

    private void Enter(int run, Line line)
    {
        if (_runs[run].IsLive)
        {
            line.Live.Add(run);
        }
    }

    private void Cancel(int run, Line line, long at)
    {
        line.Live.Remove(run);
        _runEnd[run] = at;
        if (_runStart[run] == Never)
        {
            return;
        }

        for (var node = 0; node < _runs[run].Model.Count; node++)
        {
            while (_held[_offset[run] + node] > 0)
            {
                GiveBack(run, node, at);
            }
        }

        line.Active--;
        _missing[run] = null;
    }

    private void BeginRuns(Line line, long at)
    {
        while (line.Active < line.MostRuns && line.Queued.TryDequeue(out var run, out _))
        {
            if (_runEnd[run] != Never)
            {
                continue;
            }

            line.Active++;
            _runStart[run] = at;
            Begin(run, at);
        }
    }

    private void Begin(int run, long at)
    {
        var model = _runs[run].Model;
        _remaining[run] = model.Count;
        var missing = new int[model.Count];
        _missing[run] = missing;
        for (var node = 0; node < model.Count; node++)
        {
            missing[node] = model.Graph.Upstream(node).Length;
            if (missing[node] == 0)
            {
                MakeReady(run, node, at);
            }
        }

        if (model.Count == 0)
        {
            EndRun(run, at);
        }
    }

    /// <summary>Takes a run over as its rows stand.</summary>
    private void Resume(int run)
    {
        var planned = _runs[run];
        var model = planned.Model;
        var rows = new TaskRun?[model.Count];
        foreach (var row in planned.Tasks)
        {
            if (!row.Key.IsInstance && model.Graph.IndexOf(row.Key.Task) is >= 0 and var node)
            {
                rows[node] = row;
            }
        }

        _remaining[run] = model.Count;
        var missing = new int[model.Count];
        _missing[run] = missing;
        for (var node = 0; node < model.Count; node++)
        {
            foreach (var before in model.Graph.Upstream(node))
            {
                missing[node] += rows[before] is { } row && row.State.IsEnd() ? 0 : 1;
            }
        }

        for (var node = 0; node < model.Count; node++)
        {
            Resume(run, node, rows[node], missing[node] == 0);
        }

        if (_remaining[run] == 0)
        {
            EndRun(run, _now);
        }
    }

    private void Resume(int run, int node, TaskRun? row, bool isFree)
    {
        var (model, at) = (_runs[run].Model, _offset[run] + node);
        if (row?.StartedAt is { } began)
        {
            _taskStart[at] = Ms(began);
        }

        switch (row?.State)
        {
            case { } state when state.IsEnd():
                _taskEnd[at] = Ms(row.EndedAt ?? row.StartedAt ?? DateTimeOffset.FromUnixTimeMilliseconds(_now));
                _remaining[run]--;
                break;
            case TaskState.Queued or TaskState.Running:
                var since = _taskStart[at] == Never ? _now : _taskStart[at];
                _taskStart[at] = since;
                if (row.HoldsSlot)
                {
                    Take(run, node, _now);
                }

                var whole = model.HistoryOf(node).LengthBeyond(Span(_now - since), _late ? Quantile.Late : Quantile.Median);
                Enqueue(run, node, Happening.Ended, Math.Max(_now, since + (long)whole.TotalMilliseconds));
                break;
            case TaskState.UpForReschedule:
                Enqueue(run, node, Happening.Ended, WaitEnd(run, node, _now));
                break;
            case TaskState.UpForRetry:
                Enqueue(run, node, Happening.Ready, Math.Max(_now, row.DueAt is { } due ? Ms(due) : _now));
                break;
            default:
                if (isFree)
                {
                    Enqueue(run, node, Happening.Ready, _now);
                }

                break;
        }
    }

    private void MakeReady(int run, int node, long at)
    {
        var kind = _runs[run].Model.Pipeline.Tasks[node].Kind;
        if (kind.Waits || IsLeftOut(run, node))
        {
            Start(run, node, at);
            Enqueue(run, node, Happening.Ended, kind.Waits && !IsLeftOut(run, node) ? WaitEnd(run, node, at) : at);
            return;
        }

        Want(run, node, at);
    }

    /// <summary>A task that a run for chosen tasks counts as successful without running it.</summary>
    private bool IsLeftOut(int run, int node) => _runs[run].LeavesOut(_runs[run].Model.Pipeline.Tasks[node].Name);

    private void Start(int run, int node, long at)
    {
        var place = _offset[run] + node;
        // A retry began with its first attempt.
        _taskStart[place] = Math.Min(_taskStart[place], at);
    }

    private void End(int run, int node, long at)
    {
        _taskEnd[_offset[run] + node] = at;
        var missing = _missing[run]!;
        foreach (var next in _runs[run].Model.Graph.Downstream(node))
        {
            if (--missing[next] == 0 && _taskEnd[_offset[run] + next] == Never)
            {
                MakeReady(run, next, at);
            }
        }

        if (--_remaining[run] == 0)
        {
            EndRun(run, at);
        }
    }

    private void EndRun(int run, long at)
    {
        _runEnd[run] = at;
        _missing[run] = null;
        var line = _lineOf[run];
        line.Live.Remove(run);
        line.Active--;
        BeginRuns(line, at);
    }

    private long WaitEnd(int run, int node, long from) =>
        Ms(_runs[run].Model.WaitEnd(node, DateTimeOffset.FromUnixTimeMilliseconds(from), _runs[run].DueAt, _late));

    private void Enqueue(int run, int node, Happening what, long at) => _events.Enqueue((run, node, what), new Moment(at, _order++));

    private static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static TimeSpan Span(long ms) => TimeSpan.FromMilliseconds(ms);
}
