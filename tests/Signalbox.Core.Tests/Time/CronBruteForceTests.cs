using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

/// <summary>
/// The ticks of random expressions against a second implementation that knows no shortcuts: it looks at each minute of UTC, asks what
/// the wall clock shows and writes down what the rule for clock changes says.
/// </summary>
public sealed class CronBruteForceTests
{
    // How much is tried: each costs about 6 days of minutes.
    private const int WindowsPerHardZone = 6;
    private const int WindowsPerOtherZone = 1;
    private const int ExpressionsPerWindow = 2;
    private const int Seed = 20261121;

    public static readonly TheoryData<string, int, int> HardZones = new()
    {
        { "Europe/London", 1996, 2037 },
        { "America/New_York", 1987, 2037 },
        { "America/Santiago", 1995, 2037 },
        { "America/Havana", 1995, 2037 },
        { "America/St_Johns", 1995, 2037 },
        { "Africa/Cairo", 2008, 2037 },
        { "Africa/Casablanca", 2008, 2037 },
        { "Asia/Gaza", 2005, 2037 },
        { "Asia/Tehran", 1991, 2023 },
        { "Asia/Pyongyang", 2014, 2019 },
        { "Australia/Lord_Howe", 1990, 2037 },
        { "Antarctica/Troll", 2005, 2037 },
        { "Pacific/Apia", 2009, 2022 },
        { "Pacific/Chatham", 1990, 2037 },
        { "America/Caracas", 2006, 2017 },
        { "Europe/Dublin", 1996, 2037 },
    };

    [Theory]
    [MemberData(nameof(HardZones))]
    [Trait("Requirement", "S52")]
    public void AgreesWithAScanOfEveryMinuteInZonesWithHardClockChanges(string zoneId, int firstYear, int lastYear)
    {
        var random = new Random(Seed ^ (int)StableHash.Of(zoneId));
        for (var i = 0; i < WindowsPerHardZone; i++)
            CompareOneWindow(zoneId, random, random.Next(firstYear, lastYear + 1));
    }

    [Fact]
    [Trait("Requirement", "S52")]
    public void AgreesWithAScanOfEveryMinuteInEveryZoneOfTheDatabase()
    {
        var random = new Random(Seed);
        var zones = TimeZoneInfo.GetSystemTimeZones();
        Assert.True(zones.Count > 300, $"only {zones.Count} zones are installed");
        foreach (var info in zones)
        {
            // `Local` and its kind are not names that a schedule may use.
            if (Zone.Find(info.Id).Zone is null)
                continue;
            for (var i = 0; i < WindowsPerOtherZone; i++)
                CompareOneWindow(info.Id, random, random.Next(1990, 2038));
        }
    }

    private static void CompareOneWindow(string zoneId, Random random, int year)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zoneId);
        var zone = InZone(zoneId);
        var start = NearAChange(info, random, year);
        var end = start.AddDays(6);
        var minutes = WallMinutes(info, start.AddDays(-2), end);
        for (var i = 0; i < ExpressionsPerWindow; i++)
        {
            var text = RandomCron.Next(random);
            var zoned = new ZonedCron(Cron(text), zone);
            var expected = Scan(text, minutes).Where(tick => tick.Utc >= start && tick.Utc < end).ToList();
            var actual = zoned.Between(start, end).Select(tick => (tick.Utc, tick.Label)).ToList();
            Assert.True(
                expected.SequenceEqual(actual),
                $"{text} in {zoneId} from {Show(start)}: expected {Text(expected)} but got {Text(actual)}"
            );
            CheckWalks(zoned, start, end, actual);
            CheckAroundChanges(zoned, minutes, start, end, actual);
        }
    }

    /// <summary>Next and Previous from any instant agree with the list.</summary>
    private static void CheckWalks(
        ZonedCron zoned,
        DateTimeOffset start,
        DateTimeOffset end,
        List<(DateTimeOffset Utc, DateTime Label)> ticks
    )
    {
        foreach (var (utc, label) in ticks)
        {
            var first = ticks.First(tick => tick.Utc == utc);
            Assert.Equal(first, Pair(zoned.Next(utc.AddTicks(-1))));
            var last = ticks.Last(tick => tick.Utc == utc);
            Assert.Equal(last, Pair(zoned.Previous(utc.AddTicks(1))));
            var i = ticks.IndexOf((utc, label));
            var tick = new Tick(utc, label, Dst.None);
            if (i > 0)
                Assert.Equal(ticks[i - 1], Pair(zoned.Previous(tick)));
            if (i < ticks.Count - 1)
                Assert.Equal(ticks[i + 1], Pair(zoned.Next(tick)));
            // Every tick costs a search in the list; a dozen around a change say all.
            if (i > 12)
                break;
        }
        if (ticks.Count == 0)
        {
            Assert.True(zoned.Next(start.AddTicks(-1)) is not { } next || next.Utc >= end);
            Assert.True(zoned.Previous(end) is not { } previous || previous.Utc < start);
        }
    }

    /// <summary>Next and Previous from instants before, at and after each change, on both sides of a fold.</summary>
    private static void CheckAroundChanges(
        ZonedCron zoned,
        List<(DateTimeOffset Utc, DateTime Local)> minutes,
        DateTimeOffset start,
        DateTimeOffset end,
        List<(DateTimeOffset Utc, DateTime Label)> ticks
    )
    {
        foreach (var (before, after) in minutes.Zip(minutes.Skip(1)))
        {
            if (after.Local - before.Local == TimeSpan.FromMinutes(1))
                continue;
            for (var at = after.Utc.AddHours(-2); at <= after.Utc.AddHours(2); at = at.AddMinutes(10))
            {
                foreach (var from in (DateTimeOffset[])[at.AddTicks(-1), at, at.AddTicks(1)])
                {
                    if (from < start || from >= end)
                        continue;
                    var next = ticks.FindIndex(tick => tick.Utc > from);
                    if (next >= 0)
                        Assert.Equal(ticks[next], Pair(zoned.Next(from)));
                    var previous = ticks.FindLastIndex(tick => tick.Utc < from);
                    if (previous >= 0)
                        Assert.Equal(ticks[previous], Pair(zoned.Previous(from)));
                }
            }
        }
    }

    private static (DateTimeOffset, DateTime)? Pair(Tick? tick) => tick is { } found ? (found.Utc, found.Label) : null;

    private static string Text(List<(DateTimeOffset Utc, DateTime Label)> ticks) =>
        $"{ticks.Count}: " + string.Join(", ", ticks.Take(20).Select(tick => $"{Show(tick.Utc)}Z={Show(tick.Label)}"));

    private static DateTimeOffset NearAChange(TimeZoneInfo info, Random random, int year)
    {
        var start = new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(1440));
        var changes = new List<DateTimeOffset>();
        for (var day = 0; day < 365; day++)
        {
            if (info.GetUtcOffset(start.AddDays(day)) != info.GetUtcOffset(start.AddDays(day + 1)))
                changes.Add(start.AddDays(day));
        }
        return changes.Count == 0 ? start.AddDays(random.Next(365)) : changes[random.Next(changes.Count)].AddDays(-random.Next(4));
    }

    private static List<(DateTimeOffset Utc, DateTime Local)> WallMinutes(TimeZoneInfo info, DateTimeOffset from, DateTimeOffset to)
    {
        var minutes = new List<(DateTimeOffset, DateTime)>();
        for (var utc = from; utc < to; utc = utc.AddMinutes(1))
            minutes.Add((utc, utc.UtcDateTime + info.GetUtcOffset(utc)));
        return minutes;
    }

    private static IEnumerable<(DateTimeOffset Utc, DateTime Label)> Scan(string text, List<(DateTimeOffset Utc, DateTime Local)> minutes)
    {
        var fields = text.Split(' ');
        var isFixed = fields[..2].All(field => field.All(c => char.IsAsciiDigit(c) || c == ','));
        var highest = minutes[0].Local.AddMinutes(-1);
        foreach (var (utc, local) in minutes)
        {
            if (!isFixed)
            {
                if (SlowCron.Matches(fields, local))
                    yield return (utc, local);
                continue;
            }
            // Labels up to the highest one so far had their turn; those between it and now were skipped by the clocks and run now.
            for (var label = highest.AddMinutes(1); label <= local; label = label.AddMinutes(1))
            {
                if (SlowCron.Matches(fields, label))
                    yield return (utc, label);
            }
            if (local > highest)
                highest = local;
        }
    }
}
