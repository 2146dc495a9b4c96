using Npgsql;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Outputs;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage.Tests;

namespace Signalbox.Engine.Tests.Upkeep;

/// <summary>Versions of tables that are kept in a database go with the runs that made them, and no others.</summary>
public sealed class TableRetentionTests(PostgresServer server)
{
    [Fact]
    public async Task Kept_rows_of_runs_that_go_are_dropped_in_the_server_and_what_it_refuses_to_drop_goes_later()
    {
        var schema = $"t{Guid.NewGuid():N}";
        await using (var connection = new NpgsqlConnection(server.Connection))
        {
            await connection.OpenAsync(House.Cancel);
            await using var make = new NpgsqlCommand($"create schema {schema}", connection);
            await make.ExecuteNonQueryAsync(House.Cancel);
        }

        var address = server.Address(schema);
        await using var house = new House($"connections: {{ base: {{ postgres: \"{address}\" }} }}\n");
        house.Pipeline(
            """
            pipeline: loads
            retention: { age: 1ms, runs: 2 }
            params: { v: { type: integer } }
            tasks:
              load: { load: { query: "select {{ params.v }} as v", into: base.features, mode: replace_table, keep: 5 } }
            """
        );
        var runs = new List<RunNumber>();
        for (var value = 1; value <= 4; value++)
        {
            var run = await house.RunAsync("loads", parameters: $$"""{"v": {{value}}}""");
            Assert.Equal(RunState.Success, run.State);
            runs.Add(run.Number);
        }

        var kept = await KeptAsync(address);
        Assert.Equal(["1", "2", "3"], kept.Values.Order());
        var plan = new Func<RetentionPlan>(() =>
            house.Store.Read(session => RetentionPlan.Of(house.Session.Project, session, house.Time.GetUtcNow()))
        );
        await house.UntilAsync(() => plan().Runs.Count == 2, "two runs to be past");
        Assert.Equal([runs[0].Value, runs[1].Value], plan().Runs.Select(run => run.Run));
        Assert.Equal(2, plan().Versions.Count);

        // Somebody built upon the first of them: the server does not let it go.
        var first = kept.Single(table => table.Value == "1").Key;
        await ExecuteAsync(address, $"create view built as select * from \"{first}\"");
        Assert.True((await house.AskAsync(new Request.ApplyRetention())).Done);
        await house.UntilAsync(
            () => house.Said.Any(line => line.Contains($"run {runs[0]} cannot be removed now", StringComparison.Ordinal)),
            "the refusal"
        );
        await house.UntilAsync(() => house.Store.Read(session => session.RemovalsLeft()) == 1, "the other one to go");
        Assert.NotNull(house.Store.Read(session => session.Run(runs[0])));
        Assert.Null(house.Store.Read(session => session.Run(runs[1])));
        Assert.Equal(["1", "3"], (await KeptAsync(address)).Values.Order());

        await ExecuteAsync(address, "drop view built");
        Assert.True((await house.AskAsync(new Request.ApplyRetention())).Done);
        await house.UntilAsync(() => house.Store.Read(session => session.RemovalsLeft()) == 0, "the rest to go");
        Assert.Equal(["3"], (await KeptAsync(address)).Values);
        Assert.Equal([false, false, true, true], runs.Select(run => house.Store.Read(session => session.Run(run)) is not null));
        Assert.Empty(house.Store.Read(session => session.CheckIntegrity()));
        Assert.Empty(DiskCheck.Problems(house.Session.Project, house.Store, contents: true));

        // What stays is whole: the way back to the version before is still there.
        Assert.Equal("4", await TextAsync(address, "select v::text from features"));
        var back = await house.AskAsync(RollbackTests.Back("loads.load.table"));
        Assert.True(back.Done, back.Message);
        Assert.Equal("3", await TextAsync(address, "select v::text from features"));
    }

    /// <summary>The tables with kept rows, each with the one value in it.</summary>
    private static async Task<Dictionary<string, string>> KeptAsync(string address)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var session = await TableSession.OpenPostgresAsync(address, House.Cancel);
        var tables = await session.RowsAsync(
            $"select tablename from pg_tables where schemaname = current_schema() and tablename like '{TableProtocol.KeptPrefix}%'"
        );
        foreach (var table in tables)
        {
            found.Add(table[0]!, (await session.TextAsync($"select v::text from \"{table[0]}\""))!);
        }

        return found;
    }

    private static async Task<string?> TextAsync(string address, string sql)
    {
        await using var session = await TableSession.OpenPostgresAsync(address, House.Cancel);
        return await session.TextAsync(sql);
    }

    private static async Task ExecuteAsync(string address, string sql)
    {
        await using var session = await TableSession.OpenPostgresAsync(address, House.Cancel);
        _ = await session.ExecuteAsync(sql);
    }
}
