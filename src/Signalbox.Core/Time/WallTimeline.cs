namespace Signalbox.Core.Time;

/// <summary>Which wall-clock minutes match, whatever the zone.</summary>
internal interface IWallTimes
{
    /// <summary>Whether each label is one tick, also on the days when the clocks change; else each real instant whose wall clock matches is.</summary>
    bool IsFixedTime { get; }

    /// <summary>The first matching minute at or after a wall-clock time, or null when none comes.</summary>
    DateTime? FirstAtOrAfter(DateTime label);

    /// <summary>The last matching minute at or before a wall-clock time, or null when there was none.</summary>
    DateTime? LastAtOrBefore(DateTime label);
}

/// <summary>Wall-clock labels on the time line, by the rule for clock changes that <see cref="ZonedCron"/> states.</summary>
internal readonly struct WallTimeline(IWallTimes times, Zone zone)
{
    // Like CronExpression.FirstAtOrAfter: longer than the longest wait between two ticks.
    private const long LongestWait = 41 * 366 * TimeSpan.TicksPerDay;

    /// <summary>The first tick after an instant, or null when there is none within 41 years.</summary>
    public Tick? Next(DateTimeOffset after) => times.IsFixedTime ? NextFixed(after) : NextInterval(after);

    /// <summary>The tick that follows a tick; unlike <see cref="Next(DateTimeOffset)"/> it does not pass over another label at the same instant.</summary>
    public Tick? Next(Tick after) => times.IsFixedTime ? FixedFrom(after.Label.AddMinutes(1)) : NextInterval(after.Utc);

    /// <summary>The last tick before an instant, or null when there is none within 41 years.</summary>
    public Tick? Previous(DateTimeOffset before) => times.IsFixedTime ? PreviousFixed(before) : PreviousInterval(before);

    /// <summary>The tick that a tick follows, also when both are at the same instant.</summary>
    public Tick? Previous(Tick before) => times.IsFixedTime ? FixedUntil(before.Label.AddMinutes(-1)) : PreviousInterval(before.Utc);

    /// <summary>All ticks from one instant (included) to another (excluded), computed while they are read.</summary>
    public IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to)
    {
        var start = new DateTimeOffset(Math.Max(0, from.UtcTicks - 1), TimeSpan.Zero);
        return times.IsFixedTime ? FixedBetween(start, to) : IntervalBetween(start, to);
    }

    private IEnumerable<Tick> FixedBetween(DateTimeOffset after, DateTimeOffset to)
    {
        for (var tick = NextFixed(after); tick is { } found && found.Utc < to; tick = FixedFrom(found.Label.AddMinutes(1)))
            yield return found;
    }

    private IEnumerable<Tick> IntervalBetween(DateTimeOffset after, DateTimeOffset to)
    {
        var at = Zone.Clamp(after.UtcTicks) + 1;
        var end = Math.Min(to.UtcTicks, Zone.Clamp(long.MaxValue));
        while (at < end)
        {
            var span = zone.SpanFrom(at);
            var edge = Math.Min(span.Edge, end);
            var label = times.FirstAtOrAfter(new DateTime(at + span.Offset));
            var isClear = zone.IsClearOfFolds(at, edge, span.Offset);
            while (label is { } found && found.Ticks - span.Offset < edge)
            {
                yield return isClear
                    ? new Tick(Zone.Instant(found.Ticks - span.Offset), found, Dst.None)
                    : IntervalTick(found, span.Offset);
                label = times.FirstAtOrAfter(found.AddTicks(1));
            }
            at = edge;
        }
    }

    private Tick? NextFixed(DateTimeOffset after)
    {
        // The mapping from label to instant never falls, and the label that is on the clock now maps to now or earlier: later labels are left.
        var tick = FixedFrom(zone.LabelAt(after).AddTicks(1));
        while (tick is { } found && found.Utc <= after)
            tick = FixedFrom(found.Label.AddMinutes(1));
        return tick;
    }

    private Tick? PreviousFixed(DateTimeOffset before)
    {
        var now = zone.LabelAt(before);
        // On the second side of a fold all labels up to the fold's end had their first occurrence before; on the first the loop takes them back.
        var shown = zone.At(now);
        var tick = FixedUntil(now + (shown.Last - shown.First));
        while (tick is { } found && found.Utc >= before)
            tick = FixedUntil(found.Label.AddMinutes(-1));
        return tick;
    }

    private Tick? FixedFrom(DateTime label) => times.FirstAtOrAfter(label) is { } found ? FixedTick(found) : null;

    private Tick? FixedUntil(DateTime label) => times.LastAtOrBefore(label) is { } found ? FixedTick(found) : null;

    private Tick? FixedTick(DateTime label)
    {
        if (Zone.Clamp(label.Ticks) != label.Ticks)
            return null;
        var shown = zone.At(label);
        var dst = shown.Kind switch
        {
            WallClockKind.Skipped => Dst.ShiftedByGap,
            WallClockKind.Twice => Dst.FirstOfFold,
            _ => Dst.None,
        };
        return new Tick(shown.First, label, dst);
    }

    private Tick? NextInterval(DateTimeOffset after)
    {
        var at = Zone.Clamp(after.UtcTicks) + 1;
        var end = Math.Min(Zone.Clamp(long.MaxValue), at + LongestWait);
        while (at < end)
        {
            var span = zone.SpanFrom(at);
            if (times.FirstAtOrAfter(new DateTime(at + span.Offset)) is not { } label)
                return null;
            if (label.Ticks - span.Offset < Math.Min(span.Edge, end))
                return IntervalTick(label, span.Offset);
            at = span.Edge;
        }
        return null;
    }

    private Tick? PreviousInterval(DateTimeOffset before)
    {
        var at = Zone.Clamp(before.UtcTicks);
        var end = Math.Max(Zone.Clamp(0), at - LongestWait);
        while (at > end)
        {
            var span = zone.SpanUntil(at);
            if (times.LastAtOrBefore(new DateTime(at + span.Offset - 1)) is not { } label)
                return null;
            if (label.Ticks - span.Offset >= Math.Max(span.Edge, end))
                return IntervalTick(label, span.Offset);
            at = span.Edge;
        }
        return null;
    }

    private Tick IntervalTick(DateTime label, long offset)
    {
        var utc = Zone.Instant(label.Ticks - offset);
        var shown = zone.At(label);
        var dst =
            shown.Kind != WallClockKind.Twice ? Dst.None
            : utc == shown.First ? Dst.FirstOfFold
            : Dst.SecondOfFold;
        return new Tick(utc, label, dst);
    }
}
