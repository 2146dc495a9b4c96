namespace Signalbox.Core.Time;

/// <content>The periods of a rule, counted from its anchor, and what occurs in each.</content>
public sealed partial class RecurrenceRule
{
    private DateTime WeekStart => Start.Date.AddDays(-(((int)Start.DayOfWeek - (int)Parts.WeekStart + 7) % 7));

    /// <summary>The period that holds a label, or the last one before it.</summary>
    private long PeriodOf(DateTime label)
    {
        var units = Parts.Frequency switch
        {
            RecurrenceFrequency.Yearly => label.Year - Start.Year,
            RecurrenceFrequency.Monthly => (label.Year - Start.Year) * 12L + label.Month - Start.Month,
            RecurrenceFrequency.Weekly => Whole(label - WeekStart, TimeSpan.FromDays(7)),
            RecurrenceFrequency.Daily => Whole(label - Start.Date, TimeSpan.FromDays(1)),
            RecurrenceFrequency.Hourly => Whole(label - Start.AddMinutes(-Start.Minute), TimeSpan.FromHours(1)),
            _ => Whole(label - Start, TimeSpan.FromMinutes(1)),
        };
        return Floor(units, Parts.Interval);
    }

    private static long Whole(TimeSpan length, TimeSpan unit) => Floor(length.Ticks, unit.Ticks);

    private static long Floor(long number, long by) => number >= 0 ? number / by : -((-number + by - 1) / by);

    private DateTime? EndOf(long period) => StartOf(period + 1);

    /// <summary>The first minute of a period; null beyond the calendar.</summary>
    private DateTime? StartOf(long period)
    {
        try
        {
            var count = checked(period * Parts.Interval);
            return Parts.Frequency switch
            {
                RecurrenceFrequency.Yearly => new DateTime(checked((int)(Start.Year + count)), 1, 1),
                RecurrenceFrequency.Monthly => new DateTime(Start.Year, Start.Month, 1).AddMonths(checked((int)count)),
                RecurrenceFrequency.Weekly => WeekStart.AddDays(7.0 * count),
                RecurrenceFrequency.Daily => Start.Date.AddDays(count),
                RecurrenceFrequency.Hourly => Start.AddMinutes(-Start.Minute).AddHours(count),
                _ => Start.AddMinutes(count),
            };
        }
        catch (Exception beyond) when (beyond is ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>The days of a period on which the rule may occur, in order; those that are over before a label may be left out.</summary>
    private IEnumerable<DateTime> DaysOf(long period, DateTime from)
    {
        if (StartOf(period) is not { } start)
            return [];
        // Positions count within the whole period.
        var first = Parts.Positions.IsEmpty ? from.Date : DateTime.MinValue;
        return Parts.Frequency switch
        {
            RecurrenceFrequency.Yearly => YearDays(start.Year).Where(day => day >= first),
            RecurrenceFrequency.Monthly => IsMonth(start.Month) ? MonthDays(start).Where(day => day >= first) : [],
            RecurrenceFrequency.Weekly => Enumerable
                .Range(0, 7)
                .Select(day => start.AddDays(day))
                .Where(day => day >= first && IsMonth(day.Month) && IsWeekday(day, Start.DayOfWeek)),
            _ => IsDay(start.Date) ? [start.Date] : [],
        };
    }

    private IEnumerable<DateTime> TimesOn(long period, DateTime day)
    {
        switch (Parts.Frequency)
        {
            case RecurrenceFrequency.Minutely:
                var minute = StartOf(period)!.Value;
                return IsHour(minute.Hour) && (Parts.Minutes.IsEmpty || Parts.Minutes.Contains(minute.Minute)) ? [minute] : [];
            case RecurrenceFrequency.Hourly:
                var hour = StartOf(period)!.Value;
                int[] minutes = Parts.Minutes.IsEmpty ? [Start.Minute] : [.. Parts.Minutes];
                return IsHour(hour.Hour) ? minutes.Select(each => hour.AddMinutes(each)) : [];
        }

        if (Parts.Positions.IsEmpty)
            return _times.Select(time => day.AddMinutes(time));
        DateTime[] all = [.. DaysOf(period, DateTime.MinValue).SelectMany(each => _times.Select(time => each.AddMinutes(time)))];
        return Parts
            .Positions.Select(position => position > 0 ? position - 1 : all.Length + position)
            .Where(index => index >= 0 && index < all.Length && all[index].Date == day)
            .Select(index => all[index])
            .Distinct()
            .Order();
    }

    /// <summary>For short periods: the last one of a day that cannot match, seen from where the search comes, so that days are passed over whole.</summary>
    private long Skipped(long period, bool forward)
    {
        if (Parts.Frequency >= RecurrenceFrequency.Daily || StartOf(period) is not { } start || IsDay(start.Date))
            return period;
        if (forward)
            return start.Date >= DateTime.MaxValue.Date ? period : Math.Max(period, PeriodOf(start.Date.AddDays(1).AddTicks(-1)));
        return start.Date == DateTime.MinValue ? period : Math.Min(period, PeriodOf(start.Date.AddTicks(-1)) + 1);
    }

    private IEnumerable<DateTime> YearDays(int year)
    {
        if (Parts.Months.IsEmpty && Parts.MonthDays.IsEmpty && !Parts.Days.IsEmpty)
            return Nth(new DateTime(year, 1, 1), DateTime.IsLeapYear(year) ? 366 : 365);
        var months =
            !Parts.Months.IsEmpty ? Parts.Months
            : Parts.MonthDays.IsEmpty ? [Start.Month]
            : Enumerable.Range(1, 12).ToImmutableArray();
        return months.Order().SelectMany(month => MonthDays(new DateTime(year, month, 1)));
    }

    private IEnumerable<DateTime> MonthDays(DateTime first)
    {
        var length = DateTime.DaysInMonth(first.Year, first.Month);
        var days = Parts.Days.IsEmpty ? Enumerable.Range(0, length).Select(day => first.AddDays(day)) : Nth(first, length);
        if (!Parts.MonthDays.IsEmpty)
            return days.Where(day => IsMonthDay(day));
        return Parts.Days.IsEmpty ? days.Where(day => day.Day == Start.Day) : days;
    }

    /// <summary>The weekdays of the rule in a stretch of days.</summary>
    private IEnumerable<DateTime> Nth(DateTime first, int length) =>
        Enumerable
            .Range(0, length)
            .Where(index =>
                Parts.Days.Any(day =>
                    day.Day == first.AddDays(index).DayOfWeek
                    && (day.Nth == 0 || (day.Nth > 0 ? index / 7 + 1 == day.Nth : (length - 1 - index) / 7 + 1 == -day.Nth))
                )
            )
            .Select(index => first.AddDays(index));

    private bool IsDay(DateTime day) =>
        IsMonth(day.Month) && (Parts.MonthDays.IsEmpty || IsMonthDay(day)) && (Parts.Days.IsEmpty || IsWeekday(day, day.DayOfWeek));

    private bool IsMonth(int month) => Parts.Months.IsEmpty || Parts.Months.Contains(month);

    private bool IsHour(int hour) => Parts.Hours.IsEmpty || Parts.Hours.Contains(hour);

    private bool IsMonthDay(DateTime day) =>
        Parts.MonthDays.Contains(day.Day) || Parts.MonthDays.Contains(day.Day - DateTime.DaysInMonth(day.Year, day.Month) - 1);

    private bool IsWeekday(DateTime day, DayOfWeek unstated) =>
        Parts.Days.IsEmpty ? day.DayOfWeek == unstated : Parts.Days.Any(each => each.Day == day.DayOfWeek);
}

/// <summary>The parts of a rule, as they are written. Lists are sorted; an empty one is not written.</summary>
internal sealed record RecurrenceParts
{
    public RecurrenceFrequency Frequency { get; init; }

    public int Interval { get; init; } = 1;

    public int? Count { get; init; }

    public DateTime? Until { get; init; }

    public ImmutableArray<int> Months { get; init; } = [];

    public ImmutableArray<int> MonthDays { get; init; } = [];

    public ImmutableArray<RecurrenceDay> Days { get; init; } = [];

    public ImmutableArray<int> Hours { get; init; } = [];

    public ImmutableArray<int> Minutes { get; init; } = [];

    public ImmutableArray<int> Positions { get; init; } = [];

    public DayOfWeek WeekStart { get; init; } = DayOfWeek.Monday;
}
