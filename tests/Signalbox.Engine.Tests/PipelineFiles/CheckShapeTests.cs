using System.Collections.Immutable;
using Signalbox.Core.Checks;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>One line is enough to write a check.</summary>
public sealed class CheckShapeTests
{
    [Theory]
    [Trait("Requirement", "S85")]
    [InlineData("row_count: 1000..", "1000", null)]
    [InlineData("row_count: ..5000", null, "5000")]
    [InlineData("row_count: 10..20", "10", "20")]
    [InlineData("row_count: 12", "12", "12")]
    [InlineData("row_count: \"{{ params.min }}..\"", "{{ params.min }}", null)]
    [InlineData("row_count: { min: 3 }", "3", null)]
    public void Row_counts(string line, string? min, string? max) => Assert.Equal(new CheckSpec.RowCount(min, max), One(line));

    [Fact]
    [Trait("Requirement", "S85")]
    public void Every_kind_in_a_line()
    {
        Assert.Equal(new CheckSpec.RowCount(null, null) { Change = new(0.5) }, One("row_count: { change: 50% }"));
        Assert.Equal(
            new CheckSpec.RowCount("1", null) { Change = new(0.25, 3) },
            One("row_count: { min: 1, change: { max: 0.25, versions: 3 } }")
        );
        var notNull = Assert.IsType<CheckSpec.NotNull>(One("not_null: { columns: a, tolerate: 1% }"));
        Assert.Equal(("a", 0.01), (Assert.Single(notNull.Columns), notNull.Tolerate));
        Assert.Equal(["a", "b"], Assert.IsType<CheckSpec.Unique>(One("unique: { columns: [a, b], severity: warn }")).Columns);
        Assert.Equal(new CheckSpec.Freshness("at", TimeSpan.FromHours(6)), One("freshness: { column: at, max_age: 6h }"));
        Assert.Equal(new CheckSpec.Referential("a") { Path = "b.csv", Key = "c" }, One("referential: { column: a, in: b.csv, key: c }"));
        Assert.Equal(new CheckSpec.Referential("a") { Dataset = "x/y" }, One("referential: { column: a, dataset: x/y }"));
        var drift = Assert.IsType<CheckSpec.Drift>(One("drift: [a, b]"));
        Assert.Equal((2, 0.2, 10), (drift.Columns.Length, drift.Threshold, drift.Bins));
        Assert.Equal(0.1, Assert.IsType<CheckSpec.Drift>(One("drift: { columns: a, threshold: 0.1 }")).Threshold);
        Assert.True(Assert.IsType<CheckSpec.Schema>(One("{ schema: { id: bigint }, at_least: true }")).AtLeast);
        Assert.Equal(
            new CheckSpec.Sql("select 1") { Expect = new(ComparisonOperator.AtLeast, "1") },
            One("sql: { query: select 1, expect: \">= 1\" }")
        );
        Assert.Equal(new CheckSpec.Sql("select 1"), One("sql: { query: select 1, expect: no_rows }"));
    }

    [Theory]
    [Trait("Requirement", "S161")]
    [InlineData("{ not_null: a, severity: quarantine }", null)]
    [InlineData("{ not_null: a, quarantine: true }", null)]
    [InlineData("{ not_null: a, quarantine: data/rejected/ }", "data/rejected/")]
    [InlineData("not_null: { columns: a, quarantine: data/rejected/, name: n }", "data/rejected/")]
    public void Quarantine_is_asked_for_beside_the_kind_or_in_it(string line, string? folder)
    {
        var check = One(line);
        Assert.Equal((CheckSeverity.Quarantine, folder), (check.Severity, check.QuarantineFolder));
    }

    [Fact]
    [Trait("Requirement", "S3")]
    public void Inputs_have_checks_too()
    {
        var task = Yaml.Good(
            "pipeline: p\ntasks: { t: { run: x, inputs: { a: a.csv, b: { path: b.csv, checks: [{ row_count: 1.. }] } } } }\n"
        ).Tasks[0];
        Assert.Equal(["a.csv", "b.csv"], task.Inputs.Values);
        var (input, checks) = Assert.Single(task.InputChecks);
        Assert.Equal("b", input);
        Assert.Equal(new CheckSpec.RowCount("1", null), Assert.Single(checks));
    }

    private static CheckSpec One(string line) =>
        Assert.Single(
            Yaml.Good(
                    $"pipeline: p\nparams: {{ min: {{ type: integer, default: 1 }} }}\ntasks:\n  t:\n    run: x\n    outputs:\n      o:\n        path: out/{{{{ ds }}}}.csv\n        checks:\n          - {line}\n"
                )
                .Tasks[0]
                .Outputs[0]
                .Checks
        );
}
