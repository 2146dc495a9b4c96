using System.Globalization;
using System.Text;

namespace Signalbox.Core.Time;

/// <summary>Either a length of time, or a sentence that says what is wrong with the text.</summary>
/// <param name="Value">The length, zero or more, or null.</param>
/// <param name="Error">What is wrong and how to mend it, or null.</param>
public sealed record DurationParse(TimeSpan? Value, string? Error);

/// <summary>
/// Durations as people write them: <c>5m</c>, <c>1h30m</c>, <c>90s</c>, <c>500ms</c>, <c>2d</c>, <c>1w</c>, and ISO 8601
/// (<c>PT5M</c>, <c>P1DT2H</c>). Units go from large to small, each at most once; only the last number may have a fraction; zero needs no unit. A day
/// is 24 hours and a week 7 days: a duration is a length, not a step in a calendar.
/// </summary>
public static class Duration
{
    /// <summary>The longest duration that is read: about 100 years, so that adding one to a date never leaves the calendar.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private const int LongestText = 60;

    private static readonly ImmutableArray<(string Name, long Ticks)> Units =
    [
        ("w", 7 * TimeSpan.TicksPerDay),
        ("d", TimeSpan.TicksPerDay),
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    /// <summary>Reads a duration.</summary>
    public static DurationParse Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.Length == 0)
            return Fail("the duration is empty; write e.g. `5m`, `1h30m` or `90s`");
        if (trimmed.Length > LongestText)
            return Fail($"the duration has {trimmed.Length} characters; write e.g. `5m`, `1h30m` or `90s`");
        if (trimmed == "0")
            return new DurationParse(TimeSpan.Zero, Error: null);
        if (trimmed[0] == '-')
            return Fail($"`{trimmed}` is negative; a duration is zero or more");
        if (trimmed.Contains(':'))
            return Fail($"`{trimmed}` looks like a time of day; write hours, minutes and seconds with their units, e.g. `1h30m`");
        return trimmed[0] is 'P' or 'p' ? ParseIso(trimmed) : ParseTerms(trimmed);
    }

    /// <summary>The shortest text that reads back as the same duration: <c>1h30m</c>, <c>0s</c>. A negative duration gets a minus sign and is not read.</summary>
    public static string Print(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
            return duration == TimeSpan.MinValue ? "-" + Print(TimeSpan.MaxValue) : "-" + Print(-duration);
        var rest = duration.Ticks;
        var text = new StringBuilder();
        for (var i = 1; i < Units.Length; i++)
        {
            var (name, ticks) = Units[i];
            var isLast = i == Units.Length - 1;
            if (rest < ticks && !(isLast && rest > 0))
                continue;
            if (isLast)
                text.Append(((decimal)rest / ticks).ToString("0.####", CultureInfo.InvariantCulture)).Append(name);
            else
                text.Append(CultureInfo.InvariantCulture, $"{rest / ticks}{name}");
            rest %= ticks;
        }
        return text.Length == 0 ? "0s" : text.ToString();
    }

    private static DurationParse ParseTerms(string text)
    {
        decimal total = 0;
        var next = 0;
        for (var at = 0; at < text.Length; )
        {
            if (text[at] == ' ')
            {
                at++;
                continue;
            }
            if (ReadNumber(text, ref at) is not { } number)
                return Fail($"`{text}` is not a duration: a number is expected at `{text[at..]}`; write e.g. `5m`, `1h30m` or `90s`");
            while (at < text.Length && text[at] == ' ')
                at++;
            var unitStart = at;
            while (at < text.Length && char.IsLetter(text[at]))
                at++;
            var unit = text[unitStart..at];
            if (unit.Length == 0)
                return Fail($"`{text}` has a number without a unit; write w, d, h, m, s or ms after it, e.g. `{text}s`");
            var index = UnitIndex(unit);
            if (index < 0)
                return Fail(UnknownUnit(text, unit));
            if (index < next)
                return Fail($"`{text}` has `{unit}` out of order or twice; write each unit once, from large to small: w d h m s ms");
            if (number.IsFraction && text.AsSpan(at).Trim().Length > 0)
                return Fail($"`{text}` has a fraction before its last unit; write whole numbers there");
            next = index + 1;
            total += number.Value * Units[index].Ticks;
        }
        return Finish(text, total);
    }

    private static DurationParse ParseIso(string text)
    {
        decimal total = 0;
        var (next, isTime, terms) = (0, false, 0);
        for (var at = 1; at < text.Length; )
        {
            if (text[at] is 'T' or 't' && !isTime)
            {
                isTime = true;
                at++;
                if (at == text.Length)
                    return Fail($"`{text}` has nothing after `T`; write e.g. `PT5M`");
                continue;
            }
            if (ReadNumber(text, ref at) is not { } number || at == text.Length)
                return Fail($"`{text}` is not an ISO 8601 duration; write e.g. `PT5M` or `P1DT2H`");
            var unit = char.ToUpperInvariant(text[at++]);
            if (!isTime && unit is 'Y' or 'M')
                return Fail($"`{text}` has years or months, which differ in length; write weeks or days, and minutes after `T`");
            var index = (isTime, unit) switch
            {
                (false, 'W') => 0,
                (false, 'D') => 1,
                (true, 'H') => 2,
                (true, 'M') => 3,
                (true, 'S') => 4,
                _ => -1,
            };
            if (index < next)
                return Fail($"`{text}` has `{unit}` out of place; write P, weeks W, days D, then T, hours H, minutes M, seconds S");
            if (number.IsFraction && at < text.Length)
                return Fail($"`{text}` has a fraction before its last unit; write whole numbers there");
            next = index + 1;
            terms++;
            total += number.Value * Units[index].Ticks;
        }
        return terms == 0 ? Fail($"`{text}` has no number; write e.g. `PT5M`") : Finish(text, total);
    }

    private static DurationParse Finish(string text, decimal ticks)
    {
        if (ticks > Longest.Ticks)
            return Fail($"`{text}` is too long; a duration is at most {Longest.Days}d");
        return decimal.IsInteger(ticks)
            ? new DurationParse(TimeSpan.FromTicks((long)ticks), Error: null)
            : Fail($"`{text}` is finer than 100 nanoseconds; write fewer digits");
    }

    private static (decimal Value, bool IsFraction)? ReadNumber(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        var whole = at - start;
        var isFraction = at < text.Length && text[at] == '.';
        if (isFraction)
        {
            var point = at++;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
                at++;
            if (at - point == 1)
                whole = 0;
        }
        // 15 digits times the ticks of a week stay far below the largest decimal; a longer number is out of range in any unit but a tiny one.
        if (whole is 0 or > 15 || at - start > 25)
        {
            at = start;
            return null;
        }
        return (decimal.Parse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture), isFraction);
    }

    private static int UnitIndex(string unit)
    {
        for (var i = 0; i < Units.Length; i++)
        {
            if (string.Equals(Units[i].Name, unit, StringComparison.Ordinal))
                return i;
        }
        return -1;
    }

    private static string UnknownUnit(string text, string unit)
    {
        var lower = unit.ToLowerInvariant();
        var meant = lower switch
        {
            "week" or "weeks" or "w" => "w",
            "day" or "days" or "d" => "d",
            "hour" or "hours" or "hr" or "hrs" or "h" => "h",
            "minute" or "minutes" or "min" or "mins" or "m" => "m",
            "second" or "seconds" or "sec" or "secs" or "s" => "s",
            "millisecond" or "milliseconds" or "msec" or "ms" => "ms",
            _ => null,
        };
        var advice = meant is null ? "write w, d, h, m, s or ms" : $"did you mean `{meant}`?";
        return $"`{unit}` in `{text}` is not a unit of time; {advice}";
    }

    private static DurationParse Fail(string message) => new(Value: null, message);
}
