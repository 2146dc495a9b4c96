using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>One mistake in a recurrence rule.</summary>
/// <param name="Position">Where the wrong part starts: characters from the start of the text, from 0.</param>
/// <param name="Message">What is wrong and how to mend it; names the part.</param>
public sealed record RecurrenceError(int Position, string Message);

/// <summary>Either a rule, or everything that is wrong with its text.</summary>
/// <param name="Rule">The rule, or null when there are errors.</param>
/// <param name="Errors">All mistakes, in the order of the text.</param>
public sealed record RecurrenceParse(RecurrenceRule? Rule, ImmutableArray<RecurrenceError> Errors);

/// <summary>Reads the common parts of RFC 5545's recurrence rules; the others are refused by name.</summary>
public static class RecurrenceRuleParser
{
    /// <summary>The largest COUNT.</summary>
    public const int MostOccurrences = 10_000;

    private const int LongestText = 500;

    private static readonly string[] DayNames = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

    private static readonly string[] Known =
    [
        "FREQ",
        "INTERVAL",
        "COUNT",
        "UNTIL",
        "BYMONTH",
        "BYMONTHDAY",
        "BYDAY",
        "BYHOUR",
        "BYMINUTE",
        "BYSETPOS",
        "WKST",
    ];

    /// <summary>Reads a rule such as <c>FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=9;BYMINUTE=30</c>, with or without <c>RRULE:</c> before it.</summary>
    /// <param name="text">The rule.</param>
    /// <param name="start">The anchor on the wall clock of the zone.</param>
    /// <param name="zone">The zone, for an UNTIL in UTC.</param>
    public static RecurrenceParse Parse(string text, DateTime start, Zone zone)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(zone);
        var errors = new List<RecurrenceError>();
        if (text.Length > LongestText)
            return new(null, [new(0, $"the rule has {text.Length} characters; at most {LongestText} are read")]);
        var (parts, at) = (new RecurrenceParts(), 0);
        if (text.StartsWith("RRULE:", StringComparison.OrdinalIgnoreCase))
            at = "RRULE:".Length;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var piece in text[at..].Split(';'))
        {
            var position = at + (piece.Length - piece.TrimStart().Length);
            at += piece.Length + 1;
            var written = piece.Trim();
            var equals = written.IndexOf('=', StringComparison.Ordinal);
            var name = (equals < 0 ? written : written[..equals]).ToUpperInvariant();
            if (Refused(name) is { } refusal)
                errors.Add(new(position, refusal));
            else if (equals < 0 || equals == written.Length - 1)
                errors.Add(
                    new(position, written.Length == 0 ? "the rule has an empty part; write e.g. `FREQ=DAILY`" : $"{name} has no value")
                );
            else if (!Known.Contains(name))
                errors.Add(new(position, $"{name} is no part of a rule{Suggestion.DidYouMean(name, Known)}"));
            else if (!seen.Add(name))
                errors.Add(new(position, $"{name} is there twice; write it once, with a list"));
            else if (Read(ref parts, name, written[(equals + 1)..].ToUpperInvariant(), zone) is { } problem)
                errors.Add(new(position + equals + 1, $"{name}: {problem}"));
        }
        if (!seen.Contains("FREQ") && errors.Count == 0)
            errors.Add(new(0, "FREQ is missing; write e.g. `FREQ=WEEKLY;BYDAY=MO`"));
        if (errors.Count == 0 && Contradiction(parts) is { } wrong)
            errors.Add(new(0, wrong));
        return errors.Count > 0 ? new(null, [.. errors]) : Finish(parts, start);
    }

    private static RecurrenceParse Finish(RecurrenceParts parts, DateTime start)
    {
        var rule = new RecurrenceRule(parts, start);
        var first = rule.FirstAtOrAfter(rule.Start);
        if (first is null)
            return new(null, [new(0, "the rule never occurs after its anchor; look at its days, months and UNTIL")]);
        var last = first;
        for (var left = parts.Count - 1; left > 0 && last is { } occurrence; left--)
            last = rule.FirstAtOrAfter(occurrence.AddMinutes(1)) is { } next ? next : null;
        if (parts.Count is not null)
            rule.Until = last;
        return new(rule, []);
    }

    private static string? Refused(string name) =>
        name switch
        {
            "BYSECOND" => "BYSECOND is not supported: schedules go by the minute; take it out",
            "BYYEARDAY" => "BYYEARDAY is not supported; write BYMONTH and BYMONTHDAY",
            "BYWEEKNO" => "BYWEEKNO is not supported; write FREQ=WEEKLY, or BYMONTH and BYDAY",
            "BYEASTER" => "BYEASTER is not supported; list the dates in a calendar",
            _ when name.StartsWith("DTSTART", StringComparison.Ordinal) => "DTSTART is not part of the rule here; write it as `anchor`",
            _ when name.StartsWith("EXDATE", StringComparison.Ordinal)
                    || name.StartsWith("RDATE", StringComparison.Ordinal)
                    || name.StartsWith("EXRULE", StringComparison.Ordinal) =>
                $"{name.Split(':', ';')[0]} is not supported; list the dates in a calendar, and name it as `calendar`",
            _ => null,
        };

    private static string? Contradiction(RecurrenceParts parts)
    {
        if (parts is { Count: not null, Until: not null })
            return "COUNT and UNTIL cannot stand together; keep one of them";
        if (parts.Frequency is not (RecurrenceFrequency.Monthly or RecurrenceFrequency.Yearly) && parts.Days.Any(day => day.Nth != 0))
            return "BYDAY: a number before a day, such as 1MO, is for FREQ=MONTHLY and FREQ=YEARLY";
        if (parts.Frequency == RecurrenceFrequency.Weekly && !parts.MonthDays.IsEmpty)
            return "BYMONTHDAY is not for FREQ=WEEKLY; write FREQ=MONTHLY";
        return parts.Frequency < RecurrenceFrequency.Daily && !parts.Positions.IsEmpty
            ? "BYSETPOS is not for FREQ=HOURLY and FREQ=MINUTELY"
            : null;
    }

    private static string? Read(ref RecurrenceParts parts, string name, string value, Zone zone)
    {
        string? problem = null;
        switch (name)
        {
            case "FREQ":
                if (value == "SECONDLY")
                    return "SECONDLY is not supported: the shortest is MINUTELY; for seconds write `every: 10s`";
                if (!Enum.TryParse<RecurrenceFrequency>(value, ignoreCase: true, out var frequency) || !char.IsLetter(value[0]))
                    return $"`{value}` is not one of MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY";
                parts = parts with { Frequency = frequency };
                return null;
            case "INTERVAL":
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var interval) || interval is < 1 or > 100_000)
                    return $"`{value}` is no whole number from 1 to 100000";
                parts = parts with { Interval = interval };
                return null;
            case "COUNT":
                if (
                    !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                    || count is < 1 or > MostOccurrences
                )
                    return $"`{value}` is no whole number from 1 to {MostOccurrences}";
                parts = parts with { Count = count };
                return null;
            case "UNTIL":
                parts = parts with { Until = Until(value, zone) };
                return parts.Until is null
                    ? $"`{value}` is no date such as 20301231, nor a time such as 20301231T235900 or 20301231T235900Z"
                    : null;
            case "BYMONTH":
                parts = parts with { Months = Numbers(value, 1, 12, negative: false, out problem) };
                return problem;
            case "BYMONTHDAY":
                parts = parts with { MonthDays = Numbers(value, 1, 31, negative: true, out problem) };
                return problem;
            case "BYHOUR":
                parts = parts with { Hours = Numbers(value, 0, 23, negative: false, out problem) };
                return problem;
            case "BYMINUTE":
                parts = parts with { Minutes = Numbers(value, 0, 59, negative: false, out problem) };
                return problem;
            case "BYSETPOS":
                parts = parts with { Positions = Numbers(value, 1, 366, negative: true, out problem) };
                return problem;
            case "BYDAY":
                parts = parts with { Days = Days(value, out problem) };
                return problem;
            default:
                var day = Array.IndexOf(DayNames, value);
                parts = parts with { WeekStart = (DayOfWeek)Math.Max(0, day) };
                return day < 0 ? $"`{value}` is not one of MO, TU, WE, TH, FR, SA, SU" : null;
        }
    }

    private static DateTime? Until(string value, Zone zone)
    {
        if (DateTime.TryParseExact(value, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return date.AddDays(1).AddMinutes(-1);
        if (DateTime.TryParseExact(value, "yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var label))
            return label;
        return DateTime.TryParseExact(value, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.None, out var utc)
            ? zone.LabelAt(new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Unspecified), TimeSpan.Zero))
            : null;
    }

    private static ImmutableArray<int> Numbers(string value, int least, int most, bool negative, out string? problem)
    {
        problem = null;
        var numbers = new SortedSet<int>();
        foreach (var text in value.Split(','))
        {
            var isNumber = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
            var size = negative ? Math.Abs(Math.Max(number, -most - 1)) : number;
            if (!isNumber || size < least || size > most)
            {
                problem = $"`{text}` is no number from {least} to {most}{(negative ? ", or counted from the end with a minus" : "")}";
                return [];
            }
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static ImmutableArray<RecurrenceDay> Days(string value, out string? problem)
    {
        problem = null;
        var days = new List<RecurrenceDay>();
        foreach (var text in value.Split(','))
        {
            var day = text.Length < 2 ? -1 : Array.IndexOf(DayNames, text[^2..]);
            var nth = 0;
            var isNumbered = text.Length > 2;
            if (
                day < 0
                || (
                    isNumbered
                    && (
                        !int.TryParse(text[..^2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out nth)
                        || nth is 0 or < -53 or > 53
                    )
                )
            )
            {
                problem =
                    $"`{text}` is no day: write MO, TU, WE, TH, FR, SA or SU, with a number before it for the first (1MO) or the last (-1MO)";
                return [];
            }
            days.Add(new RecurrenceDay((DayOfWeek)day, nth));
        }
        return [.. days.Distinct()];
    }
}
