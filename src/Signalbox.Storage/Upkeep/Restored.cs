namespace Signalbox.Storage;

/// <summary>
/// What a database must be told that was put back to an earlier state: others have acted since on numbers that it will give out again.
/// </summary>
/// <remarks>
/// Each restoration is another incarnation of the store. Tokens and the numbers of rows go on in a range of the incarnation's own, so
/// that nothing from after the backup is taken for what is written now; sessions of people end, for one that was ended since would be
/// open again. The numbers of runs are raised by the engine, which sees what lies on the disk.
/// </remarks>
internal static class Restored
{
    /// <summary>What says in <c>meta</c> that the engine has not yet put aside what lies on the disk from after the backup.</summary>
    public const string Pending = "restored";

    private const string Incarnation = "(select cast(value as bigint) from meta where name = 'incarnation')";

    /// <summary>The statements, for the transaction that puts the database back.</summary>
    /// <param name="atLeast">The database becomes this incarnation, or the one after its own when that is higher.</param>
    /// <param name="now">When that is.</param>
    public static string Text(Dialect dialect, int atLeast, DateTimeOffset now)
    {
        // Neither more attempts of a task nor, in one table, more rows are written between a backup and its return.
        const string Token = $"token % 4294967296 + {Incarnation} * 4294967296";
        const string RowsApart = $"{Incarnation} * 1000000";
        return $"""
            update meta set value = cast(case when cast(value as bigint) < {atLeast} then {atLeast} else cast(value as bigint) + 1 end as text)
                where name = 'incarnation';
            insert into meta (name, value) select '{Pending}', value from meta where name = 'incarnation'
                on conflict (name) do update set value = excluded.value;
            update tasks set token = {Token};
            update attempts set token = {Token} where ended_ms is null;
            update publications set token = {Token} where state = 'prepared';
            update rejected set token = {Token} where state = 'prepared';
            update approvals set token = {Token} where state = 'open';
            delete from access_tokens where kind in ('session', 'link');
            {dialect.NumbersFrom(RowsApart)};
            insert into audit (at_ms, who, what, reason) values ({now.ToUnixTimeMilliseconds()}, 'signalbox',
                'the database was put back to an earlier state', 'incarnation ' || {Incarnation});
            """;
    }
}
