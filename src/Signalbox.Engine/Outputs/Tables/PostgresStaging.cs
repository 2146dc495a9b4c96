using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Rows in an unlogged table of the server, sent as they come by a streaming, binary <c>COPY</c>: measured twice as fast as text.</summary>
internal sealed class PostgresStaging(LoadRequest request, string address) : RowStaging(request)
{
    private TableSession.Postgres? _session;

    protected override string StagedRows => Request.StagedRows;

    public override async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override Task<TableSession> OpenTargetAsync() => TableSession.OpenPostgresAsync(address, CancellationToken.None);

    protected override Task<string?> AskAsync(string sql) => _session!.TextAsync(sql);

    protected override async Task CopyAsync(LoadColumn[] columns, CellKind[] kinds, string source, string select)
    {
        var session = (TableSession.Postgres)await OpenTargetAsync();
        _session = session;
        var table = Request.Staging;
        _ = await session.ExecuteAsync($"drop table if exists {table.Quoted}");
        // In one transaction, so that a process that is killed leaves no table, and rows need not be marked as seen when they are read again.
        _ = await session.ExecuteAsync("begin");
        // Not in the server's log of changes: what a crash of the server empties is noticed when it is published, and copied again.
        _ = await session.ExecuteAsync($"create unlogged table {table.Quoted} ({Definition(columns)})");
        FaultPoints.Hit(FaultPoints.LoadAfterTable);
        await using var copy = await session.Connection.BeginRawBinaryCopyAsync(
            $"copy {table.Quoted} from stdin (format binary, freeze true)"
        );
        try
        {
            await copy.WriteAsync(Header);
            await ReadAsync(select, kinds, (_, block) => copy.WriteAsync(block.Bytes));
            await copy.WriteAsync(Trailer);
        }
        catch (Exception error) when (error is not Npgsql.PostgresException)
        {
            await copy.CancelAsync();
            throw;
        }
    }

    protected override Task FinishAsync() => _session!.ExecuteAsync("commit");

    private static readonly byte[] Header = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] Trailer = [0xff, 0xff];
}
