using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>Each tick once: over restarts, catch-up, pauses, edits and clocks that jump.</summary>
public sealed class SchedulerTests
{
    private static readonly DateTimeOffset Noon = new(2024, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("Requirement", "S9")]
    [Trait("Requirement", "S36")]
    public async Task Each_tick_becomes_one_run_over_restarts()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("ticking", "catchup: all\nstart: 2024-02-28"));
        await house.ServeAsync();
        await LookedAsync(house, time, "ticking");
        Assert.Equal(["2024-02-28", "2024-02-29"], Runs(house, "ticking"));

        for (var day = 0; day < 3; day++)
        {
            time.Pass(TimeSpan.FromHours(14.25));
            await LookedAsync(house, time, "ticking");
            await house.CloseAsync();
            await house.ServeAsync();
            await LookedAsync(house, time, "ticking");
            time.Pass(TimeSpan.FromHours(9.75));
            await LookedAsync(house, time, "ticking");
        }

        Assert.Equal(["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03"], Runs(house, "ticking"));
        Assert.Equal(5, Ticks(house, "ticking").Count(tick => tick.Run is not null));
    }

    [Theory]
    [Trait("Requirement", "S35")]
    [Trait("Requirement", "S37")]
    [InlineData("none", new[] { "2024-03-05" }, 4)]
    [InlineData("latest", new[] { "2024-03-05" }, 4)]
    [InlineData("all", new[] { "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05" }, 0)]
    public async Task A_downtime_is_caught_up_as_the_pipeline_says_and_what_is_skipped_is_recorded(
        string policy,
        string[] expected,
        int skipped
    )
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("down", $"catchup: {policy}\nstart: 2024-03-01"));
        await house.ServeAsync();
        await LookedAsync(house, time, "down");
        Assert.Empty(Runs(house, "down"));
        await house.CloseAsync();
        time.Pass(TimeSpan.FromDays(5));
        await house.ServeAsync();
        await LookedAsync(house, time, "down");

        Assert.Equal(expected, Runs(house, "down"));
        Assert.Equal(skipped, Ticks(house, "down").Count(tick => tick.Skipped is not null));
    }

    [Fact]
    [Trait("Requirement", "S35")]
    public async Task A_long_downtime_leaves_a_record_of_every_skipped_tick()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("long", "catchup: none"));
        await house.ServeAsync();
        await LookedAsync(house, time, "long");
        await house.CloseAsync();
        time.Pass(TimeSpan.FromDays(300));
        await house.ServeAsync();
        await LookedAsync(house, time, "long");

        var skipped = Ticks(house, "long").Where(tick => tick.Skipped is not null).ToList();
        Assert.Equal(101, skipped.Count);
        Assert.Contains("2024-03-01", skipped.MinBy(tick => tick.At)!.Skipped);
        Assert.Contains("skipped", skipped.MinBy(tick => tick.At)!.Skipped);
    }

    [Fact]
    public async Task Nothing_runs_before_the_start_or_after_the_end()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("bounded", "catchup: all\nstart: 2024-03-02\nend: 2024-03-04"));
        await house.ServeAsync();
        await LookedAsync(house, time, "bounded");
        for (var day = 0; day < 6; day++)
        {
            time.Pass(TimeSpan.FromDays(1));
            await LookedAsync(house, time, "bounded");
        }

        Assert.Equal(["2024-03-02"], Runs(house, "bounded"));
    }

    [Fact]
    [Trait("Requirement", "S37")]
    public async Task A_pause_creates_nothing_and_its_ticks_are_gone_afterwards()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("paused", "catchup: none"));
        await house.ServeAsync();
        await LookedAsync(house, time, "paused");
        var before = Runs(house, "paused");
        Assert.True((await house.AskAsync(new Request.PausePipeline("paused", "holiday"))).Done);
        time.Pass(TimeSpan.FromDays(3));
        await SettledAsync(house, time);
        Assert.Equal(before, Runs(house, "paused"));
        Assert.True((await house.AskAsync(new Request.UnpausePipeline("paused", "back"))).Done);
        await SettledAsync(house, time);
        Assert.Equal(before, Runs(house, "paused"));
        time.Pass(TimeSpan.FromDays(1));
        await LookedAsync(house, time, "paused");

        Assert.Equal([.. before, "2024-03-04"], Runs(house, "paused"));
    }

    [Fact]
    [Trait("Requirement", "S37")]
    public async Task The_first_unpause_of_a_pipeline_that_never_ran_makes_the_latest_run_only()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("fresh", "catchup: none\nstart: 2024-01-01"));
        await house.SaveAsync();
        Assert.True((await house.AskAsync(new Request.PausePipeline("fresh", "not yet"))).Done);
        Assert.True((await house.AskAsync(new Request.UnpausePipeline("fresh", "now"))).Done);
        await house.CloseAsync();
        await house.ServeAsync();
        await LookedAsync(house, time, "fresh");

        Assert.Equal(["2024-02-29"], Runs(house, "fresh"));
    }

    [Fact]
    public async Task A_clock_that_jumps_back_fires_nothing_twice_and_one_that_jumps_forward_catches_up()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("jumpy", "catchup: all\nstart: 2024-02-29"));
        await house.ServeAsync();
        await LookedAsync(house, time, "jumpy");
        Assert.Equal(["2024-02-29"], Runs(house, "jumpy"));
        time.Set(Noon.AddDays(-2));
        await SettledAsync(house, time);
        time.Pass(TimeSpan.FromDays(1));
        await SettledAsync(house, time);
        Assert.Equal(["2024-02-29"], Runs(house, "jumpy"));
        time.Set(Noon.AddDays(3));
        await LookedAsync(house, time, "jumpy");

        Assert.Equal(["2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03"], Runs(house, "jumpy"));
    }

    [Fact]
    public async Task Two_labels_in_one_gap_are_two_runs_and_the_schedule_goes_on_after_it()
    {
        var time = new ManualTime(new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        house.Pipeline(
            "pipeline: gap\nschedule: { cron: \"0,30 1 * * *\", timezone: Europe/London }\ncatchup: all\nstart: 2026-03-28\ntasks:\n  a: { run: \"true\" }\n"
        );
        await house.ServeAsync();
        await LookedAsync(house, time, "gap", "0,30 1 * * *", "Europe/London");
        for (var day = 0; day < 3; day++)
        {
            time.Pass(TimeSpan.FromDays(1));
            await LookedAsync(house, time, "gap", "0,30 1 * * *", "Europe/London");
        }

        var fired = Ticks(house, "gap")
            .Where(tick => tick.Run is not null && tick.At > new DateTimeOffset(2026, 3, 28, 12, 0, 0, TimeSpan.Zero));
        Assert.Equal(
            ["03-29 01:00", "03-29 01:00", "03-30 00:00", "03-30 00:30", "03-31 00:00", "03-31 00:30"],
            fired.Select(tick => tick.At.ToString("MM-dd HH:mm")).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task An_edit_of_the_file_counts_at_once_and_never_stops_the_schedule()
    {
        var time = new ManualTime(Noon);
        await using var house = new House { Time = time };
        house.Pipeline(Daily("edited", "logical_date: fire_time\ncatchup: all\nstart: 2024-02-29"));
        await house.ServeAsync();
        await LookedAsync(house, time, "edited");
        time.Pass(TimeSpan.FromDays(1));
        await LookedAsync(house, time, "edited");
        house.Pipeline(Daily("edited", "logical_date: interval_start\ncatchup: all\nstart: 2024-02-29"));
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromSeconds(1));
                return house.Said.Count(line => line.Contains("is live", StringComparison.Ordinal)) == 2;
            },
            "the edit"
        );
        time.Pass(TimeSpan.FromDays(1));
        await LookedAsync(house, time, "edited");

        time.Pass(TimeSpan.FromDays(1));
        await LookedAsync(house, time, "edited");

        Assert.Equal(["2024-03-01", "2024-03-02", "2024-03-03"], Runs(house, "edited"));
        Assert.Contains("same logical date", Assert.Single(Ticks(house, "edited"), tick => tick.Skipped is not null).Skipped);
    }

    private static string Daily(string name, string more) =>
        $"pipeline: {name}\nschedule: \"0 2 * * *\"\n{more}\ntasks:\n  a: {{ run: \"true\" }}\n";

    private static string[] Runs(House house, string pipeline) =>
        [
            .. house
                .Store.Read(session =>
                    session.RunsOf(new PipelineName(pipeline), DateTimeOffset.MinValue.AddYears(1), DateTimeOffset.MaxValue.AddYears(-1))
                )
                .Select(run => run.LogicalDate.ToString("yyyy-MM-dd"))
                .Order(StringComparer.Ordinal),
        ];

    private static IReadOnlyList<StoredTick> Ticks(House house, string pipeline) =>
        house.Store.Read(session => session.Ticks(new PipelineName(pipeline), 1000));

    /// <summary>Until the scheduler has decided every tick up to now. It looks when one is due, so the cursor may stand before now by right.</summary>
    private static Task LookedAsync(House house, ManualTime time, string pipeline, string cron = "0 2 * * *", string zone = "UTC")
    {
        var ticks = new ZonedCron(CronExpression.Parse(cron).Expression!, Zone.Find(zone).Zone!);
        return house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(100));
                return house.Store.Read(session => session.Pipeline(new PipelineName(pipeline)))?.Cursor is { } cursor
                    && !ticks.Between(cursor.AddTicks(1), time.GetUtcNow().AddTicks(1)).Any();
            },
            $"a look at {pipeline}"
        );
    }

    /// <summary>Gives whoever watches the clock many chances to look.</summary>
    private static async Task SettledAsync(House house, ManualTime time)
    {
        var until = time.GetUtcNow().AddSeconds(10);
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(200));
                return time.GetUtcNow() >= until;
            },
            "the clock"
        );
    }
}
