using Signalbox.Core.Definitions;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Tests.Time;
using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Scheduling;

public sealed class TimetableTests
{
    private static Pipeline Made(params ScheduleSpec[] schedules) =>
        new()
        {
            Name = new("daily"),
            Schedules = [.. schedules],
            Tasks = [new TaskNode { Name = new("a"), Kind = new TaskKind.Noop() }],
        };

    private static string[] Runs(TickDecision decision) => [.. decision.Runs.Select(tick => $"{tick.Schedule} {Show(tick.Tick.Utc)}")];

    [Fact]
    [Trait("Requirement", "S19")]
    public void SeveralSchedulesHaveTheirOwnTicksAndTheirOwnRuns()
    {
        var times = Timetable.Of(Made(new("0 0 * * *"), new("0 * * * *"), new(null) { Name = "often", Every = TimeSpan.FromHours(8) }));
        var decision = times.Decide(Utc("2026-05-01 23:59:30"), Utc("2026-05-02 00:00"));
        Assert.Equal(["schedule 2026-05-02 00:00", "schedule_2 2026-05-02 00:00", "often 2026-05-02 00:00"], Runs(decision));
        // The hourly run of an hour ago is about the same instant as the daily one: each has a name of its own.
        Assert.Equal(
            ["scheduled__2026-05-01T00:00:00Z", "scheduled__2026-05-01T23:00:00Z__schedule_2", "scheduled__2026-05-01T16:00:00Z__often"],
            decision.Runs.Select(tick => tick.Run!.Id.Value)
        );
        Assert.Equal(Utc("2026-05-02 01:00"), times.Next(Utc("2026-05-02 00:00")));
    }

    [Fact]
    [Trait("Requirement", "S52")]
    public void TwoLogicalDatesInOneGapHaveTwoNames()
    {
        var times = Timetable.Of(Made(new ScheduleSpec("0,30 1 * * *", "Europe/London")));
        var runs = times.Between(Utc("2026-03-29 00:00"), Utc("2026-03-30 12:00")).Select(tick => tick.Run!.Id.Value).ToList();
        Assert.Equal(
            [
                "scheduled__2026-03-28T01:30:00Z",
                "scheduled__2026-03-29T01:00:00Z",
                "scheduled__2026-03-29T01:00:00Z__0130",
                "scheduled__2026-03-30T00:00:00Z",
            ],
            runs
        );
    }

    [Fact]
    public void AJitterIsAlwaysTheSameAndMovesOnlyWhenItIsActedOn()
    {
        var spec = new ScheduleSpec("0 2 * * *") { Jitter = TimeSpan.FromMinutes(30) };
        var times = Timetable.Of(Made(spec));
        var tick = times.Between(Utc("2026-05-02"), Utc("2026-05-03")).Single();
        Assert.InRange(tick.FiresAt - tick.Tick.Utc, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(30));
        Assert.Equal(tick.FiresAt, Timetable.Of(Made(spec)).Between(Utc("2026-05-02"), Utc("2026-05-03")).Single().FiresAt);
        Assert.NotEqual(
            tick.FiresAt - tick.Tick.Utc,
            Timetable.Of(Made(spec) with { Name = new("other") }).Between(Utc("2026-05-02"), Utc("2026-05-03")).Single().FiresAt
                - tick.Tick.Utc
        );
        Assert.Equal((Utc("2026-05-01 02:00"), Utc("2026-05-02 02:00")), (tick.Run!.Slice.Start, tick.Run.Slice.End));
        Assert.Empty(times.Decide(Utc("2026-05-02 00:00"), tick.FiresAt.AddMilliseconds(-1)).Ticks);
        Assert.Equal(["schedule 2026-05-02 02:00"], Runs(times.Decide(tick.FiresAt.AddMilliseconds(-1), tick.FiresAt)));
        Assert.Equal(tick.FiresAt, times.Next(Utc("2026-05-02 00:00")));
    }

    [Fact]
    public void ATickInABlackoutIsSkippedWithTheReason()
    {
        var pipeline = Made(new ScheduleSpec("0 * * * *", "Europe/London")) with
        {
            Blackouts =
            [
                new()
                {
                    From = Utc("2026-05-02 03:00"),
                    To = Utc("2026-05-02 05:00"),
                    Reason = "moving",
                },
                new() { Cron = "0 22 * * 6", For = TimeSpan.FromHours(2) },
            ],
        };
        var ticks = Timetable.Of(pipeline).Between(Utc("2026-05-02"), Utc("2026-05-03")).ToList();
        Assert.Equal(
            ["2026-05-02 03:00", "2026-05-02 04:00", "2026-05-02 21:00", "2026-05-02 22:00"],
            ticks.Where(tick => tick.Skip == SkipReason.Blackout).Select(tick => Show(tick.Tick.Utc))
        );
        Assert.Contains("moving", ticks.First(tick => tick.Skip is not null).Reason, StringComparison.Ordinal);
        Assert.Equal(20, ticks.Count(tick => tick.Run is not null));
        // The latest that is missed is the latest that may run.
        var late = Timetable.Of(pipeline).Decide(Utc("2026-05-02 01:30"), Utc("2026-05-02 04:30"));
        Assert.Equal(["schedule 2026-05-02 02:00"], Runs(late));
        Assert.Equal([SkipReason.Blackout, SkipReason.Blackout], late.Skipped.Select(tick => tick.Skip!.Value));
    }

    [Fact]
    public void ADayThatTheCalendarLeavesOutIsRecorded()
    {
        var calendar = new BusinessCalendar([DayOfWeek.Monday, DayOfWeek.Friday], [], []);
        var pipeline = Made(new ScheduleSpec("0 2 * * *") { Calendar = new("two", CalendarMode.Include, calendar) });
        var decision = Timetable.Of(pipeline).Decide(Utc("2026-05-01 12:00"), Utc("2026-05-04 12:00"));
        Assert.Equal(["schedule 2026-05-04 02:00"], Runs(decision));
        Assert.Equal(
            [(SkipReason.Calendar, "2026-05-02 02:00"), (SkipReason.Calendar, "2026-05-03 02:00")],
            decision.Skipped.Select(tick => (tick.Skip!.Value, Show(tick.Tick.Utc)))
        );
        Assert.Equal(Utc("2026-05-01 02:00"), decision.Runs.Single().Run!.Slice.LogicalDate);
    }

    [Theory]
    [Trait("Requirement", "S37")]
    [InlineData(CatchUp.None, 0, 9)]
    [InlineData(CatchUp.Latest, 1, 8)]
    [InlineData(CatchUp.All, 9, 0)]
    public void TheEndOfAPauseGivesUpItsTicksOrCatchesThemUp(CatchUp catchUp, int runs, int skipped)
    {
        var times = Timetable.Of(Made(new ScheduleSpec("0 2 * * *")) with { CatchUp = catchUp });
        var decision = times.DecidePause(Utc("2026-05-01"), Utc("2026-05-09 12:00"));
        Assert.Equal((runs, skipped), (decision.Runs.Count(), decision.Skipped.Count()));
        Assert.All(decision.Skipped, tick => Assert.Equal(catchUp == CatchUp.None ? SkipReason.Paused : SkipReason.CatchUp, tick.Skip));
    }

    /// <summary>Whoever looks all the time decides what <see cref="Timetable.Between"/> says, whatever the looks' instants.</summary>
    [Fact]
    [Trait("Requirement", "S52")]
    public void LookingAllTheTimeDecidesWhatIsForetold()
    {
        var random = new Random(99);
        (string Zone, string Change)[] changes =
        [
            ("UTC", "2026-03-29 01:00"),
            ("Europe/London", "2026-03-29 01:00"),
            ("Europe/London", "2026-10-25 01:00"),
            ("America/New_York", "2026-03-08 07:00"),
            ("America/New_York", "2026-11-01 06:00"),
            ("Australia/Lord_Howe", "2026-04-04 15:00"),
        ];
        for (var i = 0; i < 24; i++)
        {
            var (zone, change) = changes[i % changes.Length];
            var start = Utc(change).AddHours(-20);
            ScheduleSpec[] specs =
            [
                new(RandomCron.Next(random), zone) { Jitter = TimeSpan.FromSeconds(random.Next(3) * 40) },
                new(null, zone) { Every = TimeSpan.FromMinutes(random.Next(7, 300)), Anchor = Utc("2026-01-01") },
                new(null, zone) { RRule = $"FREQ=DAILY;BYHOUR=1,2;BYMINUTE={random.Next(60)}" },
            ];
            var calendar = new BusinessCalendar([DayOfWeek.Sunday, DayOfWeek.Monday, DayOfWeek.Saturday], [], []);
            var pipeline = Made([
                .. specs.Select(spec =>
                    random.Next(2) == 0 ? spec : spec with { Calendar = new("c", (CalendarMode)random.Next(3), calendar) }
                ),
            ]) with
            {
                Blackouts = [new() { Cron = "20 1 * * *", For = TimeSpan.FromMinutes(random.Next(1, 200)) }],
                Start = random.Next(2) == 0 ? start.AddHours(random.Next(-30, 20)) : null,
                End = random.Next(3) == 0 ? start.AddHours(30) : null,
            };
            var times = Timetable.Of(pipeline);
            var decided = new List<DecidedTick>();
            var cursor = start;
            for (var now = start; now < start.AddHours(40); now = now.AddSeconds(random.Next(1, 55)))
            {
                var decision = times.Decide(cursor, now);
                decided.AddRange(decision.Ticks);
                cursor = decision.Cursor;
            }
            var foretold = times.Between(start.AddTicks(1), cursor.AddTicks(1)).ToList();
            string[] Lines(List<DecidedTick> ticks) =>
                [
                    .. ticks
                        .Select(tick => $"{tick.FiresAt:O} {tick.Schedule} {tick.Key} {tick.Run?.Id} {tick.Skip}")
                        .Order(StringComparer.Ordinal),
                ];
            Assert.Equal(Lines(foretold), Lines(decided));
            Assert.Equal(decided.Count, decided.Select(tick => (tick.Schedule, tick.Key)).Distinct().Count());
        }
    }

    [Theory]
    [InlineData(OverlapPolicy.Queue, OverlapAction.Start, OverlapAction.Start)]
    [InlineData(OverlapPolicy.Allow, OverlapAction.Start, OverlapAction.Start)]
    [InlineData(OverlapPolicy.Skip, OverlapAction.Skip, OverlapAction.Start)]
    [InlineData(OverlapPolicy.Reject, OverlapAction.Skip, OverlapAction.Refuse)]
    [InlineData(OverlapPolicy.CancelRunning, OverlapAction.CancelOthers, OverlapAction.CancelOthers)]
    public void AnOverlapIsDecidedByThePolicy(OverlapPolicy policy, OverlapAction tick, OverlapAction asked)
    {
        Assert.Equal((tick, asked), (Overlaps.Decide(policy, 1, isTick: true), Overlaps.Decide(policy, 1, isTick: false)));
        Assert.Equal(
            (OverlapAction.Start, OverlapAction.Start),
            (Overlaps.Decide(policy, 0, isTick: true), Overlaps.Decide(policy, 0, isTick: false))
        );
    }

    [Fact]
    [Trait("Requirement", "S53")]
    [Trait("Requirement", "S81")]
    public void AScheduleWithoutAZoneIsInUtcAndSaysSo()
    {
        var pipeline = Made(new("15 2 * * *"), new(null) { Every = TimeSpan.FromHours(6) });
        Assert.Equal("At 02:15, every day; Every 6h, counted from 2000-01-01 00:00:00 (UTC)", ScheduleSentence.Of(pipeline));
        Assert.All(Timetable.Of(pipeline).Entries, entry => Assert.Equal(Zone.Utc, entry.Schedule.Zone));
    }

    [Fact]
    [Trait("Requirement", "S82")]
    public void AWeeklyRunIsAboutTheIsoWeekOfItsLogicalDate()
    {
        var pipeline = Made(new ScheduleSpec("30 23 * * 0", "Europe/London")) with { Partition = PartitionKind.Week };
        var runs = Timetable.Of(pipeline).Between(Utc("2026-03-22"), Utc("2026-04-06")).ToList();
        Assert.Equal(
            [("2026-03-22 23:30", "2026-W11"), ("2026-03-29 22:30", "2026-W12"), ("2026-04-05 22:30", "2026-W13")],
            runs.Select(tick => (Show(tick.Tick.Utc), tick.Run!.Slice.Partition))
        );
    }
}
