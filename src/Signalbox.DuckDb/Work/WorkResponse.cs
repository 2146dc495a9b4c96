using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Signalbox.DuckDb.Work;

/// <summary>What a child process answers; its JSON has <c>kind</c> as the request had.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SqlResponse), "sql")]
[JsonDerivedType(typeof(ChecksResponse), "checks")]
[JsonDerivedType(typeof(DescribeResponse), "describe")]
[JsonDerivedType(typeof(CompareResponse), "compare")]
[JsonDerivedType(typeof(DiscrepancyResponse), "discrepancies")]
[JsonDerivedType(typeof(FirstValueResponse), "first_value")]
public abstract record WorkResponse;

/// <summary>Why a <c>sql:</c> task failed; also what goes to the attempt's error file.</summary>
/// <param name="Class">A failure class: <c>schema</c>, <c>validation</c>, <c>disk_full</c>, <c>transient</c> or <c>permanent</c>.</param>
/// <param name="Message">The statement's place in the script, and DuckDB's message.</param>
public sealed record WorkError(string Class, string Message);

/// <summary>The end of a <c>sql:</c> task.</summary>
public sealed record SqlResponse : WorkResponse
{
    /// <summary>Null when all statements ran.</summary>
    public WorkError? Error { get; init; }

    /// <summary>One per statement that ran, in order.</summary>
    public IReadOnlyList<StatementResult> Statements
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>A statement that ran.</summary>
/// <param name="Line">The line of the script on which it begins, from 1.</param>
/// <param name="Rows">Rows given by a select, changed or written by others; null where it is about no rows, such as <c>create</c> and <c>set</c>.</param>
/// <param name="Output">The output that a closing select was written to; null for other statements.</param>
public sealed record StatementResult(int Line, long? Rows, string? Output);

/// <summary>The outcome of all checks. That some failed is not an error of the process.</summary>
public sealed record ChecksResponse : WorkResponse
{
    /// <summary>Same order as asked.</summary>
    public required IReadOnlyList<CheckResult> Checks { get; init; }

    /// <summary>The data, as it is after rows were rejected.</summary>
    public required SourceDescription Source { get; init; }

    /// <summary>Null when no row was rejected.</summary>
    public RejectedRows? Rejected { get; init; }
}

/// <summary>Rows that were put aside.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Of">How many rows there were in all.</param>
/// <param name="Checks">The names of the checks that rejected any, with how many each did; a row may count for several.</param>
public sealed record RejectedRows(long Rows, long Of, IReadOnlyDictionary<string, long> Checks);

/// <summary>One check's outcome.</summary>
public sealed record CheckResult
{
    /// <summary>The name that was given, else the kind and its columns, e.g. <c>not_null(origin)</c>.</summary>
    public required string Name { get; init; }

    /// <summary>As in pipeline files: <c>row_count</c>, <c>not_null</c> ...</summary>
    public required string CheckKind { get; init; }

    public IReadOnlyList<string> Columns
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>As it was sent.</summary>
    public required string Severity { get; init; }

    public required bool Passed { get; init; }

    /// <summary>Rows that it rejected, where that was asked of it.</summary>
    public long Rejected { get; init; }

    /// <summary>False where the check could not be made at all (no such column, unreadable file); it has not passed then.</summary>
    public required bool Ran { get; init; }

    /// <summary>What was found, e.g. <c>3</c> or <c>min -1116, max 1688</c>.</summary>
    public string? Observed { get; init; }

    /// <summary>The number in it: rows for <c>row_count</c>, offending rows (keys for <c>unique</c>, differences for <c>schema</c>) for others.</summary>
    public long? ObservedNumber { get; init; }

    /// <summary>What should have been found, e.g. <c>0 null rows</c>.</summary>
    public required string Expected { get; init; }

    /// <summary>One sentence for people, e.g. <c>not_null(origin): 3 of 1,204 rows are null</c>.</summary>
    public required string Message { get; init; }

    /// <summary>Up to ten offending rows; long texts are cut.</summary>
    public IReadOnlyList<JsonObject> Samples
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>One description for each path, in the order asked. A path that cannot be read is not an error of the process.</summary>
public sealed record DescribeResponse : WorkResponse
{
    public required IReadOnlyList<SourceDescription> Sources { get; init; }
}

/// <summary>A data file or folder.</summary>
public sealed record SourceDescription
{
    public required string Path { get; init; }

    /// <summary>Why it cannot be read; then the rest is empty.</summary>
    public string? Error { get; init; }

    /// <summary><c>parquet</c>, <c>csv</c> or <c>json</c>.</summary>
    public string? Format { get; init; }

    /// <summary>Rows of all files together.</summary>
    public long Rows { get; init; }

    /// <summary>The columns of the first file.</summary>
    public IReadOnlyList<ColumnDescription> Columns
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>The files by name; a single file is its own only one.</summary>
    public IReadOnlyList<FileDescription> Files
    {
        get;
        init => field = value ?? [];
    } = [];
}

/// <summary>A file of a source.</summary>
/// <param name="Path">The absolute path.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Columns">Its columns where they are not those of the source; else null.</param>
public sealed record FileDescription(string Path, long Rows, IReadOnlyList<ColumnDescription>? Columns);

/// <summary>A column of a data file.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="Type">DuckDB's spelling, e.g. <c>DECIMAL(18,3)</c>, <c>STRUCT(a INTEGER)</c>.</param>
public sealed record ColumnDescription(string Name, string Type);
