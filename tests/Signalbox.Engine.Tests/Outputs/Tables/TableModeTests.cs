using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Storage.Tests;
using static Signalbox.Engine.Outputs.Tables.DatabaseKind;

namespace Signalbox.Engine.Tests.Outputs.Tables;

/// <summary>What the modes of a load do to the rows of a table, in all three databases.</summary>
public sealed class TableModeTests(PostgresServer server)
{
    private const string Partition = "event_date = '2024-01-15'";

    [Theory]
    [Trait("Requirement", "S102")]
    [Trait("Requirement", "S103")]
    [Trait("Requirement", "S105")]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task Ten_runs_leave_exactly_one_copy_of_the_days_events_and_no_staging_table(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync(Events("2024-01-14", 5), LoadMode.ReplacePartition, 1, "event_date = '2024-01-14'");
        for (var run = 2; run <= 11; run++)
        {
            await rig.LoadAsync(Events("2024-01-15", 20), LoadMode.ReplacePartition, run, Partition);
        }

        Assert.Equal(
            ["2024-01-14|5", "2024-01-15|20"],
            await rig.RowsAsync("select cast(event_date as varchar(10)), count(*) from features group by 1 order by 1")
        );
        Assert.Equal(["features"], await rig.TablesAsync());
    }

    [Theory]
    [Trait("Requirement", "S104")]
    [Trait("Requirement", "S106")]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task An_upsert_again_changes_values_and_no_counts_and_leaves_unlisted_columns_alone(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.ExecuteAsync(
            "create table features (user_id integer, feature_date date, event_count bigint, last_active integer, note varchar(20) default 'by hand', primary key (user_id, feature_date))"
        );
        string[] keys = ["user_id", "feature_date"];
        await rig.LoadAsync(Users(100, 20), LoadMode.Upsert, 1, keys: keys);
        await rig.ExecuteAsync("update features set note = 'kept' where user_id = 7");
        await rig.LoadAsync(Users(100, 25), LoadMode.Upsert, 2, keys: keys);

        Assert.Equal(["100|25|25"], await rig.RowsAsync("select count(*), min(event_count), max(event_count) from features"));
        Assert.Equal(["kept|1007"], await rig.RowsAsync("select note, last_active from features where user_id = 7"));
        Assert.Equal(["by hand"], await rig.RowsAsync("select note from features where user_id = 8"));
        Assert.Equal(["features"], await rig.TablesAsync());
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task A_table_is_replaced_with_its_columns_and_append_adds(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync("select 1 as a, 'x' as b", LoadMode.ReplaceTable, 1);
        await rig.LoadAsync("select 2 as a, 'y' as b", LoadMode.ReplaceTable, 2);
        Assert.Equal(["2|y"], await rig.RowsAsync("select * from features"));
        await rig.LoadAsync("select 3 as a, 4 as c", LoadMode.ReplaceTable, 3);
        Assert.Equal(["3|4"], await rig.RowsAsync("select a, c from features"));
        await rig.LoadAsync("select 3 as a, 4 as c", LoadMode.Append, 4);
        Assert.Equal(["2"], await rig.RowsAsync("select count(*) from features"));
        Assert.Equal(["features"], await rig.TablesAsync());
    }

    [Theory]
    [Trait("Requirement", "S188")]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task A_failing_insert_leaves_the_table_as_it_was_before_the_run(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.ExecuteAsync("create table features (event_date date, n integer not null check (n < 100))");
        await rig.LoadAsync("select date '2024-01-15' as event_date, 1 as n", LoadMode.ReplacePartition, 1, Partition);

        await TableRig.RefusedAsync(
            FailureClass.Validation,
            () => rig.LoadAsync("select date '2024-01-15' as event_date, 100 as n", LoadMode.ReplacePartition, 2, Partition)
        );
        var missing = await TableRig.RefusedAsync(
            FailureClass.Schema,
            () => rig.LoadAsync("select date '2024-01-15' as event_date, 2 as n, 3 as extra", LoadMode.ReplacePartition, 3, Partition)
        );

        Assert.Contains("base.features", missing.Message);
        Assert.Contains("`extra`", missing.Message);
        Assert.Contains("add column \"extra\"", missing.Message);
        Assert.Equal(["1"], await rig.RowsAsync("select n from features"));
        await rig.Place.SweepAsync(_ => true, CancellationToken.None);
        Assert.DoesNotContain("\n   at ", missing.Message);
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task Rows_that_a_rerun_would_double_are_refused_before_anything_is_published(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        var outside = await TableRig.RefusedAsync(
            FailureClass.Validation,
            () => rig.LoadAsync("select date '2024-01-14' as event_date", LoadMode.ReplacePartition, 1, Partition)
        );
        Assert.Contains("1 row ", outside.Message);
        Assert.Contains(Partition, outside.Message);
        var twice = await TableRig.RefusedAsync(
            FailureClass.Validation,
            () => rig.LoadAsync("select 1 as k from range(2)", LoadMode.Upsert, 2, keys: ["k"])
        );
        Assert.Contains("\"k\"", twice.Message);
        await TableRig.RefusedAsync(
            FailureClass.Validation,
            () => rig.LoadAsync("select null::integer as k", LoadMode.Upsert, 3, keys: ["k"])
        );
        await TableRig.RefusedAsync(FailureClass.Schema, () => rig.LoadAsync("select 1 as other", LoadMode.Upsert, 4, keys: ["k"]));
        Assert.Empty(await rig.TablesAsync());
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task Keys_without_a_unique_index_are_told_how_to_be_mended(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.ExecuteAsync("create table features (k integer, v integer)");
        var failure = await TableRig.RefusedAsync(
            FailureClass.Schema,
            () => rig.LoadAsync("select 1 as k, 2 as v", LoadMode.Upsert, 1, keys: ["k"])
        );
        Assert.Contains("unique index", failure.Message);
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task Values_of_all_types_arrive_as_they_were(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.LoadAsync(
            """
            select true as flag, -5::tinyint as tiny, 70000::integer as whole, 9007199254740993::bigint as large, 18446744073709551615::ubigint % 10 as rest,
                -1234567.125::decimal(18,3) as price, 0.1::double as share, 'it''s "größe" 東京' as name, '\xAA\x00'::blob as bytes,
                date '1969-12-31' as day, timestamp '2024-02-29 23:59:59.123456' as seen, timestamptz '2024-02-29 23:59:59+02' as instant,
                [1, null, 3] as list, {'a': 1, 'b': 'x'} as thing, null::integer as missing
            """,
            LoadMode.ReplaceTable,
            1
        );
        var row = Assert.Single(
            await rig.RowsAsync(
                kind == Postgres
                    ? "select flag::text, tiny, whole, large, rest, price, share, name, encode(bytes, 'hex'), day::text, seen::text, (instant at time zone 'UTC')::text, list::text, thing->>'b', missing from features"
                : kind == Sqlite
                    ? "select flag, tiny, whole, large, rest, price, share, name, lower(hex(bytes)), day, seen, instant, list, json_extract(thing, '$.b'), missing from features"
                : "select flag, tiny, whole, large, rest, price, share, name, lower(hex(bytes)), day, seen, instant::varchar, list::varchar, thing.b, missing from features"
            )
        );
        string[] cells = row.Split('|');
        Assert.Equal(kind == Sqlite ? "1" : "true", cells[0]);
        Assert.Equal(["-5", "70000", "9007199254740993", "5", "-1234567.125", "0.1", "it's \"größe\" 東京", "aa00"], cells[1..9]);
        Assert.StartsWith("1969-12-31", cells[9]);
        Assert.StartsWith("2024-02-29 23:59:59.123456", cells[10]);
        Assert.StartsWith("2024-02-29 21:59:59", cells[11]);
        Assert.Equal("[1,null,3]", cells[12].Replace(" ", "", StringComparison.Ordinal).Replace("NULL", "null", StringComparison.Ordinal));
        Assert.Equal(["x", "null"], cells[13..]);
    }

    [Fact]
    public async Task The_hash_is_of_the_rows_in_any_order_and_of_nothing_else()
    {
        using var rig = new TableRig(Postgres, server);
        var one = await HashAsync(rig, "select i, 'a' || i as t from range(5000) r(i)", 1);
        Assert.Equal(one, await HashAsync(rig, "select i, 'a' || i as t from range(5000) r(i) order by hash(i)", 2));
        Assert.NotEqual(one, await HashAsync(rig, "select i, 'a' || case when i = 4999 then 0 else i end as t from range(5000) r(i)", 3));
        Assert.NotEqual(one, await HashAsync(rig, "select i, 'a' || i as u from range(5000) r(i)", 4));
        using var local = new TableRig(DatabaseKind.DuckDb);
        Assert.Equal(one, await HashAsync(local, "select i, 'a' || i as t from range(5000) r(i)", 5));
    }

    [Fact]
    public async Task Files_and_folders_are_loaded_with_the_columns_of_their_folders()
    {
        using var rig = new TableRig(Sqlite);
        Directory.CreateDirectory(Path.Combine(rig.Folder, "in/day=2024-01-15"));
        rig.MakeFile("in/day=2024-01-15/a.parquet", "select 1 as n");
        rig.MakeFile("in/day=2024-01-15/b.parquet", "select 2 as n");
        var folder = rig.Request("", LoadMode.ReplaceTable) with { Query = null, From = Path.Combine(rig.Folder, "in") };
        await rig.PublishAsync(await rig.StageAsync(folder), 1);
        Assert.Equal(["1|2024-01-15", "2|2024-01-15"], await rig.RowsAsync("select n, day from features order by n"));

        var csv = rig.MakeFile("c.csv", "select 3 as n, date '2024-01-16' as day");
        await rig.PublishAsync(await rig.StageAsync(folder with { From = csv, Token = 2 }), 2);
        Assert.Equal(["3|2024-01-16"], await rig.RowsAsync("select n, day from features"));
        var gone = await TableRig.RefusedAsync(
            FailureClass.Permanent,
            () => rig.StageAsync(folder with { From = Path.Combine(rig.Folder, "no.parquet"), Token = 3 })
        );
        Assert.Contains("no.parquet is not there", gone.Message);
    }

    private static async Task<string> HashAsync(TableRig rig, string query, int attempt)
    {
        var request = await rig.StageAsync(query, LoadMode.ReplaceTable, attempt: attempt);
        return LoadReceipt.Read(request.Receipt).Sha256;
    }

    private static string Events(string day, int count) => $"select i as event_id, date '{day}' as event_date from range({count}) as r(i)";

    private static string Users(int users, int events) =>
        $"select i::integer as user_id, date '2024-01-15' as feature_date, {events}::bigint as event_count, (1000 + i)::integer as last_active from range({users}) as r(i)";
}
