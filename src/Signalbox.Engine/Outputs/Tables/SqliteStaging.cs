using Signalbox.Core.Retry;
using Signalbox.DuckDb;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Rows in a SQLite file of the attempt, so that the database is locked for the publication alone and not while rows are copied.</summary>
internal sealed class SqliteStaging(LoadRequest request) : RowStaging(request)
{
    private SqliteFile? _file;

    protected override string StagedRows => TablePlaceName.Quote(Request.StagingTable);

    public override ValueTask DisposeAsync()
    {
        _file?.Dispose();
        return base.DisposeAsync();
    }

    protected override Task<TableSession> OpenTargetAsync() => Task.FromResult(TableSession.OpenSqlite(Request.Database!, staged: null));

    protected override Task<string?> AskAsync(string sql) => Task.FromResult(_file!.Rows(sql) is [[var first, ..], ..] ? first : null);

    protected override async Task CopyAsync(LoadColumn[] columns, CellKind[] kinds, string source, string select)
    {
        File.Delete(Request.StagingFile);
        _file = new SqliteFile(Request.StagingFile);
        // A file of one attempt: what a crash leaves of it is made again.
        _ = _file.Execute("pragma journal_mode=off; pragma synchronous=off");
        _ = _file.Execute($"create table {StagedRows} ({Definition(columns)})");
        FaultPoints.Hit(FaultPoints.LoadAfterTable);
        _ = _file.Execute("begin");
        using (var insert = _file.PrepareInsert($"insert into {StagedRows} values ({string.Join(", ", columns.Select(_ => "?"))})"))
        {
            await ReadAsync(
                select,
                kinds,
                (reader, _) =>
                {
                    Insert(insert, reader, kinds, columns);
                    return ValueTask.CompletedTask;
                }
            );
        }

        _ = _file.Execute("commit");
    }

    protected override Task FinishAsync()
    {
        DurableFiles.SyncFile(Request.StagingFile);
        return Task.CompletedTask;
    }

    private static void Insert(SqliteInsert insert, DuckReader reader, CellKind[] kinds, LoadColumn[] columns)
    {
        for (var row = 0; row < reader.ChunkRows; row++)
        {
            for (var column = 0; column < kinds.Length; column++)
            {
                if (reader.IsNull(column, row))
                {
                    insert.Null(column);
                    continue;
                }

                switch (kinds[column])
                {
                    case CellKind.Boolean:
                        insert.Integer(column, reader.Values<byte>(column)[row]);
                        break;
                    case CellKind.Int64:
                        insert.Integer(column, reader.Values<long>(column)[row]);
                        break;
                    case CellKind.Numeric:
                        Numeric(insert, reader, column, row, columns[column].Name);
                        break;
                    case CellKind.Double:
                        insert.Real(column, reader.Values<double>(column)[row]);
                        break;
                    case CellKind.Blob:
                        insert.Blob(column, reader.Bytes(column, row));
                        break;
                    default:
                        insert.Text(column, reader.Bytes(column, row));
                        break;
                }
            }

            insert.Run();
        }
    }

    /// <summary>A whole number, or the floating-point number that is written with the same digits.</summary>
    private static void Numeric(SqliteInsert insert, DuckReader reader, int column, int row, string name)
    {
        // Up to here every digit comes back; 10^22 is the largest power of ten that a double holds.
        const long Exact = 1_000_000_000_000_000;
        const int LargestPower = 22;
        var unscaled = reader.Unscaled(column, row);
        var scale = reader.Columns[column].Scale;
        while (scale > 0 && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }

        if (scale == 0 && unscaled >= long.MinValue && unscaled <= long.MaxValue)
        {
            insert.Integer(column, (long)unscaled);
        }
        else if (Int128.Abs(unscaled) < Exact && scale <= LargestPower)
        {
            insert.Real(column, (double)(long)unscaled / Math.Pow(10, scale));
        }
        else
        {
            throw new PlaceException(
                FailureClass.Validation,
                $"column `{name}` has a number of more digits than SQLite's numbers hold (15); cast it to varchar or double with `query`"
            );
        }
    }
}
