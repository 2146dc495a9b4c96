using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

/// <summary>Each check on a small table: 6 flights, of which some are odd.</summary>
public sealed class CheckTests : IDisposable
{
    private const string Flights = """
        select * from (values
          (timestamp '2001-01-01 10:00:00',   5::bigint, 100.0::double,         'ORD', 'A-1'),
          (timestamp '2001-01-01 11:00:00',  -3::bigint, 200.0::double,         'ORD', 'A-1'),
          (timestamp '2001-01-02 10:00:00', 900::bigint, 'nan'::double,         'DFW', 'b'),
          (timestamp '2001-01-02 12:00:00',   0::bigint, null,                  null,  'A-2'),
          (timestamp '2001-01-03 10:00:00',  12::bigint, 300.0::double,         'it''s', 'A-3'),
          (timestamp '2001-01-03 10:00:00',  12::bigint, 300.0::double,         null,  null)
        ) t(date, delay, mean, origin, code)
        """;

    private readonly TemporaryFolder folder = new();
    private readonly string path;

    public CheckTests()
    {
        path = Path.Combine(folder.Awkward, "date=1999-09-09", "part-0.parquet");
        Write(path, Flights);
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [Trait("Requirement", "S85")]
    [Trait("Requirement", "S197")]
    [InlineData(6L, 6L, true, "row_count: 6 rows", "6 to 6 rows")]
    [InlineData(null, 5L, false, "row_count: 6 rows, more than 5", "at most 5 rows")]
    [InlineData(1000L, null, false, "row_count: 6 rows, fewer than 1,000", "at least 1,000 rows")]
    public void Row_count(long? min, long? max, bool passed, string message, string expected)
    {
        CheckResult result = Run(new RowCountCheck { Min = min, Max = max });
        Assert.Equal((passed, message, expected, 6L), (result.Passed, result.Message, result.Expected, result.ObservedNumber));
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Not_null()
    {
        Assert.Equal("not_null(date, delay): none of 6 rows is null", Passed(new NotNullCheck { Columns = ["date", "delay"] }).Message);
        CheckResult one = Failed(new NotNullCheck { Columns = ["origin"] });
        Assert.Equal("not_null(origin): 2 of 6 rows are null", one.Message);
        Assert.Equal(2, one.ObservedNumber);
        Assert.Equal(2, one.Samples.Count);
        Assert.Equal("""{"date":"2001-01-02 12:00:00","delay":0,"mean":null,"origin":null,"code":"A-2"}""", one.Samples[0].ToJsonString());
        CheckResult several = Failed(new NotNullCheck { Columns = ["origin", "mean", "delay"] });
        Assert.Equal("not_null(origin, mean, delay): 2 of 6 rows are null (origin: 2, mean: 1)", several.Message);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Unique()
    {
        Assert.Equal(
            "unique(date, origin): no value occurs twice in 6 rows",
            Passed(new UniqueCheck { Columns = ["date", "origin"] }).Message
        );
        CheckResult one = Failed(new UniqueCheck { Columns = ["origin"] });
        Assert.Equal("unique(origin): 1 value occurs more than once, in 2 of 6 rows", one.Message);
        Assert.Equal("""{"origin":"ORD","rows":2}""", Assert.Single(one.Samples).ToJsonString());
        CheckResult two = Failed(new UniqueCheck { Columns = ["date", "delay"] });
        Assert.Equal("unique(date, delay): 1 value occurs more than once, in 2 of 6 rows", two.Message);
    }

    [Theory]
    [Trait("Requirement", "S85")]
    [InlineData("delay", "-3", "900", true, "range(delay): 6 rows, min -3, max 900")]
    [InlineData("delay", "-2.5", null, false, "range(delay): 1 of 6 rows is not at least -2.5 (min -3, max 900)")]
    [InlineData("delay", "-60", "600", false, "range(delay): 1 of 6 rows is not -60 to 600 (min -3, max 900)")]
    [InlineData("mean", "0", null, false, "range(mean): 1 of 6 rows is not at least 0 (min 100.0, max nan)")]
    [InlineData(
        "date",
        "2001-01-01",
        "2001-01-03",
        false,
        "range(date): 2 of 6 rows are not 2001-01-01 to 2001-01-03 (min 2001-01-01 10:00:00, max 2001-01-03 10:00:00)"
    )]
    [InlineData("date", "2001-01-01", "2001-01-04", true, "range(date): 6 rows, min 2001-01-01 10:00:00, max 2001-01-03 10:00:00")]
    [InlineData("origin", "A", "z", true, "range(origin): 6 rows, min DFW, max it's")]
    public void Range(string column, string? min, string? max, bool passed, string message)
    {
        CheckResult result = Run(
            new RangeCheck
            {
                Column = column,
                Min = min,
                Max = max,
            }
        );
        Assert.Equal((passed, message), (result.Passed, result.Message));
        Assert.True(result.Ran);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Accepted_values()
    {
        Passed(new AcceptedValuesCheck { Column = "origin", Values = ["ORD", "DFW", "it's"] });
        Passed(new AcceptedValuesCheck { Column = "delay", Values = ["5", "-3", "900", "0", "12"] });
        CheckResult failed = Failed(new AcceptedValuesCheck { Column = "origin", Values = ["ORD", "DFW"] });
        Assert.Equal("accepted_values(origin): 1 of 6 rows is not one of: ORD, DFW (for example 'it's')", failed.Message);
        Assert.Single(failed.Samples);
        Assert.Equal(4, Failed(new AcceptedValuesCheck { Column = "origin", Values = [] }).ObservedNumber);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Regex()
    {
        Passed(new RegexCheck { Column = "code", Pattern = "^(A-[0-9]|b)$" });
        CheckResult failed = Failed(new RegexCheck { Column = "code", Pattern = "^A-'?[0-9]$" });
        Assert.Equal("regex(code): 1 of 6 rows is not of the form ^A-'?[0-9]$ (for example 'b')", failed.Message);
        Assert.False(Failed(new RegexCheck { Column = "code", Pattern = "^(" }).Ran);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    [Trait("Requirement", "S197")]
    public void Schema()
    {
        var exact = new Dictionary<string, string>
        {
            ["code"] = "text",
            ["date"] = "timestamp",
            ["delay"] = "int8",
            ["mean"] = "double",
            ["origin"] = "varchar",
        };
        Assert.Equal("schema: 5 columns as expected", Passed(new SchemaCheck { Columns = exact }).Message);
        var other = new Dictionary<string, string>(exact) { ["mean"] = "decimal(10,2)", ["flights"] = "bigint" };
        other.Remove("code");
        CheckResult failed = Failed(new SchemaCheck { Columns = other });
        Assert.Equal(
            "schema: column mean is DOUBLE, not DECIMAL(10,2); column flights is missing; column code is not expected",
            failed.Message
        );
        Assert.Equal(3, failed.ObservedNumber);
        Assert.Equal("date TIMESTAMP, delay BIGINT, mean DOUBLE, origin VARCHAR, code VARCHAR", failed.Observed);
        foreach (string type in new[] { "number", "int); drop table x", "", "int -- " })
        {
            CheckResult unknown = Failed(new SchemaCheck { Columns = new Dictionary<string, string> { ["date"] = type } });
            Assert.False(unknown.Ran);
            Assert.Contains($"'{type}'", unknown.Message);
        }
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Sql()
    {
        Assert.Equal(
            "sql: the query gives no rows",
            Passed(new SqlCheck { Query = "select * from staged where delay < -100; -- none" }).Message
        );
        CheckResult failed = Failed(
            new SqlCheck
            {
                Name = "no late flights",
                Query = "select delay, delay, [1] as l from staged where delay > 100",
                Severity = "warn",
            }
        );
        Assert.Equal("no late flights: the query gives 1 row, but should give none", failed.Message);
        Assert.Equal("warn", failed.Severity);
        Assert.Equal("""{"delay":900,"delay_1":900,"l":"[1]"}""", Assert.Single(failed.Samples).ToJsonString());
        Assert.False(Failed(new SqlCheck { Query = "select 1; select 2" }).Ran);
        Assert.Contains("staged2", Failed(new SqlCheck { Query = "select * from staged2" }).Message);
    }

    [Fact]
    [Trait("Requirement", "S3")]
    public void A_check_on_a_column_that_is_not_there_fails_and_names_the_columns()
    {
        CheckResult result = Failed(new NotNullCheck { Columns = ["orign"] });
        Assert.False(result.Ran);
        Assert.Equal(
            "not_null(orign): could not be checked: there is no column 'orign'; the columns are date, delay, mean, origin, code",
            result.Message
        );
        Assert.False(Failed(new RangeCheck { Column = "origin", Min = "1" }).Ran);
        Assert.False(Failed(new RangeCheck { Column = "delay", Min = "yesterday" }).Ran);
        Assert.True(Passed(new NotNullCheck { Columns = ["DELAY"] }).Ran);
    }

    [Theory]
    [Trait("Requirement", "S3")]
    [InlineData("bad.parquet", "PAR1 this is no parquet PAR1")]
    [InlineData("empty.parquet", "")]
    [InlineData("bad.json", "{\"a\": 1}\n{\"a\":")]
    [InlineData("bad.csv", "a,b\n1,2\n3\n")]
    [InlineData("notes.txt", "hello")]
    public void A_file_that_cannot_be_read_fails_every_check_with_the_files_name(string name, string content)
    {
        string file = Path.Combine(folder.Awkward, name);
        File.WriteAllText(file, content);
        ChecksResponse response = RunAll(file, new RowCountCheck { Min = 0 }, new SqlCheck { Query = "select * from staged" });
        Assert.NotNull(response.Source.Error);
        Assert.All(response.Checks, check => Assert.False(check.Passed));
        Assert.All(response.Checks, check => Assert.Contains(name, check.Message));
        Assert.All(response.Checks, check => Assert.DoesNotContain("read_", check.Message));
    }

    [Fact]
    public void Many_and_long_offending_rows_are_shown_in_part()
    {
        string file = Path.Combine(folder.Awkward, "long.parquet");
        Write(file, "select repeat('🚦', 150) || range as t from range(1000)");
        CheckResult result = Assert.Single(RunAll(file, new RegexCheck { Column = "t", Pattern = "^x" }).Checks);
        Assert.Equal(10, result.Samples.Count);
        Assert.All(result.Samples, row => Assert.InRange(row["t"]!.GetValue<string>().Length, 200, 202));
        Assert.StartsWith("regex(t): 1,000 of 1,000 rows are not of the form ^x", result.Message);
    }

    private CheckResult Run(Check check) => Assert.Single(RunAll(path, check).Checks);

    private CheckResult Passed(Check check)
    {
        CheckResult result = Run(check);
        Assert.True(result.Passed, result.Message);
        Assert.Empty(result.Samples);
        return result;
    }

    private CheckResult Failed(Check check)
    {
        CheckResult result = Run(check);
        Assert.False(result.Passed, result.Message);
        return result;
    }

    private static ChecksResponse RunAll(string path, params Check[] checks) =>
        (ChecksResponse)WorkerMain.Answer(new ChecksRequest { Path = path, Checks = checks }, TextWriter.Null);

    private static void Write(string path, string select) =>
        WorkerMain.Answer(
            new SqlRequest
            {
                Sql = select,
                Outputs = new Dictionary<string, string> { ["o"] = path },
            },
            TextWriter.Null
        );
}
