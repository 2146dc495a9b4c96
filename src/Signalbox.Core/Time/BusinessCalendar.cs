namespace Signalbox.Core.Time;

/// <summary>What a calendar does to the ticks of a schedule.</summary>
public enum CalendarMode
{
    /// <summary>Only ticks on its days count.</summary>
    Include,

    /// <summary>Only ticks on other days count.</summary>
    Exclude,

    /// <summary>A tick on another day moves to the same wall-clock time of the next day of the calendar; ticks that meet there are one.</summary>
    Shift,
}

/// <summary>A set of days: some weekdays, without some dates, and some dates besides.</summary>
/// <remarks>A calendar of listed days has no weekdays; one of business days has Monday to Friday and leaves out the holidays.</remarks>
public sealed record BusinessCalendar
{
    // As CronExpression: the weekdays of dates repeat after 28 years, so what is not found in 41 is not there.
    private const int LongestWaitDays = 41 * 366;

    private readonly int _weekdays;

    /// <summary>Makes a calendar; the order of what is given and doubles do not matter.</summary>
    /// <param name="weekdays">Weekdays that are in it.</param>
    /// <param name="without">Dates that are not, whatever their weekday.</param>
    /// <param name="dates">Dates that are, whatever else is said.</param>
    public BusinessCalendar(IEnumerable<DayOfWeek> weekdays, IEnumerable<DateOnly> without, IEnumerable<DateOnly> dates)
    {
        Weekdays = [.. weekdays.Distinct().Order()];
        Without = [.. without.Distinct().Order()];
        Dates = [.. dates.Distinct().Order()];
        foreach (var day in Weekdays)
            _weekdays |= 1 << (int)day;
    }

    /// <summary>Weekdays that are in it, Sunday first.</summary>
    public ImmutableArray<DayOfWeek> Weekdays { get; }

    /// <summary>Dates that are not in it although their weekday is, in order.</summary>
    public ImmutableArray<DateOnly> Without { get; }

    /// <summary>Dates that are in it whatever else is said, in order.</summary>
    public ImmutableArray<DateOnly> Dates { get; }

    /// <summary>Whether a day is in the calendar.</summary>
    public bool Contains(DateOnly day) =>
        Dates.BinarySearch(day) >= 0 || ((_weekdays >> (int)day.DayOfWeek & 1) != 0 && Without.BinarySearch(day) < 0);

    /// <summary>The first day at or after one that is, or is not, in the calendar; null when there is none within 41 years.</summary>
    public DateOnly? FirstAtOrAfter(DateOnly day, bool isIn = true)
    {
        if (isIn && _weekdays == 0)
        {
            var at = Dates.BinarySearch(day);
            at = at >= 0 ? at : ~at;
            return at < Dates.Length ? Dates[at] : null;
        }

        var last = Math.Min(DateOnly.MaxValue.DayNumber, day.DayNumber + LongestWaitDays);
        for (; day.DayNumber <= last; day = day.AddDays(1))
        {
            if (Contains(day) == isIn)
                return day;
            if (day == DateOnly.MaxValue)
                break;
        }
        return null;
    }

    /// <summary>The last day at or before one that is, or is not, in the calendar; null when there is none within 41 years.</summary>
    public DateOnly? LastAtOrBefore(DateOnly day, bool isIn = true)
    {
        if (isIn && _weekdays == 0)
        {
            var at = Dates.BinarySearch(day);
            at = at >= 0 ? at : ~at - 1;
            return at >= 0 ? Dates[at] : null;
        }

        var first = Math.Max(0, day.DayNumber - LongestWaitDays);
        for (; day.DayNumber >= first; day = day.AddDays(-1))
        {
            if (Contains(day) == isIn)
                return day;
            if (day == DateOnly.MinValue)
                break;
        }
        return null;
    }

    /// <inheritdoc/>
    public bool Equals(BusinessCalendar? other) =>
        other is not null
        && Weekdays.AsSpan().SequenceEqual(other.Weekdays.AsSpan())
        && Without.AsSpan().SequenceEqual(other.Without.AsSpan())
        && Dates.AsSpan().SequenceEqual(other.Dates.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_weekdays, Without.Length, Dates.Length);
}
