using System.Collections.Immutable;

namespace Signalbox.Storage;

/// <summary>One kind of rows that belong to no run and pile up.</summary>
/// <param name="name">What they are called where they are told of.</param>
/// <param name="table">Where they are.</param>
/// <param name="key">The columns that tell one from another.</param>
/// <param name="where">Which of them go: those from before <c>@before_ms</c> that nothing else needs. The row is <c>x</c>.</param>
/// <param name="companions">A table and its column with the key of the row: rows that go with it.</param>
internal sealed class RecordKind(string name, string table, string key, string where, (string Table, string Column)? companions = null)
{
    public string Name { get; } = name;

    public Sql Count { get; } = new($"select count(*) from {table} x where {where}");

    public Sql? Companions { get; } =
        companions is { } rows ? new($"delete from {rows.Table} where {rows.Column} in ({Chosen(table, key, where)})") : null;

    public Sql Delete { get; } = new($"delete from {table} where ({key}) in ({Chosen(table, key, where)})");

    private static string Chosen(string table, string key, string where) =>
        $"select {string.Join(", ", key.Split(", ").Select(column => $"x.{column}"))} from {table} x where {where} order by {key} limit @limit";
}

/// <content>The rows that belong to no run.</content>
internal static class Records
{
    public const string AuditName = "audit";

    private const string UpdateNeeded = """
        exists (select 1 from dataset_partitions d where d.last_update = x.id)
            or exists (select 1 from dataset_cursors k where k.dataset = x.dataset and k.cursor < x.id)
            or exists (select 1 from dataset_consumptions w where w.update_id = x.id and (w.state = 'waiting' or w.run_number is not null))
        """;

    /// <summary>All kinds, in the order in which they go: what refers to others first.</summary>
    public static ImmutableArray<RecordKind> Kinds { get; } =
    [
        new("alerts", "alerts", "id", $"x.kind = 'resolved' and {AlertDone("x")}", ("alert_deliveries", "alert")),
        new(
            "alerts",
            "alerts",
            "id",
            $"x.kind <> 'resolved' and {AlertDone("x")} and not exists (select 1 from alerts y where y.resolves = x.id and not ({AlertDone("y")}))",
            ("alert_deliveries", "alert")
        ),
        new(
            "requests",
            "requests",
            "id",
            """
            x.answered_ms < @before_ms and not exists (select 1 from version_switches s where s.request = x.id)
                and not exists (select 1 from idempotency_keys k where k.request = x.id and k.created_ms >= @before_ms)
            """,
            ("idempotency_keys", "request")
        ),
        new("outbox", "outbox", "id", "x.delivered_ms < @before_ms"),
        new(
            "signals",
            "signals",
            "id",
            """
            x.run_number is null and x.at_ms < @before_ms
                and not exists (select 1 from runs r where r.pipeline = x.pipeline and r.logical_ms = x.logical_ms and r.ended_ms is null)
            """
        ),
        new("deadlines", "deadlines", "id", "x.run_number is null and x.state <> 'open' and x.base_ms < @before_ms"),
        new(
            "ticks",
            "ticks",
            "pipeline, schedule, label",
            """
            x.run_number is null and x.recorded_ms < @before_ms and x.at_ms < @before_ms
                and exists (select 1 from pipelines p where p.name = x.pipeline and p.cursor_ms > x.at_ms)
            """
        ),
        new(
            "dataset updates",
            "dataset_updates",
            "id",
            $"x.run_number is null and x.at_ms < @before_ms and not ({UpdateNeeded})",
            ("dataset_consumptions", "update_id")
        ),
        new("freshness misses", "freshness_misses", "id", "x.ended_ms < @before_ms"),
        new("retries of targets", "target_retries", "id", "x.at_ms < @before_ms"),
        new(
            "backfills",
            "backfills",
            "id",
            """
            x.ended_ms < @before_ms and not exists (select 1 from runs r where r.backfill = x.id)
                and not exists (select 1 from backfill_items i where i.backfill = x.id and i.run_number is not null)
            """,
            ("backfill_items", "backfill")
        ),
        new("tokens", "access_tokens", "id", "x.expires_ms < @before_ms or x.revoked_ms < @before_ms"),
        new(AuditName, "audit", "id", "x.at_ms < @before_ms"),
    ];

    // An alert about something that is still wrong stays, whatever its age: its end is still to be told.
    private static string AlertDone(string row) =>
        $"""
            {row}.created_ms < @before_ms and {row}.routed_ms is not null
                and ({row}.resolved_ms is not null or {row}.kind not in ('failed', 'blocked', 'sla_missed', 'freshness_missed', 'breaker_opened'))
                and not exists (select 1 from alert_deliveries d where d.alert = {row}.id and d.state = 'waiting')
            """;
}

public partial class ReadSession
{
    /// <summary>How many rows that belong to no run are older than what is kept, by what they are; kinds without any are left out.</summary>
    public IReadOnlyDictionary<string, long> OldRecords(DateTimeOffset before, DateTimeOffset auditBefore)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var kind in Records.Kinds)
        {
            if (Use(kind.Count).Set("@before_ms", kind.Name == Records.AuditName ? auditBefore : before).Scalar() is > 0 and var count)
            {
                counts[kind.Name] = counts.GetValueOrDefault(kind.Name) + count;
            }
        }

        return counts;
    }
}

public sealed partial class WriteSession
{
    /// <summary>Deletes some of them.</summary>
    /// <returns>How many; 0 when none is left.</returns>
    public int DeleteOldRecords(DateTimeOffset before, DateTimeOffset auditBefore, int limit)
    {
        foreach (var kind in Records.Kinds)
        {
            var cutoff = kind.Name == Records.AuditName ? auditBefore : before;
            if (kind.Companions is { } companions)
            {
                Use(companions).Set("@before_ms", cutoff).Set("@limit", limit).Execute();
            }

            if (Use(kind.Delete).Set("@before_ms", cutoff).Set("@limit", limit).Execute() is > 0 and var deleted)
            {
                return deleted;
            }
        }

        return 0;
    }
}
