namespace Signalbox.Storage.Schema;

/// <content>Updates of datasets, and who has consumed them.</content>
internal static partial class FirstSchema
{
    private const string Datasets = """

        create table dataset_updates (
            id {identity},
            dataset text not null check (dataset <> ''),
            partition_key text not null,
            version text,
            publication bigint references publications (id),
            run_number bigint references runs (number),
            who text,
            idempotency_key text check (idempotency_key <> ''),
            run_group text check (run_group <> ''),
            quiet text check (quiet <> ''),
            at_ms bigint not null,
            unique (publication),
            check ((publication is null) = (run_number is null)),
            check (run_group is null or quiet is null)
        );
        create unique index dataset_updates_posted on dataset_updates (dataset, idempotency_key) where idempotency_key is not null;
        create index dataset_updates_of_dataset on dataset_updates (dataset, id);
        create index dataset_updates_of_run on dataset_updates (run_number, dataset) where run_number is not null;

        create table dataset_partitions (
            dataset text not null,
            partition_key text not null,
            updates bigint not null check (updates > 0),
            last_update bigint not null references dataset_updates (id),
            updated_ms bigint not null,
            primary key (dataset, partition_key)
        ) {clustered};

        create index dataset_partitions_newest on dataset_partitions (dataset, updated_ms, last_update);

        create table dataset_cells (
            dataset text primary key,
            pipeline text not null,
            cells text not null check (cells <> '')
        );
        create index dataset_cells_of_pipeline on dataset_cells (pipeline);

        create table freshness_misses (
            id {identity},
            pipeline text not null,
            dataset text not null,
            rule text not null,
            due_ms bigint not null,
            updated_ms bigint,
            at_ms bigint not null,
            ended_ms bigint,
            change bigint not null,
            unique (pipeline, dataset, due_ms)
        );
        create index freshness_misses_changed on freshness_misses (change);
        create index freshness_misses_open on freshness_misses (pipeline, dataset) where ended_ms is null;

        create table dataset_cursors (
            pipeline text not null,
            dataset text not null,
            cursor bigint not null check (cursor >= 0),
            moved_ms bigint not null,
            primary key (pipeline, dataset)
        );

        create table dataset_consumptions (
            pipeline text not null,
            update_id bigint not null references dataset_updates (id),
            state text not null check (state in ('waiting', 'consumed', 'unmatched')),
            label text check (label in ('triggered_by', 'included', 'superseded')),
            run_number bigint references runs (number),
            reason text,
            at_ms bigint not null,
            primary key (pipeline, update_id),
            check ((state = 'consumed') = (run_number is not null)),
            check ((label is null) = (run_number is null)),
            check ((state = 'unmatched') = (reason is not null))
        ) {clustered};
        create index dataset_consumptions_waiting on dataset_consumptions (pipeline, update_id) where state = 'waiting';
        create index dataset_consumptions_of_run on dataset_consumptions (run_number) where run_number is not null;

        create table runs_with_downstream (
            run_number bigint primary key references runs (number),
            reason text not null,
            at_ms bigint not null
        );
        """;
}
