using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.TaskKinds;

/// <summary><c>wait_for: { sql }</c> against a real PostgreSQL server.</summary>
public sealed class PostgresWaitTests(PostgresServer server)
{
    [Fact]
    [Trait("Requirement", "S115")]
    [Trait("Requirement", "S117")]
    public async Task A_table_that_is_not_there_and_a_cut_connection_are_counted_and_the_row_ends_the_wait()
    {
        await DoAsync("drop schema if exists waits cascade; create schema waits");
        await using var house = House("waits");
        var name = house.Pipeline(
            """
            pipeline: waits
            tasks:
              loaded: { wait_for: { sql: "select count(*) > 1 from loads where day = '{{ ds }}'", connection: warehouse }, every: 20ms, timeout: 2m }
            """
        );
        var run = await house.StartAsync(name);
        await SaysAsync(house, run, "relation \"loads\" does not exist");
        await DoAsync("create table waits.loads (day date, part integer)");
        await SaysAsync(house, run, "the query gives false");
        for (var i = 0; i < 3; i++)
        {
            await DoAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'signalbox wait_for'");
        }

        await DoAsync("insert into waits.loads values ('2024-03-01', 1), ('2024-03-01', 2), ('2024-03-02', 1)");
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        var task = house.Task(run, "loaded");
        Assert.Equal("""{"value":"true"}""", task.Result);
        Assert.InRange(task.FailedPolls, 1, task.Polls - 1);
        Assert.Single(house.Attempts(run));
    }

    [Fact]
    [Trait("Requirement", "S115")]
    public async Task A_look_writes_nothing_and_a_value_of_any_type_is_handed_down()
    {
        await DoAsync("drop schema if exists looks cascade; create schema looks; create table looks.seen (at timestamptz)");
        await using var house = House("looks");
        var name = house.Pipeline(
            """
            pipeline: looks
            tasks:
              writes: { wait_for: { sql: "insert into seen values (now()) returning true", connection: warehouse }, every: 20ms, timeout: 2m }
              latest: { wait_for: { sql: "select max(at) from seen", connection: warehouse }, every: 20ms, timeout: 2m }
            """
        );
        var run = await house.StartAsync(name);
        await SaysAsync(house, run, "cannot execute INSERT in a read-only transaction", "writes");
        await SaysAsync(house, run, "the query gives null", "latest");
        await DoAsync("insert into looks.seen values ('2024-03-01T12:00:00Z')");
        await house.UntilStateAsync(run, "latest", TaskState.Success);
        Assert.Equal("""{"value":"2024-03-01T12:00:00.0000000Z"}""", house.Task(run, "latest").Result);
        await house.AskAsync(new Engine.Control.Request.CancelRun(run.Value, "seen enough"));
        await house.EndAsync(run);
    }

    private House House(string schema) => new($"connections: {{ warehouse: {{ postgres: \"{server.Address(schema)}\" }} }}");

    private static Task SaysAsync(House house, RunNumber run, string text, string task = "loaded") =>
        house.UntilAsync(() => house.Task(run, task).Reason?.Contains(text, StringComparison.Ordinal) == true, $"`{text}`");

    private async Task DoAsync(string sql)
    {
        await using var link = new NpgsqlConnection(server.Connection);
        await link.OpenAsync(Driving.House.Cancel);
        await using var command = new NpgsqlCommand(sql, link);
        await command.ExecuteNonQueryAsync(Driving.House.Cancel);
    }
}
