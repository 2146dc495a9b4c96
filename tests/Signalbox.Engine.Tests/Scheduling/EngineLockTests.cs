using Npgsql;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>The lock of the one engine on PostgreSQL, where it goes with the connection that holds it.</summary>
public sealed class EngineLockTests(PostgresServer server)
{
    private const string Lock = "89504675359746"; // the number that the engine locks

    private const string Holder =
        $"select pid from pg_locks where locktype = 'advisory' and granted and (classid::bigint << 32) + objid::bigint = {Lock} and database = (select oid from pg_database where datname = current_database())";

    [Fact]
    [Trait("Requirement", "S9")]
    public async Task An_engine_whose_connection_broke_takes_its_lock_again()
    {
        await using var database = await DatabaseAsync("lock_kept");
        await using var house = HouseOn("lock_kept");
        await house.ServeAsync();
        var before = await NumberAsync(database, Holder);

        await NumberAsync(database, $"select pg_terminate_backend({before})::int");

        var after = before;
        await house.UntilAsync(
            () => (after = NumberAsync(database, Holder).GetAwaiter().GetResult()) != 0 && after != before,
            "the lock is held again"
        );
        Assert.False(house.Session.LockLost.IsCompleted);
    }

    [Fact]
    [Trait("Requirement", "S9")]
    public async Task An_engine_whose_lock_another_has_begins_nothing_more()
    {
        await using var database = await DatabaseAsync("lock_lost");
        await using var house = HouseOn("lock_lost");
        await house.ServeAsync();
        await using var other = await DatabaseAsync("lock_lost", isNew: false);
        // It waits in the server's queue, and has the lock in the instant in which the engine's connection is gone.
        var taken = NumberAsync(other, $"select count(*)::int from (select pg_advisory_lock({Lock})) as held");
        await house.UntilAsync(
            () =>
                NumberAsync(database, Holder.Replace("and granted", "and not granted", StringComparison.Ordinal)).GetAwaiter().GetResult()
                != 0,
            "the other waits for the lock"
        );

        await NumberAsync(database, $"select pg_terminate_backend(({Holder}))::int");

        await taken.WaitAsync(House.Deadline, House.Cancel);
        await house.Session.LockLost.WaitAsync(House.Deadline, House.Cancel);
    }

    private House HouseOn(string name)
    {
        var house = new House($"database: {server.Address("public").Replace("/postgres?", $"/{name}?", StringComparison.Ordinal)}\n");
        house.Pipeline("pipeline: nothing\ntasks:\n  a: { noop: }\n");
        return house;
    }

    private async Task<NpgsqlConnection> DatabaseAsync(string name, bool isNew = true)
    {
        if (isNew)
        {
            await using var whole = new NpgsqlConnection(server.Connection);
            await whole.OpenAsync(House.Cancel);
            await NumberAsync(whole, $"create database {name}");
        }

        var opened = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.Connection) { Database = name }.ConnectionString);
        await opened.OpenAsync(House.Cancel);
        return opened;
    }

    private static async Task<int> NumberAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(House.Cancel) is int number ? number : 0;
    }
}
