using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>Recurrence rules as plain English.</summary>
public static class RecurrenceExplain
{
    /// <summary>What a rule means, e.g. <c>Every 2 weeks, on Monday and Friday, at 09:30</c>; no full stop at the end.</summary>
    public static string Sentence(RecurrenceRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var parts = rule.Parts;
        var unit = parts.Frequency switch
        {
            RecurrenceFrequency.Minutely => "minute",
            RecurrenceFrequency.Hourly => "hour",
            RecurrenceFrequency.Daily => "day",
            RecurrenceFrequency.Weekly => "week",
            RecurrenceFrequency.Monthly => "month",
            _ => "year",
        };
        var text = new List<string> { parts.Interval == 1 ? $"Every {unit}" : $"Every {parts.Interval} {unit}s" };
        if (!parts.Months.IsEmpty || (parts.Frequency == RecurrenceFrequency.Yearly && parts.Days.IsEmpty && parts.MonthDays.IsEmpty))
            text.Add("in " + And((parts.Months.IsEmpty ? [rule.Start.Month] : parts.Months).Select(Month)));
        if (Days(rule) is { } days)
            text.Add(days);
        if (!parts.Positions.IsEmpty)
            text.Add("only the " + And(parts.Positions.Select(Nth)) + " of these");
        if (rule.IsFixedTime)
            text.Add("at " + And(Times(rule)));
        else
        {
            if (!parts.Hours.IsEmpty)
                text.Add("in hours " + And(parts.Hours.Select(hour => $"{hour:00}")));
            if (parts.Frequency == RecurrenceFrequency.Hourly)
                text.Add("at minute " + And((parts.Minutes.IsEmpty ? [rule.Start.Minute] : parts.Minutes).Select(minute => $"{minute}")));
            else if (!parts.Minutes.IsEmpty)
                text.Add("at minutes " + And(parts.Minutes.Select(minute => $"{minute}")));
        }
        if (parts.Interval > 1 || parts.Count is not null)
            text.Add(FormattableString.Invariant($"counted from {rule.Start:yyyy-MM-dd HH:mm}"));
        if (parts.Count is { } count)
            text.Add(count == 1 ? "once" : $"{count} times");
        else if (rule.Until is { } until)
            text.Add(FormattableString.Invariant($"until {until:yyyy-MM-dd HH:mm}"));
        return string.Join(", ", text);
    }

    private static string? Days(RecurrenceRule rule)
    {
        var parts = rule.Parts;
        var dates = parts.MonthDays.IsEmpty
            ? ""
            : "on " + And(parts.MonthDays.Select(day => day > 0 ? $"day {day}" : $"the {Nth(day)} day")) + " of the month";
        var weekdays = parts.Days.IsEmpty
            ? ""
            : "on " + And(parts.Days.Select(day => day.Nth == 0 ? $"{day.Day}" : $"the {Nth(day.Nth)} {day.Day}"));
        if (dates.Length + weekdays.Length > 0)
            return dates.Length > 0 && weekdays.Length > 0 ? $"{dates}, but only {weekdays}" : dates + weekdays;
        return parts.Frequency switch
        {
            RecurrenceFrequency.Weekly => $"on {rule.Start.DayOfWeek}",
            RecurrenceFrequency.Monthly or RecurrenceFrequency.Yearly => $"on day {rule.Start.Day} of the month",
            _ => null,
        };
    }

    private static IEnumerable<string> Times(RecurrenceRule rule)
    {
        var parts = rule.Parts;
        foreach (var hour in parts.Hours.IsEmpty ? [rule.Start.Hour] : parts.Hours)
        {
            foreach (var minute in parts.Minutes.IsEmpty ? [rule.Start.Minute] : parts.Minutes)
                yield return $"{hour:00}:{minute:00}";
        }
    }

    private static string Month(int month) => CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(month);

    private static string Nth(int number) =>
        number switch
        {
            -1 => "last",
            < 0 => $"{Nth(-number)} last",
            _ => (number % 100, number % 10) switch
            {
                (>= 11 and <= 13, _) => $"{number}th",
                (_, 1) => $"{number}st",
                (_, 2) => $"{number}nd",
                (_, 3) => $"{number}rd",
                _ => $"{number}th",
            },
        };

    private static string And(IEnumerable<string> parts)
    {
        var list = parts.ToList();
        return list.Count == 1 ? list[0] : $"{string.Join(", ", list[..^1])} and {list[^1]}";
    }
}
