using System.Globalization;

namespace Signalbox.Core.Expressions;

/// <summary>Dates as text: ISO 8601, and the codes of C's strftime and strptime in English.</summary>
internal static class DateText
{
    private static readonly string[] IsoFormats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd HH:mm:ssK",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mmK",
        "yyyyMMdd",
        "yyyyMMdd'T'HHmmssK",
    ];

    /// <summary>The moment a value stands for: a date at midnight UTC, an instant, or ISO text. Without an offset it is UTC.</summary>
    public static DateTimeOffset? MomentOf(Value value) =>
        value switch
        {
            Value.Date date => ValueOrder.AtMidnight(date.Day),
            Value.Instant instant => instant.Moment,
            Value.Text text
                when DateTimeOffset.TryParseExact(
                    text.Content,
                    IsoFormats,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var moment
                ) => moment,
            _ => null,
        };

    /// <summary>Formats by strftime codes; returns the first code that is not known, or null.</summary>
    public static string? Format(DateTimeOffset moment, string format, BoundedText output)
    {
        for (var index = 0; index < format.Length; index++)
        {
            if (format[index] != '%')
            {
                output.Append(format[index]);
                continue;
            }

            // As in glibc, a minus takes the leading zeros away.
            var bare = index + 1 < format.Length && format[index + 1] == '-';
            index += bare ? 2 : 1;
            if (index >= format.Length)
            {
                return "%";
            }

            if (Code(format[index], moment) is not { } text)
            {
                return "%" + format[index];
            }

            output.Append(bare && text.Length > 1 ? TrimZeros(text) : text);
        }

        return null;
    }

    private static string TrimZeros(string text)
    {
        var trimmed = text.TrimStart('0');
        return trimmed.Length == 0 ? "0" : trimmed;
    }

    private static string? Code(char code, DateTimeOffset moment)
    {
        var culture = CultureInfo.InvariantCulture;
        return code switch
        {
            'Y' => moment.ToString("yyyy", culture),
            'y' => moment.ToString("yy", culture),
            'm' => moment.ToString("MM", culture),
            'd' => moment.ToString("dd", culture),
            'e' => moment.Day.ToString(culture).PadLeft(2),
            'H' => moment.ToString("HH", culture),
            'I' => moment.ToString("hh", culture),
            'M' => moment.ToString("mm", culture),
            'S' => moment.ToString("ss", culture),
            'f' => moment.ToString("ffffff", culture),
            'p' => moment.ToString("tt", culture),
            'a' => moment.ToString("ddd", culture),
            'A' => moment.ToString("dddd", culture),
            'b' or 'h' => moment.ToString("MMM", culture),
            'B' => moment.ToString("MMMM", culture),
            'j' => moment.DayOfYear.ToString("000", culture),
            'G' => ISOWeek.GetYear(moment.DateTime).ToString("0000", culture),
            'V' => ISOWeek.GetWeekOfYear(moment.DateTime).ToString("00", culture),
            'u' => (moment.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)moment.DayOfWeek).ToString(culture),
            'w' => ((int)moment.DayOfWeek).ToString(culture),
            'z' => moment.ToString("zzz", culture).Replace(":", ""),
            'Z' => moment.Offset == TimeSpan.Zero ? "UTC" : moment.ToString("zzz", culture),
            's' => moment.ToUnixTimeSeconds().ToString(culture),
            'F' => moment.ToString("yyyy-MM-dd", culture),
            'T' => moment.ToString("HH:mm:ss", culture),
            'R' => moment.ToString("HH:mm", culture),
            '%' => "%",
            _ => null,
        };
    }

    /// <summary>Reads a text by strptime codes; the result is in UTC unless <c>%z</c> gives an offset. On failure says why.</summary>
    public static string? Parse(string text, string format, out DateTimeOffset moment)
    {
        moment = default;
        var (year, month, day, hour, minute, second, dayOfYear, ticks) = (1900, 1, 1, 0, 0, 0, 0, 0);
        var offset = TimeSpan.Zero;
        var at = 0;
        for (var index = 0; index < format.Length; index++)
        {
            if (format[index] != '%' || index + 1 >= format.Length)
            {
                if (at >= text.Length || text[at] != format[index])
                {
                    return $"'{Shown(text)}' does not fit the format '{Shown(format)}'";
                }

                at++;
                continue;
            }

            var code = format[++index];
            var fits = code switch
            {
                'Y' => Digits(4, 4, out year),
                'm' => Digits(1, 2, out month),
                'd' => Digits(1, 2, out day),
                'H' => Digits(1, 2, out hour),
                'M' => Digits(1, 2, out minute),
                'S' => Digits(1, 2, out second),
                'j' => Digits(1, 3, out dayOfYear),
                'f' => Fraction(out ticks),
                'z' => Offset(out offset),
                '%' => at < text.Length && text[at++] == '%',
                _ => false,
            };
            if (!fits)
            {
                return "YmdHMSjfz%".Contains(code)
                    ? $"'{Shown(text)}' does not fit the format '{Shown(format)}'"
                    : $"`%{code}` cannot be read; %Y %m %d %H %M %S %f %j %z can";
            }
        }

        if (at < text.Length)
        {
            return $"'{Shown(text)}' does not fit the format '{Shown(format)}'";
        }

        var isDate =
            year is >= 1 and <= 9999
            && month is >= 1 and <= 12
            && day >= 1
            && day <= DateTime.DaysInMonth(year, month)
            && dayOfYear <= (DateTime.IsLeapYear(year) ? 366 : 365);
        if (!isDate || hour > 23 || minute > 59 || second > 59)
        {
            return $"'{Shown(text)}' is not a date";
        }

        var date = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Unspecified).AddTicks(ticks);
        date =
            dayOfYear > 0 ? new DateTime(year, 1, 1, 0, 0, 0, DateTimeKind.Unspecified).AddDays(dayOfYear - 1).Add(date.TimeOfDay) : date;
        if (date.Ticks - offset.Ticks < DateTime.MinValue.Ticks || date.Ticks - offset.Ticks > DateTime.MaxValue.Ticks)
        {
            return $"'{Shown(text)}' is not a date";
        }

        moment = new DateTimeOffset(date, offset);
        return null;

        bool Digits(int least, int most, out int number)
        {
            var start = at;
            number = 0;
            while (at < text.Length && at - start < most && char.IsAsciiDigit(text[at]))
            {
                number = (number * 10) + (text[at++] - '0');
            }

            return at - start >= least;
        }

        bool Fraction(out int parsed)
        {
            var start = at;
            var fits = Digits(1, 6, out parsed);
            for (var length = at - start; length < 7; length++)
            {
                parsed *= 10;
            }

            return fits;
        }

        bool Offset(out TimeSpan parsed)
        {
            parsed = TimeSpan.Zero;
            if (at < text.Length && text[at] == 'Z')
            {
                at++;
                return true;
            }

            if (at >= text.Length || text[at] is not ('+' or '-'))
            {
                return false;
            }

            var sign = text[at++] == '-' ? -1 : 1;
            if (!Digits(2, 2, out var hours))
            {
                return false;
            }

            at += at < text.Length && text[at] == ':' ? 1 : 0;
            if (!Digits(2, 2, out var minutes) || hours > 13 || minutes > 59)
            {
                return false;
            }

            parsed = new TimeSpan(sign * hours, sign * minutes, 0);
            return true;
        }
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..37] + "...";
}

/// <summary>The attributes of dates and durations, by the names Python and pendulum give them.</summary>
internal static class DateParts
{
    public static readonly ImmutableArray<string> Names =
    [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "day_of_week",
        "day_of_year",
        "week_of_year",
        "quarter",
        "int_timestamp",
    ];

    public static Value? Attribute(DateTimeOffset moment, string name) =>
        name switch
        {
            "year" => Value.Of(moment.Year),
            "month" => Value.Of(moment.Month),
            "day" => Value.Of(moment.Day),
            "hour" => Value.Of(moment.Hour),
            "minute" => Value.Of(moment.Minute),
            "second" => Value.Of(moment.Second),
            "microsecond" => Value.Of(moment.Ticks % TimeSpan.TicksPerSecond / 10),
            "day_of_week" => Value.Of((long)moment.DayOfWeek),
            "day_of_year" => Value.Of(moment.DayOfYear),
            "week_of_year" => Value.Of(ISOWeek.GetWeekOfYear(moment.DateTime)),
            "quarter" => Value.Of((moment.Month + 2) / 3),
            "int_timestamp" => Value.Of(moment.ToUnixTimeSeconds()),
            _ => null,
        };

    public static Value? Attribute(TimeSpan span, string name) =>
        name switch
        {
            "days" => Value.Of((long)Math.Floor(span.TotalDays)),
            "seconds" => Value.Of((long)(span - TimeSpan.FromDays(Math.Floor(span.TotalDays))).TotalSeconds),
            _ => null,
        };
}
