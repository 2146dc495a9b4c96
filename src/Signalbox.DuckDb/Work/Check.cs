using System.Text.Json.Serialization;

namespace Signalbox.DuckDb.Work;

/// <summary>What the result of a <see cref="SqlCheck"/> must be.</summary>
public enum SqlExpectation
{
    [JsonStringEnumMemberName("no_rows")]
    NoRows,
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
[JsonDerivedType(typeof(SqlCheck), "sql")]
public abstract record Check
{
    /// <summary>Default: the kind and its columns, e.g. <c>unique(origin, date)</c>.</summary>
    public string? Name { get; init; }

    /// <summary><c>block</c> (the default) or <c>warn</c>; comes back with the result as it was sent, for who asked to act on.</summary>
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
}

/// <summary>No row has a null in any of the columns.</summary>
public sealed record NotNullCheck : Check
{
    public required IReadOnlyList<string> Columns { get; init; }
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

/// <summary>Every file has these columns with these types and no other, in any order.</summary>
public sealed record SchemaCheck : Check
{
    /// <summary>Types by column, in any spelling that DuckDB knows: <c>text</c> is <c>varchar</c>, <c>int8</c> is <c>bigint</c>.</summary>
    public required IReadOnlyDictionary<string, string> Columns { get; init; }
}

/// <summary>A query of one's own.</summary>
public sealed record SqlCheck : Check
{
    /// <summary>One select; the data is the table <c>staged</c>.</summary>
    public required string Query { get; init; }

    public SqlExpectation Expect { get; init; }
}
