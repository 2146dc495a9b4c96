namespace Signalbox.Core.Time;

/// <summary>What a clock change did to a tick.</summary>
public enum Dst
{
    /// <summary>Nothing: the label is shown once.</summary>
    None,

    /// <summary>The clocks skipped the label; the tick is at the first instant after the gap.</summary>
    ShiftedByGap,

    /// <summary>The clocks show the label twice; the tick is at the first of the two instants.</summary>
    FirstOfFold,

    /// <summary>The clocks show the label twice; the tick is at the second of the two instants (interval schedules only).</summary>
    SecondOfFold,
}

/// <summary>An instant at which a schedule fires.</summary>
/// <param name="Utc">The instant, with a zero offset.</param>
/// <param name="Label">The wall-clock date and time in the schedule's zone that matched, also when no clock showed it.</param>
/// <param name="Dst">What a clock change did to this tick.</param>
public readonly record struct Tick(DateTimeOffset Utc, DateTime Label, Dst Dst) : IComparable<Tick>
{
    /// <summary>By instant, then by label: the order in which a schedule yields its ticks.</summary>
    public int CompareTo(Tick other) => Utc == other.Utc ? Label.CompareTo(other.Label) : Utc.CompareTo(other.Utc);
}
