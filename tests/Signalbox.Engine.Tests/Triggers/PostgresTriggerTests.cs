using Npgsql;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Rows of a table in a real PostgreSQL server with <c>wal_level = logical</c>.</summary>
public sealed class PostgresTriggerTests(PostgresServer server)
{
    [Fact]
    [Trait("Requirement", "S122")]
    [Trait("Requirement", "S203")]
    public async Task Logical_replication_makes_one_run_of_each_change_also_of_those_while_no_server_ran()
    {
        await using var house = await HouseAsync(
            "replicated",
            """
            pipeline: loads
            triggers:
              - postgres: { connection: warehouse, table: replicated.loads, operations: [insert, delete], params: { id: "{{ body.id }}", what: "{{ message.operation }} {{ body.name | default('-') }}" } }
            params: { id: { type: integer }, what: { type: string } }
            run: "true"
            """
        );
        await DoAsync("insert into replicated.loads values (1, 'before anybody listens')");
        await house.ServeAsync();
        await house.UntilAsync(() => house.Store.Read(session => session.SourceCursor(new("loads"), "postgres")) is not null, "a slot");
        await DoAsync("insert into replicated.loads values (2, 'two'), (3, 'drei \"ü\"')");
        await DoAsync("begin; insert into replicated.loads values (4, 'taken back'); rollback");
        await house.DecidedAsync("loads", 2);
        await house.CloseAsync();

        await DoAsync("insert into replicated.loads values (5, null)");
        await DoAsync("delete from replicated.loads where id = 2");
        await house.ServeAsync();
        await house.DecidedAsync("loads", 4);

        Assert.Equal(
            [
                """{"id":2,"what":"insert two"}""",
                """{"id":3,"what":"insert drei \"ü\""}""",
                """{"id":5,"what":"insert -"}""",
                """{"id":2,"what":"delete -"}""",
            ],
            house.Params("loads")
        );
        await house.CloseAsync();
        await DoAsync("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    [Fact]
    [Trait("Requirement", "S203")]
    public async Task A_lost_connection_is_made_anew_and_no_change_is_lost_or_doubled()
    {
        await using var house = await HouseAsync(
            "cut",
            "pipeline: loads\ntriggers: [{ postgres: { connection: warehouse, table: cut.loads } }]\nparams: { id: { type: integer } }\nrun: 'true'\n"
        );
        await house.ServeAsync();
        await house.UntilAsync(() => house.Store.Read(session => session.SourceCursor(new("loads"), "postgres")) is not null, "a slot");
        for (var i = 1; i <= 3; i++)
        {
            await DoAsync($"insert into cut.loads values ({i}, 'x')");
            await DoAsync("select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null");
        }

        await house.DecidedAsync("loads", 3);
        Assert.Equal(["""{"id":1}""", """{"id":2}""", """{"id":3}"""], house.Params("loads"));
        await house.CloseAsync();
        await DoAsync("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    [Fact]
    [Trait("Requirement", "S203")]
    public async Task A_cursor_column_finds_new_rows_once_also_one_that_commits_behind_a_later_one()
    {
        await using var house = await HouseAsync(
            "polled",
            """
            pipeline: loads
            triggers:
              - postgres: { connection: warehouse, table: polled.loads, cursor: id, every: 50ms, settle: 1m }
            params: { id: { type: integer }, name: { type: string } }
            run: "true"
            """
        );
        await DoAsync("insert into polled.loads values (1, 'before anybody listens')");
        await house.ServeAsync();
        await house.UntilAsync(() => house.Store.Read(session => session.SourceCursor(new("loads"), "postgres")) is not null, "a cursor");
        await using var late = new NpgsqlConnection(server.Connection);
        await late.OpenAsync(House.Cancel);
        await using var transaction = await late.BeginTransactionAsync(House.Cancel);
        await using (var insert = new NpgsqlCommand("insert into polled.loads values (2, 'late')", late, transaction))
        {
            await insert.ExecuteNonQueryAsync(House.Cancel);
        }

        await DoAsync("insert into polled.loads values (3, 'early')");
        await house.DecidedAsync("loads", 1);
        await transaction.CommitAsync(House.Cancel);
        await house.DecidedAsync("loads", 2);
        await house.CloseAsync();
        await DoAsync("insert into polled.loads select i, 'many' from generate_series(4, 1203) i");
        await house.ServeAsync();
        await house.UntilAsync(() => house.Messages("loads").Count >= 1202, "all rows");

        Assert.Equal(1202, house.Messages("loads").Count);
        Assert.Equal(["""{"id":3,"name":"early"}""", """{"id":2,"name":"late"}"""], house.Params("loads").Take(2));
        Assert.DoesNotContain(house.Messages("loads"), message => message.State == InboxState.Dead);
    }

    [Fact]
    public async Task A_table_that_is_not_there_is_said_once_and_listened_to_when_it_comes()
    {
        await using var house = await HouseAsync(
            "later",
            "pipeline: loads\ntriggers: [{ postgres: { connection: warehouse, table: later.coming, cursor: id, every: 50ms } }]\nparams: { id: { type: integer } }\nrun: 'true'\n"
        );
        await house.ServeAsync();
        await house.UntilAsync(
            () => house.Said.Any(line => line.Contains("has no table later.coming", StringComparison.Ordinal)),
            "what is missing"
        );
        await DoAsync("create table later.coming (id bigint)");
        await house.UntilAsync(() => house.Store.Read(session => session.SourceCursor(new("loads"), "postgres")) is not null, "a cursor");
        await DoAsync("insert into later.coming values (1)");
        await house.DecidedAsync("loads", 1);

        Assert.Single(house.Said, line => line.Contains("has no table", StringComparison.Ordinal));
        Assert.Contains(house.Said, line => line.Contains("it works again", StringComparison.Ordinal));
    }

    private async Task<House> HouseAsync(string schema, string pipeline)
    {
        await DoAsync(
            $"drop schema if exists {schema} cascade; create schema {schema}; create table {schema}.loads (id bigint primary key, name text)"
        );
        var address = server.Address(schema);
        var house = new House($"connections: {{ warehouse: {{ postgres: \"{address}\" }} }}");
        house.Pipeline(pipeline);
        return house;
    }

    private async Task DoAsync(string sql)
    {
        await using var link = new NpgsqlConnection(server.Connection);
        await link.OpenAsync(House.Cancel);
        await using var command = new NpgsqlCommand(sql, link);
        await command.ExecuteNonQueryAsync(House.Cancel);
    }
}
