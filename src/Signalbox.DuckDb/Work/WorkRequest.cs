using System.Text.Json.Serialization;

namespace Signalbox.DuckDb.Work;

/// <summary>What a child process is asked to do with DuckDB; its JSON has <c>kind</c>: <c>sql</c>, <c>checks</c>, <c>describe</c>, <c>compare</c>, <c>discrepancies</c> or <c>first_value</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SqlRequest), "sql")]
[JsonDerivedType(typeof(ChecksRequest), "checks")]
[JsonDerivedType(typeof(DescribeRequest), "describe")]
[JsonDerivedType(typeof(CompareRequest), "compare")]
[JsonDerivedType(typeof(DiscrepancyRequest), "discrepancies")]
[JsonDerivedType(typeof(FirstValueRequest), "first_value")]
public abstract record WorkRequest
{
    /// <summary>As <see cref="DuckSettings.MemoryLimit"/>.</summary>
    public string? MemoryLimit { get; init; }

    /// <summary>As <see cref="DuckSettings.Threads"/>.</summary>
    public int? Threads { get; init; }

    /// <summary>As <see cref="DuckSettings.TempDirectory"/>; the attempt's own folder, so that what is spilled is wiped with it.</summary>
    public string? TempDirectory { get; init; }
}

/// <summary>A <c>sql:</c> task.</summary>
/// <remarks>
/// The statements run in order on a database in memory. Where the last one is a select, there is exactly one output, and no earlier statement
/// has written that output's file, the select's rows are written there, in the form that the path's ending names.
/// </remarks>
public sealed record SqlRequest : WorkRequest
{
    // JSON that leaves inputs or outputs out sets them to null.
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>The script, already rendered.</summary>
    public required string Sql { get; init; }

    /// <summary>
    /// Inputs by name. One that is a data file or folder (<see cref="DataSource"/>) is also a view under its name, whose columns are those of the
    /// files, and for a folder those of <c>key=value</c> folders inside it.
    /// </summary>
    public IReadOnlyDictionary<string, string> Inputs
    {
        get;
        init => field = value ?? None;
    } = None;

    /// <summary>Outputs by name: the staged paths. Folders that a path needs are made.</summary>
    public IReadOnlyDictionary<string, string> Outputs
    {
        get;
        init => field = value ?? None;
    } = None;
}

/// <summary>Checks on what a task has staged.</summary>
public sealed record ChecksRequest : WorkRequest
{
    /// <summary>A data file, or a folder of them (<see cref="DataSource"/>). In queries of <see cref="SqlCheck"/> it is the table <c>staged</c>.</summary>
    public required string Path { get; init; }

    public required IReadOnlyList<Check> Checks { get; init; }

    /// <summary>
    /// Where rows go that checks with <see cref="Check.Quarantine"/> reject. The data is then rewritten without them, in the form that it has,
    /// and all other checks are made on what is left. Null: checks are only made.
    /// </summary>
    public RejectsRequest? Rejects { get; init; }
}

/// <summary>What becomes of rejected rows.</summary>
/// <param name="Path">The Parquet file they are written to, with <see cref="Reason"/> and <see cref="Run"/> as further columns; made only when there are any.</param>
/// <param name="RunNumber">The number of the run, for <see cref="Run"/>.</param>
public sealed record RejectsRequest(string Path, long RunNumber)
{
    /// <summary>The column with the names of the checks that rejected the row, joined by <c>; </c>.</summary>
    public const string Reason = "signalbox_reason";

    /// <summary>The column with the number of the run.</summary>
    public const string Run = "signalbox_run";
}

/// <summary>Rows and columns of data files and folders.</summary>
public sealed record DescribeRequest : WorkRequest
{
    public required IReadOnlyList<string> Paths { get; init; }
}

/// <summary>The rows of two data files or folders, one beside the other.</summary>
public sealed record CompareRequest : WorkRequest
{
    private static readonly IReadOnlyDictionary<string, double> Exact = new Dictionary<string, double>();

    public required string First { get; init; }

    public required string Second { get; init; }

    /// <summary>Columns that do not count.</summary>
    public IReadOnlyList<string> Ignore
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>Columns of numbers, with the difference up to which two are the same.</summary>
    public IReadOnlyDictionary<string, double> Tolerance
    {
        get;
        init => field = value ?? Exact;
    } = Exact;
}
