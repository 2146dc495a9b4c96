using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class PartitionTests
{
    private static PartitionScheme Scheme(PartitionKind kind, string zone = "UTC", DayOfWeek first = DayOfWeek.Monday) =>
        new(kind, InZone(zone), first);

    [Theory]
    [InlineData(PartitionKind.Hour, "UTC", "2001-01-05 13:59", "2001-01-05T13", "2001-01-05 13:00", "2001-01-05 14:00")]
    [InlineData(PartitionKind.Day, "UTC", "2001-01-05 23:59", "2001-01-05", "2001-01-05 00:00", "2001-01-06 00:00")]
    [InlineData(PartitionKind.Week, "UTC", "2001-01-05 12:00", "2001-W01", "2001-01-01 00:00", "2001-01-08 00:00")]
    [InlineData(PartitionKind.Week, "UTC", "2021-01-03 12:00", "2020-W53", "2020-12-28 00:00", "2021-01-04 00:00")]
    [InlineData(PartitionKind.Week, "UTC", "2024-12-30 12:00", "2025-W01", "2024-12-30 00:00", "2025-01-06 00:00")]
    [InlineData(PartitionKind.Month, "UTC", "2024-02-29 12:00", "2024-02", "2024-02-01 00:00", "2024-03-01 00:00")]
    [InlineData(PartitionKind.Day, "Asia/Tokyo", "2026-05-01 15:00", "2026-05-02", "2026-05-01 15:00", "2026-05-02 15:00")]
    [InlineData(PartitionKind.Day, "America/New_York", "2026-03-08 12:00", "2026-03-08", "2026-03-08 05:00", "2026-03-09 04:00")]
    [InlineData(PartitionKind.Day, "America/New_York", "2026-11-01 12:00", "2026-11-01", "2026-11-01 04:00", "2026-11-02 05:00")]
    [InlineData(PartitionKind.Day, "America/Santiago", "2026-09-06 04:00", "2026-09-06", "2026-09-06 04:00", "2026-09-07 03:00")]
    [InlineData(PartitionKind.Hour, "Europe/London", "2026-10-25 01:30", "2026-10-25T01", "2026-10-25 00:00", "2026-10-25 02:00")]
    public void TheSliceThatHoldsAnInstant(PartitionKind kind, string zone, string instant, string key, string start, string end)
    {
        var partition = Scheme(kind, zone).PartitionOf(Utc(instant));
        Assert.Equal((key, start, end), (partition.Key, Show(partition.Start), Show(partition.End)));
    }

    [Fact]
    public void UnpartitionedDataIsOneSliceWithAnEmptyKey()
    {
        var scheme = Scheme(PartitionKind.None);
        var all = scheme.PartitionOf(Utc("2026-01-01"));
        Assert.Equal("", all.Key);
        Assert.Equal([all], scheme.Range(Utc("2026-01-01"), Utc("2027-01-01")));
        Assert.Equal(all, scheme.Parse("").Partition);
        Assert.Contains("only one", scheme.Parse("2001").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSevenDailyPartitionsOfAWeek()
    {
        var days = Scheme(PartitionKind.Week).PartitionOf(Utc("2001-01-05")).Days();
        Assert.Equal(
            ["2001-01-01", "2001-01-02", "2001-01-03", "2001-01-04", "2001-01-05", "2001-01-06", "2001-01-07"],
            days.Select(day => day.Key)
        );
        Assert.Equal(Scheme(PartitionKind.Day).PartitionOf(Utc("2001-01-05")), days[4]);
        Assert.Equal(29, Scheme(PartitionKind.Month).PartitionOf(Utc("2024-02-05")).Days().Length);
        Assert.Equal(["2001-01-05"], Scheme(PartitionKind.Hour).PartitionOf(Utc("2001-01-05 23:10")).Days().Select(day => day.Key));
    }

    [Fact]
    public void AWeekMayBeginOnAnotherDay()
    {
        var week = Scheme(PartitionKind.Week, first: DayOfWeek.Sunday).PartitionOf(Utc("2001-01-05"));
        Assert.Equal(("2001-W01", "2000-12-31", "2001-01-06"), (week.Key, week.Days()[0].Key, week.Days()[^1].Key));
    }

    [Fact]
    public void WeeksHaveIsoNumbersForFourHundredYears()
    {
        var scheme = Scheme(PartitionKind.Week);
        for (var day = new DateTime(1900, 1, 1); day.Year < 2300; day = day.AddDays(5))
        {
            var key = scheme.PartitionOf(day).Key;
            Assert.Equal($"{System.Globalization.ISOWeek.GetYear(day):0000}-W{System.Globalization.ISOWeek.GetWeekOfYear(day):00}", key);
        }
    }

    [Theory]
    [InlineData(PartitionKind.Hour)]
    [InlineData(PartitionKind.Day)]
    [InlineData(PartitionKind.Week)]
    [InlineData(PartitionKind.Month)]
    public void SlicesTileTheTimeAndKeysReadBack(PartitionKind kind)
    {
        foreach (var zone in (string[])["UTC", "Europe/London", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo"])
        {
            foreach (var first in Enum.GetValues<DayOfWeek>())
            {
                var scheme = Scheme(kind, zone, first);
                var slices = scheme.Range(Utc("2026-01-01"), Utc(kind == PartitionKind.Hour ? "2026-04-20" : "2027-02-01")).ToList();
                Assert.All(slices.Zip(slices.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Start));
                Assert.Equal(slices.Count, slices.Select(slice => slice.Key).Distinct().Count());
                Assert.All(
                    slices,
                    slice =>
                    {
                        Assert.Equal(slice, scheme.Parse(slice.Key).Partition);
                        Assert.Equal(slice, scheme.PartitionOf(slice.Start));
                        Assert.Equal(slice, scheme.PartitionOf(slice.End.AddTicks(-1)));
                        Assert.Equal(slice, scheme.Previous(scheme.Next(slice)));
                    }
                );
                Assert.Equal(slices, scheme.Range(slices[0], slices[^1]));
                if (kind != PartitionKind.Week)
                    break;
            }
        }
    }

    [Fact]
    [Trait("Requirement", "S52")]
    public void ASkippedHourIsLeftOutAndASkippedDayIsThereButEmpty()
    {
        var hours = Scheme(PartitionKind.Hour, "Europe/London").Range(Utc("2026-03-29"), Utc("2026-03-29 02:00"));
        Assert.Equal(["2026-03-29T00", "2026-03-29T02"], hours.Select(hour => hour.Key));

        var days = Scheme(PartitionKind.Day, "Pacific/Apia").Range(Utc("2011-12-29 12:00"), Utc("2011-12-31")).ToList();
        Assert.Equal(["2011-12-29", "2011-12-30", "2011-12-31"], days.Select(day => day.Key));
        Assert.Equal(days[1].Start, days[1].End);
    }

    [Fact]
    public void ARangeHasThePartitionsThatOverlapIt()
    {
        var scheme = Scheme(PartitionKind.Day);
        Assert.Equal(["2001-01-05"], scheme.Range(Utc("2001-01-05"), Utc("2001-01-06")).Select(day => day.Key));
        Assert.Equal(["2001-01-05", "2001-01-06"], scheme.Range(Utc("2001-01-05 12:00"), Utc("2001-01-06 00:01")).Select(day => day.Key));
        Assert.Empty(scheme.Range(Utc("2001-01-05"), Utc("2001-01-05")));
        var parse = scheme.Parse("2001-01-05").Partition!;
        Assert.Empty(scheme.Range(scheme.Next(parse), parse));
    }

    [Theory]
    [InlineData(PartitionKind.Hour, "2001-01-05", "is not an hour; write e.g. `2001-01-05T13`")]
    [InlineData(PartitionKind.Hour, "2001-01-05T24", "is not an hour")]
    [InlineData(PartitionKind.Day, "2001-02-29", "is not a day; write e.g. `2001-01-05`")]
    [InlineData(PartitionKind.Day, "05.01.2001", "is not a day")]
    [InlineData(PartitionKind.Day, "", "is not a day")]
    [InlineData(PartitionKind.Day, "0001-01-01", "of the years 1000 to 8999")]
    [InlineData(PartitionKind.Week, "2001-W53", "52 or 53")]
    [InlineData(PartitionKind.Week, "2001-W00", "is not a week")]
    [InlineData(PartitionKind.Week, "2001W01", "is not a week")]
    [InlineData(PartitionKind.Week, "9999-W53", "is not a week")]
    [InlineData(PartitionKind.Month, "2001-13", "is not a month; write e.g. `2001-01`")]
    public void AWrongKeyIsRefusedWithAnExample(PartitionKind kind, string key, string message)
    {
        var parse = Scheme(kind).Parse(key);
        Assert.Null(parse.Partition);
        Assert.Contains(message, parse.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void InstantsAtTheEdgesOfTheCalendarHaveAPartition()
    {
        foreach (var kind in Enum.GetValues<PartitionKind>())
        {
            foreach (var first in Enum.GetValues<DayOfWeek>())
            {
                var scheme = Scheme(kind, "Pacific/Apia", first);
                Assert.True(scheme.PartitionOf(DateTimeOffset.MinValue).Start < scheme.PartitionOf(DateTimeOffset.MaxValue).End);
            }
        }
    }
}
