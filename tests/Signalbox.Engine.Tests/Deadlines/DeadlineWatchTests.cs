using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Engine.Control;
using Signalbox.Engine.Deadlines;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Deadlines;

/// <summary>Deadlines are judged while runs go on, when they never begin, and once over restarts.</summary>
public sealed class DeadlineWatchTests
{
    private static readonly DateTimeOffset Night = new(2026, 3, 10, 1, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("Requirement", "S13")]
    [Trait("Requirement", "S167")]
    public async Task A_run_that_goes_on_past_its_deadline_is_told_once_with_its_tasks_and_stays_so_over_a_restart()
    {
        var time = new ManualTime(Night);
        await using var house = new House { Time = time };
        house.Pipeline(Waiting("slow", "sla: { by: \"06:00\" }"));
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.FromMinutes(80), () => Runs(house, "slow").Count == 1, "the run");
        var run = Runs(house, "slow")[0];
        await house.UntilStateAsync(run.Number, "landed", TaskState.UpForReschedule);
        Assert.Equal([DeadlineState.Open, DeadlineState.Open], States(house, run.Number));

        // The task's own deadline comes first, at half past two.
        await PassAsync(
            house,
            time,
            TimeSpan.FromMinutes(20),
            () => States(house, run.Number)[0] == DeadlineState.Missed,
            "the first miss"
        );
        Assert.Equal(DeadlineState.Open, States(house, run.Number)[1]);
        Assert.Equal(RunState.Running, house.Store.Read(session => session.Run(run.Number))!.State);
        await house.CloseAsync();
        time.Pass(TimeSpan.FromHours(6));
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.Zero, () => States(house, run.Number)[1] == DeadlineState.Missed, "the second miss");
        await PassAsync(house, time, TimeSpan.FromMinutes(1), () => true, "some looks");

        var alerts = house.Store.Read(session => session.Alerts(run.Number)).Where(each => each.Alert.Kind == AlertKind.SlaMissed).ToList();
        Assert.Equal([new TaskName("landed"), null], alerts.Select(each => each.Alert.Task));
        Assert.Equal(
            $"slow: the deadline 2026-03-10 06:00:00Z (by 06:00) of run {run.Number} was missed: not done are landed (up_for_reschedule), work (none); expected at {time.GetUtcNow().AddMinutes(-1):yyyy-MM-dd}",
            alerts[1].Alert.Message[..^10]
        );
        Assert.Contains(new AlertFact("tasks", "landed, work"), alerts[1].Alert.Facts);
        Assert.Contains(alerts[1].Alert.Facts, fact => fact.Name == "expected_completion");
        Assert.Equal(2, house.Store.Read(session => session.History(run.Number)).Count(line => line.Event == DeadlineWatch.Missed));
    }

    [Fact]
    [Trait("Requirement", "S13")]
    [Trait("Requirement", "S166")]
    public async Task A_run_in_time_meets_its_deadline_and_nobody_is_told()
    {
        var time = new ManualTime(Night);
        await using var house = new House { Time = time };
        house.Pipeline(
            "pipeline: quick\nschedule: { cron: \"15 2 * * *\", timezone: Europe/London }\nstart: 2026-03-09\nsla:\n  - { by: \"06:00\", timezone: Europe/London }\n  - { within: 3h }\ntasks:\n  a: { noop: {} }\n"
        );
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.FromMinutes(80), () => Runs(house, "quick") is [{ State: RunState.Success }], "the run");
        var run = Runs(house, "quick")[0];
        await PassAsync(
            house,
            time,
            TimeSpan.Zero,
            () => States(house, run.Number).All(state => state == DeadlineState.Met),
            "the judgement"
        );

        Assert.Equal(["within 3h", "by 06:00 Europe/London"], house.Store.Read(s => s.DeadlinesOf(run.Number)).Select(each => each.Rule));
        Assert.DoesNotContain(house.Store.Read(session => session.Alerts(10)), each => each.Alert.Kind == AlertKind.SlaMissed);
        var report = Assert.Single(house.Store.Read(session => SlaReports.Of(session, time.GetUtcNow())));
        Assert.Equal((1, 1, 100.0), (report.TotalRuns, report.OnTimeRuns, report.ComplianceRate));
    }

    [Fact]
    [Trait("Requirement", "S13")]
    [Trait("Requirement", "S16")]
    public async Task A_run_that_never_began_is_judged_as_well_as_one_whose_server_was_down()
    {
        var time = new ManualTime(Night);
        await using var house = new House { Time = time };
        house.Pipeline(Waiting("queued", "max_active_runs: 1\nsla: { within: 30h }"));
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.FromMinutes(80), () => Runs(house, "queued").Count == 1, "the first run");
        await PassAsync(house, time, TimeSpan.FromHours(24), () => Runs(house, "queued").Count == 2, "the second run");
        var second = Runs(house, "queued")[0];
        Assert.Equal(RunState.Queued, second.State);
        await house.CloseAsync();
        time.Pass(TimeSpan.FromHours(31));
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.Zero, () => States(house, second.Number).Contains(DeadlineState.Missed), "the miss");

        var missed = house.Store.Read(session => session.DeadlinesOf(second.Number)).Where(each => each.Task is null);
        Assert.Contains("the run has not begun", Assert.Single(missed).Reason);
    }

    [Fact]
    [Trait("Requirement", "S13")]
    public async Task A_tick_that_became_no_run_misses_its_deadline()
    {
        var time = new ManualTime(Night);
        await using var house = new House { Time = time };
        house.Pipeline("pipeline: down\nschedule: \"15 2 * * *\"\nstart: 2026-03-09\nsla: { by: \"06:00\" }\ntasks:\n  a: { noop: {} }\n");
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.FromMinutes(80), () => Runs(house, "down") is [{ State: RunState.Success }], "the first run");
        await house.CloseAsync();
        time.Pass(TimeSpan.FromDays(3));
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.Zero, () => Missed(house, "down").Count == 2, "the misses");

        Assert.All(Missed(house, "down"), each => Assert.Contains("no run was made: catch-up is none", each.Deadline.Reason));
        Assert.All(Missed(house, "down"), each => Assert.Null(each.Deadline.Run));
        await PassAsync(house, time, TimeSpan.Zero, () => Runs(house, "down").All(run => run.State == RunState.Success), "the second run");
        // It was due at a quarter past two, and made when the server was there again, before six: in time.
        await PassAsync(house, time, TimeSpan.Zero, () => !house.Store.Read(s => s.OpenDeadlines()).Any(), "the judgements");
        var report = Assert.Single(house.Store.Read(session => SlaReports.Of(session, time.GetUtcNow())));
        Assert.Equal((2, 4), (report.OnTimeRuns, report.TotalRuns));
        Assert.Equal(50, report.ComplianceRate);
        Assert.Single(house.Store.Read(session => session.Alerts(10)), each => each.Alert.Kind == AlertKind.SlaMissed);
    }

    [Fact]
    [Trait("Requirement", "S13")]
    public async Task What_people_and_backfills_start_has_no_deadline()
    {
        await using var house = new House();
        house.Pipeline("pipeline: byhand\nsla: { within: 1s }\ntasks:\n  a: { noop: {}, sla: { within: 1s } }\n");
        var run = await house.RunAsync("byhand");

        Assert.Empty(house.Store.Read(session => session.DeadlinesOf(run.Number)));
    }

    [Fact]
    [Trait("Requirement", "S66")]
    [Trait("Requirement", "S15")]
    public async Task Runs_to_come_and_runs_that_are_there_are_foretold_from_the_store()
    {
        var time = new ManualTime(Night);
        await using var house = new House { Time = time };
        house.Pipeline(Waiting("slow", "sla: { by: \"06:00\" }"));
        await house.ServeAsync();
        await PassAsync(house, time, TimeSpan.FromMinutes(80), () => Runs(house, "slow").Count == 1, "the run");
        var (now, run) = (time.GetUtcNow(), Runs(house, "slow")[0]);
        var active = Assert.Single(house.Store.Read(session => Forecaster.Active(session, house.Session.Project, now)));
        var coming = house.Store.Read(session => Forecaster.Upcoming(session, house.Session.Project, now, now.AddDays(2)));

        Assert.Equal(run.Number, active.Planned.Run!.Number);
        Assert.Equal(run.Number, house.Store.Read(s => Forecaster.Of(s, house.Session.Project, run.Number, now))!.Planned.Run!.Number);
        Assert.Null(house.Store.Read(session => Forecaster.Of(session, house.Session.Project, new RunNumber(99), now)));
        Assert.Equal(["03-11 02:15", "03-12 02:15"], coming.Select(each => each.Planned.DueAt.ToString("MM-dd HH:mm")));
        Assert.All(coming, each => Assert.Equal(Outlook(each), Core.Foresight.Outlook.Unknown));
        Assert.True((await house.AskAsync(new Request.PausePipeline("slow", "holiday"))).Done);
        Assert.Empty(house.Store.Read(session => Forecaster.Upcoming(session, house.Session.Project, now, now.AddDays(2))));

        static Core.Foresight.Outlook? Outlook(Core.Foresight.RunForecast forecast) => forecast.Worst;
    }

    private static string Waiting(string name, string more) =>
        $$"""
            pipeline: {{name}}
            schedule: "15 2 * * *"
            start: 2026-03-09
            {{more}}
            tasks:
              landed: { wait_for: { file: "never" }, every: 1m, timeout: 90d, sla: { within: 15m } }
              work: { needs: landed, noop: {} }

            """;

    private static IReadOnlyList<Run> Runs(House house, string pipeline) =>
        house.Store.Read(session => session.Runs(new RunFilter(new PipelineName(pipeline))));

    private static List<DeadlineState> States(House house, RunNumber run) =>
        [.. house.Store.Read(session => session.DeadlinesOf(run)).Select(each => each.State)];

    private static List<DeadlineStanding> Missed(House house, string pipeline) =>
        [
            .. house
                .Store.Read(session => session.DeadlineHistory(new PipelineName(pipeline), DateTimeOffset.UnixEpoch))
                .Where(each => each.Deadline.State == DeadlineState.Missed),
        ];

    /// <summary>Lets time go by at once, then in small steps until something is seen.</summary>
    private static async Task PassAsync(House house, ManualTime time, TimeSpan by, Func<bool> seen, string what)
    {
        time.Pass(by);
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromMilliseconds(50));
                return seen();
            },
            what
        );
    }
}
