using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    private static readonly string[] Impossible =
    [
        "update runs set state = 'success'",
        "update runs set ended_ms = 5",
        "update runs set state = 'finished'",
        "update runs set revision = 0",
        "update runs set version = 'abcabcabcabc'",
        "update tasks set state = 'success'",
        "update tasks set ended_ms = 5",
        "update tasks set map_index = -2",
        "update tasks set failure_class = 'oom'",
        "update tasks set run_number = 999",
        "update attempts set state = 'lost'",
        "update attempts set ended_ms = 5",
        "update attempts set token = 0",
        "update pipelines set paused = 2",
        "update pipelines set paused_reason = 'but not paused'",
        "update requests set answered_ms = 5",
        "update requests set answer = '{}'",
        "insert into ticks values ('daily', 's', 'l', 1, null, null, null, 1)",
        "insert into ticks values ('daily', 's', 'l', 1, 1, 'both', null, 1)",
        "insert into ticks values ('daily', 's', 'l', 1, null, 'why', 'no reason that there is', 1)",
        "insert into pools values ('p', -1, null)",
        "insert into approvals (run_number, task, map_index, token, round, message, state, asked_ms, reminders) values (9, 'x', -1, 1, 1, 'm', 'open', 1, 0)",
        "insert into definitions values ('p', 'short', '{}', '', 1)",
    ];

    [Fact]
    public async Task A_row_that_makes_no_sense_is_refused_whoever_writes_it()
    {
        using var store = Database.Open();
        var (run, fence) = await store.CreateRun(tasks: ["a"]);
        var task = Made.Task("a") with { State = TaskState.Queued, Token = 1, TryNumber = 1, Revision = 2 };
        var began = Made.Decision(new Change.TaskChanged(task), new Change.AttemptChanged(Made.Attempt("a")));
        await store.WriteAsync(s => s.Apply(run.Number, fence, began), Ct);
        await store.WriteAsync(s => s.AddRequest("run", "{}", "me", Made.Noon), Ct);

        foreach (var statement in Impossible)
        {
            var kept = Record.ExceptionAsync(() => store.WriteAsync(s => s.Link.Use(new Sql(statement)).Execute(), Ct));
            Assert.True(await kept is StoreConflict, $"not refused: {statement}");
        }

        Assert.Empty(store.Read(s => s.CheckIntegrity()));
    }

    [Fact]
    public async Task What_was_changed_behind_our_back_is_found()
    {
        using var store = Database.Open();
        await store.CreateRun(tasks: ["a"]);
        await store.WriteAsync(s => s.Link.Use(new Sql("update definitions set json = '{}'")).Execute(), Ct);

        Assert.Contains("it was changed", Assert.Single(store.Read(s => s.CheckIntegrity())), StringComparison.Ordinal);
        var corrupt = Assert.Throws<StoreCorrupt>(() =>
            store.Read(s => s.Definition(new("daily"), s.Pipeline(new("daily"))!.Version!.Value))
        );
        Assert.Contains("daily", corrupt.Message, StringComparison.Ordinal);
    }
}
