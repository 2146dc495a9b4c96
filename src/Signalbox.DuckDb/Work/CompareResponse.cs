using System.Text.Json.Nodes;

namespace Signalbox.DuckDb.Work;

/// <summary>What two sets of rows have in common and what not.</summary>
public sealed record CompareResponse : WorkResponse
{
    public required SourceDescription First { get; init; }

    public required SourceDescription Second { get; init; }

    /// <summary>Rows of the first that the second does not have, each as often as it is missing.</summary>
    public long OnlyFirst { get; init; }

    /// <summary>Rows of the second that the first does not have, each as often as it is too many.</summary>
    public long OnlySecond { get; init; }

    /// <summary>Whether rows that both have stand in the same order; true also where the rows differ.</summary>
    public bool SameOrder { get; init; }

    /// <summary>All columns of either, those of the first at first; without those that do not count.</summary>
    public IReadOnlyList<ColumnComparison> Columns
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Up to ten rows that one has and the other has not; <c>in</c> says which: <c>first</c> or <c>second</c>.</summary>
    public IReadOnlyList<JsonObject> Samples
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>One column in both.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="First">Null where the first has no such column.</param>
/// <param name="Second">Null where the second has no such column.</param>
/// <param name="Differs">Whether its values are not the same, each as often, within the tolerance.</param>
/// <param name="IsTime">Whether its values that differ look like instants or dates.</param>
/// <param name="ShiftSeconds">How much later those of the second are on average; null where they are no times.</param>
public sealed record ColumnComparison(
    string Name,
    ColumnStatistics? First,
    ColumnStatistics? Second,
    bool Differs,
    bool IsTime,
    double? ShiftSeconds
);

/// <summary>What a column holds.</summary>
/// <param name="Type">DuckDB's spelling.</param>
/// <param name="Nulls">Rows without a value.</param>
/// <param name="Distinct">Different values.</param>
/// <param name="Min">The least value as a text; null where there is none.</param>
/// <param name="Max">The greatest value as a text; null where there is none.</param>
public sealed record ColumnStatistics(string Type, long Nulls, long Distinct, string? Min, string? Max);
