using Npgsql;

namespace Signalbox.Storage.Tests;

/// <summary>What every database must do. One suite; each database sits it.</summary>
public abstract partial class StoreConformance(TestDatabase database, ITestOutputHelper output)
{
    protected TestDatabase Database { get; } = database;

    protected ITestOutputHelper Output { get; } = output;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;
}

public sealed class SqliteConformance(SqliteFiles files, ITestOutputHelper output)
    : StoreConformance(files, output),
        IClassFixture<SqliteFiles>;

public sealed class PostgresConformance(PostgresServer server, ITestOutputHelper output)
    : StoreConformance(new PostgresDatabases(server), output)
{
    [Fact]
    public async Task A_connection_lost_in_the_middle_fails_the_work_and_the_next_work_gets_a_new_one()
    {
        using var store = Database.Open();

        var problem = await Assert.ThrowsAsync<StoreUnavailable>(() => store.WriteAsync(EndConnection, Ct));
        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "after", null)), Ct);

        Assert.False(problem.OutcomeUnknown);
        Assert.Single(store.Read(session => session.Audit(10)));
    }

    [Fact]
    public async Task Connections_that_a_restart_of_the_server_took_are_replaced_before_anyone_notices()
    {
        var address = Database.Create();
        using var store = Store.Open(address);
        store.Read(session => session.Audit(1));
        using (var killer = new NpgsqlConnection(server.Connection))
        {
            killer.Open();
            using var command = new NpgsqlCommand(
                $"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{new Uri(address).AbsolutePath[1..]}'",
                killer
            );
            command.ExecuteNonQuery();
        }

        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "after", null)), Ct);

        Assert.Single(store.Read(session => session.Audit(10)));
    }

    private static readonly Sql EndOwnConnection = new("select case when pg_terminate_backend(pg_backend_pid()) then 1 else 0 end");

    private static void EndConnection(WriteSession session) => session.Link.Use(EndOwnConnection).Execute();
}
