using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    private static readonly NewMessage Letter = new(new("daily"), "webhook", "webhook", "delivery 1", """{"body":{}}""");

    [Fact]
    [Trait("Requirement", "S17")]
    [Trait("Requirement", "S21")]
    public async Task A_message_is_kept_once_however_often_it_comes()
    {
        using var store = Database.Open();
        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon), Ct)));

        Assert.Single(all.Select(one => one.Id).Distinct());
        Assert.Single(all, one => one.IsNew);
        var other = await store.WriteAsync(s => s.AddInboxMessage(Letter with { Source = "second" }, Made.Noon), Ct);
        Assert.True(other.IsNew);
    }

    [Fact]
    public async Task A_key_is_free_again_after_the_time_for_which_it_is_kept()
    {
        using var store = Database.Open();
        var first = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon, Made.Noon.AddHours(-24)), Ct);
        var within = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon.AddHours(23), Made.Noon.AddHours(-1)), Ct);
        var later = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon.AddHours(25), Made.Noon.AddHours(1)), Ct);

        Assert.Equal((first.Id, false), within);
        Assert.True(later.IsNew);
        Assert.Equal(later.Id, store.Read(s => s.InboxMessage(Letter.Pipeline, Letter.Source, Letter.Key))!.Id);
        Assert.Equal(2, store.Read(s => s.InboxMessages(new InboxFilter())).Count);
    }

    [Fact]
    public async Task A_message_starts_one_run_and_no_second_decision_is_kept()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 1, RunTrigger.Event);
        var (id, _) = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon), Ct);
        Assert.Equal([Letter.Pipeline], store.Read(s => s.PipelinesWithMessages()));
        Assert.Equal(1, store.Read(s => s.UnfinishedEventRuns(new("daily"))));
        await store.WriteAsync(s => s.DecideInboxMessage(id, InboxState.Started, reason: null, run.Number, Made.Noon), Ct);

        var kept = store.Read(s => s.InboxMessageOf(run.Number))!;
        Assert.Equal((id, InboxState.Started, run.Number), (kept.Id, kept.State, kept.Run!.Value));
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.DecideInboxMessage(id, InboxState.Dead, "no", run: null, Made.Noon), Ct)
        );
        Assert.False(await store.WriteAsync(s => s.ReplayInboxMessage(id), Ct));
        Assert.False(await store.WriteAsync(s => s.DropInboxMessage(id, "no", Made.Noon), Ct));
        Assert.Empty(store.Read(s => s.PipelinesWithMessages()));
    }

    [Fact]
    public async Task Old_messages_that_were_dealt_with_are_forgotten_a_few_at_a_time_but_for_dead_ones_and_files()
    {
        using var store = Database.Open();
        var ids = new List<long>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await store.WriteAsync(s => s.AddInboxMessage(Letter with { Key = $"{i}" }, Made.Noon), Ct)).Id);
        }

        var file = (await store.WriteAsync(s => s.AddInboxMessage(Letter with { Kind = "file", Key = "a.csv" }, Made.Noon), Ct)).Id;
        await store.WriteAsync(
            s =>
            {
                foreach (var id in ids[..3].Append(file))
                {
                    s.DecideInboxMessage(id, InboxState.Ignored, "nothing to do", run: null, Made.Noon);
                }

                s.DecideInboxMessage(ids[3], InboxState.Dead, "why", run: null, Made.Noon);
                s.UseSignature(Letter.Pipeline, Letter.Source, "sha256=1", ids[0], Made.Noon, Made.Noon);
            },
            Ct
        );

        Assert.Equal(0, await store.WriteAsync(s => s.ForgetInboxMessages(Made.Noon, 2), Ct));
        await store.WriteAsync(s => s.ForgetSignaturesBefore(Made.Noon.AddSeconds(1)), Ct);
        Assert.Equal(2, await store.WriteAsync(s => s.ForgetInboxMessages(Made.Noon.AddSeconds(1), 2), Ct));
        Assert.Equal(1, await store.WriteAsync(s => s.ForgetInboxMessages(Made.Noon.AddSeconds(1), 2), Ct));
        Assert.Equal([file, ids[4], ids[3]], store.Read(s => s.InboxMessages(new InboxFilter()).Select(message => message.Id)));
    }

    [Fact]
    public async Task A_message_whose_run_is_deleted_is_put_aside()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun("daily", 1, RunTrigger.Event);
        var (id, _) = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon), Ct);
        await store.WriteAsync(s => s.DecideInboxMessage(id, InboxState.Started, reason: null, run.Number, Made.Noon), Ct);
        var ended = run with { State = RunState.Success, EndedAt = Made.Noon, Revision = 2 };
        await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.RunChanged(ended))), Ct);
        Assert.Null(await store.WriteAsync(s => s.DeleteRun(run.Number), Ct));

        var kept = store.Read(s => s.InboxMessage(id))!;
        Assert.Equal((InboxState.Dropped, null), (kept.State, kept.Run));
    }

    [Fact]
    public async Task A_run_is_deleted_with_its_checks_deadlines_and_signals_and_its_updates_stay_taken()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun("daily", 1, RunTrigger.Dataset);
        var update = 0L;
        await store.WriteAsync(
            s =>
            {
                update = s.AddUpdate(Posted("a", "2001-01-02"));
                s.Subscribe(run.Pipeline, ["a"], Made.Noon);
                s.Consume(run.Pipeline, update, UpdateLabel.TriggeredBy, run.Number, Made.Noon);
                s.AddDeadlines(run.Pipeline, run.Number, Day(6), [new(null, 0, Day(6).AddHours(6), "by 06:00")]);
                s.Add(new Signal(run.Pipeline, LogicalDate: null, run.Number, "ready", Data: null, "ann", Made.Noon));
                s.SetDownstream(run.Number, "again", Made.Noon);
                s.AddCheckResult(
                    new(
                        run.Number,
                        new(new("a")),
                        1,
                        "out",
                        "row count",
                        "row_count",
                        CheckSeverity.Block,
                        false,
                        "3",
                        ">= 5",
                        "too few",
                        "[]",
                        Made.Noon
                    )
                );
            },
            Ct
        );
        var ended = run with { State = RunState.Failed, EndedAt = Made.Noon, Revision = 2 };
        await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.RunChanged(ended))), Ct);

        Assert.Null(await store.WriteAsync(s => s.DeleteRun(run.Number), Ct));

        Assert.Null(store.Read(s => s.Run(run.Number)));
        Assert.Equal(
            ("unmatched", "its run was deleted"),
            store.Read(s => s.ConsumptionsOf(update).Select(one => (one.State, one.Reason)).Single())
        );
    }

    [Fact]
    public async Task Messages_of_a_paused_pipeline_wait_and_dead_letters_are_replayed_or_dropped()
    {
        using var store = Database.Open();
        await store.CreateRun("daily", 1);
        var (id, _) = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon), Ct);
        await store.WriteAsync(s => s.Pause(new("daily"), "mending", Made.Noon), Ct);
        Assert.Empty(store.Read(s => s.PipelinesWithMessages()));
        Assert.Single(store.Read(s => s.WaitingInbox(new("daily"), 10)));

        await store.WriteAsync(s => s.DecideInboxMessage(id, InboxState.Dead, "why", run: null, Made.Noon), Ct);
        Assert.Equal(1, store.Read(s => s.InboxCount(InboxState.Dead)));
        Assert.Equal("why", Assert.Single(store.Read(s => s.InboxMessages(new InboxFilter(new("daily"), InboxState.Dead)))).Reason);
        Assert.True(await store.WriteAsync(s => s.ReplayInboxMessage(id), Ct));
        Assert.Equal(InboxState.Waiting, store.Read(s => s.InboxMessage(id))!.State);
        Assert.True(await store.WriteAsync(s => s.DropInboxMessage(id, "not wanted", Made.Noon), Ct));
        Assert.Equal(
            (InboxState.Dropped, "not wanted"),
            (store.Read(s => s.InboxMessage(id))!.State, store.Read(s => s.InboxMessage(id))!.Reason)
        );
    }

    [Fact]
    public async Task How_far_a_source_was_read_is_kept_with_what_was_read()
    {
        using var store = Database.Open();
        Assert.Null(store.Read(s => s.SourceCursor(new("daily"), "postgres")));
        await store.WriteAsync(s => s.MoveSourceCursor(new("daily"), "postgres", "7", Made.Noon), Ct);
        await store.WriteAsync(s => s.MoveSourceCursor(new("daily"), "postgres", "9", Made.Noon), Ct);
        Assert.Equal("9", store.Read(s => s.SourceCursor(new("daily"), "postgres")));
    }

    [Fact]
    public async Task A_signature_is_used_once_and_forgotten_when_it_is_too_old_to_be_used_again()
    {
        using var store = Database.Open();
        var (id, _) = await store.WriteAsync(s => s.AddInboxMessage(Letter, Made.Noon), Ct);
        void Use(WriteSession s, DateTimeOffset at) => s.UseSignature(new("daily"), "webhook", "sha256=1", id, at, at.AddMinutes(-10));
        await store.WriteAsync(s => Use(s, Made.Noon), Ct);
        Assert.Equal(id, store.Read(s => s.MessageSigned(new("daily"), "webhook", "sha256=1")));
        Assert.Null(store.Read(s => s.MessageSigned(new("daily"), "other", "sha256=1")));
        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => Use(s, Made.Noon.AddMinutes(1)), Ct));
        await store.WriteAsync(s => Use(s, Made.Noon.AddMinutes(11)), Ct);
    }

    [Fact]
    public async Task The_ends_of_runs_are_read_in_the_order_in_which_they_were_written()
    {
        using var store = Database.Open();
        var (live, _) = await store.CreateRun("daily", 1);
        var (old, _) = await store.CreateRun("daily", 2, RunTrigger.Backfill);
        var (other, _) = await store.CreateRun("weekly", 3);
        var before = store.Read(s => s.LastHistoryLine());
        await store.WriteAsync(
            s =>
            {
                foreach (var run in new[] { old, other, live })
                {
                    s.AddHistoryLine(run.Number, new HistoryEntry(Made.Noon, null, 0, "running", "ended", "failed", null));
                }

                s.AddHistoryLine(live.Number, new HistoryEntry(Made.Noon, new TaskKey(new("a")), 1, "running", "ended", "success", null));
            },
            Ct
        );

        var end = Assert.Single(store.Read(s => s.RunEnds(new("daily"), before, 10)));
        Assert.Equal((live.Number, RunState.Failed), (end.Run.Number, end.State));
        Assert.Empty(store.Read(s => s.RunEnds(new("daily"), end.Line, 10)));
    }
}
