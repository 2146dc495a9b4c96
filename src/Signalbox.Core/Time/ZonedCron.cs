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
    private WallTimeline Line => new(Expression, Zone);

    /// <summary>The first tick after an instant, or null when there is none within 41 years.</summary>
    public Tick? Next(DateTimeOffset after) => Line.Next(after);

    /// <summary>The tick that follows a tick; unlike <see cref="Next(DateTimeOffset)"/> it does not pass over another label at the same instant.</summary>
    public Tick? Next(Tick after) => Line.Next(after);

    /// <summary>The last tick before an instant, or null when there is none within 41 years.</summary>
    public Tick? Previous(DateTimeOffset before) => Line.Previous(before);

    /// <summary>The tick that a tick follows, also when both are at the same instant.</summary>
    public Tick? Previous(Tick before) => Line.Previous(before);

    /// <summary>All ticks from one instant (included) to another (excluded), computed while they are read.</summary>
    public IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to) => Line.Between(from, to);
}
