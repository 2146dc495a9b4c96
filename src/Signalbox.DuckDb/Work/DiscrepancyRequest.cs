using System.Text.Json.Nodes;

namespace Signalbox.DuckDb.Work;

/// <summary>What two versions of something made of the same inputs, compared row by row; what differs is written to one table.</summary>
public sealed record DiscrepancyRequest : WorkRequest
{
    public required IReadOnlyList<DiscrepancyPair> Pairs { get; init; }

    /// <summary>
    /// The Parquet file for all rows that differ: <c>date</c>, <c>task</c>, <c>output</c>, <c>kind</c> (missing, extra, different), <c>columns</c> (the
    /// differing ones), <c>key</c>, <c>current</c>, <c>candidate</c> (JSON objects of texts). It is written also when there are none.
    /// </summary>
    public required string Path { get; init; }
}

/// <summary>One output of both versions.</summary>
/// <param name="Date">A label for the table: the date or partition.</param>
/// <param name="Task">A label for the table.</param>
/// <param name="Output">A label for the table.</param>
/// <param name="Current">A data file or folder (<see cref="DataSource"/>).</param>
/// <param name="Candidate">As <paramref name="Current"/>.</param>
/// <param name="Keys">Columns that together name a row; none: whole rows are compared, each as often as it is there.</param>
/// <param name="Tolerance">By column: the absolute difference up to which two numbers are the same.</param>
public sealed record DiscrepancyPair(
    string Date,
    string Task,
    string Output,
    string Current,
    string Candidate,
    IReadOnlyList<string> Keys,
    IReadOnlyDictionary<string, double> Tolerance
);

/// <summary>One result for each pair, in the order asked.</summary>
public sealed record DiscrepancyResponse : WorkResponse
{
    public required IReadOnlyList<Discrepancies> Pairs { get; init; }
}

/// <summary>How many rows of two sources are the same, and how many are not.</summary>
public sealed record Discrepancies
{
    /// <summary>Why they could not be compared; then the rest is empty.</summary>
    public string? Error { get; init; }

    public long CurrentRows { get; init; }

    public long CandidateRows { get; init; }

    public long Matching { get; init; }

    /// <summary>Rows that only the current version has.</summary>
    public long Missing { get; init; }

    /// <summary>Rows that only the candidate has.</summary>
    public long Extra { get; init; }

    /// <summary>Rows of both, by their keys, whose values differ.</summary>
    public long Different { get; init; }

    /// <summary>Keys that name more than one row of a source; their rows are compared one after another, in the order of their values.</summary>
    public long RepeatedKeys { get; init; }

    /// <summary>The compared columns that are no keys: how many of the rows that both have differ in each.</summary>
    public IReadOnlyList<ColumnDifference> Columns
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Differences of the columns themselves, a sentence each: one side only, or another type.</summary>
    public IReadOnlyList<string> Schema
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Up to ten of the rows that differ, as the table has them.</summary>
    public IReadOnlyList<JsonObject> Samples
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>A column, and in how many rows that both have it differs.</summary>
public sealed record ColumnDifference(string Name, long Different);
