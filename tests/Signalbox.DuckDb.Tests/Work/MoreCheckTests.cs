using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

/// <summary>Checks that compare with other data, with time, or with a value.</summary>
public sealed class MoreCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [Trait("Requirement", "S85")]
    [InlineData(100, new long[] { }, true, "row_count: 100 rows, the first version, so there is none to differ from")]
    [InlineData(100, new long[] { 100 }, true, "row_count: 100 rows, 0.0% above the 100 of the last version")]
    [InlineData(150, new long[] { 90, 110 }, true, "row_count: 150 rows, 50.0% above the 100 mean of the last 2 versions")]
    [InlineData(151, new long[] { 90, 110 }, false, "row_count: 151 rows, 51.0% above the 100 mean of the last 2 versions")]
    [InlineData(49, new long[] { 90, 110 }, false, "row_count: 49 rows, 51.0% below the 100 mean of the last 2 versions")]
    [InlineData(0, new long[] { 0, 0 }, true, "row_count: 0 rows, as the 0 mean of the last 2 versions")]
    [InlineData(1, new long[] { 0 }, false, "row_count: 1 row, when all of the last 1 versions had none")]
    public void Row_count_is_compared_with_the_mean_of_earlier_versions(int rows, long[] earlier, bool passed, string message)
    {
        string path = Data.Write(folder.File("a.parquet"), $"select range as id from range({rows})");
        CheckResult result = Assert.Single(Data.Ask(path, new RowCountCheck { Change = 0.5, Earlier = earlier }).Checks);
        Assert.Equal((passed, message), (result.Passed, result.Message));
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Row_count_says_all_that_is_wrong()
    {
        string path = Data.Write(folder.File("a.parquet"), "select range as id from range(10)");
        CheckResult result = Data.Fails(
            path,
            new RowCountCheck
            {
                Min = 20,
                Change = 0.1,
                Earlier = [100],
            }
        );
        Assert.Equal("row_count: 10 rows, fewer than 20, 90.0% below the 100 of the last version", result.Message);
        Assert.Equal("at least 20 rows; 90 to 110 rows, at most 10.0% from the mean of earlier versions", result.Expected);
        Assert.Equal("10", result.Observed);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Not_null_tolerates_a_fraction()
    {
        string path = Data.Write(folder.File("a.parquet"), "select case when range >= 2 then range end as id from range(100)");
        CheckResult passed = Data.Passes(path, new NotNullCheck { Columns = ["id"], Tolerate = 0.02 });
        Assert.Equal("not_null(id): 2 of 100 rows are null, 2.0%", passed.Message);
        CheckResult failed = Data.Fails(path, new NotNullCheck { Columns = ["id"], Tolerate = 0.0199 });
        Assert.Equal("at most 2.0% of the rows null", failed.Expected);
        Assert.Equal(2, failed.Samples.Count);
        string empty = Data.Write(folder.File("empty.parquet"), "select 1 as id where false");
        Data.Passes(empty, new NotNullCheck { Columns = ["id"], Tolerate = 0.1 });
    }

    [Theory]
    [Trait("Requirement", "S85")]
    [InlineData("timestamp '2001-01-05 18:00:00'", true)]
    [InlineData("timestamp '2001-01-05 17:59:59'", false)]
    [InlineData("timestamptz '2001-01-05 19:00:00+01'", true)]
    [InlineData("timestamptz '2001-01-05 18:59:59+01'", false)]
    [InlineData("date '2001-01-06'", true)]
    [InlineData("date '2001-01-05'", false)]
    public void Freshness_goes_by_the_instant_that_is_asked_for_and_by_no_clock(string newest, bool passed)
    {
        string path = Data.Write(
            folder.File("a.parquet"),
            $"select {newest} as at union all select {newest} - interval 30 days union all select null"
        );
        var check = new FreshnessCheck { Column = "at", NotBefore = new DateTimeOffset(2001, 1, 5, 18, 0, 0, TimeSpan.Zero) };
        CheckResult result = Assert.Single(Data.Ask(path, check).Checks);
        Assert.True(result.Ran, result.Message);
        Assert.True(passed == result.Passed, result.Message);
        Assert.Equal("a value not before 2001-01-05 18:00:00 UTC", result.Expected);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Freshness_says_by_how_much_and_needs_a_value_and_a_time()
    {
        var limit = new DateTimeOffset(2001, 1, 5, 18, 0, 0, TimeSpan.Zero);
        string path = Data.Write(folder.File("a.csv"), "select timestamp '2001-01-04 12:30:00' as at, 'x' as t");
        CheckResult old = Data.Fails(path, new FreshnessCheck { Column = "at", NotBefore = limit });
        Assert.Equal(
            "freshness(at): the newest value is 2001-01-04 12:30:00, which is 29h30m older than 2001-01-05 18:00:00 UTC allows",
            old.Message
        );
        Assert.Equal("2001-01-04 12:30:00", old.Observed);
        Assert.Single(old.Samples);
        string empty = Data.Write(folder.File("b.parquet"), "select null::timestamp as at from range(3)");
        Assert.Equal(
            "freshness(at): no value in 3 rows, so none is fresh",
            Data.Fails(empty, new FreshnessCheck { Column = "at", NotBefore = limit }).Message
        );
        Assert.Contains("not a date or a timestamp", Data.CannotRun(path, new FreshnessCheck { Column = "t", NotBefore = limit }).Message);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Referential()
    {
        string airports = Data.Write(
            folder.File("airports.csv"),
            "select unnest(['ORD', 'DFW', null]) as code, unnest([1, 2, null]) as id"
        );
        string path = Data.Write(
            folder.File("flights.parquet"),
            "select unnest(['ORD', 'XXX', null, 'XXX']) as origin, unnest([1, 2, null, 3])::double as airport"
        );
        CheckResult failed = Data.Fails(
            path,
            new ReferentialCheck
            {
                Column = "origin",
                Path = airports,
                Key = "code",
                Called = "airports.csv",
            }
        );
        Assert.Equal("referential(origin): 2 of 4 rows are not found in code of airports.csv (for example 'XXX')", failed.Message);
        Assert.Equal(2, failed.Samples.Count);
        CheckResult numbers = Data.Fails(
            path,
            new ReferentialCheck
            {
                Column = "airport",
                Path = airports,
                Key = "ID",
            }
        );
        Assert.Equal(1, numbers.ObservedNumber);
        string empty = Data.Write(folder.File("none.parquet"), "select 'ORD' as code where false");
        Assert.Equal(
            3,
            Data.Fails(
                path,
                new ReferentialCheck
                {
                    Column = "origin",
                    Path = empty,
                    Key = "code",
                }
            ).ObservedNumber
        );
        string nulls = Data.Write(folder.File("nulls.parquet"), "select null::varchar as origin from range(5)");
        Data.Passes(
            nulls,
            new ReferentialCheck
            {
                Column = "origin",
                Path = empty,
                Key = "code",
            }
        );
        Assert.Contains(
            "has no column 'kode'",
            Data.CannotRun(
                path,
                new ReferentialCheck
                {
                    Column = "origin",
                    Path = airports,
                    Key = "kode",
                }
            ).Message
        );
        Assert.Contains(
            "is not there",
            Data.CannotRun(
                path,
                new ReferentialCheck
                {
                    Column = "origin",
                    Path = folder.File("gone.csv"),
                    Key = "code",
                }
            ).Message
        );
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Schema_may_ask_for_the_least()
    {
        string path = Data.Write(folder.File("a.parquet"), "select 1::bigint as id, 'x' as name");
        var columns = new Dictionary<string, string> { ["id"] = "int8" };
        Data.Fails(path, new SchemaCheck { Columns = columns });
        Assert.Equal("at least id BIGINT", Data.Passes(path, new SchemaCheck { Columns = columns, AtLeast = true }).Expected);
        CheckResult failed = Data.Fails(
            path,
            new SchemaCheck
            {
                Columns = new Dictionary<string, string> { ["id"] = "int", ["at"] = "date" },
                AtLeast = true,
            }
        );
        Assert.Equal("schema: column id is BIGINT, not INTEGER; column at is missing", failed.Message);
    }

    [Theory]
    [Trait("Requirement", "S85")]
    [InlineData("select avg(v) from staged", "<", "5", true, "sql: 2.0 < 5")]
    [InlineData("select avg(v) from staged", ">=", "5", false, "sql: the value is 2.0, but should be >= 5")]
    [InlineData("select max(t) from staged", "=", "c", true, "sql: c = c")]
    [InlineData("select max(t) from staged", "!=", "it's", true, "sql: c != it's")]
    [InlineData("select max(v) from staged where false", "=", "1", false, "sql: the value is null, but should be = 1")]
    [InlineData("select v from staged where false", "=", "1", false, "sql: the query gives no value, but should give one = 1")]
    [InlineData("select date '2001-01-05'", ">", "2001-01-04", true, "sql: 2001-01-05 > 2001-01-04")]
    [InlineData("select 'nan'::double", "<", "5", false, "sql: the value is nan, but should be < 5")]
    public void A_value_is_compared(string query, string comparison, string than, bool passed, string message)
    {
        string path = Data.Write(folder.File("a.parquet"), "select unnest([1, 2, 3]) as v, unnest(['a', 'b', 'c']) as t");
        var check = new SqlCheck
        {
            Query = query,
            Expect = SqlExpectation.Value,
            Operator = comparison,
            Than = than,
        };
        CheckResult result = Assert.Single(Data.Ask(path, check).Checks);
        Assert.Equal((true, passed, message), (result.Ran, result.Passed, result.Message));
    }

    [Theory]
    [InlineData("select v from staged", "one value is compared")]
    [InlineData("select v, v from staged limit 1", "one column of one row")]
    [InlineData("select w from staged", "w")]
    public void What_is_no_value_cannot_be_compared(string query, string says)
    {
        string path = Data.Write(folder.File("a.parquet"), "select unnest([1, 2, 3]) as v");
        var check = new SqlCheck
        {
            Query = query,
            Expect = SqlExpectation.Value,
            Operator = "=",
            Than = "1",
        };
        Assert.Contains(says, Data.CannotRun(path, check).Message);
    }
}
