using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.Core.Scheduling;

/// <summary>A tick of one of a pipeline's schedules, and whether it becomes a run.</summary>
/// <param name="Schedule">The name of the schedule in its pipeline.</param>
/// <param name="Key">What is unique about the tick in its schedule: a local label or an instant.</param>
/// <param name="Tick">The tick: when it is due, and what its clocks show.</param>
/// <param name="FiresAt">When it is acted on: the tick's instant, and its jitter.</param>
/// <param name="Run">The run that it becomes, when nothing that is known only then stands against it (an overlap); null when it is skipped.</param>
/// <param name="Skip">Why it is skipped; null when it becomes a run.</param>
/// <param name="Reason">The same as a sentence.</param>
public sealed record DecidedTick(
    string Schedule,
    string Key,
    Tick Tick,
    DateTimeOffset FiresAt,
    TickRun? Run,
    SkipReason? Skip = null,
    string? Reason = null
);

/// <summary>The run that a tick becomes.</summary>
/// <param name="Id">Its name, of which the schedule makes only one.</param>
/// <param name="Interval">From tick to tick.</param>
/// <param name="Slice">What it is about.</param>
public sealed record TickRun(RunId Id, DataInterval Interval, Slice Slice);

/// <summary>Skipped ticks of one schedule that are too many to list one by one.</summary>
/// <param name="Schedule">The name of the schedule in its pipeline.</param>
/// <param name="Span">From when to when, and why.</param>
public sealed record SkippedTicks(string Schedule, SkippedSpan Span);

/// <summary>What is to be done for a pipeline at an instant.</summary>
/// <param name="Ticks">All that is decided now, in the order in which they fire.</param>
/// <param name="Older">Skipped ticks before those.</param>
/// <param name="Cursor">What to pass as cursor next time. Never goes back.</param>
public sealed record TickDecision(ImmutableArray<DecidedTick> Ticks, ImmutableArray<SkippedTicks> Older, DateTimeOffset Cursor)
{
    /// <summary>Those that become runs.</summary>
    public IEnumerable<DecidedTick> Runs => Ticks.Where(tick => tick.Run is not null);

    /// <summary>Those that do not, without <see cref="Older"/>.</summary>
    public IEnumerable<DecidedTick> Skipped => Ticks.Where(tick => tick.Run is null);
}

/// <summary>The names of runs that a schedule makes.</summary>
public static class ScheduledRunId
{
    /// <summary>
    /// <c>scheduled__2001-01-05T02:15:00Z</c>; after it the schedule's name where it is not the first of its pipeline, and the skipped
    /// local time where a gap puts two logical dates on one instant.
    /// </summary>
    public static RunId Of(DateTimeOffset logicalDate, string? schedule = null, DateTime? skippedLabel = null)
    {
        var name = $"scheduled__{logicalDate.UtcDateTime.ToString("s", CultureInfo.InvariantCulture)}Z";
        if (schedule is not null)
            name += $"__{schedule}";
        return new(skippedLabel is { } label ? $"{name}__{label.ToString("HHmm", CultureInfo.InvariantCulture)}" : name);
    }
}
