using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S94")]
    public async Task A_backup_is_of_one_instant_and_is_put_back_as_another_incarnation()
    {
        var address = Database.Create();
        var file = Path.Combine(Path.GetTempPath(), $"signalbox-{Guid.NewGuid():N}.backup");
        var store = Store.Open(address);
        try
        {
            var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);
            await Attempt(store, run.Number, fence, number: 1, token: 1);
            var early = await Intend(store, run.Number, fence, token: 1);
            using var stop = new CancellationTokenSource();
            var writing = Task.Run(
                async () =>
                {
                    var written = 0;
                    for (; !stop.IsCancellationRequested; written++)
                    {
                        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "busy", $"{written}", null)), Ct);
                    }

                    return written;
                },
                Ct
            );

            Backups.Write(address, file);
            await stop.CancelAsync();
            var written = await writing;
            Assert.Contains(
                "there already",
                Assert.Throws<StoreRefused>(() => Backups.Write(address, file)).Message,
                StringComparison.Ordinal
            );

            // What happens after the backup: the attempt is tried again, with the next token, and publishes.
            await Attempt(store, run.Number, fence, number: 2, token: 2);
            var late = await Intend(store, run.Number, fence, token: 2);
            var (lost, _) = await store.CreateRun(day: 6);
            store.Dispose();
            Backups.Restore(address, file, Made.Noon);
            store = Store.Open(address);

            Assert.Equal(2, store.Read(session => session.Incarnation));
            Assert.True(store.Read(session => session.RestorationPending));
            Assert.Empty(store.Read(session => session.CheckIntegrity()));
            Assert.Null(store.Read(session => session.Run(lost.Number)));
            var lines = store
                .Read(session => session.Audit(100_000))
                .Where(line => line.Who == "busy")
                .Select(line => int.Parse(line.What))
                .ToList();
            Assert.True(lines.Count <= written);
            Assert.Equal(Enumerable.Range(0, lines.Count), lines.Order());

            // Tokens from before and after the backup are stale, those that are given out now are new, and so are numbers of versions.
            var token = store.Read(session => session.Task(run.Number, new(new("a"))))!.Token;
            Assert.Equal((2L << 32) + 1, token);
            Assert.Equal(token, Assert.Single(store.Read(session => session.Attempts(run.Number))).Token);
            await Assert.ThrowsAsync<StoreConflict>(() => Intend(store, run.Number, fence, token: 1));
            await Assert.ThrowsAsync<StoreConflict>(() => Intend(store, run.Number, fence, token: 2));
            Assert.Equal(early, await Intend(store, run.Number, fence, token));
            await Attempt(store, run.Number, fence, number: 2, token + 1);
            Assert.True(await Intend(store, run.Number, fence, token + 1) > late + 1000);

            // Put back once more: another range again.
            store.Dispose();
            Backups.Restore(address, file, Made.Noon);
            store = Store.Open(address);
            Assert.Equal(3, store.Read(session => session.Incarnation));
            Assert.Equal((3L << 32) + 1, store.Read(session => session.Task(run.Number, new(new("a"))))!.Token);
            await store.WriteAsync(session => session.EndRestoration(), Ct);
            Assert.False(store.Read(session => session.RestorationPending));
        }
        finally
        {
            store.Dispose();
            File.Delete(file);
        }
    }

    [Fact]
    public void A_database_that_was_put_back_by_other_means_is_taken_as_it_is()
    {
        var address = Database.Create();
        Store.Open(address).Dispose();

        Backups.TakeAsRestored(address, Made.Noon);

        using var store = Store.Open(address);
        Assert.Equal(2, store.Read(session => session.Incarnation));
        Assert.True(store.Read(session => session.RestorationPending));
    }

    [Fact]
    public async Task Nothing_is_put_back_under_a_server_or_from_what_is_no_backup()
    {
        var address = Database.Create();
        using var store = Store.Open(address);
        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "ann", "still here", null)), Ct);
        var file = Path.Combine(Path.GetTempPath(), $"signalbox-{Guid.NewGuid():N}.backup");
        try
        {
            Assert.Throws<StoreRefused>(() => Backups.Restore(address, file, Made.Noon));
            File.WriteAllText(file, new string('x', 100_000));
            using (store.AcquireEngine())
            {
                Assert.Contains(
                    "another",
                    Assert.Throws<StoreRefused>(() => Backups.Restore(address, file, Made.Noon)).Message,
                    StringComparison.Ordinal
                );
            }

            Assert.Throws<StoreRefused>(() => Backups.Restore(address, file, Made.Noon));
            Assert.Equal("still here", Assert.Single(store.Read(session => session.Audit(10))).What);
            Assert.Equal(1, store.Read(session => session.Incarnation));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task Attempt(Store store, RunNumber run, Fence fence, int number, long token)
    {
        var task = Made.Task("a") with { State = TaskState.Running, Token = token, TryNumber = number, Attempt = AttemptState.Running };
        var revision = store.Read(session => session.Task(run, task.Key))!.Revision;
        Change[] changes =
        [
            new Change.TaskChanged(task with { Revision = revision + 1 }),
            new Change.AttemptChanged(Made.Attempt("a", number, token, AttemptState.Running)),
        ];
        return store.WriteAsync(session => session.Apply(run, fence, Made.Decision(changes)), Ct);
    }

    private static Task<long> Intend(Store store, RunNumber run, Fence fence, long token) =>
        store.WriteAsync(session => session.PreparePublication(Made.Publication(run, token), fence), Ct);
}
