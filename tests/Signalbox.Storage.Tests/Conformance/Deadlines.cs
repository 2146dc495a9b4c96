using Signalbox.Core;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S13")]
    public async Task A_deadline_is_a_row_that_is_judged_once()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", trigger: RunTrigger.Scheduled, tasks: ["load"]);
        Deadline[] rules = [new(null, 0, Day(6).AddHours(6), "by 06:00"), new(new("load"), 0, Day(6).AddHours(3), "within 3h")];
        await store.WriteAsync(s => s.AddDeadlines(new("daily"), run.Number, Day(6), rules), Ct);
        await store.WriteAsync(s => s.AddDeadlines(new("daily"), run.Number, Day(6), rules), Ct);
        var open = store.Read(s => s.OpenDeadlines());

        Assert.Equal(["load", null], open.Select(each => each.Deadline.Task?.Value));
        Assert.All(open, each => Assert.Equal((RunState.Queued, null), (each.RunState!.Value, each.Skipped)));
        Assert.Equal([TaskState.None, null], open.Select(each => each.TaskState));
        var (first, second) = (open[0].Deadline.Id, open[1].Deadline.Id);
        Assert.True(await store.WriteAsync(s => s.DeadlineMissed(first, Made.Noon, Day(6).AddHours(7), "load is running"), Ct));
        Assert.False(await store.WriteAsync(s => s.DeadlineMissed(first, Made.Noon, null, "again"), Ct));
        Assert.True(await store.WriteAsync(s => s.DeadlineMet(second, Made.Noon), Ct));
        Assert.Empty(store.Read(s => s.OpenDeadlines()));
        var judged = store.Read(s => s.DeadlinesOf(run.Number));
        Assert.Equal([DeadlineState.Missed, DeadlineState.Met], judged.Select(each => each.State));
        Assert.Equal((Day(6).AddHours(7), "load is running"), (judged[0].ExpectedAt!.Value, judged[0].Reason));
        Assert.Equal(judged, store.Read(s => s.DeadlinesBetween(run.Number, run.Number)));
    }

    [Fact]
    [Trait("Requirement", "S13")]
    public async Task The_deadline_of_a_tick_that_became_no_run_tells_why()
    {
        using var store = Database.Open();
        await store.CreateRun("daily");
        await store.WriteAsync(
            s =>
            {
                s.RecordTick(new(new("daily"), "cron", "2001-01-06T02:15", Day(6), null, "a run was active", Made.Noon));
                s.AddDeadlines(new("daily"), run: null, Day(6), [new(null, 0, Day(6).AddHours(6), "by 06:00")]);
            },
            Ct
        );
        var standing = Assert.Single(store.Read(s => s.OpenDeadlines()));

        Assert.Equal((null, null, "a run was active"), (standing.Deadline.Run, standing.RunState, standing.Skipped));
        await Assert.ThrowsAnyAsync<Exception>(() => store.WriteAsync(s => s.DeadlineMet(standing.Deadline.Id, Made.Noon), Ct));
        Assert.True(await store.WriteAsync(s => s.DeadlineMissed(standing.Deadline.Id, Made.Noon, null, "no run was made"), Ct));
        Assert.Single(store.Read(s => s.DeadlineHistory(new PipelineName("daily"), Day(6))));
        Assert.Empty(store.Read(s => s.DeadlineHistory(null, Day(7))));
        Assert.Empty(store.Read(s => s.DeadlineHistory(new PipelineName("other"), Day(6))));
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public async Task The_history_of_tasks_is_that_of_the_newest_live_runs_that_have_ended()
    {
        using var store = Database.Open();
        for (var day = 1; day <= 3; day++)
        {
            var (run, fence) = await store.CreateRun("daily", day, RunTrigger.Scheduled, "load", "each");
            var (begin, length) = (run.IntervalEnd.AddMinutes(5), TimeSpan.FromMinutes(10 * day));
            var done = Made.Task("load") with { State = TaskState.Success, StartedAt = begin, EndedAt = begin + length, Revision = 2 };
            var ended = run with { State = RunState.Success, StartedAt = begin, EndedAt = begin + length, Revision = 2 };
            var mapped = done with { Key = new TaskKey(new TaskName("each")), MapCount = 2 };
            var items = new[] { 0, 1 }.Select(index => done with { Key = new TaskKey(new TaskName("each"), index), Revision = 1 });
            // The last of them still runs.
            Change[] changes = day < 3 ? [new Change.RunChanged(ended), new Change.TaskChanged(done)] : [new Change.TaskChanged(done)];
            changes = [.. changes, new Change.TaskChanged(mapped), .. items.Select(item => new Change.TaskChanged(item))];
            await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(changes)), Ct);
        }

        // Whoever gave a task its success says nothing of how long it takes.
        var (given, by) = await store.CreateRun("daily", 4, RunTrigger.Scheduled, "load", "each");
        var late = given.IntervalEnd.AddHours(9);
        var marked = Made.Task("load") with
        {
            State = TaskState.Success,
            MarkedAs = TaskState.Success,
            StartedAt = given.IntervalEnd,
            EndedAt = late,
            Revision = 2,
        };
        var over = given with { State = RunState.Success, StartedAt = given.IntervalEnd, EndedAt = late, Revision = 2 };
        await store.WriteAsync(
            s => s.Apply(given.Number, by, Made.Decision([new Change.RunChanged(over), new Change.TaskChanged(marked)])),
            Ct
        );
        Assert.DoesNotContain(store.Read(s => s.TaskDurations(new("daily"), new(new("load")), 9)), one => one.Run == given.Number);

        var histories = store.Read(s => s.TaskHistories(new("daily")));
        var history = histories[new("load")];
        // Two instances, each as long as the whole.
        Assert.Equal(
            (2, TimeSpan.FromMinutes(15)),
            (histories[new("each")].Items(Quantile.Median), histories[new("each")].ItemLength(Quantile.Median))
        );
        Assert.Null(history.Items(Quantile.Median));

        Assert.Equal((2, ForecastBasis.Few), (history.Count, history.Basis));
        Assert.Equal(TimeSpan.FromMinutes(15), history.Length(Quantile.Median));
        Assert.Equal(TimeSpan.FromMinutes(20), history.Arrival(Quantile.Median));
        Assert.Empty(store.Read(s => s.TaskHistories(new("other"))));
    }
}
