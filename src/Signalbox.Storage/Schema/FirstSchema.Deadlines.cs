namespace Signalbox.Storage.Schema;

/// <content>By when runs and tasks must have succeeded, and whether they had.</content>
internal static partial class FirstSchema
{
    // The task is empty for the whole run. A deadline without a run is of a tick that was skipped: it cannot be met.
    private const string DeadlineTables = """

        create table deadlines (
            id {identity},
            pipeline text not null,
            run_number bigint references runs (number),
            task text not null,
            ordinal bigint not null check (ordinal >= 0),
            rule text not null,
            base_ms bigint not null,
            due_ms bigint not null,
            state text not null check (state in ('open', 'met', 'missed')),
            judged_ms bigint,
            expected_ms bigint,
            reason text,
            check (due_ms > base_ms),
            check ((judged_ms is null) = (state = 'open')),
            check ((reason is not null) = (state = 'missed')),
            check (expected_ms is null or state = 'missed'),
            check (run_number is not null or state <> 'met')
        );
        create unique index deadlines_of_run on deadlines (run_number, task, ordinal) where run_number is not null;
        create unique index deadlines_of_tick on deadlines (pipeline, base_ms, task, ordinal) where run_number is null;
        create index deadlines_open on deadlines (due_ms) where state = 'open';
        create index deadlines_of_pipeline on deadlines (pipeline, base_ms);
        create index deadlines_by_base on deadlines (base_ms);
        """;
}
