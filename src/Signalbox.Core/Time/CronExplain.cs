using System.Numerics;
using System.Text;

namespace Signalbox.Core.Time;

/// <summary>Cron expressions as plain English sentences.</summary>
public static class CronExplain
{
    private const int MostTimes = 6;

    private static readonly ImmutableArray<string> MonthNames =
    [
        "",
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];

    private static readonly ImmutableArray<string> DayNames =
    [
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];

    /// <summary>What the expression means, e.g. <c>At 02:15, Monday through Friday</c>; no full stop at the end.</summary>
    public static string Sentence(CronExpression expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        var text = new StringBuilder(Times(expression));
        var days = Days(expression);
        var isDaily = days.Length == 0 && expression.IsFixedTime;
        if (days.Length > 0)
            text.Append(", ").Append(days);
        else if (isDaily)
            text.Append(", every day");
        if (!expression.Month.IsEvery)
            text.Append(isDaily ? " in " : ", in ").Append(Months(expression.Month));
        return text.ToString();
    }

    /// <summary>What happens on the days when the zone's clocks change.</summary>
    public static string OnClockChange(ZonedCron times)
    {
        ArgumentNullException.ThrowIfNull(times);
        return times.Expression.IsFixedTime
            ? "Fixed times: when clocks skip a time it runs at the first instant after the gap; when clocks show a time twice it runs once, the first time"
            : "Repeating: it runs whenever the wall clock matches; not in a gap, and on both sides when clocks go back";
    }

    private static string Times(CronExpression cron)
    {
        if (cron.IsFixedTime && BitOperations.PopCount(cron.Hour.Mask) * BitOperations.PopCount(cron.Minute.Mask) <= MostTimes)
            return "At " + And(Bits(cron.Hour.Mask).SelectMany(hour => Bits(cron.Minute.Mask).Select(minute => $"{hour:00}:{minute:00}")));
        if (cron.Minute.Items is [{ Kind: CronItemKind.Value, First: 0 }] && cron.Hour.IsEvery)
            return "Every hour, on the hour";
        var minutes = Minutes(cron.Minute);
        return cron.Hour.IsEvery && cron.Minute.IsFixedList ? $"{minutes} of every hour" : minutes + Hours(cron.Hour);
    }

    private static string Minutes(CronFieldItems minute) =>
        minute.Items switch
        {
            [{ Kind: CronItemKind.Every, Step: 1 }] => "Every minute",
            [{ Kind: CronItemKind.Every, Step: var step }] => 60 % step == 0
                ? $"Every {step} minutes"
                : $"Every {step} minutes, counted from each full hour",
            [{ Kind: CronItemKind.Range, Step: 1 } range] => $"Every minute from minute {range.First} through {range.Last}",
            [{ Kind: CronItemKind.Range } range] => $"Every {range.Step} minutes from minute {range.First} through {range.Last}",
            [{ Kind: CronItemKind.Value } only] => $"At minute {only.First}",
            _ => "At minutes " + And(Bits(minute.Mask).Select(value => $"{value}")),
        };

    private static string Hours(CronFieldItems hour) =>
        hour.Items switch
        {
            [{ Kind: CronItemKind.Every, Step: 1 }] => "",
            [{ Kind: CronItemKind.Every, Step: var step }] => $" of every {Ordinal(step)} hour from 00",
            [{ Kind: CronItemKind.Range, Step: 1 } range] => $" of every hour from {range.First:00} through {range.Last:00}",
            [{ Kind: CronItemKind.Range } range] => $" of every {Ordinal(range.Step)} hour from {range.First:00} through {range.Last:00}",
            [{ Kind: CronItemKind.Value } only] => $" of hour {only.First:00}",
            _ => " of hours " + And(Bits(hour.Mask).Select(value => $"{value:00}")),
        };

    private static string Months(CronFieldItems month) =>
        month.Items switch
        {
            [{ Kind: CronItemKind.Range, Step: 1 } range] => $"{MonthNames[range.First]} through {MonthNames[range.Last]}",
            _ => And(Bits(month.Mask).Select(value => MonthNames[value])),
        };

    /// <summary>Both day fields by the rule that joins them; empty when every day matches.</summary>
    private static string Days(CronExpression cron)
    {
        var byDate = cron.DayOfMonth.IsEvery ? "" : Dates(cron.DayOfMonth);
        var byWeekday = cron.DayOfWeek.IsEvery ? "" : Weekdays(cron.DayOfWeek);
        if (byDate.Length == 0 || byWeekday.Length == 0)
            return byDate + byWeekday;
        return cron.DayOfMonth.Star || cron.DayOfWeek.Star ? $"{byDate}, but only {byWeekday}" : $"{byDate} and also {byWeekday}";
    }

    private static string Dates(CronFieldItems dates)
    {
        if (dates.Items is [{ Kind: CronItemKind.Every, Step: var step }])
            return $"on every {Ordinal(step)} day of the month from day 1";
        if (dates.Items is [{ Kind: CronItemKind.Range } range])
        {
            return range.Step == 1
                ? $"on days {range.First} through {range.Last} of the month"
                : $"on every {Ordinal(range.Step)} day from day {range.First} through {range.Last} of the month";
        }
        var parts = new List<string>();
        var plain = Bits(dates.Mask).ToList();
        if (plain.Count > 0)
            parts.Add((plain.Count == 1 ? "day " : "days ") + And(plain.Select(day => $"{day}")));
        foreach (var item in dates.Items)
        {
            if (item.Kind == CronItemKind.LastDay)
                parts.Add("the last day");
            else if (item.Kind == CronItemKind.LastWorkday)
                parts.Add("the last weekday (Monday to Friday)");
            else if (item.Kind == CronItemKind.NearestWorkday)
                parts.Add($"the weekday (Monday to Friday) nearest to day {item.First}");
        }
        return $"on {And(parts)} of the month";
    }

    private static string Weekdays(CronFieldItems days)
    {
        if (days.Items is [{ Kind: CronItemKind.Range, Step: 1 } range])
            return $"{DayNames[range.First]} through {DayNames[range.Last]}";
        var parts = new List<string>();
        // Sunday is last where people list it: Saturday and Sunday.
        foreach (var day in Bits(days.Mask).OrderBy(day => day == 0 ? 7 : day))
            parts.Add(DayNames[day]);
        foreach (var item in days.Items)
        {
            if (item.Kind == CronItemKind.NthWeekday)
                parts.Add($"the {Ordinal(item.Step)} {DayNames[item.First]} of the month");
            else if (item.Kind == CronItemKind.LastOfWeekday)
                parts.Add($"the last {DayNames[item.First]} of the month");
        }
        return "on " + And(parts);
    }

    private static IEnumerable<int> Bits(ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
            yield return BitOperations.TrailingZeroCount(mask);
    }

    private static string And(IEnumerable<string> parts)
    {
        var list = parts.ToList();
        return list.Count == 1 ? list[0] : $"{string.Join(", ", list[..^1])} and {list[^1]}";
    }

    private static string Ordinal(int number) =>
        (number % 100, number % 10) switch
        {
            (>= 11 and <= 13, _) => $"{number}th",
            (_, 1) => $"{number}st",
            (_, 2) => $"{number}nd",
            (_, 3) => $"{number}rd",
            _ => $"{number}th",
        };
}
