using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>
/// The child process of a load attempt: it reads the source with DuckDB, copies the rows to where they wait, and writes the receipt. Nothing of it is
/// seen by readers; it outlives the server that started it.
/// </summary>
public static class LoadWork
{
    /// <summary>The first argument after <c>work</c>.</summary>
    public const string Name = "load";

    private const int Done = 0;
    private const int Failed = 1;

    /// <param name="requestFile">What to do.</param>
    /// <param name="errorFile">Where a failure's class and message go as JSON; null for nowhere.</param>
    /// <param name="resultFile">Where the counts go as JSON, for tasks downstream; null for nowhere.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string requestFile, string? errorFile, string? resultFile)
    {
        string? into = null;
        try
        {
            var request = TableFiles.Read(requestFile, TableJson.Default.LoadRequest);
            into = request.Into;
            var receipt = StageAsync(request, Environment.GetEnvironmentVariable(TaskEnvironment.LoadAddress)).GetAwaiter().GetResult();
            if (resultFile is not null)
            {
                WriteResult(resultFile, receipt);
            }

            TableFiles.Write(request.Receipt, receipt, TableJson.Default.LoadReceipt);
            FaultPoints.Hit(FaultPoints.LoadAfterReceipt);
            Console.Out.WriteLine($"{receipt.Rows:N0} rows of {receipt.Columns.Length} columns are staged for {into}");
            return Done;
        }
        catch (Exception error)
        {
            var failure = TableErrors.Of(error);
            var message =
                into is null || error.Message.Contains(into, StringComparison.Ordinal)
                    ? failure?.Message ?? error.Message
                    : $"{into}: {failure?.Message ?? error.Message}";
            return Report(
                errorFile,
                failure?.Class
                    ?? (
                        error.Message.Contains("No space left on device", StringComparison.Ordinal)
                            ? FailureClass.DiskFull
                            : FailureClass.Permanent
                    ),
                message,
                failure?.Rule
            );
        }
    }

    /// <param name="address">Of the server, where the database is none of a file.</param>
    internal static async Task<LoadReceipt> StageAsync(LoadRequest request, string? address)
    {
        RowStaging staging = request.Kind switch
        {
            DatabaseKind.Postgres => new PostgresStaging(
                request,
                address
                    ?? throw new PlaceException(
                        FailureClass.Permanent,
                        $"the address of the server is not in {TaskEnvironment.LoadAddress}"
                    )
            ),
            DatabaseKind.Sqlite => new SqliteStaging(request),
            _ => new DuckStaging(request),
        };
        await using (staging)
        {
            return await staging.RunAsync();
        }
    }

    private static void WriteResult(string file, LoadReceipt receipt)
    {
        using var stream = File.Create(file);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("into", receipt.Request.Into);
        json.WriteNumber("rows", receipt.Rows);
        json.WriteNumber("columns", receipt.Columns.Length);
        json.WriteEndObject();
    }

    private static int Report(string? errorFile, FailureClass kind, string message, string? rule)
    {
        Console.Error.WriteLine(message);
        if (errorFile is not null)
        {
            using var stream = File.Create(errorFile);
            using var json = new Utf8JsonWriter(stream);
            json.WriteStartObject();
            json.WriteString("class", Names.Of(kind));
            json.WriteString("message", message);
            if (rule is not null)
            {
                json.WriteString("rule", rule);
            }

            json.WriteEndObject();
        }

        return Failed;
    }
}
