namespace Signalbox.Core.Time;

/// <summary>A cron expression in a time zone: labels on the time line, by the rule for clock changes.</summary>
/// <remarks>
/// Fixed-time expressions (<see cref="CronExpression.IsFixedTime"/>) give one tick for each label: in a gap at the first
/// instant after it, in a fold at the first occurrence. All others give a tick at each real instant whose wall clock matches:
/// nothing in a gap, both sides of a fold. No method throws; ticks rise strictly by (instant, label). Several labels in one
/// gap are several ticks at one instant.
/// </remarks>
/// <param name="Expression">Which labels match.</param>
/// <param name="Zone">Whose wall clock shows them.</param>
public sealed record ZonedCron(CronExpression Expression, Zone Zone)
{
    // Like CronExpression.FirstAtOrAfter: longer than the longest wait between two ticks.
    private const long LongestWait = 41 * 366 * TimeSpan.TicksPerDay;

    /// <summary>The first tick after an instant, or null when there is none within 41 years.</summary>
    public Tick? Next(DateTimeOffset after) => Expression.IsFixedTime ? NextFixed(after) : NextInterval(after);

    /// <summary>The tick that follows a tick; unlike <see cref="Next(DateTimeOffset)"/> it does not pass over another label at the same instant.</summary>
    public Tick? Next(Tick after) => Expression.IsFixedTime ? FixedFrom(after.Label.AddMinutes(1)) : NextInterval(after.Utc);

    /// <summary>The last tick before an instant, or null when there is none within 41 years.</summary>
    public Tick? Previous(DateTimeOffset before) => Expression.IsFixedTime ? PreviousFixed(before) : PreviousInterval(before);

    /// <summary>The tick that a tick follows, also when both are at the same instant.</summary>
    public Tick? Previous(Tick before) => Expression.IsFixedTime ? FixedUntil(before.Label.AddMinutes(-1)) : PreviousInterval(before.Utc);

    /// <summary>All ticks from one instant (included) to another (excluded), computed while they are read.</summary>
    public IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to)
    {
        var start = new DateTimeOffset(Math.Max(0, from.UtcTicks - 1), TimeSpan.Zero);
        return Expression.IsFixedTime ? FixedBetween(start, to) : IntervalBetween(start, to);
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
            var span = Zone.SpanFrom(at);
            var edge = Math.Min(span.Edge, end);
            var label = Expression.FirstAtOrAfter(new DateTime(at + span.Offset));
            var isClear = Zone.IsClearOfFolds(at, edge, span.Offset);
            while (label is { } found && found.Ticks - span.Offset < edge)
            {
                yield return isClear
                    ? new Tick(Zone.Instant(found.Ticks - span.Offset), found, Dst.None)
                    : IntervalTick(found, span.Offset);
                label = Expression.FirstAtOrAfter(found.AddTicks(1));
            }
            at = edge;
        }
    }

    private Tick? NextFixed(DateTimeOffset after)
    {
        // The mapping from label to instant never falls, and the label that is on the clock now maps to now or earlier: later labels are left.
        var tick = FixedFrom(Zone.LabelAt(after).AddTicks(1));
        while (tick is { } found && found.Utc <= after)
            tick = FixedFrom(found.Label.AddMinutes(1));
        return tick;
    }

    private Tick? PreviousFixed(DateTimeOffset before)
    {
        var now = Zone.LabelAt(before);
        // On the second side of a fold all labels up to the fold's end had their first occurrence before.
        var shown = Zone.At(now);
        if (shown.Kind == WallClockKind.Twice && shown.Last == before)
            now += shown.Last - shown.First;
        var tick = FixedUntil(now);
        while (tick is { } found && found.Utc >= before)
            tick = FixedUntil(found.Label.AddMinutes(-1));
        return tick;
    }

    private Tick? FixedFrom(DateTime label) => Expression.FirstAtOrAfter(label) is { } found ? FixedTick(found) : null;

    private Tick? FixedUntil(DateTime label) => Expression.LastAtOrBefore(label) is { } found ? FixedTick(found) : null;

    private Tick? FixedTick(DateTime label)
    {
        if (Zone.Clamp(label.Ticks) != label.Ticks)
            return null;
        var shown = Zone.At(label);
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
            var span = Zone.SpanFrom(at);
            if (Expression.FirstAtOrAfter(new DateTime(at + span.Offset)) is not { } label)
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
            var span = Zone.SpanUntil(at);
            if (Expression.LastAtOrBefore(new DateTime(at + span.Offset - 1)) is not { } label)
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
        var shown = Zone.At(label);
        var dst =
            shown.Kind != WallClockKind.Twice ? Dst.None
            : utc == shown.First ? Dst.FirstOfFold
            : Dst.SecondOfFold;
        return new Tick(utc, label, dst);
    }
}
