using System.Text.Json;
using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

public sealed class SqlTaskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("part-0.parquet")]
    [InlineData("part-0.csv")]
    [InlineData("part-0.csv.gz")]
    [InlineData("part-0.tsv")]
    [InlineData("part-0.json")]
    [InlineData("part-0.jsonl")]
    [InlineData("part-0.ndjson.gz")]
    public void A_closing_select_is_written_to_the_only_output_in_the_form_of_its_ending(string name)
    {
        string path = Path.Combine(folder.Awkward, "date=2001-01-05", name);
        SqlResponse response = Run(
            "create table t as select range as id, 'name; ' || range as name from range(1204);\nselect * from t -- all of it;\n;",
            outputs: new() { ["features"] = path }
        );
        Assert.Null(response.Error);
        Assert.Equal([new StatementResult(1, null, null), new StatementResult(2, 1204, "features")], response.Statements);
        Assert.Equal("statement 1 of 2 (line 1): done\noutput features: 1,204 rows\n", output.ToString());

        SourceDescription described = Describe(path);
        Assert.Null(described.Error);
        Assert.Equal(1204, described.Rows);
        Assert.Equal([new ColumnDescription("id", "BIGINT"), new ColumnDescription("name", "VARCHAR")], described.Columns);
        if (name == "part-0.json")
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            Assert.Equal(1204, document.RootElement.GetArrayLength());
        }
    }

    [Fact]
    public void Copy_statements_write_as_they_please_and_a_select_after_them_does_not_overwrite_the_output()
    {
        string path = Path.Combine(folder.Awkward, "out.parquet");
        string literal = SqlQuote.Literal(path);
        SqlResponse response = Run(
            $"copy (select range from range(5)) to {literal}; select count(*) from range(9)",
            outputs: new() { ["o"] = path }
        );
        Assert.Null(response.Error);
        Assert.Equal([5L, (long?)1L], response.Statements.Select(statement => statement.Rows));
        Assert.Equal(5, Describe(path).Rows);
    }

    [Fact]
    public void Inputs_are_views_whose_columns_are_those_of_the_file_even_in_a_folder_named_like_a_column()
    {
        string raw = Path.Combine(folder.Awkward, "date=2001-01-05", "raw.parquet");
        Assert.Null(Run("select timestamp '1999-01-01 10:00:00' as date, 3 as delay", outputs: new() { ["o"] = raw }).Error);
        string path = folder.File("out.csv");
        SqlResponse response = Run(
            "select * from \"raw in\"",
            new() { ["raw in"] = raw, ["other"] = folder.File("none") },
            new() { ["o"] = path }
        );
        Assert.Null(response.Error);
        Assert.Equal("date,delay\n1999-01-01 10:00:00,3\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_folder_of_partitions_is_a_view_with_the_partitions_key_as_column()
    {
        foreach (string day in new[] { "2001-01-01", "2001-01-02" })
        {
            string file = Path.Combine(folder.Awkward, "features", $"date={day}", "part-0.parquet");
            Assert.Null(Run("select 7 as flights", outputs: new() { ["o"] = file }).Error);
        }
        string path = folder.File("out.csv");
        SqlResponse response = Run(
            "select date, flights from features order by date",
            new() { ["features"] = Path.Combine(folder.Awkward, "features") },
            new() { ["o"] = path }
        );
        Assert.Null(response.Error);
        Assert.Equal("date,flights\n2001-01-01,7\n2001-01-02,7\n", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("select nothing from (select 1 as a)", "schema", "line 1")]
    [InlineData("select 1;\n\nselect * from nowhere", "schema", "statement 2 (line 3)")]
    [InlineData("create table t (a int check (a > 0)); insert into t values (0)", "validation", "CHECK constraint")]
    [InlineData("select 'x'::int from range(3)", "validation", "'x'")]
    [InlineData(
        "select case when count(*) = 0 then error('no flights today') end from range(0); select 1",
        "validation",
        "no flights today"
    )]
    [InlineData("selec 1", "permanent", "syntax error")]
    [InlineData("select 1; create table must_not_run (a int); selec", "permanent", "syntax error")]
    [InlineData("select * from read_parquet('/nowhere.parquet')", "permanent", "/nowhere.parquet")]
    [InlineData("copy (select * from range(1000000)) to '/dev/full' (format csv)", "disk_full", "No space left")]
    [InlineData(" -- nothing", "permanent", "no statement")]
    public void A_failure_has_its_class_its_place_and_DuckDBs_message(string sql, string failureClass, string part)
    {
        SqlResponse response = Run(sql);
        Assert.NotNull(response.Error);
        Assert.Equal(failureClass, response.Error.Class);
        Assert.Contains(part, response.Error.Message);
    }

    [Fact]
    public void A_script_with_a_slip_at_its_end_runs_nothing()
    {
        string path = folder.File("out.csv");
        SqlResponse response = Run($"copy (select 1) to '{path}'; selec", outputs: new() { ["o"] = path });
        Assert.NotNull(response.Error);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void A_script_that_asks_for_an_input_that_is_no_table_is_told_why()
    {
        SqlResponse response = Run("select * from raw", new() { ["raw"] = folder.File("raw.parquet") });
        Assert.Equal("schema", response.Error!.Class);
        Assert.Contains($"Input 'raw' is no table: {folder.File("raw.parquet")} is not there.", response.Error.Message);
    }

    [Fact]
    public void A_select_for_an_output_that_is_no_data_file_is_refused_with_what_would_do()
    {
        SqlResponse response = Run("select 1", outputs: new() { ["o"] = folder.File("out/") });
        Assert.Contains("'o'", response.Error!.Message);
        Assert.Contains(".parquet", response.Error.Message);
    }

    [Fact]
    public void A_pivot_is_a_select_too()
    {
        string path = folder.File("out.csv");
        SqlResponse response = Run(
            "create table t as select range % 2 as k, range as v from range(4); pivot t on k using sum(v)",
            outputs: new() { ["o"] = path }
        );
        Assert.Null(response.Error);
        Assert.Equal("0,1\n2,4\n", File.ReadAllText(path));
    }

    [Fact]
    public void Timestamps_with_a_zone_are_UTC_whatever_the_machine()
    {
        Assert.Null(Run("select case when current_setting('TimeZone') <> 'UTC' then error(current_setting('TimeZone')) end").Error);
    }

    private SqlResponse Run(string sql, Dictionary<string, string>? inputs = null, Dictionary<string, string>? outputs = null) =>
        (SqlResponse)
            WorkerMain.Answer(
                new SqlRequest
                {
                    Sql = sql,
                    Inputs = inputs ?? [],
                    Outputs = outputs ?? [],
                },
                output
            );

    private static SourceDescription Describe(string path) =>
        ((DescribeResponse)WorkerMain.Answer(new DescribeRequest { Paths = [path] }, TextWriter.Null)).Sources[0];
}
