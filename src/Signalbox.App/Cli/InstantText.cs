using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.App.Cli;

/// <summary>Dates and instants as people type them and as the program prints them: ISO 8601, UTC unless an offset is written.</summary>
internal static class InstantText
{
    private static readonly string[] WithOffset =
    [
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd HH:mm:ssK",
        "yyyy-MM-dd HH:mmK",
    ];

    /// <summary>E.g. <c>2001-01-05T02:15:00Z</c>.</summary>
    public static string Utc(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>With milliseconds, for what is measured.</summary>
    public static string Fine(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static string? Fine(DateTimeOffset? instant) => instant is { } known ? Fine(known) : null;

    /// <summary>A date, or null.</summary>
    public static DateOnly? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;

    /// <summary>An instant: with an offset or <c>Z</c>, or as the clocks of a zone show it; a date is its first instant there.</summary>
    /// <exception cref="UserMistakeException">The text is neither.</exception>
    public static DateTimeOffset Read(string argument, string text, Zone zone)
    {
        if (Date(text) is { } date)
        {
            return zone.StartOf(date);
        }

        const DateTimeStyles styles = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParseExact(text, WithOffset, CultureInfo.InvariantCulture, styles, out var instant))
        {
            throw new UserMistakeException(
                $"{argument}: `{text}` is no date and no instant; write e.g. 2001-01-05 or 2001-01-05T02:15:00Z (a date of the calendar)"
            );
        }

        var hasOffset = text.EndsWith('Z') || text.EndsWith('z') || text.LastIndexOfAny(['+', '-']) > 10;
        return hasOffset ? instant : zone.FirstInstantOf(DateTime.SpecifyKind(instant.UtcDateTime, DateTimeKind.Unspecified));
    }
}
