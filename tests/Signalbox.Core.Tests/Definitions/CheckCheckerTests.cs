using System.Collections.Immutable;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>Mistakes in checks, each with its place.</summary>
public sealed class CheckCheckerTests
{
    public static TheoryData<CheckSpec, string> Wrong =>
        new()
        {
            {
                new CheckSpec.RowCount("1", null) { Severity = CheckSeverity.Quarantine },
                "[0].severity no-quarantine"
            },
            {
                new CheckSpec.Freshness("at", TimeSpan.FromHours(1)) { Severity = CheckSeverity.Quarantine },
                "[0].severity no-quarantine"
            },
            {
                new CheckSpec.Drift(["v"]) { Severity = CheckSeverity.Quarantine },
                "[0].severity no-quarantine"
            },
            {
                new CheckSpec.Command("true") { Severity = CheckSeverity.Quarantine },
                "[0].severity no-quarantine"
            },
            {
                new CheckSpec.Schema(ImmutableSortedDictionary<string, string>.Empty.Add("id", "bigint"))
                {
                    Severity = CheckSeverity.Quarantine,
                },
                "[0].severity no-quarantine"
            },
            {
                new CheckSpec.Sql("select 1") { Expect = ValueComparison.Parse("> 1"), Severity = CheckSeverity.Quarantine },
                "[0].severity no-quarantine"
            },
            {
                new CheckSpec.Unique(["id"]) { QuarantineFolder = "data/rejected" },
                "[0].quarantine wrong-key"
            },
            {
                new CheckSpec.Unique(["id"]) { Severity = CheckSeverity.Quarantine, QuarantineFolder = "../aside" },
                "[0].quarantine path-outside"
            },
            {
                new CheckSpec.Unique(["id"]) { Severity = CheckSeverity.Quarantine, QuarantineFolder = "s3://b/aside" },
                "[0].quarantine path-outside"
            },
            { new CheckSpec.RowCount(null, null), "[0].row_count empty-check" },
            {
                new CheckSpec.RowCount(null, null) { Change = new RowCountChange(0) },
                "[0].row_count.change.max bad-bound"
            },
            {
                new CheckSpec.RowCount(null, null) { Change = new RowCountChange(1, 0) },
                "[0].row_count.change.versions bad-bound"
            },
            {
                new CheckSpec.NotNull(["id"]) { Tolerate = 1 },
                "[0].not_null.tolerate bad-bound"
            },
            { new CheckSpec.Freshness("at", TimeSpan.Zero), "[0].freshness.max_age out-of-range" },
            { new CheckSpec.Referential("id"), "[0].referential empty-check" },
            {
                new CheckSpec.Referential("id") { Path = "a.csv", Dataset = "a/b" },
                "[0].referential empty-check"
            },
            {
                new CheckSpec.Referential("id") { Path = "{{ nothing }}" },
                "[0].referential.in+3 unknown-name"
            },
            {
                new CheckSpec.Drift(["v"]) { Threshold = 0 },
                "[0].drift.threshold bad-bound"
            },
            {
                new CheckSpec.Drift(["v"]) { Bins = 1 },
                "[0].drift.bins bad-bound"
            },
            { new CheckSpec.Drift([]), "[0].drift.columns empty-check" },
        };

    [Theory]
    [Trait("Requirement", "S161")]
    [MemberData(nameof(Wrong))]
    public void A_mistake_has_its_place(CheckSpec check, string place)
    {
        ArgumentNullException.ThrowIfNull(place);
        var found = Assert.Single(
            Made.Found(Made.Task("t").Makes("o", "out/{{ ds }}.csv", check) with { Timeout = TimeSpan.FromHours(1) })
        );
        Assert.StartsWith($"tasks.t.outputs.o.checks{place}: ", found, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public void One_output_has_one_place_for_rejected_rows_and_an_input_none()
    {
        static CheckSpec Aside(string? folder) =>
            new CheckSpec.Unique(["id"]) { Severity = CheckSeverity.Quarantine, QuarantineFolder = folder };

        var task = Made.Task("t").Makes("o", "out/{{ ds }}.csv", Aside("a/"), Aside(null), Aside("b/"));
        var two = Assert.Single(Made.Found(task));
        Assert.StartsWith("tasks.t.outputs.o.checks[2].quarantine two-places: ", two, StringComparison.Ordinal);

        var reads = Made.Task("t") with
        {
            Inputs = ImmutableSortedDictionary<string, string>.Empty.Add("i", "in.csv"),
            InputChecks = ImmutableSortedDictionary<string, ImmutableArray<CheckSpec>>.Empty.Add("i", [Aside(null)]),
        };
        Assert.StartsWith(
            "tasks.t.inputs.i.checks[0].severity no-quarantine: ",
            Assert.Single(Made.Found(reads)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("<= 10", "<= 10")]
    [InlineData(">10", "> 10")]
    [InlineData("==  a b", "= a b")]
    [InlineData("<> x", "!= x")]
    [InlineData("0", "= 0")]
    [InlineData("<", null)]
    [InlineData(" ", null)]
    public void A_comparison_is_read(string text, string? means) => Assert.Equal(means, ValueComparison.Parse(text)?.ToString());

    [Fact]
    public void Rejected_rows_lie_by_slice()
    {
        Assert.Equal(
            "data/aside/p/t/o/2001-01-05T02_15-3.parquet",
            Rejects.PathOf("data/aside/", new PipelineName("p"), new TaskKey(new TaskName("t"), 3), "o", "2001-01-05T02:15")
        );
    }
}
