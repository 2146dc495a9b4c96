using System.Security.Cryptography;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Retry;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>
/// The two small tables that stand beside the user's own, in the same schema: <c>signalbox_fences</c> knows the newest attempt of each work,
/// <c>signalbox_loads</c> what was published. They are written in the transaction that publishes, so that they never contradict the rows.
/// </summary>
internal sealed class TableLedger(TableSession session, TablePlaceName target)
{
    private const string FencesName = "signalbox_fences";
    private const int LongestAddress = 500;
    private const string LoadsName = "signalbox_loads";

    private string Fences => target.Beside(FencesName).Quoted;

    private string Loads => target.Beside(LoadsName).Quoted;

    /// <summary>Makes the tables where they are missing.</summary>
    /// <param name="makesSchema">Whether the schema is ours and is made, too.</param>
    public async Task EnsureAsync(bool makesSchema)
    {
        if (makesSchema && target.Schema is { } schema)
        {
            _ = await session.ExecuteAsync($"create schema if not exists {TablePlaceName.Quote(schema)}");
        }

        if ((await session.ColumnsAsync(target.Beside(LoadsName))).Count > 0)
        {
            return;
        }

        if (session.Kind == DatabaseKind.Postgres)
        {
            // "if not exists" alone fails when two look at the same instant.
            _ = await session.ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended({TablePlaceName.Literal(Loads)}, 1))");
        }

        _ = await session.ExecuteAsync(
            $"""
            create table if not exists {Fences} (
                target varchar(500) not null, owner varchar(500) not null, partition varchar(500) not null, token bigint not null,
                primary key (target, owner)
            )
            """
        );
        _ = await session.ExecuteAsync(
            $"""
            create table if not exists {Loads} (
                instance varchar(20) not null, publication bigint not null, target varchar(500) not null, mode varchar(20) not null, condition text,
                owner varchar(500) not null, token bigint not null, sha256 varchar(64) not null, row_count bigint not null, seq bigint not null,
                kept varchar(100), published_ms bigint not null, primary key (instance, publication)
            )
            """
        );
        if (session.Kind != DatabaseKind.DuckDb)
        {
            _ = await session.ExecuteAsync($"create index if not exists signalbox_loads_target on {Loads} (target, seq)");
        }
    }

    /// <summary>From now on older attempts of the same work are refused.</summary>
    /// <exception cref="PlaceException">This one is older than one that was here.</exception>
    public async Task RaiseAsync(LoadRequest request)
    {
        var (name, owner) = (TablePlaceName.Literal(target.ToString()), TablePlaceName.Literal(request.Owner));
        if (await session.NumberAsync($"select token from {Fences} where target = {name} and owner = {owner}") is not { } known)
        {
            _ = await session.ExecuteAsync(
                $"insert into {Fences} (target, owner, partition, token) values ({name}, {owner}, {TablePlaceName.Literal(Cut(request.Partition ?? ""))}, {request.Token})"
            );
        }
        else if (known > request.Token)
        {
            throw new PlaceException(
                FailureClass.Lost,
                $"nothing was published to {request.Into}: this attempt (token {request.Token}) is over, a newer one (token {known}) has taken its place"
            );
        }
        else if (known < request.Token)
        {
            _ = await session.ExecuteAsync($"update {Fences} set token = {request.Token} where target = {name} and owner = {owner}");
        }
    }

    /// <summary>What became of a publication; null when it has not happened.</summary>
    public async Task<TableOutcome?> FindAsync(string instance, long publication, string address)
    {
        var rows = await session.RowsAsync(
            $"select seq, kept from {Loads} where instance = {TablePlaceName.Literal(instance)} and publication = {publication}"
        );
        if (rows is not [[var seq, var kept]])
        {
            return null;
        }

        var newest = await session.NumberAsync($"select max(seq) from {Loads} where target = {TablePlaceName.Literal(Cut(address))}");
        return new TableOutcome(kept, newest == long.Parse(seq!));
    }

    /// <summary>The condition that a publication replaced, as SQL; an empty text for the whole table; null when it never happened here.</summary>
    public async Task<string?> ConditionAsync(string instance, long publication) =>
        await session.TextAsync(
            $"select coalesce(condition, '') from {Loads} where instance = {TablePlaceName.Literal(instance)} and publication = {publication}"
        );

    public async Task RecordAsync(TableIntent intent, string? kept)
    {
        var (receipt, request) = (intent.Receipt, intent.Receipt.Request);
        _ = await session.ExecuteAsync(
            $"""
            insert into {Loads} (instance, publication, target, mode, condition, owner, token, sha256, row_count, seq, kept, published_ms)
            values ({TablePlaceName.Literal(intent.Instance)}, {intent.Publication}, {TablePlaceName.Literal(
                Cut(intent.Address)
            )}, '{Names.Of(request.Mode)}',
                {(request.Partition is null ? "null" : TablePlaceName.Literal(request.Partition))}, {TablePlaceName.Literal(request.Owner)},
                {request.Token}, '{receipt.Sha256}', {receipt.Rows}, {await NextAsync(intent.Address)}, {(
                kept is null ? "null" : TablePlaceName.Literal(kept)
            )},
                {intent.NowMs})
            """
        );
    }

    /// <summary>Makes an old publication the newest again.</summary>
    /// <param name="kept">Where the rows are that it replaced.</param>
    public async Task RecordAsync(TableSwitch change, string? kept) =>
        _ = await session.ExecuteAsync(
            $"""
            update {Loads} set seq = {await NextAsync(change.Address)}, kept = {(
                kept is null ? "null" : TablePlaceName.Literal(kept)
            )}, published_ms = {change.NowMs}
            where instance = {TablePlaceName.Literal(change.Instance)} and publication = {change.Wanted}
            """
        );

    private async Task<long> NextAsync(string address) =>
        await session.NumberAsync($"select coalesce(max(seq), 0) + 1 from {Loads} where target = {TablePlaceName.Literal(Cut(address))}")
        ?? 1;

    // An index of PostgreSQL holds no long texts.
    private static string Cut(string address) =>
        address.Length <= LongestAddress
            ? address
            : $"{address[..(LongestAddress - 64)]}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address)))}";
}
