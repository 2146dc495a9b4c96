using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>What the child process of a load attempt is asked to do. The address of a server, which has a password in it, is in its environment.</summary>
internal sealed record LoadRequest
{
    public required DatabaseKind Kind { get; init; }

    /// <summary>The table as the pipeline names it, for people.</summary>
    public required string Into { get; init; }

    /// <summary>The path of a database file; null for a server.</summary>
    public string? Database { get; init; }

    /// <summary>Null: where the database looks first.</summary>
    public string? Schema { get; init; }

    public required string Table { get; init; }

    /// <summary>The table in which the attempt's rows wait: of the attempt alone, by its key.</summary>
    public required string StagingTable { get; init; }

    public required LoadMode Mode { get; init; }

    /// <summary>The condition of the rows that are replaced, as SQL with its values quoted; null without one.</summary>
    public string? Partition { get; init; }

    public string[] Keys { get; init; } = [];

    /// <summary>Whether the schema is ours and is made when it is not there.</summary>
    public bool MakesSchema { get; init; }

    /// <summary>Absolute path of the files; null with a query.</summary>
    public string? From { get; init; }

    public string? Query { get; init; }

    public Dictionary<string, string> Inputs { get; init; } = [];

    /// <summary>Names the work of which the attempt is one try: of its attempts only the newest may publish.</summary>
    public required string Owner { get; init; }

    public required long Token { get; init; }

    /// <summary>Absolute path where the receipt goes; what is staged as a file lies beside it.</summary>
    public required string Receipt { get; init; }

    public required string TempDirectory { get; init; }

    [JsonIgnore]
    public TablePlaceName Target => new(Schema, Table);

    [JsonIgnore]
    public TablePlaceName Staging => Target.Beside(StagingTable);

    /// <summary>The file with the attempt's rows, where the database is a file.</summary>
    [JsonIgnore]
    public string StagingFile =>
        Path.Combine(Path.GetDirectoryName(Receipt)!, $"rows.{(Kind == DatabaseKind.Sqlite ? "sqlite" : "duckdb")}");

    /// <summary>Where the attempt's rows are, in SQL.</summary>
    [JsonIgnore]
    public string StagedRows =>
        Kind == DatabaseKind.Postgres ? Staging.Quoted : $"{TableSession.Staged}.{TablePlaceName.Quote(StagingTable)}";
}

/// <summary>What is staged: written last, so that there is none for rows that are not all there.</summary>
/// <param name="Sha256">As <see cref="ContentSum"/> defines it.</param>
/// <param name="Bytes">Of the rows in binary form.</param>
internal sealed record LoadReceipt(LoadRequest Request, LoadColumn[] Columns, long Rows, long Bytes, string Sha256)
{
    /// <summary>The file name of receipts.</summary>
    public const string FileName = "load.receipt";

    /// <summary>JSON of names and DuckDB's types.</summary>
    public string ColumnsJson() =>
        JsonSerializer.Serialize(
            Columns.ToDictionary(column => column.Name, column => column.DuckType, StringComparer.Ordinal),
            EngineJson.Default.DictionaryStringString
        );

    public static LoadReceipt Read(string path) => TableFiles.Read(path, TableJson.Default.LoadReceipt);
}

/// <summary>A table that an attempt may have made in a server, noted before it was made.</summary>
internal sealed record StagingNote(string Connection, string? Schema, string Table);

/// <summary>What a child process of the program is asked to do in a DuckDB file.</summary>
internal sealed record TableJob
{
    public required string Database { get; init; }

    public TableIntent? Publish { get; init; }

    public TableSwitch? Switch { get; init; }

    public string? Drop { get; init; }

    public string? DropSchema { get; init; }
}

/// <summary>What the child process that looks for refused rows is asked. The address of a server is in its environment.</summary>
/// <param name="Intent">The publication that was refused.</param>
/// <param name="File">Absolute path of the Parquet file that the rows go to.</param>
/// <param name="Run">The run's number, as it stands beside each row.</param>
internal sealed record RefusedJob(TableIntent Intent, string File, string Run);

/// <summary>One publication of staged rows.</summary>
/// <param name="Address">The chain of versions that it belongs to.</param>
/// <param name="Replaced">The number of the version that is to be kept; null keeps none.</param>
internal sealed record TableIntent(LoadReceipt Receipt, string Instance, long Publication, string Address, long? Replaced, long NowMs);

/// <summary>One switch back to rows that were kept.</summary>
/// <param name="Current">The version that readers see; null for none.</param>
/// <param name="KeptTable">Where the wanted rows are.</param>
internal sealed record TableSwitch(
    string? Schema,
    string Table,
    string Instance,
    string Address,
    long? Current,
    long Wanted,
    string? KeptTable,
    long NowMs
);

/// <summary>What became of it.</summary>
/// <param name="Kept">The table with the rows of the replaced version; null when they are gone.</param>
internal sealed record TableOutcome(string? Kept, bool IsCurrent = true);

/// <summary>The answer of a child process: the outcome, or a failure, or what a search found.</summary>
internal sealed record TableAnswer(TableOutcome? Outcome, FailureClass? Class, string? Message)
{
    /// <summary>With a failure: <see cref="PlaceException.IsOfRows"/>.</summary>
    public bool IsOfRows { get; init; }

    /// <summary>To a search: what was found; null when nothing was.</summary>
    public RefusedRows? Refused { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(LoadRequest))]
[JsonSerializable(typeof(LoadReceipt))]
[JsonSerializable(typeof(StagingNote))]
[JsonSerializable(typeof(TableJob))]
[JsonSerializable(typeof(RefusedJob))]
[JsonSerializable(typeof(TableAnswer))]
internal sealed partial class TableJson : JsonSerializerContext;

/// <summary>JSON files that are there whole or not at all.</summary>
internal static class TableFiles
{
    public static void Write<T>(string path, T value, JsonTypeInfo<T> type)
    {
        var beside = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(beside, JsonSerializer.SerializeToUtf8Bytes(value, type));
        DurableFiles.SyncFile(beside);
        File.Move(beside, path, overwrite: true);
    }

    /// <exception cref="InvalidDataException">The file is none.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw new InvalidDataException($"{path}: the JSON is null");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }
}
