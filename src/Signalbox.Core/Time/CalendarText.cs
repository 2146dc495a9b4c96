using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>The days of a calendar file, or all that is wrong with it.</summary>
/// <param name="Days">The days, in order; empty when there are errors.</param>
/// <param name="Errors">All mistakes, in the order of the text.</param>
public sealed record CalendarParse(ImmutableArray<DateOnly> Days, ImmutableArray<CalendarError> Errors);

/// <summary>One mistake in a calendar file.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
public sealed record CalendarError(int Line, string Message);

/// <summary>
/// Reads calendar files: dates, one a line, or the events of an iCalendar file (RFC 5545).
/// </summary>
/// <remarks>
/// In a list a line is a date such as <c>2026-12-25</c>, and what comes after a space is for people; lines that begin with <c>#</c> and empty ones
/// are passed over. Of an iCalendar file every day counts that an event touches, as it is written there: no zone is converted. Events that
/// are cancelled do not count; those that recur are read up to the year 2100.
/// </remarks>
public static class CalendarText
{
    private const int MostErrors = 20;
    private const int MostDays = 100_000;
    private static readonly DateTime End = new(2100, 1, 1);

    /// <summary>Reads the text of a calendar file.</summary>
    public static CalendarParse Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var days = new SortedSet<DateOnly>();
        var errors = new List<CalendarError>();
        if (text.TrimStart('\uFEFF', ' ', '\r', '\n').StartsWith("BEGIN:VCALENDAR", StringComparison.OrdinalIgnoreCase))
            ReadEvents(text, days, errors);
        else
            ReadList(text, days, errors);
        if (errors.Count == 0 && days.Count == 0)
            errors.Add(new(1, "the calendar has no day; write dates such as 2026-12-25, one a line, or an iCalendar file"));
        return errors.Count > 0 ? new([], [.. errors.Take(MostErrors)]) : new([.. days], []);
    }

    private static void ReadList(string text, SortedSet<DateOnly> days, List<CalendarError> errors)
    {
        var number = 0;
        foreach (var line in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var written = line.Trim();
            if (written.Length == 0 || written[0] == '#')
                continue;
            var end = written.IndexOfAny([' ', '\t', ',', ';', '#']);
            var date = end < 0 ? written : written[..end];
            if (DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                days.Add(day);
            else
                errors.Add(new(number, $"`{Short(date)}` is no date; write e.g. 2026-12-25"));
        }
    }

    private static void ReadEvents(string text, SortedSet<DateOnly> days, List<CalendarError> errors)
    {
        Event? current = null;
        var depth = 0;
        foreach (var (number, line) in Unfolded(text))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            var name = line[..colon].Split(';')[0].ToUpperInvariant();
            var value = line[(colon + 1)..].Trim();
            if (name == "BEGIN")
            {
                if (value.Equals("VEVENT", StringComparison.OrdinalIgnoreCase))
                    current = new Event(number);
                else if (current is not null)
                    depth++;
            }
            else if (name == "END" && current is not null)
            {
                if (depth > 0)
                    depth--;
                else
                {
                    Add(current, days, errors);
                    current = null;
                }
            }
            else if (current is not null && depth == 0 && Read(current, name, value) is { } problem)
                errors.Add(new(number, problem));
        }
        if (current is not null)
            errors.Add(new(current.Line, "the event has no END:VEVENT"));
    }

    private static string? Read(Event current, string name, string value)
    {
        switch (name)
        {
            case "DTSTART":
                current.Start = TimeOf(value);
                return current.Start is null ? $"DTSTART: `{Short(value)}` is no date such as 20261225" : null;
            case "DTEND":
                current.Last = TimeOf(value) is { } end ? end.AddTicks(-1) : null;
                return current.Last is null ? $"DTEND: `{Short(value)}` is no date such as 20261226" : null;
            case "DURATION":
                var length = Duration.Parse(value);
                current.Length = length.Value;
                return length.Error is { } error ? $"DURATION: {error}" : null;
            case "RRULE":
                current.Rule = value;
                return null;
            case "EXDATE":
                foreach (var date in value.Split(','))
                {
                    if (TimeOf(date) is not { } left)
                        return $"EXDATE: `{Short(date)}` is no date such as 20261225";
                    current.Without.Add(left.Date);
                }
                return null;
            case "RDATE":
                return "RDATE is not supported; write an event of its own for each date";
            case "STATUS":
                current.IsCancelled = value.Equals("CANCELLED", StringComparison.OrdinalIgnoreCase);
                return null;
            default:
                return null;
        }
    }

    private static void Add(Event current, SortedSet<DateOnly> days, List<CalendarError> errors)
    {
        if (current.IsCancelled)
            return;
        if (current.Start is not { } start)
        {
            errors.Add(new(current.Line, "the event has no DTSTART"));
            return;
        }
        var last = current.Last ?? (current.Length is { } length && length > TimeSpan.Zero ? start.Add(length).AddTicks(-1) : start);
        var span = Math.Max(0, (last.Date - start.Date).Days);
        if (current.Rule is not { } text)
        {
            AddDays(start.Date, span, days);
            return;
        }
        var parsed = RecurrenceRuleParser.Parse(text, start.Date, Zone.Utc);
        errors.AddRange(parsed.Errors.Select(error => new CalendarError(current.Line, $"RRULE of the event: {error.Message}")));
        for (
            var at = parsed.Rule?.FirstAtOrAfter(start.Date);
            at is { } found && found < End;
            at = parsed.Rule!.FirstAtOrAfter(found.AddMinutes(1))
        )
        {
            if (!current.Without.Contains(found.Date))
                AddDays(found.Date, span, days);
            if (days.Count > MostDays)
            {
                errors.Add(new(current.Line, $"the calendar has more than {MostDays} days"));
                return;
            }
        }
    }

    private static void AddDays(DateTime first, int span, SortedSet<DateOnly> days)
    {
        for (var day = 0; day <= Math.Min(span, MostDays); day++)
            days.Add(DateOnly.FromDateTime(first.AddDays(day)));
    }

    private static DateTime? TimeOf(string value) =>
        DateTime.TryParseExact(
            value.TrimEnd('Z', 'z'),
            ["yyyyMMdd", "yyyyMMdd'T'HHmmss"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var time
        )
            ? time
            : null;

    /// <summary>The lines with those joined that were folded; each with the number of its first.</summary>
    private static IEnumerable<(int Number, string Line)> Unfolded(string text)
    {
        var (number, first, line) = (0, 0, "");
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var written = raw.TrimEnd('\r');
            if (written is [' ' or '\t', ..])
            {
                line += written[1..];
                continue;
            }
            if (line.Length > 0)
                yield return (first, line);
            (first, line) = (number, written);
        }
        if (line.Length > 0)
            yield return (first, line);
    }

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private sealed class Event(int line)
    {
        public int Line => line;

        public DateTime? Start { get; set; }

        public DateTime? Last { get; set; }

        public TimeSpan? Length { get; set; }

        public string? Rule { get; set; }

        public HashSet<DateTime> Without { get; } = [];

        public bool IsCancelled { get; set; }
    }
}
