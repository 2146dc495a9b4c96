using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class ZoneTests
{
    [Theory]
    [InlineData("Europe/Londn", "did you mean `Europe/London`?")]
    [InlineData("europe/london", "did you mean `Europe/London`?")]
    [InlineData("London", "did you mean `Europe/London`?")]
    [InlineData("new york", "did you mean `America/New_York`?")]
    [InlineData("America/NewYork", "did you mean `America/New_York`?")]
    [InlineData("PST", "did you mean `America/Los_Angeles`?")]
    [InlineData("utc", "did you mean")]
    [InlineData("Middle-earth/Rivendell-in-the-valley", "write a name such as")]
    [InlineData("", "is empty")]
    [InlineData("localtime", "the server's own time zone")]
    [InlineData("Local", "the server's own time zone")]
    [InlineData("right/Europe/London", "is not an IANA time zone")]
    [InlineData("../../etc/localtime", "is not an IANA time zone")]
    [InlineData("/etc/localtime", "is not an IANA time zone")]
    [InlineData("Europe/", "is not an IANA time zone")]
    [InlineData("Europe", "is not an IANA time zone")]
    [InlineData("GMT Standard Time", "is not an IANA time zone")]
    [InlineData("Europe/London\0", "is not an IANA time zone")]
    public void AnUnknownNameIsRefusedWithASuggestion(string id, string message)
    {
        var lookup = Zone.Find(id);
        Assert.Null(lookup.Zone);
        Assert.Contains(message, lookup.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Etc/UTC")]
    [InlineData("Europe/London")]
    [InlineData("America/Argentina/Buenos_Aires")]
    [InlineData("Etc/GMT+5")]
    [InlineData("US/Eastern")]
    public void AKnownNameIsKeptAsItWasWritten(string id) => Assert.Equal(id, InZone(id).Id);

    [Fact]
    [Trait("Requirement", "S52")]
    public void ALabelIsShownOnceNeverOrTwice()
    {
        var london = InZone("Europe/London");
        Assert.Equal(
            new WallClock(WallClockKind.Once, Utc("2026-06-01 11:00"), Utc("2026-06-01 11:00")),
            london.At(new DateTime(2026, 6, 1, 12, 0, 0))
        );
        Assert.Equal(
            new WallClock(WallClockKind.Skipped, Utc("2026-03-29 01:00"), Utc("2026-03-29 01:00")),
            london.At(new DateTime(2026, 3, 29, 1, 30, 0))
        );
        Assert.Equal(
            new WallClock(WallClockKind.Twice, Utc("2026-10-25 00:30"), Utc("2026-10-25 01:30")),
            london.At(new DateTime(2026, 10, 25, 1, 30, 0))
        );
        Assert.Equal(Utc("2026-09-06 04:00"), InZone("America/Santiago").StartOf(new DateOnly(2026, 9, 6)));
    }
}

/// <summary>Changes the process's own zone, so nothing else runs beside it.</summary>
[CollectionDefinition(nameof(ServerZoneCollection), DisableParallelization = true)]
public sealed class ServerZoneCollection;

[Collection(nameof(ServerZoneCollection))]
public sealed class ServerZoneTests
{
    [Fact]
    [Trait("Requirement", "S14")]
    [Trait("Requirement", "S53")]
    public void TheServersOwnZoneChangesNoTickNoIntervalAndNoPartition()
    {
        var before = Environment.GetEnvironmentVariable("TZ");
        try
        {
            var told = new Dictionary<string, string>();
            foreach (var server in (string[])["UTC", "Asia/Tokyo", "America/New_York"])
            {
                Environment.SetEnvironmentVariable("TZ", server);
                TimeZoneInfo.ClearCachedData();
                Assert.Equal(TimeZoneInfo.FindSystemTimeZoneById(server).BaseUtcOffset, TimeZoneInfo.Local.BaseUtcOffset);
                told[server] = Everything();
            }
            Assert.Single(told.Values.Distinct());
        }
        finally
        {
            Environment.SetEnvironmentVariable("TZ", before);
            TimeZoneInfo.ClearCachedData();
        }
    }

    private static string Everything()
    {
        var lines = new List<string>();
        foreach (var zone in (string[])["UTC", "Europe/London", "Asia/Tokyo"])
        {
            foreach (var cron in (string[])["15 2 * * *", "*/30 1 * * *"])
            {
                var schedule = new Schedule.Cron(Zoned(cron, zone));
                foreach (var interval in schedule.IntervalsStarting(Utc("2026-03-27"), Utc("2026-03-31")))
                {
                    var date = interval.LogicalDate(LogicalDateMode.IntervalStart);
                    var partition = new PartitionScheme(PartitionKind.Week, schedule.Zone).PartitionOf(date);
                    lines.Add($"{Show(interval.Tick)} {Show(interval.Start)} {date.Ds} {partition.Key} {Show(partition.Start)}");
                }
            }
        }
        Assert.NotEmpty(lines);
        return string.Join('\n', lines);
    }
}
