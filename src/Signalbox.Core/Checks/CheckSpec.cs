using System.Text.Json.Serialization;

namespace Signalbox.Core.Checks;

/// <summary>
/// A question asked of a staged output, or of an input, before anyone goes on with it. Numbers and texts may be templates. A closed list:
/// one case here, one method in the check worker.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "check")]
[JsonDerivedType(typeof(RowCount), "row_count")]
[JsonDerivedType(typeof(NotNull), "not_null")]
[JsonDerivedType(typeof(Unique), "unique")]
[JsonDerivedType(typeof(Range), "range")]
[JsonDerivedType(typeof(AcceptedValues), "accepted_values")]
[JsonDerivedType(typeof(Regex), "regex")]
[JsonDerivedType(typeof(Schema), "schema")]
[JsonDerivedType(typeof(Freshness), "freshness")]
[JsonDerivedType(typeof(Referential), "referential")]
[JsonDerivedType(typeof(Drift), "drift")]
[JsonDerivedType(typeof(Sql), "sql")]
[JsonDerivedType(typeof(Command), "run")]
public abstract record CheckSpec
{
    private CheckSpec() { }

    /// <summary>How people know it. Default: the kind and its columns, e.g. <c>unique(origin)</c>.</summary>
    public string? Name { get; init; }

    /// <summary>What a failure does. Default <see cref="CheckSeverity.Block"/>.</summary>
    public CheckSeverity Severity { get; init; } = CheckSeverity.Block;

    /// <summary>
    /// With <see cref="CheckSeverity.Quarantine"/>: a template of the folder, relative to the project folder, under which rejected rows are
    /// kept. Default <see cref="Rejects.DefaultFolder"/>.
    /// </summary>
    public string? QuarantineFolder { get; init; }

    /// <summary>Whether a failure can be told of single rows, so that they can be put into quarantine and the others published.</summary>
    [JsonIgnore]
    public virtual bool IsOfRows => false;

    /// <summary>Rows between the bounds, both inclusive; a bound is a template or null.</summary>
    public sealed record RowCount(string? Min, string? Max) : CheckSpec
    {
        /// <summary>How far the number may be from the mean of earlier versions. Default: as far as it likes.</summary>
        public RowCountChange? Change { get; init; }
    }

    /// <summary>No row is null in any of the columns.</summary>
    public sealed record NotNull(ImmutableArray<string> Columns) : CheckSpec
    {
        /// <summary>The fraction of rows, 0 to 1, that may be null all the same. Default 0.</summary>
        public double Tolerate { get; init; }

        public override bool IsOfRows => true;
    }

    /// <summary>No two rows agree in all of the columns.</summary>
    public sealed record Unique(ImmutableArray<string> Columns) : CheckSpec
    {
        public override bool IsOfRows => true;
    }

    /// <summary>Every value of the column that is not null lies between the bounds, both inclusive; a bound is a template or null.</summary>
    public sealed record Range(string Column, string? Min, string? Max) : CheckSpec
    {
        public override bool IsOfRows => true;
    }

    /// <summary>Every value of the column that is not null is one of these.</summary>
    public sealed record AcceptedValues(string Column, ImmutableArray<string> Values) : CheckSpec
    {
        public override bool IsOfRows => true;
    }

    /// <summary>Every value of the column that is not null matches the regular expression (RE2 syntax, anywhere in the value).</summary>
    public sealed record Regex(string Column, string Pattern) : CheckSpec
    {
        public override bool IsOfRows => true;
    }

    /// <summary>The file has exactly these columns with these DuckDB types.</summary>
    public sealed record Schema(ImmutableSortedDictionary<string, string> Columns) : CheckSpec
    {
        /// <summary>Whether further columns are allowed. Default false.</summary>
        public bool AtLeast { get; init; }
    }

    /// <summary>The newest value of a date or timestamp column (UTC where it has no zone) is no older than this before the end of the run's data interval.</summary>
    public sealed record Freshness(string Column, TimeSpan MaxAge) : CheckSpec;

    /// <summary>Every value of the column that is not null is found in a column of other data; one of <see cref="Path"/> and <see cref="Dataset"/> says where.</summary>
    public sealed record Referential(string Column) : CheckSpec
    {
        /// <summary>A template of the path of a data file or folder, relative to the project folder.</summary>
        public string? Path { get; init; }

        /// <summary>A dataset: its version for this run's partition, else its newest.</summary>
        public string? Dataset { get; init; }

        /// <summary>The column there. Default: of the same name.</summary>
        public string? Key { get; init; }

        public override bool IsOfRows => true;
    }

    /// <summary>
    /// The values of each column are distributed as in the last good version: the population stability index is at most
    /// <see cref="Threshold"/>. Formula and source: <c>docs/specs/016-checks.md</c>.
    /// </summary>
    public sealed record Drift(ImmutableArray<string> Columns) : CheckSpec
    {
        public const double DefaultThreshold = 0.2;
        public const int DefaultBins = 10;

        /// <summary>The greatest index that passes. Default 0.2.</summary>
        public double Threshold { get; init; } = DefaultThreshold;

        /// <summary>Bins of numbers and times: quantiles of the last good version. Default 10.</summary>
        public int Bins { get; init; } = DefaultBins;
    }

    /// <summary>A query over <c>{{ staged }}</c>.</summary>
    public sealed record Sql(string Query) : CheckSpec
    {
        /// <summary>What its one value must be. Null, the default: the query returns no row when all is well.</summary>
        public ValueComparison? Expect { get; init; }

        /// <summary>Rows are told where the query gives whole rows of what is staged.</summary>
        public override bool IsOfRows => Expect is null;
    }

    /// <summary>A shell command that sees <c>{{ staged }}</c> and exits 0 when all is well.</summary>
    public sealed record Command(string Text) : CheckSpec;
}

/// <summary>How far a number of rows may be from the mean of earlier versions.</summary>
/// <param name="Max">The greatest relative difference: 0.5 lets it be half to one and a half of the mean.</param>
/// <param name="Versions">How many earlier versions make the mean. Default 7.</param>
public sealed record RowCountChange(double Max, int Versions = RowCountChange.DefaultVersions)
{
    public const int DefaultVersions = 7;
}

/// <summary>What a failed check does.</summary>
public enum CheckSeverity
{
    /// <summary>Nothing is published, the task fails with class validation, and what needs it is blocked.</summary>
    Block,

    /// <summary>The result is shown; the output is published.</summary>
    Warn,

    /// <summary>The failing rows, and only they, are put aside with the reason; the others are published.</summary>
    Quarantine,
}
