using System.Numerics;

namespace Signalbox.Core.Time;

/// <summary>
/// A five-field cron expression: minute, hour, day of month, month, day of week. It knows wall-clock labels only; a
/// <see cref="ZonedCron"/> puts them on the time line.
/// </summary>
/// <remarks>
/// The day rule is Vixie cron's: when both day fields restrict, a day matches if either does; when one of them begins with
/// <c>*</c> or <c>?</c> (also <c>*/2</c>), a day must match both. Two expressions are equal when their canonical texts are.
/// </remarks>
public sealed class CronExpression : IEquatable<CronExpression>, IWallTimes
{
    /// <summary>The weekdays of a date repeat after 28 years, so a rule that matches no date of 28 years never fires.</summary>
    internal const int SearchYears = 28;

    // 2100, 2200 and 2300 are not leap years: a 29 February on a given weekday may then be 40 years away.
    private const int LongestWaitYears = 41;

    private readonly ulong _minutes;
    private readonly uint _hours;
    private readonly uint _months;
    private readonly CronDays _days;
    private readonly string _text;

    internal CronExpression(
        CronFieldItems minute,
        CronFieldItems hour,
        CronFieldItems dayOfMonth,
        CronFieldItems month,
        CronFieldItems dayOfWeek
    )
    {
        Minute = minute;
        Hour = hour;
        DayOfMonth = dayOfMonth;
        Month = month;
        DayOfWeek = dayOfWeek;
        _minutes = minute.Mask;
        _hours = (uint)hour.Mask;
        _months = (uint)month.Mask;
        _days = new CronDays(dayOfMonth, dayOfWeek);
        _text = $"{minute.Print()} {hour.Print()} {dayOfMonth.Print()} {month.Print()} {dayOfWeek.Print()}";
        IsFixedTime = minute.IsFixedList && hour.IsFixedList;
    }

    internal CronFieldItems Minute { get; }

    internal CronFieldItems Hour { get; }

    internal CronFieldItems DayOfMonth { get; }

    internal CronFieldItems Month { get; }

    internal CronFieldItems DayOfWeek { get; }

    /// <summary>
    /// Whether minute and hour are both lists of plain numbers. Such a schedule runs once for each label, also on the days
    /// when the clock changes; every other one runs at each real instant whose wall clock matches.
    /// </summary>
    public bool IsFixedTime { get; }

    internal bool NeverFires => FirstAtOrAfter(new DateTime(2000, 1, 1), SearchYears) is null;

    /// <summary>Reads five fields or one of <c>@hourly @daily @midnight @weekly @monthly @yearly @annually</c>.</summary>
    /// <param name="text">The expression; any white space between the fields, names in any case.</param>
    /// <returns>The expression, or all mistakes; an expression that matches no date is a mistake.</returns>
    public static CronParse Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new CronParser(text).Parse();
    }

    /// <summary>The first matching wall-clock minute at or after a wall-clock time, or null when the calendar ends before it.</summary>
    public DateTime? FirstAtOrAfter(DateTime label) => FirstAtOrAfter(label, LongestWaitYears);

    /// <summary>The last matching wall-clock minute at or before a wall-clock time, or null when the calendar begins after it.</summary>
    public DateTime? LastAtOrBefore(DateTime label)
    {
        var minuteOfDay = label.Hour * 60 + label.Minute;
        var (year, month, day) = (label.Year, label.Month, label.Day);
        var lastYear = Math.Max(1, year - LongestWaitYears);
        // Bits 1 to day: the days of this month that are not after the label.
        var within = (uint)((2UL << day) - 2);
        while (year >= lastYear)
        {
            if ((_months >> month & 1) != 0)
            {
                var days = _days.Of(year, month) & within;
                while (days != 0)
                {
                    var found = BitOperations.Log2(days);
                    var isSameDay = found == day && within != uint.MaxValue;
                    if (LastMinute(isSameDay ? minuteOfDay : 1439) is >= 0 and var minute)
                        return new DateTime(year, month, found).AddMinutes(minute);
                    days &= ~(1u << found);
                }
            }
            within = uint.MaxValue;
            (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1);
        }
        return null;
    }

    /// <summary>The canonical text: numbers for names, sorted lists, Sunday as 0. Parsing it gives an equal expression.</summary>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public bool Equals(CronExpression? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CronExpression);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    private DateTime? FirstAtOrAfter(DateTime label, int years)
    {
        var ticks = label.Ticks + TimeSpan.TicksPerMinute - 1;
        if (ticks > DateTime.MaxValue.Ticks)
            return null;
        label = new DateTime(ticks - ticks % TimeSpan.TicksPerMinute);
        var minuteOfDay = label.Hour * 60 + label.Minute;
        var (year, month, day) = (label.Year, label.Month, label.Day);
        var lastYear = Math.Min(9999, year + years);
        // Bits day to 31: the days of this month that are not before the label.
        var within = uint.MaxValue << day;
        while (year <= lastYear)
        {
            if ((_months >> month & 1) != 0)
            {
                var days = _days.Of(year, month) & within;
                while (days != 0)
                {
                    var found = BitOperations.TrailingZeroCount(days);
                    if (FirstMinute(found == day ? minuteOfDay : 0) is >= 0 and var minute)
                        return new DateTime(year, month, found).AddMinutes(minute);
                    days &= days - 1;
                }
            }
            within = uint.MaxValue;
            day = 0;
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1);
        }
        return null;
    }

    private int FirstMinute(int from)
    {
        var (hour, minute) = (from / 60, from % 60);
        if ((_hours >> hour & 1) != 0 && _minutes >> minute is var rest and not 0)
            return hour * 60 + minute + BitOperations.TrailingZeroCount(rest);
        var hours = (uint)(_hours & (~0UL << (hour + 1)));
        return hours == 0 ? -1 : BitOperations.TrailingZeroCount(hours) * 60 + BitOperations.TrailingZeroCount(_minutes);
    }

    private int LastMinute(int until)
    {
        var (hour, minute) = (until / 60, until % 60);
        if ((_hours >> hour & 1) != 0 && (_minutes & ((2UL << minute) - 1)) is var rest and not 0)
            return hour * 60 + BitOperations.Log2(rest);
        var hours = _hours & ((1u << hour) - 1);
        return hours == 0 ? -1 : BitOperations.Log2(hours) * 60 + BitOperations.Log2(_minutes);
    }
}
