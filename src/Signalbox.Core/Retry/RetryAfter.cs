using System.Globalization;

namespace Signalbox.Core.Retry;

/// <summary>How long the other side asks to be left alone (RFC 9110, 10.2.3): a number of seconds, or a date in the form of RFC 1123.</summary>
public static class RetryAfter
{
    // A month: longer than any quota's window.
    private const double LongestSeconds = 31 * 24 * 3600;

    /// <summary>The wait that a text means, from zero to 31 days; null when it is neither of the two.</summary>
    /// <param name="text">E.g. <c>120</c> or <c>Fri, 05 Jan 2001 12:02:00 GMT</c>.</param>
    /// <param name="now">From when on a date is counted. Null: a date counts as unsaid.</param>
    public static TimeSpan? Parse(string text, DateTimeOffset? now)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return Seconds(seconds);
        }

        return
            now is { } from
            && DateTimeOffset.TryParseExact(text.Trim(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? Seconds((date - from).TotalSeconds)
            : null;
    }

    internal static TimeSpan? Seconds(double seconds) =>
        double.IsFinite(seconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, LongestSeconds)) : null;
}
