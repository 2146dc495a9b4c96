using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.Engine.Foresight;

/// <summary>The ticks of a plan as the scheduler decides them: those that fired while nobody looked at its next look, the others when they fire.</summary>
/// <remarks>
/// A window that begins now (within <see cref="DueTicks.LiveWindow"/>), or holds now, begins with what was missed. What the scheduler has
/// decided already is not decided again, also when the clock was set back.
/// </remarks>
internal sealed class ComingTicks
{
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _to;
    private readonly DateTimeOffset _now;
    private readonly bool _hasNow;
    private readonly Dictionary<PipelineName, DateTimeOffset?> _cursors = [];
    private readonly Dictionary<PipelineName, (SkipReason Skip, string Reason)> _held = [];

    /// <param name="session">Knows how far the scheduler has come; null: there is none, and the window is played as if somebody always looked.</param>
    /// <param name="from">The first instant of the window.</param>
    /// <param name="to">The first instant after it.</param>
    public ComingTicks(ReadSession? session, DateTimeOffset from, DateTimeOffset to, DateTimeOffset now)
    {
        (_from, _to, _now) = (from, to, now);
        _hasNow = session is not null && from - now <= DueTicks.LiveWindow && to > now;
        var drains = session?.Drains() ?? [];
        foreach (var row in session?.Pipelines() ?? [])
        {
            _cursors[row.Name] = row.Cursor;
            if (row.Paused)
            {
                _held[row.Name] = (SkipReason.Paused, $"the pipeline is paused{Because(row.PausedReason)}");
            }
            else if (drains.FirstOrDefault(drain => drain.Pipeline is null || drain.Pipeline == row.Name) is { } drain)
            {
                _held[row.Name] = (SkipReason.Paused, $"no new runs are taken: drained{Because(drain.Reason)}");
            }
        }
    }

    /// <summary>Whether a pipeline may start runs: it is neither paused nor drained.</summary>
    public bool TakesRuns(PipelineName pipeline) => !_held.ContainsKey(pipeline);

    /// <summary>The ticks of a pipeline in the order in which they fire, each with the instant at which it is decided.</summary>
    public IEnumerable<(PlanTick Tick, DateTimeOffset DecidedAt)> Of(Pipeline pipeline)
    {
        var times = Timetable.Of(pipeline);
        var cursor = _cursors.GetValueOrDefault(pipeline.Name);
        if (_hasNow && TakesRuns(pipeline.Name))
        {
            foreach (var tick in times.Decide(cursor, _now).Ticks)
            {
                yield return (TickOf(pipeline, tick), _now > _from ? _now : _from);
            }
        }

        foreach (var tick in times.Between(_from, _to))
        {
            var isDecided = tick.FiresAt <= cursor;
            if (!_hasNow || isDecided == (tick.FiresAt <= _now))
            {
                yield return (TickOf(pipeline, tick), tick.FiresAt);
            }
        }
    }

    private PlanTick TickOf(Pipeline pipeline, DecidedTick tick) =>
        tick.Run is null ? new PlanTick(pipeline, tick, null, tick.Skip, tick.Reason)
        : _held.TryGetValue(pipeline.Name, out var held) ? new PlanTick(pipeline, tick, null, held.Skip, held.Reason)
        : new PlanTick(pipeline, tick, null, null, null);

    private static string Because(string? reason) => string.IsNullOrEmpty(reason) ? "" : $": {reason}";
}
