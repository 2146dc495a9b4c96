using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.DuckDb;
using Signalbox.DuckDb.Work;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>The child process that finds the rows for which a load was refused, and writes them to a file.</summary>
public static class RefusedWork
{
    /// <summary>The first argument after <c>work</c>.</summary>
    public const string Name = "refused";

    /// <param name="requestFile">What to do.</param>
    /// <param name="answerFile">Where what was found goes, or why nothing was.</param>
    /// <returns>0: there is an answer.</returns>
    public static int Run(string requestFile, string answerFile)
    {
        TableAnswer answer;
        try
        {
            var found = FindAsync(TableFiles.Read(requestFile, TableJson.Default.RefusedJob)).GetAwaiter().GetResult();
            answer = new TableAnswer(null, null, found is null ? "when it was tried again no row was refused" : null) { Refused = found };
        }
        catch (Exception error)
        {
            var failure = TableErrors.Of(error) ?? new PlaceException(FailureClass.Permanent, error.Message, error);
            answer = new TableAnswer(null, failure.Class, failure.Message);
        }

        TableFiles.Write(answerFile, answer, TableJson.Default.TableAnswer);
        return 0;
    }

    private static async Task<RefusedRows?> FindAsync(RefusedJob job)
    {
        var request = job.Intent.Receipt.Request;
        await using var session = request.Kind switch
        {
            DatabaseKind.Postgres => await TableSession.OpenPostgresAsync(
                Environment.GetEnvironmentVariable(TaskEnvironment.LoadAddress)!,
                CancellationToken.None
            ),
            DatabaseKind.Sqlite => TableSession.OpenSqlite(request.Database!, request.StagingFile),
            _ => TableSession.OpenDuckDb(request.Database!, request.StagingFile),
        };
        var search = new RefusedSearch(session, job.Intent);
        var rows = await search.FindAsync();
        if (rows.Count == 0)
        {
            return null;
        }

        using var duck = DuckDatabase.OpenMemory(new DuckSettings { TempDirectory = request.TempDirectory });
        _ = duck.Execute("set TimeZone = 'UTC'");
        Write(duck, job, rows, await search.CellsAsync());
        return new RefusedRows(
            rows.Count,
            search.IsAll,
            NameOf(duck, request, rows[0].Number),
            await search.ColumnAsync(rows[0]),
            job.File
        );
    }

    /// <summary>The rows with the types that they had in the data, and beside each what the database said, as other rejected rows are kept.</summary>
    private static void Write(DuckConnection duck, RefusedJob job, IReadOnlyList<RefusedRow> rows, List<string?[]> cells)
    {
        var columns = job.Intent.Receipt.Columns;
        _ = duck.Execute(
            $"create table refused (\"signalbox number\" integer, reason varchar, {string.Join(", ", columns.Select((_, i) => $"c{i} varchar"))})"
        );
        var values = rows.Select(
            (row, i) =>
                $"({i}, {string.Join(", ", cells[i].Prepend(row.Why.Message).Select(cell => cell is null ? "null" : SqlQuote.Literal(cell)))})"
        );
        _ = duck.Execute($"insert into refused values {string.Join(", ", values)}");
        try
        {
            Copy(column => TypeOf(column.DuckType));
        }
        catch (DuckException)
        {
            // A database that writes a value otherwise than DuckDB reads it: its text says what it is.
            Copy(_ => "varchar");
        }

        DurableFiles.SyncFile(job.File);

        void Copy(Func<LoadColumn, string> type)
        {
            var list = columns.Select((column, i) => $"cast(c{i} as {type(column)}) as {TablePlaceName.Quote(column.Name)}");
            _ = duck.Execute(
                $"copy (select {string.Join(", ", list)}, reason as {RejectsRequest.Reason}, {SqlQuote.Literal(job.Run)} as {RejectsRequest.Run} from refused order by \"signalbox number\") to {SqlQuote.Literal(job.File)} (format parquet)"
            );
        }
    }

    private static string TypeOf(string duckType) =>
        duckType
            is "BOOLEAN"
                or "TINYINT"
                or "SMALLINT"
                or "INTEGER"
                or "BIGINT"
                or "HUGEINT"
                or "UTINYINT"
                or "USMALLINT"
                or "UINTEGER"
                or "UBIGINT"
                or "FLOAT"
                or "DOUBLE"
                or "DATE"
                or "TIME"
                or "TIMESTAMP"
                or "TIMESTAMP WITH TIME ZONE"
                or "UUID"
        || duckType.StartsWith("DECIMAL(", StringComparison.Ordinal)
            ? duckType
            : "varchar";

    /// <summary>A row as people find it: by its number in its file, the heading not counted.</summary>
    private static string NameOf(DuckConnection duck, LoadRequest request, long number)
    {
        if (request.From is not { } from || DataSource.Find(from, out _) is not { } source)
        {
            return $"row {number} of the query";
        }

        foreach (var file in source.Files)
        {
            var rows = source.Files.Count == 1 ? number : (long)duck.Scalar($"select count(*) from ({TableSource.OfFiles(file)})")!;
            if (number <= rows)
            {
                return $"row {number} of {(file == from ? Path.GetFileName(file) : Path.GetRelativePath(from, file))}";
            }

            number -= rows;
        }

        return $"row {number} of {Path.GetFileName(from.TrimEnd('/'))}";
    }
}
