namespace Signalbox.Storage.Schema;

/// <content>Circuit breakers, and the retries that targets have borne.</content>
internal static partial class FirstSchema
{
    // A breaker that is closed with no failure has no row.
    private const string Breakers = """

        create table breakers (
            kind text not null check (kind in ('pipeline', 'target')),
            name text not null,
            failures bigint not null check (failures > 0),
            opened_ms bigint,
            probe_ms bigint,
            reason text,
            primary key (kind, name),
            check ((opened_ms is null) = (probe_ms is null))
        );

        create table target_retries (
            id {identity},
            target text not null,
            at_ms bigint not null
        );
        create index target_retries_by_time on target_retries (target, at_ms);
        """;
}
