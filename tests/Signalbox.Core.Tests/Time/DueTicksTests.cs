using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class DueTicksTests
{
    private static readonly Schedule Daily = new Schedule.Cron(Zoned("15 2 * * *"));

    private static DuePlan Find(
        string? cursor,
        string now,
        CatchUp catchUp,
        string? start = null,
        string? end = null,
        int max = 100,
        Schedule? schedule = null
    ) =>
        DueTicks.Find(
            schedule ?? Daily,
            cursor is null ? null : Utc(cursor),
            Utc(now),
            start is null ? null : Utc(start),
            end is null ? null : Utc(end),
            catchUp,
            max
        );

    private static IEnumerable<string> Fires(DuePlan plan) => plan.Due.Select(interval => Show(interval.End));

    [Theory]
    [Trait("Requirement", "S37")]
    [InlineData(CatchUp.None)]
    [InlineData(CatchUp.Latest)]
    public void TheFirstUnpauseCreatesTheLatestDueIntervalOnly(CatchUp catchUp)
    {
        var plan = Find(null, "2026-05-10 12:00", catchUp, start: "2024-01-01");

        var only = Assert.Single(plan.Due);
        Assert.Equal(("2026-05-09 02:15", "2026-05-10 02:15"), (Show(only.Start), Show(only.End)));
        Assert.Equal(Utc("2026-05-10 12:00"), plan.Cursor);
        // The rest is accounted for: the newest one by one, the others as one stretch back to the start.
        Assert.Equal(DueTicks.MostListed, plan.Skipped.Length);
        Assert.Equal("2026-05-09 02:15", Show(plan.Skipped[^1].Tick.Utc));
        Assert.Equal((Utc("2024-01-01"), plan.Skipped[0].Tick.Utc.AddDays(-1)), (plan.OlderSkipped!.From, plan.OlderSkipped.To));
        Assert.Contains($"catch-up is {(catchUp == CatchUp.None ? "none" : "latest")}", plan.Skipped[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S37")]
    public void TheFirstUnpauseBeforeAnyIntervalIsOverCreatesNothing()
    {
        var plan = Find(null, "2024-01-02 02:14", CatchUp.None, start: "2024-01-01 03:00");
        Assert.Empty(plan.Due);
        Assert.Empty(plan.Skipped);
    }

    [Fact]
    [Trait("Requirement", "S35")]
    public void NoIntervalThatStartsBeforeTheStartIsCreatedNorListed()
    {
        var plan = Find(null, "2024-01-04 12:00", CatchUp.All, start: "2024-01-01");
        // The tick of 1 January ends an interval that began in December.
        Assert.Equal(["2024-01-02 02:15", "2024-01-03 02:15", "2024-01-04 02:15"], Fires(plan));
        Assert.Equal(["2024-01-01", "2024-01-02", "2024-01-03"], plan.Due.Select(i => i.LogicalDate(LogicalDateMode.IntervalStart).Ds));
        Assert.Empty(plan.Skipped);
        Assert.Null(plan.OlderSkipped);

        Assert.Empty(Find(null, "2024-01-01 12:00", CatchUp.None, start: "2024-01-01").Due);
        Assert.Equal(["2024-01-02 02:15"], Fires(Find("2024-01-02 02:14", "2024-01-02 02:15", CatchUp.None, start: "2024-01-01 02:15")));
        Assert.Empty(Find("2024-01-02 02:14", "2024-01-02 02:15", CatchUp.None, start: "2024-01-01 02:16").Due);
    }

    [Fact]
    public void NoIntervalThatEndsAfterTheEndIsCreated()
    {
        Assert.Equal(["2024-01-04 02:15"], Fires(Find(null, "2026-01-01", CatchUp.None, start: "2024-01-01", end: "2024-01-05")));
        Assert.Equal(["2024-01-05 02:15"], Fires(Find(null, "2026-01-01", CatchUp.None, start: "2024-01-01", end: "2024-01-05 02:15")));
        Assert.Empty(Find("2025-01-01", "2026-01-01", CatchUp.All, end: "2024-01-05").Due);
    }

    [Theory]
    [InlineData(CatchUp.None)]
    [InlineData(CatchUp.Latest)]
    [InlineData(CatchUp.All)]
    public void WhileTheSchedulerLooksAllTheTimeEveryTickIsDueOnce(CatchUp catchUp)
    {
        var schedule = new Schedule.Cron(Zoned("*/5 * * * *"));
        var due = new List<DateTimeOffset>();
        var cursor = Utc("2026-05-01 00:02");
        for (var now = cursor; now < Utc("2026-05-01 03:00"); now = now.AddSeconds(7))
        {
            var plan = DueTicks.Find(schedule, cursor, now, start: null, end: null, catchUp, maxCatchUp: 1);
            Assert.Empty(plan.Skipped);
            due.AddRange(plan.Due.Select(interval => interval.End));
            cursor = plan.Cursor;
        }
        Assert.Equal(schedule.Between(Utc("2026-05-01 00:02"), Utc("2026-05-01 03:00")).Select(tick => tick.Utc), due);
    }

    [Theory]
    [InlineData(CatchUp.None, 100, 1, 9)]
    [InlineData(CatchUp.Latest, 100, 1, 9)]
    [InlineData(CatchUp.All, 100, 10, 0)]
    [InlineData(CatchUp.All, 4, 4, 6)]
    [InlineData(CatchUp.All, 0, 1, 9)]
    public void AfterADowntimeThePolicyGivesTheExactNumberAndARecordForEachOther(CatchUp catchUp, int max, int due, int skipped)
    {
        var plan = Find("2026-05-01 12:00", "2026-05-11 12:00", catchUp, max: max);
        Assert.Equal((due, skipped), (plan.Due.Length, plan.Skipped.Length));
        Assert.Equal("2026-05-11 02:15", Fires(plan).Last());
        Assert.Null(plan.OlderSkipped);
        var all = plan.Skipped.Select(skip => skip.Tick).Concat(plan.Due.Select(interval => interval.Tick));
        Assert.Equal(Daily.Between(Utc("2026-05-02"), Utc("2026-05-12")), all);
        Assert.All(
            plan.Skipped,
            skip => Assert.Contains(max == 100 ? "catch-up is" : "max_catchup is", skip.Reason, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("2026-05-01 12:00:20", 2, 0)]
    [InlineData("2026-05-01 12:01:00", 6, 0)]
    [InlineData("2026-05-01 12:01:01", 1, 5)]
    [InlineData("2026-05-01 12:05:00", 1, 29)]
    public void ADowntimeIsAMinuteWithoutALook(string now, int due, int skipped)
    {
        var schedule = new Schedule.Every(TimeSpan.FromSeconds(10), Utc("2026-05-01"));
        var plan = Find("2026-05-01 12:00:00", now, CatchUp.None, schedule: schedule);
        Assert.Equal((due, skipped), (plan.Due.Length, plan.Skipped.Length));
    }

    [Fact]
    public void ALongDowntimeOfAFrequentScheduleIsDecidedAtOnce()
    {
        var plan = Find(
            "2001-01-01",
            "2026-01-01 00:00:30",
            CatchUp.None,
            schedule: new Schedule.Cron(Zoned("* * * * *", "Europe/London"))
        );
        Assert.Equal(["2026-01-01 00:00"], Fires(plan));
        Assert.Equal(DueTicks.MostListed, plan.Skipped.Length);
        Assert.Equal(Utc("2001-01-01"), plan.OlderSkipped!.From);
        Assert.Equal(plan.Skipped[0].Tick.Utc.AddMinutes(-1), plan.OlderSkipped.To);
    }

    [Fact]
    public void AClockThatGoesBackNeitherFiresAgainNorMovesTheCursor()
    {
        var plan = Find("2026-05-10 12:00", "2026-05-01 12:00", CatchUp.All);
        Assert.Empty(plan.Due);
        Assert.Equal(Utc("2026-05-10 12:00"), plan.Cursor);
        Assert.Empty(Find("2026-05-10 02:15", "2026-05-10 02:15", CatchUp.All).Due);
    }

    [Theory]
    [Trait("Requirement", "S52")]
    [InlineData(CatchUp.None)]
    [InlineData(CatchUp.Latest)]
    [InlineData(CatchUp.All)]
    public void TwoLabelsInOneGapAreBothDue(CatchUp catchUp)
    {
        var schedule = new Schedule.Cron(Zoned("0,30 1 * * *", "Europe/London"));
        var plan = Find("2026-03-29 00:59:59", "2026-03-29 01:00", catchUp, schedule: schedule);
        Assert.Equal(["2026-03-29 01:00", "2026-03-29 01:30"], plan.Due.Select(interval => Show(interval.Tick.Label)));

        // Also after a downtime, when only the latest is wanted: both are the latest.
        var late = Find("2026-03-25 00:00", "2026-03-29 01:30", catchUp, schedule: schedule);
        Assert.Equal(["2026-03-29 01:00", "2026-03-29 01:30"], late.Due.TakeLast(2).Select(interval => Show(interval.Tick.Label)));
    }

    [Fact]
    public void WithoutAStartTheFirstUnpauseCreatesTheLatestAndMissedNothing()
    {
        var plan = Find(null, "2026-05-10 12:00", CatchUp.All);
        Assert.Equal(["2026-05-10 02:15"], Fires(plan));
        Assert.Empty(plan.Skipped);
        Assert.Null(plan.OlderSkipped);
    }

    [Fact]
    public void APauseIsForgottenUnlessCatchUpIsAskedFor()
    {
        var (paused, now) = (Utc("2026-05-01"), Utc("2026-05-10"));
        Assert.Equal(now, DueTicks.CursorOnUnpause(CatchUp.None, paused, now));
        Assert.Equal(paused, DueTicks.CursorOnUnpause(CatchUp.Latest, paused, now));
        Assert.Equal(paused, DueTicks.CursorOnUnpause(CatchUp.All, paused, now));
        Assert.Null(DueTicks.CursorOnUnpause(CatchUp.None, cursor: null, now));
        Assert.Equal(now, DueTicks.CursorOnUnpause(CatchUp.None, now, paused));
    }
}
