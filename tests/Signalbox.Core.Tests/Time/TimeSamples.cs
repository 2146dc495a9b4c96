using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.Core.Tests.Time;

/// <summary>Short ways to write expressions, zones and instants in the tests of this room.</summary>
internal static class TimeSamples
{
    public static CronExpression Cron(string text)
    {
        var parse = CronExpression.Parse(text);
        Assert.True(parse.Expression is not null, string.Join("; ", parse.Errors.Select(error => error.Message)));
        return parse.Expression;
    }

    public static Zone InZone(string id)
    {
        var lookup = Zone.Find(id);
        Assert.True(lookup.Zone is not null, lookup.Error);
        return lookup.Zone;
    }

    public static ZonedCron Zoned(string cron, string zone = "UTC") => new(Cron(cron), InZone(zone));

    /// <summary>An instant written as <c>2026-03-29 01:00</c>, always UTC.</summary>
    public static DateTimeOffset Utc(string text) =>
        DateTimeOffset.ParseExact(
            text,
            ["yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
        );

    public static string Show(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    public static string Show(DateTime label) => label.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>A tick as <c>2026-03-29 01:00Z = 2026-03-29 01:30 ShiftedByGap</c>.</summary>
    public static string Show(Tick tick) => $"{Show(tick.Utc)}Z = {Show(tick.Label)}{(tick.Dst == Dst.None ? "" : $" {tick.Dst}")}";
}
