namespace Signalbox.Storage.Schema;

/// <content>What people are told.</content>
internal static partial class FirstSchema
{
    private const string Alerts = """

        create table alerts (
            id {identity},
            kind text not null check (kind in ('failed', 'retried', 'blocked', 'sla_missed', 'backfill_finished', 'approval_reminder',
                'trigger_dead_letter', 'freshness_missed', 'breaker_opened', 'resolved')),
            severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
            dedup_key text not null check (dedup_key <> ''),
            once_key text unique,
            pipeline text,
            run_number bigint,
            run_id text,
            logical_ms bigint,
            task text,
            message text not null,
            tags text not null,
            facts text not null,
            notify text not null,
            resolves bigint references alerts (id),
            created_ms bigint not null,
            routed_ms bigint,
            resolved_ms bigint,
            check ((resolves is null) = (kind <> 'resolved')),
            check ((run_number is null) = (run_id is null))
        );
        create index alerts_open on alerts (pipeline, task)
            where resolved_ms is null and kind in ('failed', 'blocked', 'sla_missed');
        create index alerts_late on alerts (dedup_key) where resolved_ms is null and kind = 'freshness_missed';
        create index alerts_of_run on alerts (run_number);
        create index alerts_resolving on alerts (resolves) where resolves is not null;

        create table alert_deliveries (
            alert bigint not null references alerts (id),
            channel text not null,
            state text not null check (state in ('waiting', 'delivered', 'given_up')),
            attempts bigint not null check (attempts >= 0),
            due_ms bigint not null,
            ended_ms bigint,
            error text,
            primary key (alert, channel),
            check ((ended_ms is null) = (state = 'waiting'))
        );
        create index alert_deliveries_waiting on alert_deliveries (channel, alert) where state = 'waiting';
        """;
}
