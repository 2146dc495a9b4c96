using FsCheck;
using FsCheck.Fluent;
using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class ScheduleTests
{
    [Fact]
    [Trait("Requirement", "S24")]
    [Trait("Requirement", "S53")]
    public void ACronWithoutAZoneIsInUtc()
    {
        var schedule = Schedule.Parse("15 2 * * *").Schedule;
        Assert.NotNull(schedule);
        Assert.Equal("UTC", schedule.Zone.Id);
        Assert.Equal("2001-01-05 02:15Z = 2001-01-05 02:15", Show(schedule.Next(Utc("2001-01-05"))!.Value));
    }

    [Fact]
    [Trait("Requirement", "S25")]
    [Trait("Requirement", "S36")]
    public void AQuarterPastTwoFiresOnceEveryDay()
    {
        var ticks = Zoned("15 2 * * *").Between(Utc("2024-02-01"), Utc("2024-04-01")).ToList();
        Assert.Equal(29 + 31, ticks.Count);
        Assert.All(ticks, tick => Assert.Equal(new TimeSpan(2, 15, 0), tick.Utc.TimeOfDay));
        Assert.Equal(ticks.Count, ticks.Select(tick => tick.Utc.Date).Distinct().Count());
    }

    [Fact]
    [Trait("Requirement", "S26")]
    [Trait("Requirement", "S54")]
    public void HalfPastOneOnWorkdaysFiresMondayToFridayOverTwoFullWeeks()
    {
        // 2026-03-02 is a Monday.
        var ticks = Zoned("30 1 * * 1-5").Between(Utc("2026-03-02"), Utc("2026-03-16")).ToList();
        string[] expected =
        [
            "2026-03-02 01:30",
            "2026-03-03 01:30",
            "2026-03-04 01:30",
            "2026-03-05 01:30",
            "2026-03-06 01:30",
            "2026-03-09 01:30",
            "2026-03-10 01:30",
            "2026-03-11 01:30",
            "2026-03-12 01:30",
            "2026-03-13 01:30",
        ];
        Assert.Equal(expected, ticks.Select(tick => Show(tick.Utc)));
        Assert.DoesNotContain(ticks, tick => tick.Utc.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday);
    }

    [Fact]
    [Trait("Requirement", "S27")]
    public void EveryFiveMinutesFiresTwelveTimesAnHour()
    {
        var ticks = Zoned("*/5 * * * *").Between(Utc("2026-05-01 10:00"), Utc("2026-05-01 11:00")).Select(tick => tick.Utc.Minute);
        Assert.Equal([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55], ticks);
    }

    [Theory]
    [InlineData("0 0 29 2 *", "2096-03-01 00:00", "2104-02-29 00:00")]
    [InlineData("0 0 31 * *", "2026-04-01 00:00", "2026-05-31 00:00")]
    [InlineData("0 0 * * 7", "2026-04-01 00:00", "2026-04-05 00:00")]
    [InlineData("0 0 1 * 1", "2026-04-01 00:00", "2026-04-06 00:00")]
    [InlineData("0 0 15 * 1", "2026-04-13 00:00", "2026-04-15 00:00")]
    [InlineData("0 0 L * *", "2028-02-01 00:00", "2028-02-29 00:00")]
    [InlineData("0 0 LW * *", "2026-05-01 00:00", "2026-05-29 00:00")]
    [InlineData("0 0 1W * *", "2026-08-01 00:00", "2026-08-03 00:00")]
    [InlineData("0 0 15W * *", "2026-08-01 00:00", "2026-08-14 00:00")]
    [InlineData("0 0 * * FRI#2", "2026-08-01 00:00", "2026-08-14 00:00")]
    [InlineData("0 0 * * FRIL", "2026-08-01 00:00", "2026-08-28 00:00")]
    [InlineData("0 0 * * MON#5", "2026-04-01 00:00", "2026-06-29 00:00")]
    public void FindsTheNextDayOfTheCalendar(string cron, string after, string expected) =>
        Assert.Equal(expected, Show(Zoned(cron).Next(Utc(after))!.Value.Utc));

    [Fact]
    [Trait("Requirement", "S19")]
    public void AFixedIntervalCountsFromItsAnchorInBothDirections()
    {
        var schedule = new Schedule.Every(TimeSpan.FromMinutes(10), Utc("2026-01-01 00:03"));
        Assert.Equal(
            ["2025-12-31 23:53", "2026-01-01 00:03", "2026-01-01 00:13"],
            schedule.Between(Utc("2025-12-31 23:53"), Utc("2026-01-01 00:23")).Select(tick => Show(tick.Utc))
        );
        Assert.Equal("2025-12-31 23:53", Show(schedule.Previous(Utc("2026-01-01 00:03"))!.Value.Utc));
        Assert.Equal("2026-01-01 00:13", Show(schedule.Next(Utc("2026-01-01 00:03"))!.Value.Utc));
        Assert.Null(Schedule.IntervalProblem(TimeSpan.FromSeconds(1)));
        Assert.Contains("too short", Schedule.IntervalProblem(TimeSpan.Zero), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => schedule with { Interval = TimeSpan.FromMilliseconds(-1) });
    }

    [Fact]
    public void AFixedTimeTickIsKnownByItsLabelAndAnyOtherByItsInstant()
    {
        var daily = new Schedule.Cron(Zoned("0,30 1 * * *", "Europe/London"));
        var gap = daily.Between(Utc("2026-03-29"), Utc("2026-03-30"));
        Assert.Equal(["2026-03-29T01:00", "2026-03-29T01:30"], gap.Select(daily.KeyOf));

        var often = new Schedule.Cron(Zoned("0 * * * *", "Europe/London"));
        var fold = often.Between(Utc("2026-10-25 00:00"), Utc("2026-10-25 02:00"));
        Assert.Equal(["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"], fold.Select(often.KeyOf));
    }

    [Fact]
    [Trait("Requirement", "S30")]
    public void TheLogicalDateIsTheStartOfTheIntervalOrTheFireTime()
    {
        var schedule = new Schedule.Cron(Zoned("15 2 * * *"));
        var tick = schedule.Next(Utc("2001-01-06"))!.Value;
        Assert.Equal(
            ("2001-01-05 02:15", "2001-01-06 02:15"),
            (Show(schedule.IntervalOf(tick).Start), Show(schedule.IntervalOf(tick).End))
        );
        Assert.Equal("2001-01-05", schedule.LogicalDateOf(tick, LogicalDateMode.IntervalStart).Ds);
        Assert.Equal("2001-01-06", schedule.LogicalDateOf(tick, LogicalDateMode.FireTime).Ds);
    }

    [Fact]
    [Trait("Requirement", "S30")]
    public void TheLogicalDateIsADateOfTheSchedulesOwnZone()
    {
        var schedule = new Schedule.Cron(Zoned("0 0 * * *", "Asia/Tokyo"));
        var tick = schedule.Next(Utc("2026-05-01 12:00"))!.Value;
        Assert.Equal("2026-05-01 15:00", Show(tick.Utc));
        Assert.Equal("2026-05-02", schedule.LogicalDateOf(tick, LogicalDateMode.FireTime).Ds);
    }

    [Fact]
    [Trait("Requirement", "S52")]
    public void EveryDateHasItsRunAlsoTheOneThatApiaLeftOut()
    {
        var schedule = new Schedule.Cron(Zoned("0 9 * * *", "Pacific/Apia"));
        var dates = schedule
            .IntervalsStarting(Utc("2011-12-28"), Utc("2012-01-01 12:00"))
            .Select(i => i.LogicalDate(LogicalDateMode.IntervalStart).Ds);
        Assert.Equal(["2011-12-28", "2011-12-29", "2011-12-30", "2011-12-31", "2012-01-01"], dates);
    }

    [Fact]
    public void ABackfillsIntervalsFollowEachOtherWithoutAGap()
    {
        var schedule = new Schedule.Cron(Zoned("30 1 * * *", "America/New_York"));
        var intervals = schedule.IntervalsStarting(Utc("2026-03-01"), Utc("2026-11-15")).ToList();
        Assert.Equal(259, intervals.Count);
        Assert.All(intervals.Zip(intervals.Skip(1)), pair => Assert.Equal(pair.First.Tick, pair.Second.Previous));
        Assert.All(intervals, interval => Assert.Equal(interval, schedule.IntervalOf(interval.Tick)));
    }

    [Fact]
    public void NoInstantMakesAScheduleThrow()
    {
        DateTimeOffset[] edges =
        [
            DateTimeOffset.MinValue,
            DateTimeOffset.MaxValue,
            Utc("0001-01-03"),
            Utc("9999-12-28"),
            Utc("2026-03-29 01:00"),
        ];
        Schedule[] schedules =
        [
            new Schedule.Cron(Zoned("0 0 1 1 *", "Pacific/Apia")),
            new Schedule.Cron(Zoned("*/7 * * * *", "America/New_York")),
            new Schedule.Every(TimeSpan.FromHours(7), Utc("2026-01-01")) { Zone = InZone("Asia/Manila") },
            new Schedule.None(),
        ];
        foreach (var schedule in schedules)
        {
            foreach (var edge in edges)
            {
                Assert.True(schedule.Next(edge) is not { } next || next.Utc > edge);
                Assert.True(schedule.Previous(edge) is not { } previous || previous.Utc < edge);
                Assert.All(schedule.Between(edge, DateTimeOffset.MaxValue).Take(3), tick => Assert.True(tick.Utc >= edge));
            }
        }
    }

    [Fact]
    public void TicksRiseStrictlyAndPreviousTakesNextBack()
    {
        var zones = TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).Where(id => Zone.Find(id).Zone is not null).ToArray();
        var cases =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from zone in Gen.Elements(zones)
            from minutes in Gen.Choose(0, 60 * 365 * 24 * 60)
            select (Cron: RandomCron.Next(new Random(seed)), Zone: zone, After: Utc("1975-01-01").AddMinutes(minutes));
        Prop.ForAll(
                Arb.From(cases),
                sample =>
                {
                    var zoned = Zoned(sample.Cron, sample.Zone);
                    var tick = zoned.Next(sample.After);
                    for (var i = 0; i < 20 && tick is { } found; i++)
                    {
                        var next = zoned.Next(found);
                        if (next is { } following && (following.CompareTo(found) <= 0 || zoned.Previous(following) != found))
                            return false;
                        if (found.Utc <= sample.After || !SlowCron.Matches(sample.Cron.Split(' '), found.Label))
                            return false;
                        tick = next;
                    }
                    return true;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20261121, 1));
    }

    [Fact]
    public void PrintedExpressionsReadBackAsTheSame()
    {
        Prop.ForAll(
                Arb.From(Gen.Choose(0, int.MaxValue - 1).Select(seed => RandomCron.Next(new Random(seed)))),
                text => Cron(Cron(text).ToString()).Equals(Cron(text)) && Cron(Cron(text).ToString()).ToString() == Cron(text).ToString()
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(20261121, 3));
    }

    [Fact]
    public void AnyTextIsReadOrRefusedWithAPlaceInsideOfIt()
    {
        const string letters = "0123456789*/-,?LW#@ \tMONJANfri";
        var texts = Gen.Choose(0, letters.Length - 1).Select(i => letters[i]).ArrayOf().Select(chars => new string(chars));
        Prop.ForAll(
                Arb.From(texts),
                text =>
                {
                    var parse = CronExpression.Parse(text);
                    return parse.Expression is not null
                        ? parse.Errors.IsEmpty
                        : parse.Errors.All(error => error.Position >= 0 && error.Position <= text.Length && error.Message.Length > 10)
                            && parse.Errors.Length > 0;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(20261121, 5));
    }
}
