using System.Text.Json.Serialization;

namespace Signalbox.DuckDb.Work;

/// <summary>What the result of a <see cref="SqlCheck"/> must be.</summary>
public enum SqlExpectation
{
    [JsonStringEnumMemberName("no_rows")]
    NoRows,

    /// <summary>The query gives one value, which is compared with another.</summary>
    [JsonStringEnumMemberName("value")]
    Value,
}

/// <summary>A check on data. Nulls pass every check but <see cref="NotNullCheck"/>, as they pass constraints in SQL.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(RowCountCheck), "row_count")]
[JsonDerivedType(typeof(NotNullCheck), "not_null")]
[JsonDerivedType(typeof(UniqueCheck), "unique")]
[JsonDerivedType(typeof(RangeCheck), "range")]
[JsonDerivedType(typeof(AcceptedValuesCheck), "accepted_values")]
[JsonDerivedType(typeof(RegexCheck), "regex")]
[JsonDerivedType(typeof(SchemaCheck), "schema")]
[JsonDerivedType(typeof(FreshnessCheck), "freshness")]
[JsonDerivedType(typeof(ReferentialCheck), "referential")]
[JsonDerivedType(typeof(DriftCheck), "drift")]
[JsonDerivedType(typeof(SqlCheck), "sql")]
public abstract record Check
{
    /// <summary>Default: the kind and its columns, e.g. <c>unique(origin, date)</c>.</summary>
    public string? Name { get; init; }

    /// <summary>The severity of checks whose failing rows are put aside when a request has <see cref="ChecksRequest.Rejects"/>.</summary>
    public const string Quarantine = "quarantine";

    /// <summary>
    /// <c>block</c> (the default), <c>warn</c> or <see cref="Quarantine"/>; comes back with the result as it was sent, for who asked to act on.
    /// </summary>
    public string Severity
    {
        get;
        // JSON that leaves it out comes here with null.
        init => field = value ?? "block";
    } = "block";
}

/// <summary>The number of rows lies between two numbers, both included.</summary>
public sealed record RowCountCheck : Check
{
    public long? Min { get; init; }

    public long? Max { get; init; }

    /// <summary>The greatest relative difference from the mean of <see cref="Earlier"/>; null allows any.</summary>
    public double? Change { get; init; }

    /// <summary>The rows of earlier versions. With none there is nothing to differ from.</summary>
    public IReadOnlyList<long> Earlier
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>No row, or no more than a fraction of the rows, has a null in any of the columns.</summary>
public sealed record NotNullCheck : Check
{
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The fraction of all rows that may be null, 0 to 1.</summary>
    public double Tolerate { get; init; }
}

/// <summary>The columns together are a key: no two rows have the same values. Rows with a null in one of them are not compared.</summary>
public sealed record UniqueCheck : Check
{
    public required IReadOnlyList<string> Columns { get; init; }
}

/// <summary>Every value lies between two bounds, both included. NaN never does.</summary>
public sealed record RangeCheck : Check
{
    public required string Column { get; init; }

    /// <summary>A number, or a date, timestamp or text that converts to the column's type.</summary>
    public string? Min { get; init; }

    /// <inheritdoc cref="Min"/>
    public string? Max { get; init; }
}

/// <summary>Every value is one of a list.</summary>
public sealed record AcceptedValuesCheck : Check
{
    public required string Column { get; init; }

    /// <summary>Texts that convert to the column's type.</summary>
    public required IReadOnlyList<string> Values { get; init; }
}

/// <summary>The pattern (RE2 syntax) is found in every value's text; <c>^</c> and <c>$</c> tie it to the ends.</summary>
public sealed record RegexCheck : Check
{
    public required string Column { get; init; }

    public required string Pattern { get; init; }
}

/// <summary>Every file has these columns with these types and, unless told, no other, in any order.</summary>
public sealed record SchemaCheck : Check
{
    /// <summary>Types by column, in any spelling that DuckDB knows: <c>text</c> is <c>varchar</c>, <c>int8</c> is <c>bigint</c>.</summary>
    public required IReadOnlyDictionary<string, string> Columns { get; init; }

    /// <summary>Whether there may be further columns.</summary>
    public bool AtLeast { get; init; }
}

/// <summary>The newest value of a date or timestamp column is not before an instant. Times without a zone are UTC.</summary>
public sealed record FreshnessCheck : Check
{
    public required string Column { get; init; }

    /// <summary>The instant.</summary>
    public required DateTimeOffset NotBefore { get; init; }
}

/// <summary>Every value is found in a column of other data.</summary>
public sealed record ReferentialCheck : Check
{
    public required string Column { get; init; }

    /// <summary>The other data (<see cref="DataSource"/>).</summary>
    public required string Path { get; init; }

    /// <summary>The column there.</summary>
    public required string Key { get; init; }

    /// <summary>What people call the other data. Default: its path.</summary>
    public string? Called { get; init; }
}

/// <summary>The values of each column are distributed as in other data: the population stability index is at most a threshold.</summary>
public sealed record DriftCheck : Check
{
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The data to compare with (<see cref="DataSource"/>); null when there is none yet, and then the check passes.</summary>
    public string? Reference { get; init; }

    /// <summary>What people call the reference.</summary>
    public string? Called { get; init; }

    /// <summary>The greatest index that passes.</summary>
    public required double Threshold { get; init; }

    /// <summary>Bins of numbers and times.</summary>
    public required int Bins { get; init; }
}

/// <summary>A query of one's own.</summary>
public sealed record SqlCheck : Check
{
    /// <summary>One select; the data is the table <c>staged</c>.</summary>
    public required string Query { get; init; }

    public SqlExpectation Expect { get; init; }

    /// <summary>With <see cref="SqlExpectation.Value"/>: <c>=</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c> or <c>&gt;=</c>.</summary>
    public string? Operator { get; init; }

    /// <summary>With <see cref="SqlExpectation.Value"/>: a number, or a text that converts to the value's type.</summary>
    public string? Than { get; init; }
}
