using System.Globalization;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Rows in a DuckDB file of the attempt: the database, which one process at a time may open, is open for the publication alone.</summary>
internal sealed class DuckStaging(LoadRequest request) : RowStaging(request)
{
    protected override string StagedRows => Request.StagedRows;

    protected override Task<TableSession> OpenTargetAsync() => Task.FromResult(TableSession.OpenDuckDb(Request.Database!, staged: null));

    protected override Task<string?> AskAsync(string sql) =>
        Task.FromResult(Convert.ToString(Duck.Scalar(sql), CultureInfo.InvariantCulture));

    protected override async Task CopyAsync(LoadColumn[] columns, CellKind[] kinds, string source, string select)
    {
        File.Delete(Request.StagingFile);
        _ = Duck.Execute($"attach {TablePlaceName.Literal(Request.StagingFile)} as {TableSession.Staged}");
        _ = Duck.Execute($"create table {StagedRows} as {source}");
        FaultPoints.Hit(FaultPoints.LoadAfterTable);
        var names = string.Join(", ", columns.Select(column => TablePlaceName.Quote(column.Name)));
        var from = select[..select.IndexOf(" from (\n", StringComparison.Ordinal)];
        await ReadAsync(
            $"{from} from (select {names} from {StagedRows}) as t({string.Join(", ", Enumerable.Range(0, columns.Length).Select(i => $"c{i}"))})",
            kinds,
            (_, _) => ValueTask.CompletedTask
        );
    }

    protected override Task FinishAsync()
    {
        _ = Duck.Execute($"detach {TableSession.Staged}");
        DurableFiles.SyncFile(Request.StagingFile);
        return Task.CompletedTask;
    }
}
