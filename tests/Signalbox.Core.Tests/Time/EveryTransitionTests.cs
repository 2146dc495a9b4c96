using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

/// <summary>Every change of every zone's clocks from 2000 to 2040, against a scan of each minute around it that knows only what the clocks show.</summary>
public sealed class EveryTransitionTests
{
    [Fact]
    [Trait("Requirement", "S52")]
    public void EveryClockChangeOfEveryZoneFrom2000To2040AgreesWithAScanOfEveryMinute()
    {
        var seen = new HashSet<string>();
        var changes = 0;
        foreach (var info in TimeZoneInfo.GetSystemTimeZones())
        {
            if (Zone.Find(info.Id).Zone is not { } zone)
                continue;
            var days = DaysWithAChange(info);
            // Many names are one zone; whatever has the same changes has the same ticks.
            if (
                !seen.Add(
                    string.Join(',', days.Select(day => $"{day.UtcTicks}{info.GetUtcOffset(day)}{info.GetUtcOffset(day.AddDays(1))}"))
                )
            )
                continue;
            foreach (var day in days)
                changes += Compare(zone, info, day);
        }
        Assert.True(changes > 4_000, $"only {changes} changes were looked at");
    }

    private static List<DateTimeOffset> DaysWithAChange(TimeZoneInfo info)
    {
        var days = new List<DateTimeOffset>();
        var at = Utc("2000-01-01");
        var offset = info.GetUtcOffset(at);
        for (var next = at.AddDays(1); next < Utc("2041-01-01"); next = next.AddDays(1))
        {
            var after = info.GetUtcOffset(next);
            if (after != offset)
                days.Add(next.AddDays(-1));
            offset = after;
        }
        return days;
    }

    /// <returns>The number of changes in these hours.</returns>
    private static int Compare(Zone zone, TimeZoneInfo info, DateTimeOffset day)
    {
        var (from, to) = (day.AddHours(-5), day.AddHours(29));
        var minutes = new List<(DateTimeOffset Utc, DateTime Local)>();
        for (var utc = from; utc < to; utc = utc.AddMinutes(1))
            minutes.Add((utc, utc.UtcDateTime + info.GetUtcOffset(utc)));
        var changes = 0;
        for (var i = 1; i < minutes.Count; i++)
        {
            if (minutes[i].Local - minutes[i - 1].Local == TimeSpan.FromMinutes(1))
                continue;
            changes++;
            // Labels before, at the edges and in the middle of what is skipped or shown twice.
            var (low, high) = (minutes[i - 1].Local.AddMinutes(1), minutes[i].Local);
            if (low > high)
                (low, high) = (high, low);
            foreach (var label in (DateTime[])[low.AddMinutes(-1), low, low + (high - low) / 2, high.AddMinutes(-1), high])
            {
                var wanted = (label.Hour, label.Minute);
                CheckFixed(
                    zone,
                    minutes,
                    $"{wanted.Minute} {wanted.Hour} * * *",
                    at => at.Hour == wanted.Hour && at.Minute == wanted.Minute
                );
            }
            CheckRepeating(zone, minutes, "*/15 * * * *", at => at.Minute % 15 == 0);
            // A range of hours, so that it repeats: one hour would be a fixed time.
            var first = Math.Max(0, low.Hour - 1);
            var last = Math.Max(first + 1, high.Date == low.Date ? high.Hour : 23);
            CheckRepeating(zone, minutes, $"7,37 {first}-{last} * * *", at => at.Minute is 7 or 37 && at.Hour >= first && at.Hour <= last);
        }
        return changes;
    }

    private static void CheckFixed(Zone zone, List<(DateTimeOffset Utc, DateTime Local)> minutes, string cron, Func<DateTime, bool> matches)
    {
        var expected = new List<(DateTimeOffset, DateTime)>();
        var highest = minutes[0].Local.AddMinutes(-1);
        foreach (var (utc, local) in minutes)
        {
            // A label runs when the clocks first come to it or past it.
            for (var label = highest.AddMinutes(1); label <= local; label = label.AddMinutes(1))
            {
                if (matches(label))
                    expected.Add((utc, label));
            }
            highest = local > highest ? local : highest;
        }
        Same(zone, minutes, cron, expected);
    }

    private static void CheckRepeating(
        Zone zone,
        List<(DateTimeOffset Utc, DateTime Local)> minutes,
        string cron,
        Func<DateTime, bool> matches
    ) => Same(zone, minutes, cron, [.. minutes.Where(minute => matches(minute.Local))]);

    private static void Same(
        Zone zone,
        List<(DateTimeOffset Utc, DateTime Local)> minutes,
        string cron,
        List<(DateTimeOffset, DateTime)> expected
    )
    {
        // The first minutes may be in a fold whose first side is before them.
        var (from, to) = (minutes[0].Utc.AddHours(3), minutes[^1].Utc);
        var actual = new ZonedCron(Cron(cron), zone).Between(from, to).Select(tick => (tick.Utc, tick.Label)).ToList();
        expected = [.. expected.Where(tick => tick.Item1 >= from && tick.Item1 < to)];
        Assert.True(
            expected.SequenceEqual(actual),
            $"{cron} in {zone.Id} from {Show(from)}: expected {string.Join(", ", expected)}, got {string.Join(", ", actual)}"
        );
    }
}
