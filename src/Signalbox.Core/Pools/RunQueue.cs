using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Pools;

/// <summary>
/// Which queued runs begin: at most <see cref="Pipeline.MaxActiveRuns"/> of a pipeline at one time, whatever started them, and at
/// most the backfill's own limit of a backfill. Runs in a namespace count by themselves: they never take the place of a live one.
/// </summary>
/// <remarks>
/// Order: higher priority; live before backfill; live runs by logical date, the runs of a backfill in the order in which it
/// made them. Neither starves the other: runs of backfills leave the last place of a pipeline with a schedule to live ones while they have others, and after
/// <see cref="LiveInARow"/> live runs of a pipeline one of a backfill begins that waits. Not thread-safe; built again from the rows of runs that have not ended.
/// </remarks>
public sealed class RunQueue
{
    /// <summary>Live runs of a pipeline that begin one after the other before one of a backfill does that waits: 16.</summary>
    public const int LiveInARow = 16;

    private const long NoBackfill = -1;

    private readonly Dictionary<RunNumber, (Run Run, Line Line)> _known = [];
    private readonly Dictionary<(PipelineName, RunNamespace?), Line> _lines = [];
    private readonly Dictionary<long, int> _backfillLimits = [];
    private readonly Dictionary<long, int> _backfillActive = [];
    private readonly HashSet<Line> _ready = [];
    private readonly Dictionary<PipelineName, Held> _breakers = [];
    private HashSet<PipelineName> _drained = [];
    private bool _isDrained;

    /// <summary>Gives a backfill a limit of its own; it still counts under its pipeline's.</summary>
    public void SetBackfillLimit(long backfill, int most)
    {
        _backfillLimits[backfill] = most;
        _ready.UnionWith(_lines.Values);
    }

    /// <summary>Holds queued runs back: of some pipelines, or of all. What holds no more may begin in the next round.</summary>
    /// <param name="all">Whether no run begins at all.</param>
    /// <param name="pipelines">Pipelines of which none begins.</param>
    public void SetDrains(bool all, IEnumerable<PipelineName> pipelines)
    {
        _isDrained = all;
        _drained = [.. pipelines];
        _ready.UnionWith(_lines.Values);
    }

    /// <summary>What the circuit breaker of a pipeline lets through of its live line: what is in a namespace goes by itself.</summary>
    /// <param name="held">Null: everything.</param>
    public void SetBreaker(PipelineName pipeline, Held? held)
    {
        if (held is null)
        {
            _breakers.Remove(pipeline);
        }
        else
        {
            _breakers[pipeline] = held;
        }

        _ready.UnionWith(_lines.Values);
    }

    /// <summary>Takes note of a run as it now is: queued, running or ended. Repeating one changes nothing.</summary>
    /// <param name="maxActiveRuns">The limit of the run's pipeline, as it is defined now.</param>
    /// <param name="keepsPlace">Whether live runs of the pipeline come by themselves, so that a place is kept for them.</param>
    public void Update(Run run, int maxActiveRuns, bool keepsPlace = false)
    {
        if (_known.Remove(run.Number, out var known))
        {
            Remove(known.Run, known.Line);
        }

        if (!_lines.TryGetValue((run.Pipeline, run.Namespace), out var line))
        {
            _lines.Add((run.Pipeline, run.Namespace), line = new Line(run.Pipeline, run.Namespace is null));
        }

        line.Limit = maxActiveRuns;
        line.KeepsPlace = keepsPlace;
        _ready.Add(line);
        if (run.State.IsEnd())
        {
            return;
        }

        _known.Add(run.Number, (run, line));
        if (run.State == RunState.Running)
        {
            line.Active++;
            line.ActiveOfBackfills += run.Backfill is null ? 0 : 1;
            Count(run, 1);
            return;
        }

        var backfill = run.Backfill ?? NoBackfill;
        if (!line.Queued.TryGetValue(backfill, out var queue))
        {
            line.Queued.Add(backfill, queue = new SortedSet<Run>(RunOrder.Instance));
        }

        queue.Add(run);
    }

    /// <summary>The runs that may begin now; they count as active from now on.</summary>
    public IReadOnlyList<RunNumber> Take()
    {
        var taken = new List<Run>();
        foreach (var line in _ready)
        {
            while (!IsHeld(line) && line.Active < MostOf(line) && Next(line) is { } run)
            {
                line.LiveInARow =
                    run.Backfill is not null ? 0
                    : line.Queued.Keys.Any(backfill => backfill != NoBackfill) ? line.LiveInARow + 1
                    : line.LiveInARow;
                Update(run with { State = RunState.Running }, line.Limit, line.KeepsPlace);
                taken.Add(run);
            }
        }

        _ready.Clear();
        taken.Sort(RunOrder.Instance);
        return taken.ConvertAll(run => run.Number);
    }

    /// <summary>Why a queued run has not begun; empty when it is not queued.</summary>
    public IReadOnlyList<Hindrance> Explain(RunNumber number)
    {
        var found = new List<Hindrance>();
        if (!_known.TryGetValue(number, out var known) || known.Run.State != RunState.Queued)
        {
            return found;
        }

        var (run, line) = known;
        if (IsHeld(line))
        {
            found.Add(
                new Hindrance("drained", _isDrained ? "the project takes no new runs" : $"pipeline {run.Pipeline} takes no new runs")
            );
        }

        if (BreakerOf(line) is { } held && line.Active >= held.Most)
        {
            found.Add(new Hindrance("breaker", held.Reason));
        }

        if (line.Active >= line.Limit)
        {
            found.Add(new Hindrance("pipeline", $"limit of pipeline {run.Pipeline}: {line.Active} of {line.Limit} active runs"));
        }

        if (run.Backfill is { } backfill && _backfillLimits.TryGetValue(backfill, out var most) && IsFull(backfill))
        {
            found.Add(new Hindrance("backfill", $"limit of backfill {backfill}: {_backfillActive[backfill]} of {most} active runs"));
        }

        if (run.Backfill is not null && found.Count == 0 && IsKept(line))
        {
            found.Add(
                new Hindrance(
                    "live",
                    $"the last of {line.Limit} active runs of {run.Pipeline} is kept for live runs, and backfills have others"
                )
            );
        }

        if (found.Count == 0)
        {
            found.Add(new Hindrance("order", "nothing holds it back: it begins in the next round"));
        }

        return found;
    }

    private Run? Next(Line line)
    {
        Run? best = null;
        Run? bestOfBackfills = null;
        foreach (var (backfill, queue) in line.Queued)
        {
            if (IsFull(backfill) || queue.Min is not { } head || (backfill != NoBackfill && IsKept(line)))
            {
                continue;
            }

            best = best is null || RunOrder.Instance.Compare(head, best) < 0 ? head : best;
            if (backfill != NoBackfill && (bestOfBackfills is null || RunOrder.Instance.Compare(head, bestOfBackfills) < 0))
            {
                bestOfBackfills = head;
            }
        }

        return line.LiveInARow >= LiveInARow ? bestOfBackfills ?? best : best;
    }

    private Held? BreakerOf(Line line) => line.IsLive ? _breakers.GetValueOrDefault(line.Pipeline) : null;

    private int MostOf(Line line) => BreakerOf(line) is { } held ? Math.Min(held.Most, line.Limit) : line.Limit;

    private bool IsHeld(Line line) => _isDrained || _drained.Contains(line.Pipeline);

    /// <summary>Whether the last place of a pipeline is left to live runs.</summary>
    private static bool IsKept(Line line) => line.KeepsPlace && line.ActiveOfBackfills > 0 && line.Active + 1 >= line.Limit;

    private bool IsFull(long backfill) =>
        _backfillLimits.TryGetValue(backfill, out var most) && _backfillActive.GetValueOrDefault(backfill) >= most;

    private void Remove(Run run, Line line)
    {
        if (run.State == RunState.Running)
        {
            line.Active--;
            line.ActiveOfBackfills -= run.Backfill is null ? 0 : 1;
            Count(run, -1);
            return;
        }

        var backfill = run.Backfill ?? NoBackfill;
        var queue = line.Queued[backfill];
        queue.Remove(run);
        if (queue.Count == 0)
        {
            line.Queued.Remove(backfill);
        }
    }

    private void Count(Run run, int sign)
    {
        if (run.Backfill is not { } backfill)
        {
            return;
        }

        _backfillActive[backfill] = _backfillActive.GetValueOrDefault(backfill) + sign;
        if (sign < 0)
        {
            _ready.UnionWith(_lines.Values);
        }
    }

    private sealed class Line(PipelineName pipeline, bool isLive)
    {
        /// <summary>Whether it is not that of a namespace.</summary>
        public bool IsLive => isLive;

        public PipelineName Pipeline => pipeline;

        public int Limit { get; set; }

        public bool KeepsPlace { get; set; }

        public int Active { get; set; }

        public int ActiveOfBackfills { get; set; }

        /// <summary>Live runs that began since one of a backfill did, while one waited.</summary>
        public int LiveInARow { get; set; }

        /// <summary>By backfill; <see cref="NoBackfill"/> for runs of none.</summary>
        public Dictionary<long, SortedSet<Run>> Queued { get; } = [];
    }

    private sealed class RunOrder : IComparer<Run>
    {
        public static readonly RunOrder Instance = new();

        public int Compare(Run? x, Run? y)
        {
            var order = y!.Priority.CompareTo(x!.Priority);
            var late = x.Trigger == RunTrigger.Backfill;
            order = order != 0 ? order : late.CompareTo(y.Trigger == RunTrigger.Backfill);
            order = order != 0 || late ? order : x.LogicalDate.CompareTo(y.LogicalDate);
            return order != 0 ? order : x.Number.Value.CompareTo(y.Number.Value);
        }
    }
}
