namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_read_within_a_read_sees_the_same_state_and_waits_for_no_other_connection()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun();
        const int MoreThanThereAreConnections = 20;

        var counts = await Task.Run(() => Deeper(MoreThanThereAreConnections), Ct).WaitAsync(TimeSpan.FromSeconds(60), Ct);

        Assert.Equal(Enumerable.Repeat(1, MoreThanThereAreConnections), counts);

        List<int> Deeper(int levels) =>
            store.Read(session =>
            {
                if (levels == MoreThanThereAreConnections)
                {
                    // Made after the outermost read began, so none of the inner ones may see it.
                    Assert.NotNull(session.Run(run.Number));
                    store.WriteAsync(s => s.AddRequest("cancel", "{}", "ann", Made.Noon), Ct).Wait(Ct);
                }

                Assert.False(session.RequestsWait());
                List<int> inner = levels == 1 ? [] : Deeper(levels - 1);
                return (List<int>)[session.ActiveRuns().Count, .. inner];
            });
    }

    [Fact]
    public async Task Writes_that_wait_together_are_committed_together()
    {
        using var store = Database.Open();
        using var gate = new ManualResetEventSlim();
        var first = store.WriteAsync(_ => gate.Wait(TimeSpan.FromSeconds(30)), Ct);
        var before = store.Commits;

        var writes = Enumerable.Range(0, 500).Select(i => store.WriteAsync(session => Note(session, $"{i}"), Ct)).ToArray();
        gate.Set();
        await Task.WhenAll([first, .. writes]);

        Output.WriteLine($"501 writes, {store.Commits - before} commits");
        Assert.InRange(store.Commits - before, 1, 3);
        Assert.Equal(500, store.Read(session => session.Audit(1000)).Count);
    }

    [Fact]
    public async Task A_failing_write_fails_alone_and_leaves_nothing_behind()
    {
        using var store = Database.Open();
        using var gate = new ManualResetEventSlim();
        var first = store.WriteAsync(_ => gate.Wait(TimeSpan.FromSeconds(30)), Ct);

        var good = store.WriteAsync(session => Note(session, "good"), Ct);
        var thrown = store.WriteAsync(
            session =>
            {
                Note(session, "half");
                throw new InvalidOperationException("own fault");
            },
            Ct
        );
        var refused = store.WriteAsync(
            session =>
            {
                Note(session, "half too");
                session.SavePool(new("gpu", -1, null));
            },
            Ct
        );
        var better = store.WriteAsync(session => Note(session, "better"), Ct);
        gate.Set();

        await Task.WhenAll(first, good, better);
        Assert.Equal("own fault", (await Assert.ThrowsAsync<InvalidOperationException>(() => thrown)).Message);
        await Assert.ThrowsAsync<StoreConflict>(() => refused);
        Assert.Equal(["better", "good"], store.Read(session => session.Audit(10)).Select(line => line.What));
    }

    [Fact]
    public async Task A_write_given_up_before_it_began_is_not_kept()
    {
        using var store = Database.Open();
        using var gate = new ManualResetEventSlim();
        using var given = new CancellationTokenSource();
        var first = store.WriteAsync(_ => gate.Wait(TimeSpan.FromSeconds(30)), Ct);

        var second = store.WriteAsync(session => Note(session, "never"), given.Token);
        await given.CancelAsync();
        gate.Set();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Empty(store.Read(session => session.Audit(10)));
    }

    [Fact]
    public async Task A_reader_sees_one_state_throughout()
    {
        using var store = Database.Open();
        await store.WriteAsync(session => Note(session, "before"), Ct);

        var counts = store.Read(session =>
        {
            var first = session.Audit(10).Count;
            store.WriteAsync(inner => Note(inner, "meanwhile"), Ct).GetAwaiter().GetResult();
            return (first, session.Audit(10).Count);
        });

        Assert.Equal((1, 1), counts);
        Assert.Equal(2, store.Read(session => session.Audit(10)).Count);
    }

    [Fact]
    public async Task A_write_after_the_end_is_refused_and_what_waited_is_kept()
    {
        var address = Database.Create();
        var store = Store.Open(address);
        var writes = Enumerable.Range(0, 50).Select(i => store.WriteAsync(session => Note(session, $"{i}"), Ct)).ToArray();
        await store.DisposeAsync();
        await Task.WhenAll(writes);

        await Assert.ThrowsAsync<StoreUnavailable>(() => store.WriteAsync(session => Note(session, "late"), Ct));
        using var again = Store.Open(address);
        Assert.Equal(50, again.Read(session => session.Audit(100)).Count);
    }

    [Fact]
    public async Task The_change_counter_moves_when_another_process_asks()
    {
        var address = Database.Create();
        using var store = Store.Open(address);
        using var other = Store.Open(address);
        var before = store.ChangeCounter();
        Assert.Equal(before, store.ChangeCounter());

        await other.WriteAsync(session => session.AddRequest("cancel", "{}", "cli", Made.Noon), Ct);

        Assert.NotEqual(before, store.ChangeCounter());
    }

    [Fact]
    public void A_writer_killed_in_the_middle_has_lost_nothing_that_it_was_told_is_kept()
    {
        for (var round = 0; round < 3; round++)
        {
            var address = Database.Create();
            Store.Open(address).Dispose();
            var said = new List<string>();
            using (var child = new Child("write", address))
            {
                while (said.Count < 200 + (round * 137))
                {
                    said.Add(child.ReadLine()!);
                }

                child.Kill();
                while (child.ReadLine() is { Length: > 0 } line)
                {
                    said.Add(line);
                }
            }

            using var store = Store.Open(address);
            var kept = store.Read(session => session.Audit(1_000_000)).Select(line => line.What).ToHashSet(StringComparer.Ordinal);
            // The last line may have been cut by the kill.
            Assert.DoesNotContain(said.SkipLast(1), line => !kept.Contains(line));
            Assert.Empty(store.Read(session => session.CheckIntegrity()));
        }
    }

    [Fact]
    public async Task Four_processes_that_write_at_once_never_see_a_locked_database()
    {
        var address = Database.Create();
        using var store = Store.Open(address);
        var children = Enumerable.Range(0, 3).Select(_ => new Child("ask", address)).ToArray();
        for (var i = 0; i < 200; i++)
        {
            await store.WriteAsync(session => session.AddRequest("run", "{}", "parent", Made.Noon), Ct);
        }

        foreach (var child in children)
        {
            using (child)
            {
                var told = child.ReadLine();
                Assert.True(child.WaitForExit() == 0, told);
            }
        }

        var taken = await store.WriteAsync(session => session.TakeRequests(1000, Made.Noon), Ct);
        Assert.Equal(500, taken.Count);
    }

    private static void Note(WriteSession session, string what) => session.AddAudit(new(Made.Noon, "me", what, null));
}
