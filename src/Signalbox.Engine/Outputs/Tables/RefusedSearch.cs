using System.Diagnostics;
using Npgsql;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>
/// Finds which staged rows a database refuses: it inserts fewer and fewer of them, as the publication would have, in transactions that are never kept.
/// </summary>
/// <remarks>
/// All rows before are there when a row is tried, so that of two with one key the second is refused. Bounded in rows and in time, because what it
/// locks is locked for others too.
/// </remarks>
internal sealed class RefusedSearch(TableSession session, TableIntent intent)
{
    private const int MostRows = 1000;
    private const string Numbered = "\"signalbox numbered\"";
    private const string Number = "\"signalbox number\"";
    private const string Probe = "\"signalbox probe\"";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly TableProtocol _protocol = new(session);
    private readonly LoadReceipt _receipt = intent.Receipt;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<RefusedRow> _refused = [];
    private List<string> _columns = [];
    private PlaceException? _why;

    /// <summary>Whether all rows were looked at.</summary>
    public bool IsAll { get; private set; } = true;

    /// <returns>By their numbers; none when all are taken now.</returns>
    public async Task<IReadOnlyList<RefusedRow>> FindAsync()
    {
        await NumberAsync();
        if (session.Kind == DatabaseKind.DuckDb)
        {
            // Without savepoints: each try is a transaction of its own.
            await SearchAsync(0, _receipt.Rows);
            return _refused;
        }

        await BeginAsync();
        try
        {
            await SearchAsync(0, _receipt.Rows);
        }
        finally
        {
            await session.RollbackAsync();
        }

        return _refused;
    }

    /// <summary>The column whose value is refused; null when it is none alone, or the database cannot say.</summary>
    public async Task<string?> ColumnAsync(RefusedRow row)
    {
        if (row.Why.InnerException is PostgresException { ColumnName: { Length: > 0 } named })
        {
            return named;
        }

        var target = _receipt.Request.Target;
        var own = (await session.ColumnsAsync(target)).ConvertAll(column => column.Name);
        if (own.Count == 0)
        {
            return null;
        }

        // The table's types without its constraints.
        _ = await session.ExecuteAsync($"create temporary table {Probe} as select * from {target.Quoted} where 1 = 0");
        foreach (var column in _receipt.Columns.Select(column => TablePlaceName.Quote(column.Name)))
        {
            try
            {
                _ = await session.ExecuteAsync(
                    $"insert into {Probe} ({column}) select {column} from {Numbered} where {Number} = {row.Number}"
                );
            }
            catch (Exception error) when (TableErrors.Of(error) is { IsOfRows: true })
            {
                return column[1..^1];
            }
        }

        return null;
    }

    /// <summary>The cells of the rows that were found, as text: a row each, in their order.</summary>
    public Task<List<string?[]>> CellsAsync() =>
        session.RowsAsync(
            $"select {string.Join(", ", _receipt.Columns.Select(column => Text(TablePlaceName.Quote(column.Name))))} from {Numbered} where {Number} in ({Numbers}) order by {Number}"
        );

    private string Numbers => string.Join(", ", _refused.Select(row => row.Number));

    private string Text(string column) =>
        session.Kind == DatabaseKind.Sqlite
            // A number with all its digits.
            ? $"case typeof({column}) when 'real' then printf('%!.17g', {column}) when 'blob' then hex({column}) else {column} end"
            : $"cast({column} as varchar)";

    private async Task NumberAsync()
    {
        var order = session.Kind == DatabaseKind.Postgres ? "order by ctid" : "";
        _ = await session.ExecuteAsync(
            $"create temporary table {Numbered} as select row_number() over ({order}) as {Number}, t.* from {_receipt.Request.StagedRows} as t"
        );
        if (session.Kind != DatabaseKind.DuckDb)
        {
            var schema = session.Kind == DatabaseKind.Sqlite ? "temp." : "";
            _ = await session.ExecuteAsync($"create index {schema}\"signalbox numbers\" on {Numbered} ({Number})");
        }
    }

    private async Task BeginAsync()
    {
        await session.BeginAsync(_receipt.Request.Target.ToString());
        if (session.Kind == DatabaseKind.Postgres)
        {
            _ = await session.ExecuteAsync("set constraints all immediate");
        }

        // Its schema may be one that the publication makes.
        await new TableLedger(session, _receipt.Request.Target).EnsureAsync(_receipt.Request.MakesSchema);
        (_columns, _) = await _protocol.MakeRoomAsync(intent);
    }

    /// <summary>Looks at the rows after the one and up to the other; all before are inserted, without those that are refused.</summary>
    private async Task SearchAsync(long after, long upTo)
    {
        if (_refused.Count >= MostRows || _watch.Elapsed > Longest)
        {
            IsAll = false;
            return;
        }

        if (await IsTakenAsync(after, upTo))
        {
            return;
        }

        if (upTo - after == 1)
        {
            _refused.Add(new RefusedRow(upTo, _why!));
            return;
        }

        var middle = after + ((upTo - after) / 2);
        await SearchAsync(after, middle);
        await SearchAsync(middle, upTo);
    }

    private async Task<bool> IsTakenAsync(long after, long upTo)
    {
        if (session.Kind == DatabaseKind.DuckDb)
        {
            await BeginAsync();
            try
            {
                return await InsertAsync($"{Number} <= {upTo}{(_refused.Count == 0 ? "" : $" and {Number} not in ({Numbers})")}");
            }
            finally
            {
                await session.RollbackAsync();
            }
        }

        _ = await session.ExecuteAsync("savepoint signalbox");
        var isTaken = await InsertAsync($"{Number} > {after} and {Number} <= {upTo}");
        if (!isTaken)
        {
            _ = await session.ExecuteAsync("rollback to savepoint signalbox");
        }

        _ = await session.ExecuteAsync("release savepoint signalbox");
        return isTaken;
    }

    private async Task<bool> InsertAsync(string condition)
    {
        try
        {
            _ = await session.ExecuteAsync(TableProtocol.InsertOf(_receipt, _columns, Numbered, condition));
            return true;
        }
        catch (Exception error) when (TableErrors.Of(error) is { IsOfRows: true } why)
        {
            _why = why;
            return false;
        }
    }
}
