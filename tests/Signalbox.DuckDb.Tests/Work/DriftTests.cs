using Signalbox.DuckDb.Work;

namespace Signalbox.DuckDb.Tests.Work;

/// <summary>The population stability index, and what it makes of odd data.</summary>
public sealed class DriftTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Requirement", "S85")]
    public void The_index_is_that_of_the_formula()
    {
        // By hand: (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5) = 0.0182322 + 0.0223144.
        Assert.Equal(0.040547, Psi.Of([50, 50], [60, 40]).Value, 6);
        Assert.Equal(0, Psi.Of([50, 50], [500, 500]).Value, 12);
        // An empty bin counts as half a row: (0.5 - 0.005) ln(0.5 / 0.005) + (0.5 - 1) ln(0.5).
        Assert.Equal(2.6261, Psi.Of([100, 0], [50, 50]).Value, 4);
        Assert.Equal(0, Psi.Of([7, 0], [3, 0]).Value, 12);
        // Of the tables: 6.635, 21.666 and 36.191 for 1, 9 and 19 degrees of freedom.
        Assert.Equal(6.635, Psi.ChiSquared(1), 0.07);
        Assert.Equal(21.666, Psi.ChiSquared(9), 0.05);
        Assert.Equal(36.191, Psi.ChiSquared(19), 0.03);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    [Trait("Requirement", "S3")]
    public void Numbers_that_moved_drift_and_numbers_that_did_not_do_not()
    {
        const string Normal = "select range as id, sqrt(-2 * ln((range % 997 + 1) / 998.0)) * cos(range) * 10 as delay from range(5000)";
        string before = Data.Write(folder.File("before.parquet"), Normal);
        string same = Data.Write(folder.File("same.parquet"), $"select delay from ({Normal}) as t where id % 3 = 0");
        CheckResult passed = Data.Passes(same, Check(before, "delay"));
        Assert.StartsWith("drift(delay): delay: PSI 0.0", passed.Message);
        string moved = Data.Write(folder.File("moved.parquet"), $"select delay + 8 as delay from ({Normal}) as t");
        CheckResult failed = Data.Fails(moved, Check(before, "delay"));
        Assert.Matches(
            @"^drift\(delay\): delay: PSI [0-9.]+ is above 0.2, most of all at .*% before, .*% now \(against before\)$",
            failed.Message
        );
        Assert.Equal("PSI at most 0.2", failed.Expected);
        Assert.Matches("^delay [0-9.]+$", failed.Observed);
        Assert.Equal(10, failed.Samples.Count);
        Data.Passes(moved, Check(before, "delay") with { Threshold = 100 });
    }

    [Theory]
    [Trait("Requirement", "S85")]
    [InlineData("select 5 as v from range(1000)", "select 5 as v from range(10)", true)]
    [InlineData("select 5 as v from range(1000)", "select 4 as v from range(1000)", false)]
    [InlineData("select 5 as v from range(1000)", "select 5.0::double as v from range(1000)", true)]
    [InlineData("select 'a' as v from range(1000)", "select 'b' as v from range(1000)", false)]
    [InlineData("select range as v from range(1000)", "select null::bigint as v from range(1000)", false)]
    [InlineData("select null::bigint as v from range(1000)", "select null::bigint as v from range(1000)", true)]
    [InlineData("select null::bigint as v from range(1000)", "select range as v from range(1000)", false)]
    [InlineData("select range::double as v from range(1000)", "select 'nan'::double as v from range(1000)", false)]
    [InlineData(
        "select case when range % 2 = 0 then 'nan'::double else range end as v from range(1000)",
        "select case when range % 2 = 1 then 'nan'::double else range end as v from range(1000)",
        true
    )]
    [InlineData("select range::double as v from range(1000)", "select 'inf'::double as v from range(1000)", false)]
    [InlineData("select range as v from range(1000)", "select 7 as v where false", true)]
    [InlineData("select range as v from range(0)", "select range as v from range(1000)", true)]
    [InlineData("select range % 2 = 0 as v from range(1000)", "select true as v from range(1000)", false)]
    [InlineData(
        "select timestamp '2001-01-01' + to_hours(range) as v from range(1000)",
        "select timestamp '2001-02-01' + to_hours(range) as v from range(1000)",
        false
    )]
    [InlineData(
        "select date '2001-01-01' + (range % 30)::int as v from range(1000)",
        "select date '2001-01-01' + (range % 30)::int as v from range(500)",
        true
    )]
    [InlineData("select 'k' || range as v from range(2000)", "select 'k' || range as v from range(2000)", true)]
    [InlineData("select [range % 2] as v from range(1000)", "select [range % 2] as v from range(1000)", true)]
    public void Odd_data_has_an_index_too(string before, string now, bool passed)
    {
        string reference = Data.Write(folder.File("before.parquet"), before);
        string path = Data.Write(folder.File("now.parquet"), now);
        CheckResult result = Assert.Single(Data.Ask(path, Check(reference, "v")).Checks);
        Assert.True(result.Ran, result.Message);
        Assert.True(passed == result.Passed, result.Message);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Few_rows_drift_only_when_it_cannot_be_chance()
    {
        string before = Data.Write(folder.File("before.parquet"), "select range as v from range(1000)");
        string one = Data.Write(folder.File("one.parquet"), "select 500 as v");
        Assert.Contains("with so few rows up to", Data.Passes(one, Check(before, "v")).Message);
        string fifty = Data.Write(folder.File("fifty.parquet"), "select 2000 + range as v from range(50)");
        Data.Fails(fifty, Check(before, "v"));
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Without_an_earlier_version_or_column_nothing_has_drifted()
    {
        string path = Data.Write(folder.File("a.parquet"), "select range as v from range(1000)");
        Assert.Equal("drift(v): no earlier version to compare with", Data.Passes(path, Check(null, "v")).Message);
        string before = Data.Write(folder.File("before.parquet"), "select range as w from range(1000)");
        Assert.Equal("drift(v): v is new (against before)", Data.Passes(path, Check(before, "v")).Message);
        Assert.Contains("there is no column 'x'", Data.CannotRun(path, Check(before, "x")).Message);
        Assert.Contains("the version to compare with", Data.CannotRun(path, Check(folder.File("gone.parquet"), "v")).Message);
    }

    [Fact]
    [Trait("Requirement", "S85")]
    public void Columns_are_judged_apart_and_those_that_moved_are_named()
    {
        string before = Data.Write(folder.File("before.parquet"), "select range as a, range % 3 as b, 'x' as c from range(1000)");
        string now = Data.Write(folder.File("now.parquet"), "select range as a, range % 2 as b, 'x' as c from range(1000)");
        CheckResult failed = Data.Fails(now, Check(before, "a", "b", "c"));
        Assert.StartsWith("drift(a, b, c): b: PSI", failed.Message);
        Assert.Matches("^a 0, b [0-9.]+, c 0$", failed.Observed);
        Assert.Equal(1, failed.ObservedNumber);
        Assert.All(failed.Samples, sample => Assert.Equal("b", sample["column"]!.GetValue<string>()));
    }

    private static DriftCheck Check(string? reference, params string[] columns) =>
        new()
        {
            Columns = columns,
            Reference = reference,
            Called = "before",
            Threshold = 0.2,
            Bins = 10,
        };
}
