using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.DuckDb;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Outputs.Tables;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;
using Signalbox.Storage.Tests;
using static Signalbox.Engine.Outputs.Tables.DatabaseKind;

namespace Signalbox.Engine.Tests.Outputs.Tables;

/// <summary>Rows for which a database refuses a load: they are named and put aside, and nothing is loaded.</summary>
[Trait("Requirement", "S161")]
[Trait("Requirement", "S188")]
public sealed class RefusedRowsTests(PostgresServer server)
{
    private const string Day = "event_date = '2024-01-15'";

    [Theory]
    [InlineData(Postgres)]
    [InlineData(Sqlite)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task Rows_that_break_a_constraint_are_found_wherever_they_are_and_the_table_stays_as_it_was(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.ExecuteAsync(
            "create table features (event_date date, id integer unique, n integer not null check (n < 100), score double precision, note varchar(40))"
        );
        await rig.LoadAsync(Rows("i", "1", 3), LoadMode.ReplacePartition, 1, Day);

        // A null, a value out of bounds, and a key that is there twice, of which the second is one too many.
        var failure = await TableRig.RefusedAsync(
            FailureClass.Validation,
            () =>
                rig.LoadAsync(
                    Rows("case i when 904 then 11 else i end", "case i when 17 then null when 500 then 100 else i % 100 end", 1000),
                    LoadMode.ReplacePartition,
                    2,
                    Day
                )
        );

        var refused = Assert.IsType<RefusedRows>(failure.Refused);
        Assert.Equal((3L, true, "row 18 of the query"), (refused.Rows, refused.IsAll, refused.First));
        Assert.Contains("3 of 1,000 rows are refused, the first row 18 of the query", failure.Message);
        Assert.Equal(kind == Postgres ? "n" : null, refused.Column);
        Assert.Equal(["17|null|0.1|it's 17", "500|100|0.1|it's 500", "11|4|0.1|it's 904"], Kept(refused, "id, n, score, note"));
        Assert.All(Kept(refused, "signalbox_reason"), reason => Assert.Matches("(?i)null|check|unique|duplicate", reason));
        Assert.Equal(["3"], await rig.RowsAsync("select count(*) from features"));
    }

    [Theory]
    [InlineData(Postgres)]
    [InlineData(DatabaseKind.DuckDb)]
    public async Task A_value_out_of_the_columns_range_is_told_with_its_column_and_its_place_in_the_files(DatabaseKind kind)
    {
        using var rig = new TableRig(kind, server);
        await rig.ExecuteAsync("create table features (id bigint, n smallint)");
        Directory.CreateDirectory(Path.Combine(rig.Folder, "in"));
        rig.MakeFile("in/a.csv", "select range as id, 1 as n from range(10)");
        rig.MakeFile("in/b.csv", "select range as id, case range when 4 then 40000 else 2 end as n from range(10)");
        var request = rig.Request("", LoadMode.Append) with { Query = null, From = Path.Combine(rig.Folder, "in") };

        var failure = await TableRig.RefusedAsync(
            kind == Postgres ? FailureClass.Validation : FailureClass.Schema,
            async () => await rig.PublishAsync(await rig.StageAsync(request), 1)
        );

        Assert.Equal(("row 5 of b.csv", "n"), (failure.Refused!.First, failure.Refused.Column));
        Assert.Contains("1 of 20 rows is refused, row 5 of b.csv, for column `n`", failure.Message);
        Assert.Equal(["4|40000"], Kept(failure.Refused, "id, n"));
        Assert.Equal(["0"], await rig.RowsAsync("select count(*) from features"));
    }

    [Fact]
    public async Task A_load_of_which_no_row_fits_is_looked_at_for_a_thousand_rows_or_ten_seconds_and_no_further()
    {
        using var rig = new TableRig(Postgres, server);
        await rig.ExecuteAsync("create table features (id integer, n integer not null)");
        var failure = await TableRig.RefusedAsync(
            FailureClass.Validation,
            () => rig.LoadAsync("select range::integer as id, null::integer as n from range(5000)", LoadMode.Append, 1)
        );
        // On a machine with too much to do the time is over before.
        Assert.InRange(failure.Refused!.Rows, 1, 1000);
        Assert.False(failure.Refused.IsAll);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"at least {failure.Refused.Rows:N0} of 5,000 rows "), failure.Message);
    }

    [Fact]
    public async Task What_is_no_rows_fault_is_not_searched_for()
    {
        using var rig = new TableRig(Postgres, server);
        await rig.ExecuteAsync("create table features (id date)");
        var failure = await TableRig.RefusedAsync(FailureClass.Schema, () => rig.LoadAsync("select 1 as id", LoadMode.Append, 1));
        Assert.Null(failure.Refused);
        Assert.DoesNotContain("refused", failure.Message);
    }

    [Fact]
    [Trait("Requirement", "S165")]
    public async Task A_task_whose_load_is_refused_names_the_rows_and_they_are_kept_until_a_load_of_the_same_date_succeeds()
    {
        await using var house = new House("connections: { base: { sqlite: data/base.db } }\n");
        Directory.CreateDirectory(house.Path("data"));
        await using (var table = TableSession.OpenSqlite(house.Path("data/base.db"), staged: null))
        {
            _ = await table.ExecuteAsync("create table features (id integer primary key, n integer not null)");
        }

        var name = house.Pipeline(
            "pipeline: loads\ntasks:\n  load: { load: { from: \"in/{{ ds }}.csv\", into: base.features, mode: replace_table }, retries: 0 }\n"
        );
        house.Write("in/2024-03-01.csv", "id,n\n1,10\n2,\n3,30\n2,20\n");
        var run = await house.RunAsync(name);

        Assert.Equal(RunState.Failed, run.State);
        var failure = house.Task(run.Number, "load").Failure!;
        Assert.Equal(FailureClass.Validation, failure.Class);
        Assert.Contains("1 of 4 rows is refused, row 2 of 2024-03-01.csv", failure.Message);
        Assert.Contains("nothing was loaded, and they are kept: signalbox rejected list loads", failure.Message);
        var kept = Assert.Single(house.Store.Read(session => session.RejectedRows(null, all: false, 10)));
        Assert.Equal(
            (run.Number, RejectedState.Kept, 1L, 4L, """{"base.features":1}"""),
            (kept.Run, kept.State, kept.Rows, kept.Of, kept.Checks)
        );
        var row = Assert.Single(RejectedFile.Read(kept.Path, 10));
        Assert.Equal("2", $"{row["id"]}");
        Assert.Contains("NOT NULL constraint failed: features.n", $"{row["signalbox_reason"]}");
        Assert.Equal($"{run.Number}", $"{row["signalbox_run"]}");

        house.Write("in/2024-03-01.csv", "id,n\n1,10\n2,20\n");
        Assert.Equal(RunState.Success, (await house.RunAsync(name)).State);
        Assert.Empty(house.Store.Read(session => session.RejectedRows(null, all: false, 10)));
        Assert.False(File.Exists(kept.Path));
    }

    private static string Rows(string id, string n, int count) =>
        $"select date '2024-01-15' as event_date, ({id})::integer as id, ({n})::integer as n, 0.1::double as score, 'it''s ' || i as note from range({count}) as t(i)";

    private static string[] Kept(RefusedRows refused, string columns)
    {
        using var duck = DuckDatabase.OpenMemory();
        using var reader = duck.Query(
            $"select concat_ws('|', {string.Join(", ", columns.Split(", ").Select(column => $"coalesce({column}::varchar, 'null')"))}) from read_parquet({SqlQuote.Literal(refused.File)})"
        );
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0)!);
        }

        return [.. rows];
    }
}
