using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

/// <summary>The table of the rule for clock changes, row by row: what fires between two instants.</summary>
public sealed class DaylightSavingGoldenTests
{
    [Theory]
    [Trait("Requirement", "S52")]
    [InlineData(
        "Europe/London",
        "30 1 * * *",
        "2026-03-28 00:00",
        "2026-03-31 00:00",
        "2026-03-28 01:30Z = 2026-03-28 01:30 | 2026-03-29 01:00Z = 2026-03-29 01:30 ShiftedByGap | 2026-03-30 00:30Z = 2026-03-30 01:30"
    )]
    [InlineData(
        "Europe/London",
        "30 1 * * *",
        "2026-10-24 00:00",
        "2026-10-27 00:00",
        "2026-10-24 00:30Z = 2026-10-24 01:30 | 2026-10-25 00:30Z = 2026-10-25 01:30 FirstOfFold | 2026-10-26 01:30Z = 2026-10-26 01:30"
    )]
    [InlineData(
        "Europe/London",
        "*/30 * * * *",
        "2026-10-25 00:00",
        "2026-10-25 02:31",
        "2026-10-25 00:00Z = 2026-10-25 01:00 FirstOfFold | 2026-10-25 00:30Z = 2026-10-25 01:30 FirstOfFold | "
            + "2026-10-25 01:00Z = 2026-10-25 01:00 SecondOfFold | 2026-10-25 01:30Z = 2026-10-25 01:30 SecondOfFold | "
            + "2026-10-25 02:00Z = 2026-10-25 02:00 | 2026-10-25 02:30Z = 2026-10-25 02:30"
    )]
    [InlineData(
        "Europe/London",
        "*/30 * * * *",
        "2026-03-29 00:00",
        "2026-03-29 02:00",
        "2026-03-29 00:00Z = 2026-03-29 00:00 | 2026-03-29 00:30Z = 2026-03-29 00:30 | 2026-03-29 01:00Z = 2026-03-29 02:00 | 2026-03-29 01:30Z = 2026-03-29 02:30"
    )]
    [InlineData(
        "America/New_York",
        "30 2 * * *",
        "2026-03-08 00:00",
        "2026-03-09 00:00",
        "2026-03-08 07:00Z = 2026-03-08 02:30 ShiftedByGap"
    )]
    [InlineData(
        "America/New_York",
        "30 1 * * *",
        "2026-11-01 00:00",
        "2026-11-02 00:00",
        "2026-11-01 05:30Z = 2026-11-01 01:30 FirstOfFold"
    )]
    [InlineData(
        "America/Santiago",
        "0 0 * * *",
        "2026-09-06 00:00",
        "2026-09-07 00:00",
        "2026-09-06 04:00Z = 2026-09-06 00:00 ShiftedByGap"
    )]
    [InlineData("Africa/Cairo", "0 0 * * *", "2026-04-23 00:00", "2026-04-24 00:00", "2026-04-23 22:00Z = 2026-04-24 00:00 ShiftedByGap")]
    [InlineData("Africa/Cairo", "30 23 * * *", "2026-10-29 12:00", "2026-10-30 12:00", "2026-10-29 20:30Z = 2026-10-29 23:30 FirstOfFold")]
    [InlineData(
        "Australia/Lord_Howe",
        "15 2 * * *",
        "2026-10-03 00:00",
        "2026-10-04 00:00",
        "2026-10-03 15:30Z = 2026-10-04 02:15 ShiftedByGap"
    )]
    [InlineData(
        "Australia/Lord_Howe",
        "45 1 * * *",
        "2026-04-04 00:00",
        "2026-04-05 00:00",
        "2026-04-04 14:45Z = 2026-04-05 01:45 FirstOfFold"
    )]
    [InlineData(
        "Antarctica/Troll",
        "30 2 * * *",
        "2026-03-29 00:00",
        "2026-03-30 00:00",
        "2026-03-29 01:00Z = 2026-03-29 02:30 ShiftedByGap"
    )]
    [InlineData(
        "Africa/Casablanca",
        "30 2 * * *",
        "2026-02-15 00:00",
        "2026-02-16 00:00",
        "2026-02-15 01:30Z = 2026-02-15 02:30 FirstOfFold"
    )]
    [InlineData(
        "Africa/Casablanca",
        "30 2 * * *",
        "2026-03-22 00:00",
        "2026-03-23 00:00",
        "2026-03-22 02:00Z = 2026-03-22 02:30 ShiftedByGap"
    )]
    [InlineData(
        "Pacific/Apia",
        "0 9 * * *",
        "2011-12-29 00:00",
        "2011-12-31 00:00",
        "2011-12-29 19:00Z = 2011-12-29 09:00 | 2011-12-30 10:00Z = 2011-12-30 09:00 ShiftedByGap | 2011-12-30 19:00Z = 2011-12-31 09:00"
    )]
    [InlineData(
        "Europe/London",
        "0,30 1 * * *",
        "2026-03-29 00:00",
        "2026-03-30 00:00",
        "2026-03-29 01:00Z = 2026-03-29 01:00 ShiftedByGap | 2026-03-29 01:00Z = 2026-03-29 01:30 ShiftedByGap"
    )]
    [InlineData("UTC", "30 1 * * *", "2026-03-29 00:00", "2026-03-30 00:00", "2026-03-29 01:30Z = 2026-03-29 01:30")]
    [InlineData("Asia/Kolkata", "30 1 * * *", "2026-03-29 00:00", "2026-03-30 00:00", "2026-03-29 20:00Z = 2026-03-30 01:30")]
    public void TicksAroundAClockChange(string zone, string cron, string from, string to, string expected)
    {
        var zoned = Zoned(cron, zone);
        Assert.Equal(expected, string.Join(" | ", zoned.Between(Utc(from), Utc(to)).Select(Show)));

        // Walking by Next and by Previous tells the same story.
        var forward = new List<string>();
        for (var tick = zoned.Next(Utc(from).AddTicks(-1)); tick is { } found && found.Utc < Utc(to); tick = zoned.Next(found))
            forward.Add(Show(found));
        Assert.Equal(expected, string.Join(" | ", forward));
        var backward = new List<string>();
        for (var tick = zoned.Previous(Utc(to)); tick is { } found && found.Utc >= Utc(from); tick = zoned.Previous(found))
            backward.Insert(0, Show(found));
        Assert.Equal(expected, string.Join(" | ", backward));
    }

    [Fact]
    [Trait("Requirement", "S75")]
    public void WeeklyRetrainingOnSundayEveningFollowsLondonsClock()
    {
        var ticks = Zoned("30 23 * * 0", "Europe/London")
            .Between(Utc("2026-03-16"), Utc("2026-11-01"))
            .Select(tick => Show(tick.Utc))
            .ToList();

        Assert.Equal(["2026-03-22 23:30", "2026-03-29 22:30"], ticks[..2]);
        Assert.Equal(["2026-10-18 22:30", "2026-10-25 23:30"], ticks[^2..]);
        Assert.Equal(32, ticks.Count);
    }

    [Fact]
    [Trait("Requirement", "S52")]
    public void MidnightInNewYorkFiresOnceOnTheDaysOf23And25Hours()
    {
        var ticks = Zoned("0 0 * * *", "America/New_York").Between(Utc("2026-01-01 05:00"), Utc("2027-01-01 05:00")).ToList();

        Assert.Equal(365, ticks.Count);
        Assert.Equal(365, ticks.Select(tick => tick.Label).Distinct().Count());
        var lengths = ticks.Zip(ticks.Skip(1)).Select(pair => (pair.First.Label, (pair.Second.Utc - pair.First.Utc).TotalHours)).ToList();
        Assert.Equal([23d, 25d], lengths.Where(day => day.TotalHours != 24).Select(day => day.TotalHours));
        Assert.Equal(["2026-03-08 00:00", "2026-11-01 00:00"], lengths.Where(day => day.TotalHours != 24).Select(day => Show(day.Label)));
    }
}
