namespace Signalbox.Storage.Schema;

/// <content>What is proven of pipelines, and what the results of tasks depended on.</content>
internal static partial class FirstSchema
{
    private const string Proofs = """

        create table trials (
            run_number bigint primary key references runs (number),
            conditions text not null
        );

        create table verdicts (
            id {identity},
            pipeline text not null,
            version text not null,
            task text,
            partition_key text not null,
            verdict text not null check (verdict in ('idempotent', 'not_idempotent')),
            message text not null,
            cause text,
            first_run bigint not null references runs (number),
            second_run bigint not null references runs (number),
            at_ms bigint not null
        );
        create index verdicts_of_version on verdicts (pipeline, version, id);

        create table fingerprints (
            run_number bigint not null references runs (number),
            task text not null,
            map_index bigint not null,
            pipeline text not null,
            partition_key text not null,
            source_run bigint not null references runs (number),
            hash text not null,
            parts text not null,
            paths text not null,
            result text,
            at_ms bigint not null,
            primary key (run_number, task, map_index)
        );
        create index fingerprints_of_task on fingerprints (pipeline, task, map_index, hash);
        """;
}
