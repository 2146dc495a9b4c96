using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Tests.Definitions;

namespace Signalbox.Core.Tests.Foresight;

/// <summary>When runs are expected to begin and to end, behind what they need and under the limits they share.</summary>
public sealed class ForecastTests
{
    private static readonly DateTimeOffset Due = new(2026, 1, 10, 2, 15, 0, TimeSpan.Zero);
    private static readonly ForecastLimits Wide = new(100, new Dictionary<string, int> { ["default"] = 100 });

    [Theory]
    [Trait("Requirement", "S171")]
    [InlineData(new double[] { 1, 2, 3, 4 }, 0.5, 2.5)]
    [InlineData(new double[] { 10, 20, 30 }, 0.95, 29.0)]
    [InlineData(new double[] { 7 }, 0.95, 7.0)]
    [InlineData(new double[] { 1, 2 }, 0.0, 1.0)]
    [InlineData(new double[] { 1, 2 }, 1.0, 2.0)]
    public void A_quantile_is_interpolated_between_its_neighbours(double[] rising, double fraction, double expected)
    {
        Assert.Equal(expected, Quantile.Continuous(rising, fraction)!.Value, 12);
        Assert.Null(Quantile.Continuous([], fraction));
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public void Each_task_of_a_run_to_come_has_its_start_and_end_by_the_quantiles_of_its_history()
    {
        var model = Model(
            Made.Pipeline(Made.Task("a"), Made.Task("b", "a"), Made.Task("c", "a"), Made.Task("d", "b", "c")),
            ("a", [10, 10, 10, 10, 10]),
            ("b", [20, 20, 20, 20, 40]),
            ("c", [5, 5, 5, 5, 5]),
            ("d", [1, 1, 1, 1, 1])
        );
        var forecast = Forecast.Of([Coming(model, Due)], Wide, Due)[0];

        Assert.Equal([0, 10, 10, 30], forecast.Tasks.Select(task => (task.Span.Start!.Value - Due).TotalMinutes));
        Assert.Equal([10, 30, 15, 31], forecast.Tasks.Select(task => (task.Span.End!.Value - Due).TotalMinutes));
        // PERCENTILE_CONT(0.95) of 20, 20, 20, 20, 40 is 36.
        Assert.Equal(47, (forecast.Span.LateEnd!.Value - Due).TotalMinutes, 6);
        Assert.Equal([true, true, false, true], forecast.Tasks.Select(task => task.IsCritical));
        Assert.True(forecast.IsComplete);
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public void With_few_successes_the_longest_stands_for_late_and_without_any_the_run_takes_at_least_so_long()
    {
        var model = Model(Made.Pipeline(Made.Task("a"), Made.Task("b", "a")), ("a", [10, 30]));
        var forecast = Forecast.Of([Coming(model, Due)], Wide, Due)[0];

        Assert.Equal((20, 30), ((forecast.Span.End!.Value - Due).TotalMinutes, (forecast.Span.LateEnd!.Value - Due).TotalMinutes));
        Assert.Equal([ForecastBasis.Few, ForecastBasis.None], forecast.Tasks.Select(task => task.Basis));
        Assert.False(forecast.IsComplete);
    }

    [Fact]
    public void Slots_of_a_pool_and_active_runs_of_a_pipeline_are_waited_for()
    {
        var gpu = Made.Pipeline(Made.Task("a") with { Pool = "gpu" }, Made.Task("b") with { Pool = "gpu" });
        var model = Model(gpu with { MaxActiveRuns = 1 }, ("a", [10, 10, 10, 10, 10]), ("b", [10, 10, 10, 10, 10]));
        var limits = new ForecastLimits(100, new Dictionary<string, int> { ["gpu"] = 1 });
        var (forecast, pools) = Forecast.Of(
            [Coming(model, Due), Coming(model, Due.AddMinutes(5))],
            limits,
            Due,
            Due,
            Due.AddHours(1),
            TimeSpan.FromMinutes(15)
        );

        Assert.Equal([0, 10], forecast[0].Tasks.Select(task => (task.Span.Start!.Value - Due).TotalMinutes));
        Assert.Equal(20, (forecast[1].Span.Start!.Value - Due).TotalMinutes);
        Assert.Equal(40, (forecast[1].Span.End!.Value - Due).TotalMinutes);
        Assert.Equal([1, 1, 1, 0], pools["gpu"].Load.Select(load => load.Peak));
        Assert.Equal([1, 1, 10 / 15.0, 0], pools["gpu"].Load.Select(load => load.Average));
        Assert.Equal([1, 1, 1, 0], pools["gpu"].Load.Select(load => load.Waiting));
    }

    [Fact]
    public void A_task_whose_pool_has_no_slots_never_begins()
    {
        var model = Model(Made.Pipeline(Made.Task("a") with { Pool = "none", Sla = [new SlaSpec.Within(TimeSpan.FromHours(1))] }));
        var forecast = Forecast.Of([Coming(model, Due)], Wide, Due)[0];

        Assert.Null(forecast.Tasks[0].Span.Start);
        Assert.Null(forecast.Span.End);
        Assert.Equal(Outlook.Late, forecast.Worst);
    }

    [Fact]
    public void What_waits_for_the_world_ends_when_it_usually_does_and_a_time_of_day_when_it_comes()
    {
        var pipeline = Made.Pipeline(
            Made.Task("landed") with
            {
                Kind = new TaskKind.WaitForFile("x", TimeSpan.Zero, 0, TimeSpan.FromMinutes(1)),
            },
            Made.Task("morning", "landed") with
            {
                Kind = new TaskKind.WaitForTime("06:00"),
            }
        ) with
        {
            Schedule = new ScheduleSpec("15 2 * * *", "Europe/London"),
        };
        var late = new TaskHistory([.. Enumerable.Range(1, 5).Select(day => Sample(Due.AddDays(-day), 30, 45))]);
        var model = new PipelineModel(pipeline, new Dictionary<TaskName, TaskHistory> { [new TaskName("landed")] = late });
        // It begins an hour late, when what it waits for has long been there.
        var forecast = Forecast.Of([Coming(model, Due), Coming(model, Due) with { CreatedAt = Due.AddHours(1) }], Wide, Due);

        Assert.Equal(Due.AddMinutes(45), forecast[0].Tasks[0].Span.End);
        Assert.Equal(Due.AddHours(1), forecast[1].Tasks[0].Span.End);
        Assert.Equal(new DateTimeOffset(2026, 1, 10, 6, 0, 0, TimeSpan.Zero), forecast[0].Tasks[1].Span.End);
    }

    [Fact]
    [Trait("Requirement", "S13")]
    [Trait("Requirement", "S170")]
    public void A_deadline_is_at_risk_when_only_a_usual_run_meets_it_and_late_when_not_even_that_does()
    {
        Outlook? At(double limit) =>
            Forecast
                .Of(
                    [
                        Coming(
                            Model(
                                Made.Pipeline(Made.Task("a")) with
                                {
                                    Sla = [new SlaSpec.Within(TimeSpan.FromMinutes(limit))],
                                },
                                ("a", [10, 10, 10, 10, 20])
                            ),
                            Due
                        ),
                    ],
                    Wide,
                    Due
                )[0]
                .Worst;

        Assert.Equal((Outlook.OnTime, Outlook.AtRisk, Outlook.Late), (At(18), At(17), At(9)));
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public void A_task_that_runs_ends_as_those_did_that_took_as_long_already()
    {
        var model = Model(Made.Pipeline(Made.Task("a"), Made.Task("b", "a")), ("a", [10, 10, 10, 30, 50]), ("b", [5, 5, 5, 5, 5]));
        var now = Due.AddMinutes(12);
        var forecast = Forecast.Of([Running(model, Due)], Wide, now)[0];

        Assert.Equal(40, (forecast.Tasks[0].Span.End!.Value - Due).TotalMinutes);
        Assert.Equal(45, (forecast.Span.End!.Value - Due).TotalMinutes);
        Assert.Equal(now.AddHours(2).AddMinutes(5), Forecast.Of([Running(model, Due)], Wide, now.AddHours(2))[0].Span.End);
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public void What_is_queued_begins_now_at_the_earliest()
    {
        var model = Model(Made.Pipeline(Made.Task("a")), ("a", [10, 10, 10, 10, 10]));
        var queued = Coming(model, Due) with { Run = Runs.Lab.NewRun(model.Pipeline) with { State = RunState.Queued } };
        var now = Due.AddHours(3);

        Assert.Equal(
            (now, now.AddMinutes(10)),
            (Forecast.Of([queued], Wide, now)[0].Span.Start, Forecast.Of([queued], Wide, now)[0].Span.End)
        );
    }

    [Theory]
    [Trait("Requirement", "S66")]
    [InlineData(10, 10)]
    [InlineData(3, 40)]
    [InlineData(1, 100)]
    public void A_mapped_task_has_its_usual_number_of_items_side_by_side_as_far_as_its_pool_lets_them(int slots, int minutes)
    {
        // Once three of them at a time: 10 items of 10 minutes.
        var sample = Sample(Due.AddDays(-1), 0, 40) with
        {
            Items = 10,
            Work = TimeSpan.FromMinutes(100),
        };
        var model = new PipelineModel(
            Made.Pipeline(Made.Task("each") with { ForEach = "{{ params.items }}" }, Made.Task("after", "each")),
            new Dictionary<TaskName, TaskHistory> { [new("each")] = new([sample, sample, sample, sample, sample]) }
        );
        var limits = new ForecastLimits(100, new Dictionary<string, int> { ["default"] = slots });
        var (forecast, pools) = Forecast.Of([Coming(model, Due)], limits, Due, Due, Due.AddHours(2), TimeSpan.FromHours(2));

        Assert.Equal(Due.AddMinutes(minutes), forecast.SpanOf(0, 0).End);
        Assert.Equal(Due.AddMinutes(minutes), forecast.SpanOf(0, 1).Start);
        Assert.Equal(slots, pools["default"].Load[0].Peak);
    }

    private static PlannedRun Coming(PipelineModel model, DateTimeOffset due) =>
        new()
        {
            Model = model,
            DueAt = due,
            CreatedAt = due,
        };

    private static PlannedRun Running(PipelineModel model, DateTimeOffset at) =>
        Coming(model, at) with
        {
            Run = Runs.Lab.NewRun(model.Pipeline) with { State = RunState.Running, StartedAt = at, Trigger = RunTrigger.Scheduled },
            Tasks =
            [
                new TaskRun
                {
                    Key = new TaskKey(new TaskName("a")),
                    State = TaskState.Running,
                    StartedAt = at,
                },
                new TaskRun { Key = new TaskKey(new TaskName("b")), State = TaskState.None },
            ],
        };

    private static PipelineModel Model(Pipeline pipeline, params (string Task, double[] Minutes)[] history) =>
        new(
            pipeline,
            history.ToDictionary(
                task => new TaskName(task.Task),
                task => new TaskHistory([.. task.Minutes.Select(minutes => Sample(Due.AddDays(-1), 0, minutes))])
            )
        );

    private static TaskSample Sample(DateTimeOffset due, double from, double to) => new(due.AddMinutes(from), due.AddMinutes(to), due);
}
