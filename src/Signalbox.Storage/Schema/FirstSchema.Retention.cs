namespace Signalbox.Storage.Schema;

/// <content>What must not go, and what is going.</content>
internal static partial class FirstSchema
{
    // A removal is there from when it is decided until all of it is done: of one run, or of the rows that belong to none.
    private const string Retention = """

        create table pins (
            run_number bigint primary key references runs (number),
            who text not null,
            reason text not null,
            at_ms bigint not null
        );

        create table removals (
            id {identity},
            pipeline text,
            run_number bigint unique,
            records_ms bigint,
            audit_ms bigint,
            marked_ms bigint not null,
            rows_gone bigint not null default 0 check (rows_gone in (0, 1)),
            check ((run_number is null) = (pipeline is null)),
            check ((records_ms is null) = (audit_ms is null)),
            check ((run_number is null) = (records_ms is not null))
        );

        create index runs_ended on runs (pipeline, ended_ms) where ended_ms is not null;
        create index runs_of_backfill on runs (backfill) where backfill is not null;
        create index fingerprints_of_source on fingerprints (source_run) where source_run <> run_number;
        create index verdicts_of_first on verdicts (first_run);
        create index verdicts_of_second on verdicts (second_run);
        create index model_versions_of_run on model_versions (run_number);
        create index dataset_consumptions_of_update on dataset_consumptions (update_id);
        create index dataset_cursors_of_dataset on dataset_cursors (dataset);
        create index dataset_partitions_last on dataset_partitions (last_update);
        create index backfill_items_of_run on backfill_items (run_number) where run_number is not null;
        create index version_switches_from on version_switches (from_publication) where from_publication is not null;
        """;
}
