namespace Signalbox.Storage.Schema;

/// <content>What checks found, and what they put aside.</content>
internal static partial class FirstSchema
{
    private const string Checks = """

        create table check_results (
            id {identity},
            run_number bigint not null references runs (number),
            task text not null,
            map_index bigint not null,
            attempt bigint not null,
            output text not null,
            name text not null,
            kind text not null,
            severity text not null check (severity in ('block', 'warn', 'quarantine')),
            passed bigint not null check (passed in (0, 1)),
            observed text,
            expected text,
            message text,
            samples text,
            at_ms bigint not null
        );
        create index check_results_of_task on check_results (run_number, task, map_index);

        create table rejected (
            id {identity},
            run_number bigint not null references runs (number),
            pipeline text not null,
            task text not null,
            map_index bigint not null,
            attempt bigint not null,
            token bigint not null,
            output text not null,
            namespace text check (namespace <> ''),
            path text not null,
            staged_path text not null,
            output_path text not null,
            partition_key text not null,
            state text not null check (state in ('prepared', 'kept', 'replaced', 'aborted')),
            row_count bigint not null check (row_count > 0),
            of_rows bigint not null,
            checks text not null,
            at_ms bigint not null,
            replay_run bigint references runs (number),
            replay_path text,
            unique (run_number, task, map_index, token, output),
            check ((replay_run is null) = (replay_path is null))
        );
        create index rejected_of_path on rejected (path);
        create index rejected_of_pipeline on rejected (pipeline, id);
        create index rejected_replays on rejected (replay_run) where replay_run is not null;
        """;
}
