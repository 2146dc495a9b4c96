namespace Signalbox.Core.Time;

/// <summary>The two day fields together: which days of a month match.</summary>
internal sealed class CronDays(CronFieldItems dayOfMonth, CronFieldItems dayOfWeek)
{
    // Days 1, 8, 15, 22 and 29: all days of a month that share the weekday of the first.
    private const uint EverySeventh = 1u << 1 | 1u << 8 | 1u << 15 | 1u << 22 | 1u << 29;

    private readonly uint _dayOfMonthMask = (uint)dayOfMonth.Mask;
    private readonly uint _dayOfWeekMask = (uint)dayOfWeek.Mask;
    private readonly bool _both = dayOfMonth.Star || dayOfWeek.Star;
    private readonly bool _every = dayOfMonth.IsEvery && dayOfWeek.IsEvery;
    private readonly ImmutableArray<CronItem> _dayOfMonthSpecials = [.. dayOfMonth.Items.Where(item => item.Kind > CronItemKind.Range)];
    private readonly ImmutableArray<CronItem> _dayOfWeekSpecials = [.. dayOfWeek.Items.Where(item => item.Kind > CronItemKind.Range)];

    /// <summary>Bit d is set when day d of the month matches.</summary>
    public uint Of(int year, int month)
    {
        var length = DateTime.DaysInMonth(year, month);
        var all = (uint)((2UL << length) - 2);
        if (_every)
            return all;
        var firstWeekday = (int)new DateTime(year, month, 1).DayOfWeek;

        var byDate = _dayOfMonthMask & all;
        foreach (var item in _dayOfMonthSpecials)
            byDate |= DateBit(item, firstWeekday, length);

        uint byWeekday = 0;
        for (var i = 0; i < 7; i++)
        {
            if ((_dayOfWeekMask >> (firstWeekday + i) % 7 & 1) != 0)
                byWeekday |= EverySeventh << i;
        }
        foreach (var item in _dayOfWeekSpecials)
            byWeekday |= WeekdayBit(item, firstWeekday, length);
        byWeekday &= all;

        return _both ? byDate & byWeekday : byDate | byWeekday;
    }

    private static uint DateBit(CronItem item, int firstWeekday, int length)
    {
        var day = item.Kind == CronItemKind.NearestWorkday ? item.First : length;
        if (day > length)
            return 0;
        if (item.Kind == CronItemKind.LastDay)
            return 1u << day;
        var weekday = (firstWeekday + day - 1) % 7;
        // A Saturday moves to the Friday before, a Sunday to the Monday after, but never out of the month.
        if (weekday == 6)
            day += day == 1 ? 2 : -1;
        else if (weekday == 0)
            day += day == length ? -2 : 1;
        return 1u << day;
    }

    private static uint WeekdayBit(CronItem item, int firstWeekday, int length)
    {
        var first = 1 + (item.First - firstWeekday + 7) % 7;
        var day = item.Kind == CronItemKind.NthWeekday ? first + 7 * (item.Step - 1) : first + 7 * ((length - first) / 7);
        return day > length ? 0 : 1u << day;
    }
}
