using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S9")]
    public async Task An_occurrence_of_a_schedule_becomes_a_run_exactly_once()
    {
        var address = Database.Create();
        using var one = Store.Open(address);
        using var two = Store.Open(address);
        await one.CreateRun("daily", 1);
        var fired = 0;

        // Two schedulers, each with its own store, race for the same thirty occurrences.
        async Task Fire(Store store, int day)
        {
            try
            {
                await store.WriteAsync(
                    s =>
                    {
                        if (s.HasTick(new("daily"), "cron", Label(day)))
                        {
                            s.AdvanceCursor(new("daily"), Day(day + 1));
                            return;
                        }

                        var version = s.Pipeline(new("daily"))!.Version!.Value;
                        var run = Made.Run(s.NextRunNumber(), version, day: day, trigger: RunTrigger.Scheduled);
                        s.CreateRun(Made.Decision(new Change.RunChanged(run)), owner: null);
                        s.RecordTick(new(new("daily"), "cron", Label(day), Day(day + 1), run.Number, null, Made.Noon));
                        s.AdvanceCursor(new("daily"), Day(day + 1));
                    },
                    Ct
                );
                Interlocked.Increment(ref fired);
            }
            catch (StoreConflict)
            {
                // The other one was first.
            }
        }

        await Task.WhenAll(Enumerable.Range(1, 30).SelectMany(day => new[] { Fire(one, day), Fire(two, day), Fire(one, day) }));

        var runs = one.Read(s => s.Runs(new(Trigger: RunTrigger.Scheduled)));
        Assert.Equal(Enumerable.Range(1, 30), runs.Select(run => run.LogicalDate.Day).Order());
        Assert.Equal(30, one.Read(s => s.Ticks(new("daily"), 100)).Count);
        Assert.Equal(Day(31), one.Read(s => s.Pipeline(new("daily")))!.Cursor);
        Assert.InRange(fired, 30, 90);
        await one.WriteAsync(s => s.AdvanceCursor(new("daily"), Day(3)), Ct);
        Assert.Equal(Day(31), one.Read(s => s.Pipeline(new("daily")))!.Cursor);

        static string Label(int day) => $"2001-01-{day:00}T02:15";
    }

    [Fact]
    public async Task A_skipped_occurrence_keeps_its_reason()
    {
        using var store = Database.Open();
        await store.CreateRun("daily", 1);
        var tick = new StoredTick(
            new("daily"),
            "cron",
            "2001-01-05T02:15",
            Day(5),
            null,
            "catch-up is none",
            Made.Noon,
            SkipReason.CatchUp
        );
        await store.WriteAsync(s => s.RecordTick(tick), Ct);

        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.RecordTick(tick), Ct));
        Assert.Equal([tick], store.Read(s => s.Ticks(new("daily"), 10)));
    }

    [Fact]
    public async Task A_definition_is_kept_once_under_its_hash_and_a_bad_file_leaves_the_last_good_one_current()
    {
        using var store = Database.Open();
        var pipeline = Made.Pipeline("daily", "a");
        var first = await store.WriteAsync(s => s.SaveCurrentDefinition(pipeline, "one", "daily.yaml", Made.Noon), Ct);
        var same = await store.WriteAsync(s => s.SaveCurrentDefinition(pipeline, "two", "daily.yaml", Made.Noon.AddDays(1)), Ct);
        var other = await store.WriteAsync(s => s.SaveDefinition(pipeline with { Priority = 1 }, "three", Made.Noon), Ct);
        await store.WriteAsync(s => s.SaveLoadError(new("daily"), "daily.yaml", "line 3", Made.Noon), Ct);
        await store.WriteAsync(s => s.SaveLoadError(new("broken"), "broken.yaml", "line 1", Made.Noon), Ct);

        Assert.Equal(first, same);
        Assert.NotEqual(first, other);
        var stored = store.Read(s => s.Definition(new("daily"), first))!;
        Assert.Equal(("one", Made.Noon), (stored.Source, stored.FirstSeen));
        Assert.Equal(["broken", "daily"], store.Read(s => s.Pipelines()).Select(p => p.Name.Value));
        Assert.Equal(
            (first, "line 3"),
            (store.Read(s => s.Pipeline(new("daily")))!.Version!.Value, store.Read(s => s.Pipeline(new("daily")))!.LoadError)
        );
        Assert.Null(store.Read(s => s.Pipeline(new("broken")))!.Version);
    }

    [Fact]
    public async Task Definitions_that_were_first_seen_together_are_paged_without_a_gap()
    {
        using var store = Database.Open();
        var all = new List<VersionHash>();
        for (var priority = 1; priority <= 4; priority++)
        {
            var pipeline = Made.Pipeline("daily", "a") with { Priority = priority };
            all.Add(await store.WriteAsync(s => s.SaveCurrentDefinition(pipeline, $"{pipeline.Priority}", "daily.yaml", Made.Noon), Ct));
        }

        var seen = new List<VersionHash>();
        (VersionHash, DateTimeOffset)? last = null;
        while (store.Read(s => s.DefinitionVersions(new("daily"), limit: 1, last)) is [var next])
        {
            seen.Add(next.Version);
            last = next;
        }

        Assert.Equal(all.Order(Comparer<VersionHash>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value))), seen);
    }

    [Fact]
    public async Task A_pipeline_is_paused_with_its_reason()
    {
        using var store = Database.Open();
        await store.CreateRun("daily");

        Assert.True(await store.WriteAsync(s => s.Pause(new("daily"), "source is down", Made.Noon), Ct));
        Assert.False(await store.WriteAsync(s => s.Pause(new("nobody"), "x", Made.Noon), Ct));
        Assert.Equal((true, "source is down"), Paused());
        await store.WriteAsync(s => s.Unpause(new("daily"), Made.Noon), Ct);
        Assert.Equal((false, null), Paused());

        (bool, string?) Paused() => store.Read(s => s.Pipeline(new("daily"))) is { } p ? (p.Paused, p.PausedReason) : default;
    }

    [Fact]
    public async Task A_request_is_taken_once_and_answered_once_also_after_its_taker_died()
    {
        using var store = Database.Open();
        var id = await store.WriteAsync(s => s.AddRequest("cancel", "{\"run\":1}", "cli", Made.Noon), Ct);
        var other = await store.WriteAsync(s => s.AddRequest("pause", "{}", "cli", Made.Noon), Ct);

        Assert.True(store.Read(s => s.RequestsWait()));
        Assert.Equal([id, other], (await store.WriteAsync(s => s.TakeRequests(10, Made.Noon), Ct)).Select(r => r.Id));
        Assert.Empty(await store.WriteAsync(s => s.TakeRequests(10, Made.Noon), Ct));
        Assert.Equal(2, (await store.WriteAsync(s => s.TakeRequests(10, Made.Noon, again: true), Ct)).Count);
        await store.WriteAsync(s => s.AnswerRequest(id, "{\"ok\":true}", null, Made.Noon), Ct);
        await store.WriteAsync(s => s.AnswerRequest(other, null, "there is no such pipeline", Made.Noon), Ct);

        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.AnswerRequest(id, "{}", null, Made.Noon), Ct));
        Assert.Empty(await store.WriteAsync(s => s.TakeRequests(10, Made.Noon, again: true), Ct));
        Assert.False(store.Read(s => s.RequestsWait()));
        Assert.Equal("{\"ok\":true}", store.Read(s => s.Request(id))!.Answer);
        Assert.Equal("there is no such pipeline", store.Read(s => s.Request(other))!.Error);
        Assert.Null(store.Read(s => s.Request(99)));
    }

    [Fact]
    public async Task A_message_is_due_until_it_is_delivered()
    {
        using var store = Database.Open();
        var id = await store.WriteAsync(s => s.AddMessage("alert", "{}", Made.Noon), Ct);
        Assert.Equal(id, Assert.Single(store.Read(s => s.DueMessages(Made.Noon, 10))).Id);

        await store.WriteAsync(s => s.MessageFailed(id, "503", Made.Noon.AddMinutes(1)), Ct);
        Assert.Empty(store.Read(s => s.DueMessages(Made.Noon, 10)));
        var again = Assert.Single(store.Read(s => s.DueMessages(Made.Noon.AddMinutes(1), 10)));
        Assert.Equal((1, "503"), (again.Attempts, again.Error));
        Assert.True(await store.WriteAsync(s => s.MessageDelivered(id, Made.Noon), Ct));

        Assert.False(await store.WriteAsync(s => s.MessageDelivered(id, Made.Noon), Ct));
        Assert.Empty(store.Read(s => s.DueMessages(Made.Noon.AddDays(1), 10)));
    }

    [Fact]
    [Trait("Requirement", "S18")]
    public async Task A_backfill_runs_each_of_its_dates_once_and_counts_them()
    {
        using var store = Database.Open();
        var items = Enumerable.Range(1, 4).Select(i => new BackfillItem(i - 1, Day(i), $"2001-01-0{i}")).ToArray();
        var id = await store.WriteAsync(s => s.CreateBackfill(new("daily"), "{}", items, "late data", Made.Noon), Ct);
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.CreateBackfill(new("daily"), "{}", [items[0], items[0] with { Ordinal = 1 }], null, Made.Noon), Ct)
        );
        var (run, _) = await store.CreateRun("daily", 1, RunTrigger.Backfill);

        await store.WriteAsync(s => s.StartBackfillItem(id, 0, run.Number), Ct);
        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.StartBackfillItem(id, 0, run.Number), Ct));
        await store.WriteAsync(s => s.EndBackfillItemOf(run.Number, BackfillItemState.Success, null), Ct);
        await store.WriteAsync(s => s.EndBackfillItem(id, 3, BackfillItemState.Skipped, "there already"), Ct);
        await store.WriteAsync(s => s.EndBackfillItem(id, 0, BackfillItemState.Cancelled, "too late"), Ct);

        Assert.Equal([1, 2], store.Read(s => s.PendingBackfillItems(id, 10)).Select(item => item.Ordinal));
        var progress = store.Read(s => s.BackfillProgress(id));
        Assert.Equal(
            (1, 2, 1),
            (progress[BackfillItemState.Success], progress[BackfillItemState.Pending], progress[BackfillItemState.Skipped])
        );
        Assert.Equal(run.Number, store.Read(s => s.BackfillItems(id))[0].Run);
        await store.WriteAsync(s => s.SetBackfillState(id, BackfillState.Paused, "night", Made.Noon), Ct);
        Assert.Single(store.Read(s => s.Backfills(activeOnly: true, 10)));
        await store.WriteAsync(s => s.SetBackfillState(id, BackfillState.Cancelled, "enough", Made.Noon), Ct);
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.SetBackfillState(id, BackfillState.Running, null, Made.Noon), Ct)
        );
        Assert.Empty(store.Read(s => s.Backfills(activeOnly: true, 10)));
        Assert.Equal(("enough", Made.Noon), store.Read(s => s.Backfill(id)) is { } b ? (b.Reason, b.EndedAt) : default);
    }

    [Fact]
    public async Task A_watermark_remembers_how_it_moved()
    {
        using var store = Database.Open();
        Assert.Null(store.Read(s => s.Watermark(new("daily"))));

        await store.WriteAsync(s => s.SetWatermark(new("daily"), new(2001, 1, 5), "run 1", Made.Noon), Ct);
        await store.WriteAsync(s => s.SetWatermark(new("daily"), new(2001, 1, 3), "went back by hand", Made.Noon), Ct);

        Assert.Equal(new DateOnly(2001, 1, 3), store.Read(s => s.Watermark(new("daily")))!.Processed);
        Assert.Equal(
            [(new DateOnly(2001, 1, 5), new DateOnly(2001, 1, 3)), (null, new DateOnly(2001, 1, 5))],
            store.Read(s => s.WatermarkMoves(new("daily"), 10)).Select(move => (move.From, move.To))
        );
    }

    [Fact]
    public async Task Only_the_current_attempt_may_publish_and_only_once()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a"]);
        var task = Made.Task("a") with { State = TaskState.Running, Token = 2, TryNumber = 2, Revision = 2 };
        await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.TaskChanged(task))), Ct);
        Assert.Equal([run.Number], store.Read(s => s.RunNumbersHoldingSlots()));
        var publication = new Publication(
            0,
            run.Number,
            run.Pipeline,
            task.Key,
            2,
            2,
            "features",
            "flights/features",
            "data/x.parquet",
            ".staged/x",
            "2001-01-05",
            PublicationKind.File,
            PublicationState.Prepared,
            "ab",
            10,
            5,
            "[]",
            run.Version,
            Made.Noon
        );

        var stale = await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.PreparePublication(publication with { Token = 1, Attempt = 1 }, fence), Ct)
        );
        var id = await store.WriteAsync(s => s.PreparePublication(publication, fence), Ct);
        Assert.Equal(id, await store.WriteAsync(s => s.PreparePublication(publication, fence), Ct));
        Assert.Equal(publication with { Id = id }, Assert.Single(store.Read(s => s.UnfinishedPublications())));
        Assert.Null(store.Read(s => s.PublicationAt("data/x.parquet")));
        await store.WriteAsync(s => s.MarkPublished(id, Made.Noon.AddSeconds(1)), Ct);

        Assert.Contains("token 1 is stale", stale.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.MarkPublished(id, Made.Noon), Ct));
        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.AbortPublication(id, "late", Made.Noon), Ct));
        Assert.Empty(store.Read(s => s.UnfinishedPublications()));
        Assert.Null(store.Read(s => s.PublicationAt("data/x.parquet")));
        Assert.Equal(PublicationState.Published, Assert.Single(store.Read(s => s.PublicationsTo("flights/features", 10))).State);
        Assert.Single(store.Read(s => s.Publications(run.Number)));
    }

    [Fact]
    [Trait("Requirement", "S95")]
    public async Task A_path_has_one_current_version_and_remembers_every_switch()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);
        var first = await PublishedAsync("a", 1);
        var second = await PublishedAsync("b", 2);

        Assert.Equal(second.Id, store.Read(s => s.PublicationAt("/p/data/x"))!.Id);
        Assert.Equal("/kept/1", store.Read(s => s.Publication(first.Id))!.Kept);
        Assert.Equal([second.Id, first.Id], store.Read(s => s.VersionsAt("/p/data/x", 10)).Select(version => version.Id));
        Assert.Equal(second.Id, Assert.Single(store.Read(s => s.PublicationsInside("/p/data", 10))).Id);
        Assert.Empty(store.Read(s => s.PublicationsInside("/p/dat", 10)));
        Assert.Equal(first.Id, store.Read(s => s.VersionAt("/p/data/x", Made.Noon.AddSeconds(1))));
        Assert.Null(store.Read(s => s.VersionAt("/p/data/x", Made.Noon)));

        var back = await store.WriteAsync(s => s.BeginVersionSwitch(second, first, "ann", "wrong day", Made.Noon.AddHours(1)), Ct);
        Assert.Equal(back, Assert.Single(store.Read(s => s.UnfinishedSwitches())).Id);
        await store.WriteAsync(s => s.EndVersionSwitch(back, second, first, "/kept/2", Made.Noon.AddHours(1)), Ct);

        Assert.Equal(first.Id, store.Read(s => s.PublicationAt("/p/data/x"))!.Id);
        Assert.Null(store.Read(s => s.Publication(first.Id))!.Kept);
        Assert.Equal("/kept/2", store.Read(s => s.Publication(second.Id))!.Kept);
        Assert.Equal(["ann", "p.b", "p.a"], store.Read(s => s.Switches("/p/data/x", 10)).Select(one => one.Who));
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.EndVersionSwitch(back, second, first, kept: null, Made.Noon), Ct)
        );

        async Task<Publication> PublishedAsync(string task, int at)
        {
            var row = Made.Task(task) with { State = TaskState.Running, Token = 1, TryNumber = 1, Revision = 2 };
            await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.TaskChanged(row))), Ct);
            var wanted = new Publication(
                0,
                run.Number,
                run.Pipeline,
                row.Key,
                1,
                1,
                "out",
                "p.out",
                "/p/data/x",
                ".staged/x",
                "2001-01-05",
                PublicationKind.File,
                PublicationState.Prepared,
                $"sha{at}",
                10,
                5,
                "[]",
                run.Version,
                Made.Noon,
                Namespace: new RunNamespace("green"),
                Inputs: "[1]"
            );
            wanted = wanted with { Id = await store.WriteAsync(s => s.PreparePublication(wanted, fence), Ct) };
            var current = store.Read(s => s.PublicationAt("/p/data/x"));
            await store.WriteAsync(
                s =>
                {
                    var number = s.BeginVersionSwitch(current, wanted, $"p.{task}", reason: null, Made.Noon.AddSeconds(at));
                    s.EndVersionSwitch(number, current, wanted, $"/kept/{at - 1}", Made.Noon.AddSeconds(at));
                    s.MarkPublished(wanted.Id, Made.Noon.AddSeconds(at));
                },
                Ct
            );
            return wanted;
        }
    }

    [Fact]
    public async Task A_stale_attempt_is_refused_once()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun(tasks: ["a"]);
        var refusal = new Refusal(run.Number, new TaskKey(new TaskName("a")), 1, 1, "token 1 is stale", Made.Noon);
        await store.WriteAsync(s => s.AddRefusalOf(refusal), Ct);
        await store.WriteAsync(s => s.AddRefusalOf(refusal), Ct);

        Assert.Equal(refusal, Assert.Single(store.Read(s => s.Refusals(run.Number))));
    }

    [Fact]
    public async Task A_model_has_versions_that_do_not_double_and_aliases_that_are_not_overtaken()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun(tasks: ["train"]);
        var made = new ModelVersion(
            "delay/JFK",
            0,
            run.Number,
            new(new("train")),
            "model",
            "models/jfk.json",
            "ab",
            "{\"auc\":0.8}",
            run.Version,
            "[]",
            "data/jfk.json",
            Made.Noon
        );

        Assert.Equal(1, await store.WriteAsync(s => s.AddModelVersion(made), Ct));
        Assert.Equal(1, await store.WriteAsync(s => s.AddModelVersion(made), Ct));
        Assert.Equal(2, await store.WriteAsync(s => s.AddModelVersion(made with { Sha256 = "cd" }), Ct));
        Assert.Equal(1, await store.WriteAsync(s => s.AddModelVersion(made with { Model = "delay/SFO" }), Ct));
        var champion = new ModelAlias("delay/JFK", "champion", 1, run.Number, "first", Made.Noon);
        await store.WriteAsync(s => s.MoveModelAlias(champion, expected: null), Ct);
        var next = champion with { Version = 2, Reason = "better" };
        await store.WriteAsync(s => s.MoveModelAlias(next, expected: 1, who: "ann", back: true), Ct);

        var late = await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.MoveModelAlias(champion, expected: 1), Ct));
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.MoveModelAlias(champion with { Version = 9 }, expected: 2), Ct)
        );
        Assert.Contains("points to version 2 by now, not to version 1", late.Message, StringComparison.Ordinal);
        Assert.Equal(2, store.Read(s => s.ModelAlias("delay/JFK", "champion"))!.Version);
        Assert.Equal([(1, 2), (null, 1)], store.Read(s => s.ModelAliasMoves("delay/JFK", null, 10)).Select(move => (move.From, move.To)));
        var move = store.Read(s => s.ModelAliasMoves("delay/JFK", null, 10))[0];
        Assert.Equal(("ann", true, made.Metrics, made.Metrics), (move.Who, move.Back, move.FromMetrics, move.ToMetrics));
        Assert.Equal([2, 1], store.Read(s => s.ModelVersions("delay/JFK")).Select(version => version.Version));
        Assert.Equal(["delay/JFK", "delay/SFO"], store.Read(s => s.Models()));
        Assert.Equal(3, store.Read(s => s.ModelVersions(run.Number)).Count);
        Assert.Equal(made with { Version = 1 }, store.Read(s => s.ModelVersion("delay/JFK", 1)));
        Assert.Single(store.Read(s => s.ModelAliases("delay/JFK")));
    }

    [Fact]
    public async Task Check_results_metrics_and_pools_are_kept()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun(tasks: ["a"]);
        var key = new TaskKey(new("a"));
        var result = new StoredCheck(
            run.Number,
            key,
            1,
            "features",
            "row count",
            "row_count",
            CheckSeverity.Warn,
            false,
            "3",
            ">= 5",
            "too few",
            "[]",
            Made.Noon
        );
        await store.WriteAsync(
            s =>
            {
                s.AddCheckResult(result);
                s.SaveMetric(run.Number, new(key, 1, "auc", 0.5));
                s.SaveMetric(run.Number, new(key, 2, "auc", 0.25));
                s.SaveMetric(run.Number, new(key, 2, "auc", 0.75));
                s.SavePool(new("gpu", 1, null));
                s.SavePool(new("gpu", 2, "cards"));
                s.SavePool(new("api", 0, null));
            },
            Ct
        );

        Assert.Equal([result], store.Read(s => s.CheckResults(run.Number)));
        Assert.Equal([new Metric(key, 1, "auc", 0.5), new Metric(key, 2, "auc", 0.75)], store.Read(s => s.Metrics(run.Number)));
        Assert.Equal([new MetricPoint(run.Number, run.LogicalDate, 0.75)], store.Read(s => s.MetricSeries(run.Pipeline, key, "auc", 10)));
        Assert.Equal([new Pool("api", 0, null), new Pool("gpu", 2, "cards")], store.Read(s => s.Pools()));
        Assert.True(await store.WriteAsync(s => s.RemovePool("api"), Ct));
        Assert.False(await store.WriteAsync(s => s.RemovePool("api"), Ct));
    }
}
