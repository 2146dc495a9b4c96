using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_run_is_loaded_as_it_was_written()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);
        var full = Made.Task("a") with
        {
            State = TaskState.UpForRetry,
            Token = 3,
            TryNumber = 2,
            TriesBefore = 1,
            LostCount = 1,
            Reason = "ключ \"quoted\" 🚂",
            DueAt = Made.Noon.AddMinutes(5),
            Deadline = Made.Noon.AddHours(1),
            ReadyAt = Made.Noon.AddSeconds(1),
            StartedAt = Made.Noon.AddSeconds(2),
            Polls = 4,
            MapCount = 0,
            Item = "{\"a\":1}",
            Label = "",
            Result = new string('x', 10_000),
            Attempt = AttemptState.Failed,
            Stopping = StopReason.Marked,
            MarkedAs = TaskState.Skipped,
            Failure = new Failure(FailureClass.RateLimited, "slow down", "error file", TimeSpan.FromSeconds(30), CheckFailed: true),
            Revision = 2,
        };
        var ended = run with
        {
            State = RunState.Failed,
            StartedAt = Made.Noon,
            EndedAt = Made.Noon.AddHours(2),
            Deadline = Made.Noon.AddHours(3),
            Retries = 2,
            Ending = RunState.Failed,
            OnlyTasks = [new("a"), new("b")],
            Reason = "a failed",
            Revision = 2,
        };

        await store.WriteAsync(
            session => session.Apply(run.Number, fence, Made.Decision(new Change.RunChanged(ended), new Change.TaskChanged(full))),
            Ct
        );

        var stored = store.Read(session => session.LoadRun(run.Number))!;
        Assert.Equal(ended with { OnlyTasks = [] }, stored.Run with { OnlyTasks = [] });
        Assert.Equal(ended.OnlyTasks, stored.Run.OnlyTasks);
        Assert.Equal(fence, stored.Fence);
        Assert.Equal(full, Assert.Single(stored.Tasks, task => task.Key.Task.Value == "a"));
        Assert.Equal(run.Number, store.Read(session => session.Run(run.Pipeline, run.Id))!.Number);
    }

    [Fact]
    public async Task Who_lost_the_run_to_another_claim_changes_nothing()
    {
        using var store = Database.Open();
        var (run, stale) = await store.CreateRun(tasks: ["a"]);
        var fresh = await store.WriteAsync(session => session.ClaimRun(run.Number, Guid.NewGuid()), Ct);
        var decision = Made.Decision(new Change.TaskChanged(Made.Task("a") with { State = TaskState.Scheduled, Revision = 2 }));

        var conflict = await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.Apply(run.Number, stale, decision), Ct));
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(
                s => s.Apply(run.Number, stale, Made.Decision(new Change.RunChanged(run with { Reason = "mine", Revision = 2 }))),
                Ct
            )
        );
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.Apply(run.Number, fresh with { Owner = Made.Owner }, decision), Ct)
        );

        Assert.Contains($"run {run.Number}: claim 1 is stale", conflict.Message, StringComparison.Ordinal);
        Assert.Equal(2, fresh.Epoch);
        Assert.Equal(TaskState.None, store.Read(s => s.Task(run.Number, new(new("a"))))!.State);
        await store.WriteAsync(s => s.Apply(run.Number, fresh, decision), Ct);
        Assert.Equal(TaskState.Scheduled, store.Read(s => s.Task(run.Number, new(new("a"))))!.State);
    }

    [Fact]
    public async Task A_stale_revision_refuses_the_whole_decision()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);
        var first = Made.Decision(new Change.TaskChanged(Made.Task("a") with { State = TaskState.Scheduled, Revision = 2 }));
        await store.WriteAsync(s => s.Apply(run.Number, fence, first), Ct);
        var second = Made.Decision(
            new Change.RunChanged(run with { Reason = "never", Revision = 2 }),
            new Change.TaskChanged(Made.Task("b") with { State = TaskState.Scheduled, Revision = 2 }),
            new Change.TaskChanged(Made.Task("a") with { State = TaskState.Skipped, EndedAt = Made.Noon, Revision = 2 })
        );

        var conflict = await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.Apply(run.Number, fence, second), Ct));

        Assert.Contains("task a: revision 1 is stale", conflict.Message, StringComparison.Ordinal);
        var stored = store.Read(s => s.LoadRun(run.Number))!;
        Assert.Equal(1, stored.Run.Revision);
        Assert.Equal([TaskState.Scheduled, TaskState.None], stored.Tasks.OrderBy(t => t.Key.Task.Value).Select(t => t.State));
    }

    [Fact]
    public async Task An_attempt_is_changed_only_with_its_token_and_only_until_it_has_ended()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a"]);
        Task Apply(Attempt attempt) =>
            store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.AttemptChanged(attempt))), Ct);
        var began = Made.Attempt("a", token: 7) with { Gpus = "0,2" };
        await Apply(began);

        await Assert.ThrowsAsync<StoreConflict>(() => Apply(began with { Token = 8, State = AttemptState.Running }));
        var ended = began with
        {
            State = AttemptState.Failed,
            StartedAt = Made.Noon.AddSeconds(1),
            EndedAt = Made.Noon.AddSeconds(3),
            ExitCode = 75,
            Failure = new(FailureClass.Transient, "exit code 75", "exit code 75"),
            Process = new("1234", "9876:boot", TimeSpan.FromMilliseconds(1500), 1 << 30),
            NextDelay = TimeSpan.FromMinutes(5),
        };
        await Apply(ended);
        await Assert.ThrowsAsync<StoreConflict>(() => Apply(ended with { State = AttemptState.Succeeded }));

        Assert.Equal([ended], store.Read(s => s.Attempts(run.Number)));
        Assert.Equal([ended], store.Read(s => s.Attempts(run.Number, ended.Key)));
    }

    [Fact]
    [Trait("Requirement", "S8")]
    public async Task The_history_of_a_run_is_kept_in_its_order()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);
        for (var i = 0; i < 5; i++)
        {
            var entry = new HistoryEntry(
                Made.Noon.AddSeconds(i),
                new TaskKey(new(i % 2 == 0 ? "a" : "b"), i),
                i,
                "queued",
                $"event_{i}",
                "running",
                "why"
            );
            await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.HistoryAdded(entry))), Ct);
        }

        var all = store.Read(s => s.History(run.Number));

        Assert.Equal(["run_created", "event_0", "event_1", "event_2", "event_3", "event_4"], all.Select(entry => entry.Event));
        Assert.Equal(new HistoryEntry(Made.Noon.AddSeconds(3), new TaskKey(new("b"), 3), 3, "queued", "event_3", "running", "why"), all[4]);
        Assert.Equal("event_1", Assert.Single(store.Read(s => s.History(run.Number, new TaskKey(new("b"), 1)))).Event);
    }

    [Fact]
    [Trait("Requirement", "S9")]
    public async Task There_is_one_run_of_an_id_and_one_tick_of_a_run()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun(trigger: RunTrigger.Scheduled);

        // The name of a scheduled run has its logical date in it, so there is one for a date.
        var same = await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(
                s =>
                {
                    var next = run with { Number = s.NextRunNumber() };
                    s.CreateRun(Made.Decision(new Change.RunChanged(next)), owner: null);
                },
                Ct
            )
        );
        await store.WriteAsync(s => s.RecordTick(new(run.Pipeline, "schedule", "one", Made.Noon, run.Number, null, Made.Noon)), Ct);
        await Assert.ThrowsAnyAsync<Exception>(() =>
            store.WriteAsync(s => s.RecordTick(new(run.Pipeline, "other", "two", Made.Noon, run.Number, null, Made.Noon)), Ct)
        );
        var (manual, _) = await store.CreateRun(trigger: RunTrigger.Manual);

        Assert.Contains(run.Id.Value, same.Message, StringComparison.Ordinal);
        Assert.Equal(run.Number.Value + 1, manual.Number.Value);
        Assert.Equal("one", Assert.Single(store.Read(s => s.Ticks(run.Pipeline, 10))).Label);
    }

    [Fact]
    public async Task Ten_thousand_instances_are_written_in_one_decision()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["train"]);
        var instances = Enumerable
            .Range(0, 10_000)
            .Select(i => (Change)new Change.TaskChanged(Made.Task("train", i) with { Item = $"\"s{i}\"", Label = $"s{i}" }));
        var decision = Made.Decision([.. instances]);

        var watch = Stopwatch.StartNew();
        await store.WriteAsync(s => s.Apply(run.Number, fence, decision), Ct);
        var written = watch.Elapsed;
        watch.Restart();
        var stored = store.Read(s => s.LoadRun(run.Number))!;

        Output.WriteLine(
            $"10,000 instances: written in {written.TotalMilliseconds:0} ms, loaded in {watch.Elapsed.TotalMilliseconds:0} ms"
        );
        Assert.Equal(10_001, stored.Tasks.Length);
        Assert.Equal("s9999", Assert.Single(stored.Tasks, task => task.Key.MapIndex == 9999).Label);
    }

    [Fact]
    public async Task Runs_are_listed_by_what_they_are_newest_first_page_by_page()
    {
        using var store = Database.Open();
        for (var day = 1; day <= 5; day++)
        {
            await store.CreateRun("daily", day, RunTrigger.Scheduled);
            await store.CreateRun("other", day);
        }

        var first = store.Read(s => s.Runs(new(Pipeline: new("daily"), Limit: 3)));
        var second = store.Read(s => s.Runs(new(Pipeline: new("daily"), Before: first[^1].Number, Limit: 3)));

        Assert.Equal([5, 4, 3, 2, 1], first.Concat(second).Select(run => run.LogicalDate.Day));
        Assert.Equal(10, store.Read(s => s.Runs(new())).Count);
        Assert.Equal(5, store.Read(s => s.Runs(new(Trigger: RunTrigger.Scheduled))).Count);
        Assert.Empty(store.Read(s => s.Runs(new(State: RunState.Success))));
        Assert.Equal(10, store.Read(s => s.ActiveRuns()).Count);
        Assert.Equal(0, store.Read(s => s.RunningRuns(new("daily"))));
        Assert.Empty(store.Read(s => s.RunNumbersHoldingSlots()));
        Assert.Equal([2, 3], store.Read(s => s.RunsOf(new("daily"), Day(2), Day(4))).Select(run => run.LogicalDate.Day));
        Assert.Equal(10, await store.WriteAsync(s => s.ReleaseRuns(Made.Owner), Ct));
    }

    [Fact]
    public async Task The_run_that_a_task_waits_for_is_found_by_its_interval()
    {
        using var store = Database.Open();
        for (var day = 1; day <= 8; day++)
        {
            var (run, fence) = await store.CreateRun("daily", day, tasks: ["load"]);
            var done = Made.Task("load") with
            {
                State = TaskState.Success,
                StartedAt = Made.Noon,
                EndedAt = Made.Noon.AddSeconds(day),
                Revision = 2,
            };
            var ended = run with { State = RunState.Success, EndedAt = Made.Noon, Revision = 2 };
            await store.WriteAsync(
                s => s.Apply(run.Number, fence, Made.Decision(new Change.TaskChanged(done), new Change.RunChanged(ended))),
                Ct
            );
        }

        var week = store.Read(s => s.RunsMatching(new("daily"), new TaskName("load"), Day(1), Day(8)));
        var hour = store.Read(s => s.RunsMatching(new("daily"), task: null, Day(3).AddHours(4), Day(3).AddHours(5)));
        var date = store.Read(s => s.RunsMatching(new("daily"), new TaskName("load"), Day(4)));

        Assert.Equal([1, 2, 3, 4, 5, 6, 7], week.Select(run => run.LogicalDate.Day));
        Assert.All(week, run => Assert.Equal(TaskState.Success, run.Task));
        Assert.Null(Assert.Single(hour).Task);
        Assert.Equal(3, hour[0].LogicalDate.Day);
        Assert.Equal(4, Assert.Single(date).LogicalDate.Day);
        Assert.Equal(8, store.Read(s => s.LatestSuccess(new("daily")))!.LogicalDate.Day);
        Assert.Equal(
            [8, 7, 6],
            store.Read(s => s.TaskDurations(new("daily"), new(new("load")), 3)).Select(duration => (int)duration.Duration.TotalSeconds)
        );
    }

    private static DateTimeOffset Day(int day) => new(2001, 1, day, 0, 0, 0, TimeSpan.Zero);
}
