using Npgsql;

namespace Signalbox.Storage.Tests;

/// <summary>What every database must do, and what only a server can do to us.</summary>
public sealed class PostgresConformance(PostgresServer server, ITestOutputHelper output)
    : StoreConformance(new PostgresDatabases(server), output)
{
    private static readonly Sql EndOwnConnection = new("select case when pg_terminate_backend(pg_backend_pid()) then 1 else 0 end");
    private static readonly Sql LoseAgainstAnother = new("do $$ begin raise sqlstate '40P01'; end $$");

    [Fact]
    public async Task A_connection_lost_in_the_middle_fails_the_work_and_the_next_work_gets_a_new_one()
    {
        using var store = Database.Open();

        var problem = await Assert.ThrowsAsync<StoreUnavailable>(() =>
            store.WriteAsync(session => session.Link.Use(EndOwnConnection).Execute(), Ct)
        );
        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "after", null)), Ct);

        Assert.False(problem.OutcomeUnknown);
        Assert.Single(store.Read(session => session.Audit(10)));
    }

    [Fact]
    public async Task Connections_that_a_restart_of_the_server_took_are_replaced_before_anyone_notices()
    {
        using var store = Database.Open();
        store.Read(session => session.Audit(1));
        using (var killer = new NpgsqlConnection(server.Connection))
        {
            killer.Open();
            using var command = new NpgsqlCommand(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name like 'signalbox (pid%'",
                killer
            );
            command.ExecuteNonQuery();
        }

        await store.WriteAsync(session => session.AddAudit(new(Made.Noon, "me", "after", null)), Ct);

        Assert.Single(store.Read(session => session.Audit(10)));
    }

    [Fact]
    public async Task A_transaction_that_lost_a_deadlock_is_done_again_and_not_for_ever()
    {
        using var store = Database.Open();
        var (tries, hopeless) = (0, 0);

        await store.WriteAsync(
            session =>
            {
                session.AddAudit(new(Made.Noon, "me", "kept once", null));
                if (++tries < 3)
                {
                    session.Link.Use(LoseAgainstAnother).Execute();
                }
            },
            Ct
        );
        var problem = await Assert.ThrowsAsync<StoreUnavailable>(() =>
            store.WriteAsync(
                session =>
                {
                    hopeless++;
                    session.Link.Use(LoseAgainstAnother).Execute();
                },
                Ct
            )
        );

        Assert.Equal((3, 5), (tries, hopeless));
        Assert.False(problem.OutcomeUnknown);
        Assert.Single(store.Read(session => session.Audit(10)));
    }

    [Theory]
    [InlineData("postgres://signalbox@127.0.0.1:1/nowhere", typeof(StoreUnavailable))]
    [InlineData("postgres://[", typeof(StoreRefused))]
    [InlineData("postgres://a@127.0.0.1/b?nonsense=1", typeof(StoreRefused))]
    public void An_address_that_leads_nowhere_is_told(string address, Type expected)
    {
        Assert.IsType(expected, Record.Exception(() => Store.Open(address)));
    }
}
