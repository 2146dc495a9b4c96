using System.Globalization;
using Signalbox.Core.Retry;
using Signalbox.DuckDb;
using Signalbox.DuckDb.Work;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>The rows of one attempt on their way to where they wait.</summary>
internal abstract class RowStaging(LoadRequest request) : IAsyncDisposable
{
    protected LoadRequest Request => request;

    protected DuckConnection Duck { get; } = OpenDuck(request);

    protected ContentSum Sum { get; } = new();

    protected long Bytes { get; set; }

    public async Task<LoadReceipt> RunAsync()
    {
        await using (var target = await OpenTargetAsync())
        {
            await RaiseFenceAsync(target);
        }

        FaultPoints.Hit(FaultPoints.LoadAfterFence);
        var source = request.Query is { } query ? TableSource.OfQuery(Duck, query, request.Inputs) : TableSource.OfFiles(request.From!);
        var described = TableSource.Columns(Duck, source);
        var (columns, kinds, select) = Mapped(source, described);
        await CopyAsync(columns, kinds, source, select);
        FaultPoints.Hit(FaultPoints.LoadAfterCopy);
        await CheckAsync(columns);
        await FinishAsync();
        return new LoadReceipt(request, columns, Sum.Rows, Bytes, Sum.Sha256(columns));
    }

    public virtual ValueTask DisposeAsync()
    {
        Duck.Dispose();
        return ValueTask.CompletedTask;
    }

    protected abstract Task<TableSession> OpenTargetAsync();

    /// <summary>Puts all rows where they wait, and adds each to the sum.</summary>
    protected abstract Task CopyAsync(LoadColumn[] columns, CellKind[] kinds, string source, string select);

    /// <summary>Makes what was copied last; without this nothing of it is left.</summary>
    protected abstract Task FinishAsync();

    /// <summary>The first column of the first row of a select over what is staged.</summary>
    protected abstract Task<string?> AskAsync(string sql);

    protected static string Definition(LoadColumn[] columns) =>
        string.Join(", ", columns.Select(column => $"{TablePlaceName.Quote(column.Name)} {column.SqlType}"));

    /// <summary>Adds the rows of a select to the sum while <paramref name="write"/> sends them on; both at once, block by block.</summary>
    protected async Task ReadAsync(string select, CellKind[] kinds, Func<DuckReader, RowBlock, ValueTask> write)
    {
        const int Blocks = 4;
        var blocks = Enumerable.Range(0, Blocks).Select(_ => (Block: new RowBlock(), Summed: Task.CompletedTask)).ToArray();
        using var reader = Duck.Stream(select);
        for (var turn = 0; reader.ReadChunk(); turn = (turn + 1) % Blocks)
        {
            await blocks[turn].Summed;
            var block = blocks[turn].Block;
            block.Fill(reader, kinds);
            Bytes += block.Bytes.Length;
            blocks[turn].Summed = Task.Run(() => Sum.Add(block.Bytes.Span, block.Ends));
            await write(reader, block);
        }

        foreach (var (_, summed) in blocks)
        {
            await summed;
        }
    }

    private static DuckConnection OpenDuck(LoadRequest request)
    {
        var connection = DuckDatabase.OpenMemory(new DuckSettings { TempDirectory = request.TempDirectory });
        _ = connection.Execute("set TimeZone = 'UTC'");
        return connection;
    }

    /// <summary>From here on no older attempt can publish, even if it wakes up.</summary>
    private async Task RaiseFenceAsync(TableSession target)
    {
        await target.BeginAsync(request.Target.ToString());
        var ledger = new TableLedger(target, request.Target);
        await ledger.EnsureAsync(request.MakesSchema);
        await ledger.RaiseAsync(request);
        await target.CommitAsync();
    }

    private (LoadColumn[] Columns, CellKind[] Kinds, string Select) Mapped(string source, IReadOnlyList<ColumnDescription> described)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var columns = new LoadColumn[described.Count];
        var kinds = new CellKind[described.Count];
        var expressions = new string[described.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            if (!seen.Add(described[i].Name))
            {
                throw new PlaceException(
                    FailureClass.Schema,
                    $"the data has two columns `{described[i].Name}`; name one of them otherwise"
                );
            }

            (var type, kinds[i], expressions[i]) = TableTypes.Of(described[i].Type, request.Kind, $"c{i}");
            columns[i] = new LoadColumn(
                described[i].Name,
                described[i].Type,
                request.Kind == DatabaseKind.DuckDb ? described[i].Type : type
            );
        }

        var names = string.Join(", ", Enumerable.Range(0, columns.Length).Select(i => $"c{i}"));
        return (columns, kinds, $"select {string.Join(", ", expressions)} from (\n{source}\n) as t({names})");
    }

    /// <summary>What would make a second run another result than the first is found before anything is published.</summary>
    private async Task CheckAsync(LoadColumn[] columns)
    {
        foreach (var key in request.Keys)
        {
            if (!columns.Any(column => string.Equals(column.Name, key, StringComparison.OrdinalIgnoreCase)))
            {
                throw new PlaceException(FailureClass.Schema, $"the data has no column `{key}`, which is one of the keys");
            }
        }

        if (request.Keys.Length > 0)
        {
            var keys = string.Join(
                ", ",
                request.Keys.Select(key =>
                    TablePlaceName.Quote(columns.First(column => string.Equals(column.Name, key, StringComparison.OrdinalIgnoreCase)).Name)
                )
            );
            var missing = string.Join(
                " or ",
                request.Keys.Select(key =>
                    $"{TablePlaceName.Quote(columns.First(column => string.Equals(column.Name, key, StringComparison.OrdinalIgnoreCase)).Name)} is null"
                )
            );
            if (await CountAsync($"select count(*) from {StagedRows} where {missing}") is > 0 and var nulls)
            {
                throw new PlaceException(
                    FailureClass.Validation,
                    $"{Rows(nulls)} no value in a key ({keys}), so that a rerun would insert them again"
                );
            }

            if (
                await CountAsync($"select count(*) from (select 1 from {StagedRows} group by {keys} having count(*) > 1) as twice")
                is > 0
                    and var twice
            )
            {
                throw new PlaceException(
                    FailureClass.Validation,
                    $"the data has {twice:N0} key{(twice == 1 ? "" : "s")} ({keys}) in more than one row; which of them would stay is chance"
                );
            }
        }

        if (
            request.Partition is { } partition
            && await CountAsync($"select count(*) from {StagedRows} where not coalesce(({partition}\n), false)") is > 0 and var outside
        )
        {
            throw new PlaceException(
                FailureClass.Validation,
                $"{Rows(outside)} not in the partition {partition.Trim()}: they would not be deleted by a rerun, and be there twice"
            );
        }
    }

    /// <summary>Where the attempt's rows are for <see cref="AskAsync"/>.</summary>
    protected abstract string StagedRows { get; }

    private async Task<long> CountAsync(string sql) => long.Parse(await AskAsync(sql) ?? "0", CultureInfo.InvariantCulture);

    private static string Rows(long count) => count == 1 ? "1 row has" : $"{count:N0} rows have";
}
