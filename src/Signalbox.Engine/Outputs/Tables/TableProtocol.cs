using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Publishing staged rows, and switching back to kept ones: one transaction each, which may be asked for again.</summary>
/// <remarks>
/// In the transaction: the fence (a stale attempt changes nothing), the rows that are to be kept, delete and insert, or upsert, the record of the
/// publication, the end of the staging table. A reader on another connection sees what was committed before, or what is committed now.
/// </remarks>
internal sealed class TableProtocol(TableSession session)
{
    /// <summary>What the tables with kept rows are called, before the installation and the version.</summary>
    public const string KeptPrefix = "signalbox_kept_";

    private const string DoNothing = "do nothing";

    /// <exception cref="PlaceException">Nothing has changed, for the reason given.</exception>
    public async Task<TableOutcome> PublishAsync(TableIntent intent)
    {
        var request = intent.Receipt.Request;
        try
        {
            await session.BeginAsync(request.Target.ToString());
            var ledger = new TableLedger(session, request.Target);
            await ledger.EnsureAsync(request.MakesSchema);
            if (await ledger.FindAsync(intent.Instance, intent.Publication, intent.Address) is { } before)
            {
                await session.RollbackAsync();
                return before;
            }

            await ledger.RaiseAsync(request);
            FaultPoints.Hit(FaultPoints.TableAfterFence);
            var kept = await ChangeAsync(intent);
            await ledger.RecordAsync(intent, kept);
            FaultPoints.Hit(FaultPoints.TableAfterRecord);
            if (session.Kind == DatabaseKind.Postgres)
            {
                _ = await session.ExecuteAsync($"drop table {request.Staging.Quoted}");
            }

            FaultPoints.Hit(FaultPoints.TableBeforeCommit);
            await session.CommitAsync();
            FaultPoints.Hit(FaultPoints.TableAfterCommit);
            return new TableOutcome(kept);
        }
        catch (Exception error) when (TableErrors.Of(error) is { } failure)
        {
            await UndoAsync();
            throw Named(failure, request.Into);
        }
    }

    /// <exception cref="PlaceException">Nothing has changed, for the reason given.</exception>
    public async Task<TableOutcome> SwitchAsync(TableSwitch change)
    {
        var target = new TablePlaceName(change.Schema, change.Table);
        try
        {
            await session.BeginAsync(target.ToString());
            var ledger = new TableLedger(session, target);
            await ledger.EnsureAsync(makesSchema: false);
            var known = await ledger.FindAsync(change.Instance, change.Wanted, change.Address);
            var condition = await ledger.ConditionAsync(change.Instance, change.Wanted);
            if (known is null || condition is null)
            {
                throw new PlaceException(
                    FailureClass.Permanent,
                    $"version {change.Wanted} was never loaded into {target} of this database"
                );
            }

            if (known.IsCurrent)
            {
                await session.RollbackAsync();
                return known;
            }

            if (change.KeptTable is not { } keptTable || (await session.ColumnsAsync(target.Beside(keptTable))).Count == 0)
            {
                throw new PlaceException(FailureClass.Permanent, $"the rows of version {change.Wanted} are no longer kept");
            }

            var from = target.Beside(keptTable);
            var kept = change.Current is { } current ? await KeepAsync(target, condition, change.Instance, current) : null;
            FaultPoints.Hit(FaultPoints.TableAfterSwitchKeep);
            var columns = (await session.ColumnsAsync(from)).ConvertAll(column => column.Name);
            var own = (await session.ColumnsAsync(target)).ConvertAll(column => column.Name);
            if (condition.Length == 0 && !Same(columns, own))
            {
                // A version with other columns comes back as the table that it was.
                _ = await session.ExecuteAsync($"drop table {target.Quoted}");
                _ = await session.ExecuteAsync($"alter table {from.Quoted} rename to {TablePlaceName.Quote(target.Table)}");
            }
            else
            {
                await DeleteAsync(target, condition);
                FaultPoints.Hit(FaultPoints.TableAfterSwitchDelete);
                var list = List(columns.Where(column => Find(own, column) is not null).Select(column => Find(own, column)!));
                _ = await session.ExecuteAsync($"insert into {target.Quoted} ({list}) select {list} from {from.Quoted}");
                _ = await session.ExecuteAsync($"drop table {from.Quoted}");
            }

            FaultPoints.Hit(FaultPoints.TableAfterSwitchInsert);
            await ledger.RecordAsync(change, kept);
            FaultPoints.Hit(FaultPoints.TableBeforeSwitchCommit);
            await session.CommitAsync();
            FaultPoints.Hit(FaultPoints.TableAfterSwitchCommit);
            return new TableOutcome(kept);
        }
        catch (Exception error) when (TableErrors.Of(error) is { } failure)
        {
            await UndoAsync();
            throw Named(failure, target.ToString());
        }
    }

    /// <summary>Drops a table of ours.</summary>
    public async Task DropAsync(TablePlaceName table) => _ = await session.ExecuteAsync($"drop table if exists {table.Quoted}");

    /// <summary>The rows, changed as the mode says; the table that keeps what was replaced.</summary>
    private async Task<string?> ChangeAsync(TableIntent intent)
    {
        var (own, kept) = await MakeRoomAsync(intent);
        FaultPoints.Hit(FaultPoints.TableAfterDelete);
        await InsertAsync(intent.Receipt, own);
        FaultPoints.Hit(FaultPoints.TableAfterInsert);
        return kept;
    }

    /// <summary>Makes the table as it is before the staged rows are inserted: its columns, and the table that keeps what was replaced.</summary>
    public async Task<(List<string> Columns, string? Kept)> MakeRoomAsync(TableIntent intent)
    {
        var receipt = intent.Receipt;
        var request = receipt.Request;
        var target = request.Target;
        var own = (await session.ColumnsAsync(target)).ConvertAll(column => column.Name);
        string? kept = null;
        if (own.Count > 0 && intent.Replaced is { } replaced)
        {
            kept = await KeepAsync(target, request.Partition ?? "", intent.Instance, replaced);
            FaultPoints.Hit(FaultPoints.TableAfterKeep);
        }

        if (own.Count > 0 && request.Mode == LoadMode.ReplaceTable && !Same(own, receipt.Columns.Select(column => column.Name)))
        {
            _ = await session.ExecuteAsync($"drop table {target.Quoted}");
            own = [];
        }

        if (own.Count == 0)
        {
            await CreateAsync(receipt);
            own = [.. receipt.Columns.Select(column => column.Name)];
        }
        else if (request.Mode is LoadMode.ReplacePartition or LoadMode.ReplaceTable)
        {
            await DeleteAsync(target, request.Partition ?? "");
        }

        return (own, kept);
    }

    private async Task CreateAsync(LoadReceipt receipt)
    {
        var request = receipt.Request;
        var key = request.Keys.Length > 0 ? $", primary key ({List(request.Keys)})" : "";
        var columns = string.Join(", ", receipt.Columns.Select(column => $"{TablePlaceName.Quote(column.Name)} {column.SqlType}"));
        _ = await session.ExecuteAsync($"create table {request.Target.Quoted} ({columns}{key})");
    }

    private async Task InsertAsync(LoadReceipt receipt, List<string> own)
    {
        var sql = InsertOf(receipt, own, receipt.Request.StagedRows, "true");
        var inserted = await session.ExecuteAsync(sql);
        if (inserted != receipt.Rows && !sql.EndsWith(DoNothing, StringComparison.Ordinal))
        {
            throw new PlaceException(
                FailureClass.Transient,
                $"{inserted} of the {receipt.Rows} staged rows were there to be inserted: the staging table was changed or emptied meanwhile"
            );
        }
    }

    /// <summary>The statement that inserts rows as the mode says.</summary>
    /// <param name="own">The columns of the table.</param>
    /// <param name="rows">A table with the columns of what is staged.</param>
    /// <param name="condition">Which of its rows. Never left out: without it SQLite takes the "on" of an upsert for that of a join.</param>
    /// <exception cref="PlaceException">The data has a column that the table has not.</exception>
    public static string InsertOf(LoadReceipt receipt, List<string> own, string rows, string condition)
    {
        var request = receipt.Request;
        var names = new List<string>();
        foreach (var column in receipt.Columns)
        {
            names.Add(
                Find(own, column.Name)
                    ?? throw new PlaceException(
                        FailureClass.Schema,
                        $"the table has no column `{column.Name}`, which the data has; add it (alter table {request.Target} add column {TablePlaceName.Quote(column.Name)} {column.SqlType}), or leave it out with `query`"
                    )
            );
        }

        var (list, from) = (List(names), List(receipt.Columns.Select(column => column.Name)));
        var upsert = "";
        if (request.Mode == LoadMode.Upsert)
        {
            var keys = request.Keys.Select(key => Find(own, key) ?? key).ToList();
            var others = names
                .Where(name => !keys.Contains(name))
                .Select(name => $"{TablePlaceName.Quote(name)} = excluded.{TablePlaceName.Quote(name)}");
            var set = string.Join(", ", others);
            upsert = $" on conflict ({List(keys)}) {(set.Length > 0 ? $"do update set {set}" : DoNothing)}";
        }

        return $"insert into {request.Target.Quoted} ({list}) select {from} from {rows} where {condition}{upsert}";
    }

    /// <summary>Copies rows into a table of ours, under the number of the version they are.</summary>
    private async Task<string> KeepAsync(TablePlaceName target, string condition, string instance, long version)
    {
        var name = $"{KeptPrefix}{instance}_{version}";
        await DropAsync(target.Beside(name));
        _ = await session.ExecuteAsync($"create table {target.Beside(name).Quoted} as select * from {target.Quoted}{Where(condition)}");
        return name;
    }

    private async Task DeleteAsync(TablePlaceName target, string condition) =>
        _ = await session.ExecuteAsync($"delete from {target.Quoted}{Where(condition)}");

    private static string Where(string condition) => condition.Length == 0 ? "" : $" where ({condition}\n)";

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Select(TablePlaceName.Quote));

    private static bool Same(List<string> own, IEnumerable<string> others)
    {
        var names = others.ToList();
        return own.Count == names.Count && names.TrueForAll(name => Find(own, name) is not null);
    }

    /// <summary>The column as the table has it: exactly so, or else in other upper and lower case.</summary>
    private static string? Find(List<string> own, string name) =>
        own.Contains(name) ? name : own.Find(column => string.Equals(column, name, StringComparison.OrdinalIgnoreCase));

    private async Task UndoAsync()
    {
        try
        {
            await session.RollbackAsync();
        }
        catch (Exception error) when (TableErrors.Of(error) is not null)
        {
            // The database has undone it by itself, for the reason that is reported.
        }
    }

    private static PlaceException Named(PlaceException failure, string into) =>
        failure.InnerException is null && failure.Message.Contains(into, StringComparison.Ordinal)
            ? failure
            : new PlaceException(failure.Class, $"{into}: {failure.Message}{Mend(failure)}", failure);

    private static string Mend(PlaceException failure) =>
        failure.InnerException switch
        {
            Npgsql.PostgresException { SqlState: "42P10" } =>
                "; `keys` needs a unique index: create unique index on the table for these columns",
            Npgsql.PostgresException { SqlState: "3F000" } => "; make it with: create schema",
            Npgsql.PostgresException { SqlState: "42804" } => "; cast the column with `query`",
            Signalbox.DuckDb.DuckException { Message: var text }
                when text.Contains("not referenced by a UNIQUE", StringComparison.Ordinal) =>
                "; `keys` needs a unique index: create unique index on the table for these columns",
            SqliteRefusal { Message: var text } when text.Contains("ON CONFLICT clause does not match", StringComparison.Ordinal) =>
                "; `keys` needs a unique index: create unique index on the table for these columns",
            _ => "",
        };
}
