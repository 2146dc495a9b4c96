using Signalbox.Core.Access;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_user_is_added_once_and_removed_with_all_that_is_theirs()
    {
        using var store = Database.Open();
        Assert.False(store.Read(s => s.HasUsers()));
        Assert.True(await store.WriteAsync(s => s.AddUser("ann", Role.Admin, "hash", Made.Noon), Ct));
        Assert.False(await store.WriteAsync(s => s.AddUser("ann", Role.Viewer, "other", Made.Noon), Ct));
        Assert.Equal(new StoredUser("ann", Role.Admin, "hash", Made.Noon, Made.Noon), store.Read(s => s.User("ann")));
        await store.WriteAsync(s => s.AddAccessToken(Token(AccessTokenKind.Api, "nightly", "a") with { User = "ann" }), Ct);
        await store.WriteAsync(s => s.AddAccessToken(Token(AccessTokenKind.Session, "ann", "b") with { User = "ann" }), Ct);

        Assert.True(await store.WriteAsync(s => s.ChangePassword("ann", "new", Made.Noon.AddHours(1)), Ct));
        Assert.False(await store.WriteAsync(s => s.ChangePassword("bob", "new", Made.Noon), Ct));
        Assert.Equal(new StoredUser("ann", Role.Admin, "new", Made.Noon, Made.Noon.AddHours(1)), Assert.Single(store.Read(s => s.Users())));
        Assert.Null(store.Read(s => s.AccessToken("b")));
        Assert.NotNull(store.Read(s => s.AccessToken("a")));

        Assert.True(await store.WriteAsync(s => s.RemoveUser("ann"), Ct));
        Assert.False(await store.WriteAsync(s => s.RemoveUser("ann"), Ct));
        Assert.Null(store.Read(s => s.AccessToken("a")));
        Assert.False(store.Read(s => s.HasUsers()));
    }

    [Fact]
    public async Task A_token_has_one_name_while_it_counts_and_is_revoked_for_ever()
    {
        using var store = Database.Open();
        var token = Token(AccessTokenKind.Api, "nightly", "a");
        Assert.True(await store.WriteAsync(s => s.AddAccessToken(token), Ct));
        Assert.False(await store.WriteAsync(s => s.AddAccessToken(token with { Hash = "b" }), Ct));
        var kept = Assert.Single(store.Read(s => s.AccessTokens(AccessTokenKind.Api)));
        Assert.Equal(token with { Id = kept.Id }, kept);

        await store.WriteAsync(s => s.NoteUse(kept, Made.Noon.AddMinutes(5)), Ct);
        Assert.True(await store.WriteAsync(s => s.RevokeAccessToken("nightly", Made.Noon.AddHours(1)), Ct));
        Assert.False(await store.WriteAsync(s => s.RevokeAccessToken("nightly", Made.Noon.AddHours(2)), Ct));
        Assert.Equal(
            kept with
            {
                UsedAt = Made.Noon.AddMinutes(5),
                RevokedAt = Made.Noon.AddHours(1),
            },
            store.Read(s => s.AccessToken("a"))
        );
        Assert.True(await store.WriteAsync(s => s.AddAccessToken(token with { Hash = "b" }), Ct));
    }

    [Fact]
    public async Task A_link_is_spent_once_and_never_after_its_end()
    {
        using var store = Database.Open();
        await store.WriteAsync(s => s.AddAccessToken(Token(AccessTokenKind.Link, "ann", "a")), Ct);
        await store.WriteAsync(s => s.AddAccessToken(Token(AccessTokenKind.Link, "ann", "b")), Ct);
        Assert.False(await store.WriteAsync(s => s.SpendAccessToken("a", AccessTokenKind.Session, Made.Noon), Ct));
        Assert.True(await store.WriteAsync(s => s.SpendAccessToken("a", AccessTokenKind.Link, Made.Noon), Ct));
        Assert.False(await store.WriteAsync(s => s.SpendAccessToken("a", AccessTokenKind.Link, Made.Noon), Ct));
        Assert.False(await store.WriteAsync(s => s.SpendAccessToken("b", AccessTokenKind.Link, Made.Noon.AddDays(1)), Ct));
        await store.WriteAsync(
            s =>
                s.AddAccessToken(
                    Token(AccessTokenKind.Session, "ann", "c") with
                    {
                        CreatedAt = Made.Noon.AddDays(2),
                        ExpiresAt = Made.Noon.AddDays(3),
                    }
                ),
            Ct
        );
        Assert.Null(store.Read(s => s.AccessToken("b")));
    }

    [Fact]
    public async Task A_key_stands_for_one_request_until_it_is_old()
    {
        using var store = Database.Open();
        var keep = TimeSpan.FromHours(24);
        KeyedRequest Ask(WriteSession s, string sender, string hash, DateTimeOffset at) =>
            s.AddRequestOnce("key", hash, "run", "{}", sender, at, keep);

        var all = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => store.WriteAsync(s => Ask(s, "ann", "h", Made.Noon), Ct)));
        var first = Assert.Single(all, each => each.IsNew);
        Assert.All(all, each => Assert.Equal((first.Request, true), (each.Request, each.IsSame)));
        Assert.Equal(
            new KeyedRequest(first.Request, IsNew: false, IsSame: false),
            await store.WriteAsync(s => Ask(s, "ann", "other", Made.Noon), Ct)
        );
        Assert.True((await store.WriteAsync(s => Ask(s, "bob", "h", Made.Noon), Ct)).IsNew);
        Assert.False((await store.WriteAsync(s => Ask(s, "ann", "h", Made.Noon + keep - TimeSpan.FromSeconds(1)), Ct)).IsNew);
        await store.WriteAsync(s => s.ForgetKey("key", "ann", first.Request + 1000), Ct);
        Assert.False((await store.WriteAsync(s => Ask(s, "ann", "h", Made.Noon), Ct)).IsNew);
        await store.WriteAsync(s => s.ForgetKey("key", "ann", first.Request), Ct);
        Assert.True((await store.WriteAsync(s => Ask(s, "ann", "h", Made.Noon), Ct)).IsNew);
        Assert.True((await store.WriteAsync(s => Ask(s, "ann", "h", Made.Noon + keep), Ct)).IsNew);
    }

    [Fact]
    public async Task What_was_sent_along_and_the_history_of_all_runs_are_read_back()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun(tasks: ["a"]);
        Assert.Null(store.Read(s => s.Conf(run.Number)));
        await store.WriteAsync(s => s.SaveConf(run.Number, """{"key":"ü"}""", "first"), Ct);
        Assert.Equal("""{"key":"ü"}""", store.Read(s => s.Conf(run.Number)));

        Assert.Equal("first", store.Read(s => s.Note(run.Number)));
        await store.WriteAsync(s => s.SaveNote(run.Number, null), Ct);
        Assert.Null(store.Read(s => s.Note(run.Number)));
        await store.WriteAsync(s => s.SaveNote(run.Number, "second"), Ct);
        Assert.Equal("second", store.Read(s => s.Note(run.Number)));

        var before = store.Read(s => s.LastHistory());
        var entry = new HistoryEntry(Made.Noon, new Core.TaskKey(new("a"), 3), 2, "running", "ended", "success", "well");
        await store.WriteAsync(s => s.AddHistoryLine(run.Number, entry), Ct);
        var line = Assert.Single(store.Read(s => s.HistorySince(before, 10)));
        Assert.Equal((run.Number, run.Pipeline, entry), (line.Run, line.Pipeline, line.Entry));
        Assert.Equal(line.Id, store.Read(s => s.LastHistory()));
        Assert.Empty(store.Read(s => s.HistorySince(line.Id, 10)));
        Assert.Empty(store.Read(s => s.HistorySince(before, 10, new Core.RunNumber(run.Number.Value + 1))));
        Assert.Single(store.Read(s => s.HistorySince(before, 10, run.Number, run.Pipeline)));
        Assert.Empty(store.Read(s => s.HistorySince(before, 10, pipeline: new Core.PipelineName("other"))));
    }

    private static AccessToken Token(AccessTokenKind kind, string name, string hash) =>
        new(0, kind, name, hash, Role.Viewer, User: null, Made.Noon, Made.Noon.AddHours(12));
}
