using System.Text.Json.Serialization;

namespace Signalbox.Core.Checks;

/// <summary>
/// A question asked of a staged output before anyone can read it. Numbers and texts may be templates. A closed list: one case
/// here, one method in the check worker.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "check")]
[JsonDerivedType(typeof(RowCount), "row_count")]
[JsonDerivedType(typeof(NotNull), "not_null")]
[JsonDerivedType(typeof(Unique), "unique")]
[JsonDerivedType(typeof(Range), "range")]
[JsonDerivedType(typeof(AcceptedValues), "accepted_values")]
[JsonDerivedType(typeof(Regex), "regex")]
[JsonDerivedType(typeof(Schema), "schema")]
[JsonDerivedType(typeof(Sql), "sql")]
[JsonDerivedType(typeof(Command), "run")]
public abstract record CheckSpec
{
    private CheckSpec() { }

    /// <summary>What a failure does. Default <see cref="CheckSeverity.Block"/>.</summary>
    public CheckSeverity Severity { get; init; } = CheckSeverity.Block;

    /// <summary>Rows between the bounds, both inclusive; a bound is a template or null.</summary>
    public sealed record RowCount(string? Min, string? Max) : CheckSpec;

    /// <summary>No row is null in any of the columns.</summary>
    public sealed record NotNull(ImmutableArray<string> Columns) : CheckSpec;

    /// <summary>No two rows agree in all of the columns.</summary>
    public sealed record Unique(ImmutableArray<string> Columns) : CheckSpec;

    /// <summary>Every value of the column that is not null lies between the bounds, both inclusive; a bound is a template or null.</summary>
    public sealed record Range(string Column, string? Min, string? Max) : CheckSpec;

    /// <summary>Every value of the column that is not null is one of these.</summary>
    public sealed record AcceptedValues(string Column, ImmutableArray<string> Values) : CheckSpec;

    /// <summary>Every value of the column that is not null matches the regular expression (RE2 syntax, anywhere in the value).</summary>
    public sealed record Regex(string Column, string Pattern) : CheckSpec;

    /// <summary>The file has exactly these columns with these DuckDB types.</summary>
    public sealed record Schema(ImmutableSortedDictionary<string, string> Columns) : CheckSpec;

    /// <summary>A query over <c>{{ staged }}</c> that returns no row when all is well.</summary>
    public sealed record Sql(string Query) : CheckSpec;

    /// <summary>A shell command that sees <c>{{ staged }}</c> and exits 0 when all is well.</summary>
    public sealed record Command(string Text) : CheckSpec;
}

/// <summary>What a failed check does.</summary>
public enum CheckSeverity
{
    /// <summary>Nothing is published, the task fails with class validation, and what needs it is blocked.</summary>
    Block,

    /// <summary>The result is shown; the output is published.</summary>
    Warn,
}
