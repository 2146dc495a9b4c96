using Signalbox.Storage.Postgres;
using Signalbox.Storage.Schema;
using Signalbox.Storage.Sqlite;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public void A_second_engine_is_refused_with_the_pid_of_the_first()
    {
        var address = Database.Create();
        using var child = new Child("serve", address);
        Assert.Equal("serving", child.ReadLine());
        using var store = Store.Open(address);

        var refusal = Assert.Throws<StoreRefused>(store.AcquireEngine);

        Assert.Contains($"another signalbox (pid {child.Id}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_noted_of_the_schema_goes_by_the_clock_that_is_handed_in()
    {
        var address = Database.Create();
        Store.Open(address, new StoppedClock()).Dispose();
        using var link = DialectOf(address).Connect(readOnly: false);
        Assert.Equal(Made.Noon.ToUnixTimeMilliseconds(), link.Use(new Sql("select max(applied_ms) from schema_steps")).Scalar());
    }

    [Fact]
    public void A_killed_engine_leaves_the_store_free()
    {
        var address = Database.Create();
        using var store = Store.Open(address);
        using (var child = new Child("serve", address))
        {
            Assert.Equal("serving", child.ReadLine());
            child.Kill();
        }

        // A server notices a moment later that the connection is gone.
        EngineLock? engine = null;
        for (var tries = 0; engine is null; tries++)
        {
            try
            {
                engine = store.AcquireEngine();
            }
            catch (StoreRefused) when (tries < 500)
            {
                Thread.Sleep(10);
            }
        }

        Assert.Throws<StoreRefused>(store.AcquireEngine);
        engine.Dispose();
        store.AcquireEngine().Dispose();
    }

    [Fact]
    public void A_newer_schema_is_refused_and_both_versions_are_named()
    {
        var address = Database.Create();
        Store.Open(address).Dispose();
        var future = Store.KnownSchema + 7;
        using (var link = DialectOf(address).Connect(readOnly: false))
        {
            link.Script($"insert into schema_steps (number, name, program, applied_ms) values ({future}, 'future', '9.9', 0)");
        }

        var refusal = Assert.Throws<StoreRefused>(() => Store.Open(address));

        Assert.Contains($"schema {future}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"up to {Store.KnownSchema}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_whose_tables_another_text_made_is_refused_before_anything_fails_in_it()
    {
        var address = Database.Create();
        Store.Open(address).Dispose();
        using (var link = DialectOf(address).Connect(readOnly: false))
        {
            link.Script("update meta set value = 'another' where name = 'schema'");
        }

        var refusal = Assert.Throws<StoreRefused>(() => Store.Open(address));

        Assert.Contains("between two releases", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("begun", false)]
    [InlineData("made", false)]
    [InlineData("noted", false)]
    [InlineData("kept", true)]
    public async Task A_migration_killed_at_any_point_has_happened_or_not_and_the_next_start_goes_on(string at, bool happened)
    {
        var address = Database.Create();
        foreach (var step in new[] { 1, Store.KnownSchema + 1 })
        {
            if (step > 1)
            {
                using var store = Store.Open(address);
                await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "ann", "before the upgrade", null)), Ct);
            }

            using (var child = new Child($"migrate {step} {at}", address))
            {
                Assert.NotEqual(0, child.WaitForExit());
            }

            using var link = DialectOf(address).Connect(readOnly: false);
            Assert.Equal(happened, link.HasTable(step == 1 ? "runs" : "later"));
        }

        using (var link = DialectOf(address).Connect(readOnly: false))
        {
            Migrations.Apply(link, [.. Migrations.All, Made.LaterStep], Made.Noon);
            Assert.Equal(18, link.Use(new Sql("select words from audit where who = 'ann'")).Scalar());
            Assert.Equal(1, link.Use(new Sql("select count(*) from later")).Scalar());
        }

        // The program from before the upgrade.
        var refusal = Assert.Throws<StoreRefused>(() => Store.Open(address));
        Assert.Contains("use the newer signalbox", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_migration_that_fails_keeps_the_steps_before_it_and_goes_on_from_there()
    {
        using var link = DialectOf(Database.Create()).Connect(readOnly: false);
        var good = new Migration(Store.KnownSchema + 1, "a table", "create table later (id bigint primary key)");
        var bad = new Migration(
            Store.KnownSchema + 2,
            "nonsense",
            "create table half (id bigint primary key); insert into nowhere values (1)"
        );

        Assert.NotNull(
            link.Translate(Assert.ThrowsAny<Exception>(() => Migrations.Apply(link, [.. Migrations.All, good, bad], Made.Noon)))
        );
        Assert.True(link.HasTable("later"));
        Assert.False(link.HasTable("half"));

        Migrations.Apply(link, [.. Migrations.All, good, bad with { Script = "create table half (id bigint primary key)" }], Made.Noon);
        Assert.True(link.HasTable("half"));
    }

    [Fact]
    public async Task Two_programs_that_open_a_new_database_at_once_make_it_once()
    {
        var address = Database.Create();

        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Store.Open(address), Ct)));

        Assert.Single(stores.Select(store => store.Read(session => session.Instance)).Distinct(StringComparer.Ordinal));
        Array.ForEach(stores, store => store.Dispose());
    }

    [Fact]
    public void The_store_says_which_engine_runs()
    {
        using var store = Database.Open();

        Output.WriteLine(store.EngineVersion);
        Assert.Matches("^(SQLite 3|PostgreSQL 1)[0-9]?\\.", store.EngineVersion);
    }

    private protected static Dialect DialectOf(string address) =>
        address.StartsWith("postgres", StringComparison.Ordinal) ? new PostgresDialect(address) : new SqliteDialect(address);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Made.Noon;
    }
}
