using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_run_goes_only_when_it_is_past_its_age_and_its_place_and_nothing_that_is_kept_rests_on_it()
    {
        using var store = Database.Open();
        var long_ago = Made.Noon;
        var replaced = await Ended(store, 1, long_ago, path: "/data/a.csv");
        var plain = await Ended(store, 2, long_ago);
        var pinned = await Ended(store, 3, long_ago);
        var failed = await Ended(store, 4, long_ago, RunState.Failed);
        var current = await Ended(store, 5, long_ago, path: "/data/a.csv");
        var lately = await Ended(store, 6, long_ago, path: "/data/b.csv");
        var updating = await Ended(store, 7, long_ago);
        var consumer = await Ended(store, 1, Made.Noon.AddDays(300), pipeline: "weekly");
        var last = await Ended(store, 8, long_ago);
        var young = await Ended(store, 9, Made.Noon.AddDays(95), RunState.Failed);
        var (live, _) = await store.CreateRun("daily", 10, tasks: ["a"]);
        await Publish(store, live.Number, "/data/b.csv", Made.Noon.AddDays(95), token: 1);
        await store.WriteAsync(
            session =>
            {
                session.PinRun(new Pin(pinned, "ann", "the audit rests on it", Made.Noon));
                session.Subscribe(new("weekly"), ["made"], Made.Noon);
                var update = session.AddUpdate(Posted("made", "2001-01-07"));
                session.Consume(new("weekly"), update, UpdateLabel.TriggeredBy, updating, Made.Noon);
            },
            Ct
        );
        var window = new RetentionWindow(new("daily"), Made.Noon.AddDays(90), Newest: 2, WaitedFrom: null);

        var past = store.Read(session => session.PastRuns(window));

        Assert.Equal(
            new Dictionary<long, string?>
            {
                [replaced.Value] = null,
                [plain.Value] = null,
                [pinned.Value] = "it is pinned",
                [failed.Value] = null,
                [current.Value] = "a version that it published is current",
                [lately.Value] = "a version that it published was current until lately",
                [updating.Value] = null,
            },
            past.ToDictionary(run => run.Run.Value, run => run.Stays)
        );
        Assert.Contains(
            store.Read(session => session.PastRuns(window with { Newest = 0 })),
            run => run.Run == last && run.Stays == "it is the last that succeeded"
        );
        Assert.Equal(4, store.Read(session => session.PastRuns(window with { Newest = 5 })).Count);
        Assert.Empty(store.Read(session => session.PastRuns(window with { Before = Made.Noon })));
        Assert.All(store.Read(session => session.PastRuns(window with { WaitedFrom = Day(1) })), run => Assert.NotNull(run.Stays));
        Assert.Null(store.Read(session => session.PastRun(window, young)));
        Assert.Null(store.Read(session => session.PastRun(window, live.Number)));
        Assert.Null(store.Read(session => session.PastRun(window, consumer)));

        foreach (var run in past.Where(run => run.Stays is null))
        {
            await store.WriteAsync(session => session.RemoveRun(run.Run), Ct);
            Assert.Null(store.Read(session => session.Run(run.Run)));
            Assert.Empty(store.Read(session => session.Tasks(run.Run)));
            Assert.Empty(store.Read(session => session.Publications(run.Run)));
        }

        Assert.Empty(store.Read(session => session.CheckIntegrity()));
        Assert.Equal(current, store.Read(session => session.PublicationAt("/data/a.csv"))!.Run);
        // What leads to something that is kept cannot be wiped, whoever asks.
        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(session => session.RemoveRun(current), Ct));
        Assert.True(await store.WriteAsync(session => session.UnpinRun(pinned), Ct));
        Assert.Null(store.Read(session => session.PastRun(window, pinned))!.Stays);
    }

    [Fact]
    public async Task What_goes_is_marked_once_and_stays_marked_until_it_is_done()
    {
        using var store = Database.Open();
        var run = await Ended(store, 1, Made.Noon);
        await store.WriteAsync(
            session =>
            {
                session.MarkRemoval(new("daily"), run, Made.Noon);
                session.MarkRemoval(new("daily"), run, Made.Noon);
                session.MarkRecords(Made.Noon, Made.Noon.AddDays(-1), Made.Noon);
            },
            Ct
        );

        var marked = store.Read(session => session.Removals(0, 10));
        Assert.Equal([run, null], marked.Select(removal => removal.Run));
        Assert.Equal((Made.Noon, Made.Noon.AddDays(-1)), (marked[1].RecordsBefore, marked[1].AuditBefore));
        await store.WriteAsync(session => session.RemovalRowsGone(marked[0].Id), Ct);
        Assert.True(Assert.Single(store.Read(session => session.Removals(0, 1))).RowsGone);
        await store.WriteAsync(session => session.EndRemoval(marked[0].Id), Ct);
        // Of a run that somebody deleted, the folder is still to be wiped.
        Assert.Null(await store.WriteAsync(session => session.DeleteRun(run), Ct));
        var folder = store.Read(session => session.Removals(marked[1].Id, 10));
        Assert.Equal((run, true), (Assert.Single(folder).Run, folder[0].RowsGone));
        await store.WriteAsync(session => session.EndRemoval(folder[0].Id), Ct);
        Assert.Equal(1, store.Read(session => session.RemovalsLeft()));
    }

    [Fact]
    public async Task Records_go_by_their_age_and_as_many_as_were_counted()
    {
        using var store = Database.Open();
        var (before, audit) = (Made.Noon.AddDays(90), Made.Noon.AddDays(30));
        var (live, _) = await store.CreateRun("daily", 5, tasks: ["a"]);
        await store.WriteAsync(
            session =>
            {
                session.AdvanceCursor(live.Pipeline, Made.Noon.AddDays(100));
                foreach (var at in new[] { Made.Noon, Made.Noon.AddDays(50), Made.Noon.AddDays(95) })
                {
                    session.AddAudit(new(at, "ann", "did it", null));
                    session.Add(new Signal(live.Pipeline, Day(1), Run: null, "ready", Data: null, "ann", at));
                    // A run that has not ended waits for it.
                    session.Add(new Signal(live.Pipeline, live.LogicalDate, Run: null, "ready", Data: null, "ann", at));
                    session.RecordTick(new(live.Pipeline, "0", $"{at:O}", at, Run: null, "the pipeline was paused", at, SkipReason.Paused));
                    session.AnswerRequest(session.AddRequest("run", "{}", "ann", at), "{}", error: null, at);
                    session.AddUpdate(Posted("a", $"{at:yyyy-MM-dd}") with { At = at });
                    session.AddUpdate(Posted("a", "always") with { At = at });
                }

                session.AddRequest("run", "{}", "ann", Made.Noon);
            },
            Ct
        );

        var counted = store.Read(session => session.OldRecords(before, audit));

        Assert.Equal(
            new Dictionary<string, long>
            {
                ["audit"] = 1,
                ["signals"] = 2,
                ["ticks"] = 2,
                ["requests"] = 2,
                ["dataset updates"] = 2,
            },
            counted
        );
        var deleted = 0;
        while (await store.WriteAsync(session => session.DeleteOldRecords(before, audit, 1), Ct) is > 0 and var some)
        {
            deleted += some;
        }

        Assert.Equal(counted.Values.Sum(), deleted);
        Assert.Empty(store.Read(session => session.OldRecords(before, audit)));
        Assert.Equal(2, store.Read(session => session.Audit(10)).Count);
        Assert.Single(store.Read(session => session.Ticks(live.Pipeline, 10)));
        // The last update of each partition stays, whatever its age.
        Assert.Equal(4, store.Read(session => session.Updates("a", partition: null, 100)).Count);
        Assert.Empty(store.Read(session => session.CheckIntegrity()));
    }

    private static async Task<RunNumber> Ended(
        Store store,
        int day,
        DateTimeOffset at,
        RunState state = RunState.Success,
        string? path = null,
        string pipeline = "daily"
    )
    {
        var (run, fence) = await store.CreateRun(pipeline, day, RunTrigger.Scheduled, "a");
        if (path is not null)
        {
            await Publish(store, run.Number, path, at, token: 1);
        }

        var task = store.Read(session => session.Task(run.Number, new(new("a"))))!;
        Change[] end =
        [
            new Change.RunChanged(run with { State = state, EndedAt = at, Revision = 2 }),
            new Change.TaskChanged(task with { State = TaskState.Success, EndedAt = at, Revision = task.Revision + 1 }),
        ];
        await store.WriteAsync(session => session.Apply(run.Number, fence, Made.Decision(end)), Ct);
        return run.Number;
    }

    private static async Task Publish(Store store, RunNumber run, string path, DateTimeOffset at, long token)
    {
        var fence = new Fence(Made.Owner, 1);
        await Attempt(store, run, fence, number: 1, token);
        await store.WriteAsync(
            session =>
            {
                var publication = Made.Publication(run, token, path) with { Sha256 = $"{run}" };
                var id = session.PreparePublication(publication, fence);
                session.MarkPublished(id, at);
                var from = session.PublicationAt(path);
                var begun = session.BeginVersionSwitch(from, session.Publication(id)!, "daily.a", reason: null, at);
                session.EndVersionSwitch(begun, from, session.Publication(id)!, kept: null, at);
            },
            Ct
        );
    }
}
