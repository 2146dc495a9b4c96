using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Tests.Definitions;

namespace Signalbox.Core.Tests.Foresight;

/// <summary>What a backfill is expected to take, by the same history and under the same limits as every other forecast.</summary>
[Trait("Requirement", "S131")]
public sealed class BackfillForecastTests
{
    private static readonly DateTimeOffset Due = new(2026, 1, 10, 2, 15, 0, TimeSpan.Zero);
    private static readonly ForecastLimits Wide = new(100, new Dictionary<string, int> { ["default"] = 100 });

    [Fact]
    public void Runs_go_in_waves_of_as_many_as_may_be_active()
    {
        var model = Model(Chain() with { MaxActiveRuns = 4 });
        var found = BackfillForecast.Of(model, 7, maxActive: 3, every: null, Wide)!;

        // Each run takes 10 and 20 minutes; three waves.
        Assert.Equal((90, 210), (found.Duration.TotalMinutes, found.Work.TotalMinutes));
        Assert.Equal((5, true), (found.Samples, found.IsComplete));
        // PERCENTILE_CONT(0.95) of 20, 20, 20, 20, 40 is 36.
        Assert.Equal(3 * 46, found.LateDuration.TotalMinutes, 6);
    }

    [Fact]
    public void A_pool_with_fewer_slots_makes_a_wave_longer_and_a_live_schedule_has_a_place_of_its_own()
    {
        var limits = new ForecastLimits(100, new Dictionary<string, int> { ["default"] = 1 });
        Assert.Equal(60, BackfillForecast.Of(Model(Chain()), 2, 2, every: null, limits)!.Duration.TotalMinutes);
        var live = Chain() with { MaxActiveRuns = 2, Schedules = [new ScheduleSpec("0 2 * * *")] };
        Assert.Equal(60, BackfillForecast.Of(Model(live), 2, 2, every: null, Wide)!.Duration.TotalMinutes);
        // It neither skips nor rejects the runs of a backfill.
        Assert.Equal(
            30,
            BackfillForecast.Of(Model(Chain() with { Overlap = OverlapPolicy.Skip }), 2, 2, every: null, Wide)!.Duration.TotalMinutes
        );
    }

    [Fact]
    public void A_pace_longer_than_the_runs_decides_and_what_is_unknown_makes_it_at_least_so_long()
    {
        var hour = TimeSpan.FromHours(1);
        Assert.Equal(150, BackfillForecast.Of(Model(Chain()), 3, 4, hour, Wide)!.Duration.TotalMinutes);
        var longer = Model(Made.Pipeline([.. Chain().Tasks, Made.Task("c", "b")]));
        Assert.False(BackfillForecast.Of(longer, 3, 4, hour, Wide)!.IsComplete);
        Assert.Null(BackfillForecast.Of(new PipelineModel(Chain(), new Dictionary<TaskName, TaskHistory>()), 3, 4, hour, Wide));
        Assert.Null(BackfillForecast.Of(Model(Chain()), 0, 4, hour, Wide));
        Assert.Null(BackfillForecast.Of(Model(Chain()), 3, 4, hour, new ForecastLimits(100, new Dictionary<string, int>())));
    }

    [Fact]
    public void What_live_runs_wait_for_hours_after_their_tick_is_there_already_for_past_dates()
    {
        var pipeline = Made.Pipeline(Made.Task("a") with { Kind = new TaskKind.WaitForTime("05:00") }, Made.Task("b", "a"));
        Assert.Equal(20, BackfillForecast.Of(Model(pipeline), 1, 1, every: null, Wide)!.Duration.TotalMinutes);
    }

    private static Pipeline Chain() => Made.Pipeline(Made.Task("a"), Made.Task("b", "a"));

    private static PipelineModel Model(Pipeline pipeline) =>
        new(
            pipeline,
            new Dictionary<TaskName, TaskHistory> { [new("a")] = History(10, 10, 10, 10, 10), [new("b")] = History(20, 20, 20, 20, 40) }
        );

    private static TaskHistory History(params double[] minutes) =>
        new([.. minutes.Select(length => new TaskSample(Due, Due.AddMinutes(length), Due))]);
}
