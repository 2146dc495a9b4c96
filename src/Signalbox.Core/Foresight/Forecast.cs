using Signalbox.Core.Runs;
using Signalbox.Core.Sla;

namespace Signalbox.Core.Foresight;

/// <summary>What is expected of a set of runs that share the limits of a project.</summary>
/// <remarks>
/// <para>
/// Two courses are played forward on a virtual clock (<see cref="Timeline"/>): one in which every task takes the median of its newest
/// successes (<see cref="TaskHistory.MostSamples"/> at most), and one in which every task takes their 95th percentile, both interpolated as
/// PERCENTILE_CONT. The second adds up bad luck: it is later than nineteen of twenty runs will be.
/// </para>
/// <para>
/// What waits for the world ends when it usually does after the tick of the schedule; a time of day ends when it comes. What runs now
/// ends when those did that took as long already.
/// </para>
/// </remarks>
public sealed class Forecast
{
    private readonly IReadOnlyList<PlannedRun> _runs;
    private readonly Timeline _expected;
    private readonly Timeline _late;

    private Forecast(IReadOnlyList<PlannedRun> runs, Timeline expected, Timeline late) =>
        (_runs, _expected, _late) = (runs, expected, late);

    /// <summary>How many runs there are.</summary>
    public int Count => _runs.Count;

    /// <summary>What is expected of a run, computed when it is asked for.</summary>
    public RunForecast this[int run] => Of(run);

    /// <summary>Plays the runs forward.</summary>
    /// <param name="runs">Those that are there and those to come.</param>
    /// <param name="limits">What they share.</param>
    /// <param name="now">The instant of the question.</param>
    public static Forecast Of(IReadOnlyList<PlannedRun> runs, ForecastLimits limits, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(limits);
        return new Forecast(runs, Timeline.Play(runs, limits, now, late: false), Timeline.Play(runs, limits, now, late: true));
    }

    /// <summary>The same, and how full the pools are over time.</summary>
    /// <param name="from">Begin of the first stretch.</param>
    /// <param name="to">End of the last one.</param>
    /// <param name="step">How long a stretch is.</param>
    public static (Forecast Forecast, ImmutableSortedDictionary<string, (int Slots, ImmutableArray<PoolLoad> Load)> Pools) Of(
        IReadOnlyList<PlannedRun> runs,
        ForecastLimits limits,
        DateTimeOffset now,
        DateTimeOffset from,
        DateTimeOffset to,
        TimeSpan step
    )
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(limits);
        var expected = Timeline.Play(
            runs,
            limits,
            now,
            late: false,
            () => new PoolMeter(from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds(), (long)step.TotalMilliseconds)
        );
        var late = Timeline.Play(runs, limits, now, late: true);
        var pools = expected.Loads.ToImmutableSortedDictionary(pool => pool.Pool, pool => (pool.Slots, pool.Load), StringComparer.Ordinal);
        return (new Forecast(runs, expected, late), pools);
    }

    /// <summary>When a run is expected to begin and to end.</summary>
    public ForecastSpan SpanOf(int run) =>
        new(At(_expected.StartOf(run)), At(_expected.EndOf(run)), At(_late.StartOf(run)), At(_late.EndOf(run)));

    /// <summary>When a task of a run is expected to begin and to end.</summary>
    /// <param name="run">Position of the run.</param>
    /// <param name="node">Position of the task in the file.</param>
    public ForecastSpan SpanOf(int run, int node) =>
        new(At(_expected.StartOf(run, node)), At(_expected.EndOf(run, node)), At(_late.StartOf(run, node)), At(_late.EndOf(run, node)));

    /// <summary>Why a run will not be made, where its pipeline's rule for overlapping runs says so; null: it will.</summary>
    public string? SkippedOf(int run) => _expected.SkippedOf(run);

    /// <summary>The run at a position.</summary>
    public PlannedRun PlannedOf(int run) => _runs[run];

    /// <summary>The deadlines of a run with what is expected of each.</summary>
    public ImmutableArray<DeadlineForecast> DeadlinesOf(int run)
    {
        var planned = _runs[run];
        // A run that is there has those it was made with, and may be one that has none.
        if (planned.Run is { } row && DeadlineRules.BaseOf(row) is null)
        {
            return [];
        }

        return ImmutableArray.CreateRange(DeadlineRules.Of(planned.Model.Pipeline, planned.DueAt), deadline => Of(run, deadline));
    }

    /// <summary>Marks the tasks that decide when a run ends: back from the one that ends last, always to the upstream task that ends last.</summary>
    /// <param name="run">Position of the run.</param>
    /// <param name="critical">One place a task, all false before.</param>
    public void MarkCritical(int run, Span<bool> critical)
    {
        var model = _runs[run].Model;
        var node = -1;
        for (var i = 0; i < model.Count; i++)
        {
            node = node < 0 || _expected.EndOf(run, i) > _expected.EndOf(run, node) ? i : node;
        }

        while (node >= 0 && !critical[node])
        {
            critical[node] = true;
            var before = -1;
            foreach (var up in model.Graph.Upstream(node))
            {
                before = before < 0 || _expected.EndOf(run, up) > _expected.EndOf(run, before) ? up : before;
            }

            node = before;
        }
    }

    private RunForecast Of(int run)
    {
        var model = _runs[run].Model;
        var tasks = ImmutableArray.CreateBuilder<TaskForecast>(model.Count);
        var critical = new bool[model.Count];
        MarkCritical(run, critical);
        for (var node = 0; node < model.Count; node++)
        {
            var history = model.HistoryOf(node);
            tasks.Add(new TaskForecast(model.Pipeline.Tasks[node].Name, SpanOf(run, node), history.Basis, history.Count, critical[node]));
        }

        return new RunForecast(
            _runs[run],
            SpanOf(run),
            model.IsComplete,
            tasks.MoveToImmutable(),
            DeadlinesOf(run),
            _expected.SkippedOf(run)
        );
    }

    private DeadlineForecast Of(int run, Deadline deadline)
    {
        var model = _runs[run].Model;
        var node = deadline.Task is { } task ? model.Graph.IndexOf(task) : -1;
        var span = node < 0 ? SpanOf(run) : SpanOf(run, node);
        var outlook =
            span.End is not { } end || end > deadline.DueAt || HasFailed(_runs[run], node) ? Outlook.Late
            : span.LateEnd is not { } late || late > deadline.DueAt ? Outlook.AtRisk
            : IsKnown(model, node) ? Outlook.OnTime
            : Outlook.Unknown;
        return new DeadlineForecast(deadline, outlook, span.End, span.LateEnd);
    }

    /// <summary>Whether what must succeed has ended otherwise already: a task, or for the run one after which nothing comes.</summary>
    private static bool HasFailed(PlannedRun planned, int node)
    {
        foreach (var row in planned.Tasks)
        {
            if (row is { Key.IsInstance: false, State: TaskState.Failed or TaskState.UpstreamFailed or TaskState.Blocked })
            {
                var failed = planned.Model.Graph.IndexOf(row.Key.Task);
                if (failed >= 0 && (node < 0 ? planned.Model.Graph.IsLeaf(failed) : failed == node))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether all tasks on the way to a task have a history; -1: to the end of the run.</summary>
    private static bool IsKnown(PipelineModel model, int node)
    {
        if (node < 0)
        {
            return model.IsComplete;
        }

        var way = model.Graph.WithUpstream([node]);
        for (var i = 0; i < way.Length; i++)
        {
            if (way[i] && model.HistoryOf(i).Count == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static DateTimeOffset? At(long ms) => ms == Timeline.Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
