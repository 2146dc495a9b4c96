namespace Signalbox.Storage.Schema;

/// <summary>
/// The tables. Times are Unix milliseconds in columns ending <c>_ms</c>; truth values are 0 and 1; map index -1 is "not mapped".
/// Rows that make no sense are refused here, whoever writes them.
/// </summary>
internal static partial class FirstSchema
{
    public const string Script =
        """
            create table counters (name text primary key, value bigint not null check (value >= 0));
            insert into counters (name, value) values ('run', 0), ('freshness', 0);

            create table definitions (
                pipeline text not null,
                version text not null check (length(version) = 12),
                json text not null,
                source text not null,
                first_seen_ms bigint not null,
                primary key (pipeline, version)
            );

            create table pipelines (
                name text primary key,
                version text,
                paused bigint not null default 0 check (paused in (0, 1)),
                paused_reason text,
                source_file text,
                cursor_ms bigint,
                load_error text,
                updated_ms bigint not null,
                check (paused_reason is null or paused = 1),
                foreign key (name, version) references definitions (pipeline, version)
            );

            create table runs (
                number bigint primary key check (number > 0),
                pipeline text not null,
                run_id text not null,
                version text not null,
                logical_ms bigint not null,
                interval_start_ms bigint not null,
                interval_end_ms bigint not null,
                partition_key text not null,
                started_by text not null check (started_by in ('manual', 'scheduled', 'backfill', 'dataset', 'event')),
                state text not null check (state in ('queued', 'running', 'success', 'failed', 'cancelled')),
                priority bigint not null,
                params text not null,
                backfill bigint,
                namespace text check (namespace <> ''),
                only_tasks text not null,
                author text,
                reason text,
                created_ms bigint not null,
                started_ms bigint,
                ended_ms bigint,
                deadline_ms bigint,
                retries bigint not null check (retries >= 0),
                retry_ms bigint,
                ending text check (ending in ('success', 'failed', 'cancelled')),
                revision bigint not null check (revision > 0),
                owner text,
                epoch bigint not null check (epoch >= 0),
                unique (pipeline, run_id),
                foreign key (pipeline, version) references definitions (pipeline, version),
                check ((ended_ms is null) = (state not in ('success', 'failed', 'cancelled'))),
                check (retry_ms is null or state = 'running'),
                check (interval_end_ms >= interval_start_ms),
                check (owner is null or epoch > 0)
            );
            create index runs_active on runs (number) where ended_ms is null;
            create index runs_active_of_pipeline on runs (pipeline) where ended_ms is null;
            create index runs_of_pipeline on runs (pipeline, number);
            create index runs_by_interval on runs (pipeline, interval_start_ms);

            create table tasks (
                run_number bigint not null references runs (number),
                task text not null,
                map_index bigint not null check (map_index >= -1),
                state text not null check (state in ('none', 'scheduled', 'queued', 'running', 'success', 'failed', 'skipped',
                    'upstream_failed', 'blocked', 'up_for_retry', 'up_for_reschedule', 'removed')),
                token bigint not null check (token >= 0),
                try_number bigint not null check (try_number >= 0),
                tries_before bigint not null check (tries_before >= 0),
                lost_count bigint not null check (lost_count >= 0),
                reason text,
                due_ms bigint,
                deadline_ms bigint,
                ready_ms bigint,
                started_ms bigint,
                ended_ms bigint,
                polls bigint not null check (polls >= 0),
                failed_polls bigint not null check (failed_polls between 0 and polls),
                map_count bigint check (map_count >= 0),
                item text,
                label text,
                result text,
                attempt text check (attempt in ('submitting', 'running', 'publishing', 'success', 'failed', 'skipped', 'cancelled', 'lost')),
                stopping text check (stopping in ('timeout', 'silence', 'cancelled', 'cleared', 'marked')),
                marked_as text check (marked_as in ('success', 'failed', 'skipped')),
                failure_class text,
                failure_message text,
                failure_rule text,
                failure_retry_after_ms bigint,
                failure_check bigint not null check (failure_check in (0, 1)),
                revision bigint not null check (revision > 0),
                primary key (run_number, task, map_index),
                check ((ended_ms is null)
                    = (state not in ('success', 'failed', 'skipped', 'upstream_failed', 'blocked', 'removed'))),
                check ((failure_class is null) = (failure_message is null))
            ) {clustered};

            create table attempts (
                run_number bigint not null,
                task text not null,
                map_index bigint not null,
                number bigint not null check (number > 0),
                token bigint not null check (token > 0),
                state text not null check (state in ('submitting', 'running', 'publishing', 'success', 'failed', 'skipped', 'cancelled', 'lost')),
                submitted_ms bigint not null,
                started_ms bigint,
                ended_ms bigint,
                exit_code bigint,
                failure_class text,
                failure_message text,
                failure_rule text,
                failure_retry_after_ms bigint,
                failure_check bigint not null check (failure_check in (0, 1)),
                process_id text,
                process_identity text,
                cpu_ms bigint,
                peak_memory bigint,
                next_delay_ms bigint,
                gpus text check (gpus <> ''),
                primary key (run_number, task, map_index, number),
                foreign key (run_number, task, map_index) references tasks (run_number, task, map_index),
                check ((ended_ms is null) = (state not in ('success', 'failed', 'skipped', 'cancelled', 'lost'))),
                check ((failure_class is null) = (failure_message is null))
            ) {clustered};

            create index attempts_lost on attempts (ended_ms) where state = 'lost';

            create table history (
                id {identity},
                run_number bigint not null,
                at_ms bigint not null,
                task text,
                map_index bigint not null check (map_index >= -1),
                number bigint not null,
                from_state text not null,
                event text not null,
                to_state text not null,
                reason text
            );
            create index history_of_run on history (run_number);

            create table outbox (
                id {identity},
                kind text not null,
                payload text not null,
                created_ms bigint not null,
                attempts bigint not null check (attempts >= 0),
                due_ms bigint not null,
                delivered_ms bigint,
                error text
            );
            create index outbox_waiting on outbox (due_ms) where delivered_ms is null;

            create table requests (
                id {identity},
                kind text not null,
                payload text not null,
                sender text not null,
                created_ms bigint not null,
                taken_ms bigint,
                answered_ms bigint,
                answer text,
                error text,
                check (answered_ms is null or taken_ms is not null),
                check (answered_ms is not null or (answer is null and error is null)),
                check (answer is null or error is null)
            );
            create index requests_waiting on requests (id) where answered_ms is null;

            create table ticks (
                pipeline text not null,
                schedule text not null,
                label text not null,
                at_ms bigint not null,
                run_number bigint references runs (number),
                skipped text,
                skip text check (skip in ('catchup', 'calendar', 'blackout', 'overlap', 'paused', 'same_date', 'params')),
                recorded_ms bigint not null,
                primary key (pipeline, schedule, label),
                check ((run_number is null) <> (skipped is null)),
                check (skip is null or skipped is not null)
            );
            create unique index ticks_of_run on ticks (run_number) where run_number is not null;

            create table pools (name text primary key, slots bigint not null check (slots >= 0), description text);

            create table backfills (
                id {identity},
                pipeline text not null,
                spec text not null,
                state text not null check (state in ('running', 'paused', 'success', 'failed', 'cancelled')),
                reason text,
                created_ms bigint not null,
                ended_ms bigint,
                check ((ended_ms is null) = (state not in ('success', 'failed', 'cancelled')))
            );

            create table backfill_items (
                backfill bigint not null references backfills (id),
                ordinal bigint not null,
                logical_ms bigint not null,
                partition_key text not null,
                state text not null check (state in ('pending', 'running', 'success', 'failed', 'cancelled', 'skipped')),
                run_number bigint references runs (number),
                reason text,
                primary key (backfill, ordinal),
                unique (backfill, logical_ms, partition_key),
                check (run_number is not null or reason is not null or state not in ('running', 'success', 'failed'))
            );

            create table pipeline_watermarks (
                pipeline_name text primary key,
                processed_date text not null,
                updated_ms bigint not null,
                reason text
            );

            create table watermark_history (
                id {identity},
                pipeline_name text not null,
                from_date text,
                to_date text not null,
                at_ms bigint not null,
                reason text
            );

            create table publications (
                id {identity},
                run_number bigint not null references runs (number),
                pipeline text not null,
                task text not null,
                map_index bigint not null,
                attempt bigint not null,
                token bigint not null,
                output text not null,
                dataset text not null,
                namespace text,
                path text not null,
                staged_path text not null,
                partition_key text not null,
                kind text not null check (kind in ('file', 'folder', 'object', 'objects', 'table')),
                state text not null check (state in ('prepared', 'published', 'aborted')),
                sha256 text,
                bytes bigint,
                row_count bigint,
                columns text,
                inputs text not null,
                kept text,
                version text not null,
                prepared_ms bigint not null,
                ended_ms bigint,
                reason text,
                unique (run_number, task, map_index, token, output),
                check ((ended_ms is null) = (state = 'prepared'))
            );
            create index publications_unfinished on publications (id) where state = 'prepared';
            create index publications_of_dataset on publications (dataset, partition_key);
            create index publications_of_path on publications (path);
            create index publications_kept on publications (path) where kept is not null;

            create table current_versions (
                path text primary key,
                publication bigint not null references publications (id),
                switched_ms bigint not null
            );

            create table version_switches (
                id {identity},
                path text not null,
                from_publication bigint references publications (id),
                to_publication bigint not null references publications (id),
                who text not null,
                reason text,
                request bigint references requests (id),
                at_ms bigint not null,
                ended_ms bigint
            );
            create index version_switches_of_path on version_switches (path, id);
            create index version_switches_to on version_switches (to_publication);
            create index version_switches_of_request on version_switches (request) where request is not null;
            create index version_switches_unfinished on version_switches (id) where ended_ms is null;

            create table refusals (
                id {identity},
                run_number bigint not null references runs (number),
                task text not null,
                map_index bigint not null,
                attempt bigint not null,
                token bigint not null,
                reason text not null,
                at_ms bigint not null,
                unique (run_number, task, map_index, attempt)
            );

            create table models (name text primary key, created_ms bigint not null, description text);

            create table model_versions (
                model text not null references models (name),
                version bigint not null check (version > 0),
                run_number bigint not null references runs (number),
                task text not null,
                map_index bigint not null,
                output text not null,
                path text not null,
                sha256 text not null,
                metrics text not null,
                definition text not null,
                inputs text not null,
                published_path text not null,
                created_ms bigint not null,
                primary key (model, version),
                unique (model, run_number, task, map_index, output, sha256)
            );

            create table model_aliases (
                model text not null,
                alias text not null,
                version bigint not null,
                run_number bigint,
                reason text,
                at_ms bigint not null,
                primary key (model, alias),
                foreign key (model, version) references model_versions (model, version)
            );

            create table model_alias_history (
                id {identity},
                model text not null,
                alias text not null,
                from_version bigint,
                to_version bigint not null,
                run_number bigint,
                who text,
                back bigint not null check (back in (0, 1)),
                from_metrics text,
                to_metrics text not null,
                reason text,
                at_ms bigint not null
            );

            create table metrics (
                run_number bigint not null references runs (number),
                task text not null,
                map_index bigint not null,
                attempt bigint not null,
                name text not null,
                value double precision not null,
                primary key (run_number, task, map_index, attempt, name)
            ) {clustered};

            create table audit (
                id {identity},
                at_ms bigint not null,
                who text not null,
                what text not null,
                reason text
            );

            create table model_registries (
                model text not null references models (name),
                registry text not null,
                primary key (model, registry)
            );

            create table approvals (
                id {identity},
                run_number bigint not null,
                task text not null,
                map_index bigint not null,
                token bigint not null,
                round bigint not null check (round > 0),
                message text not null,
                about text,
                state text not null check (state in ('open', 'approved', 'rejected', 'expired')),
                reason text,
                asked_ms bigint not null,
                deadline_ms bigint,
                remind_ms bigint,
                reminders bigint not null check (reminders >= 0),
                closed_ms bigint,
                unique (run_number, task, map_index, token),
                foreign key (run_number, task, map_index) references tasks (run_number, task, map_index),
                check ((closed_ms is null) = (state = 'open'))
            );
            create index approvals_open on approvals (id) where state = 'open';

            create table approval_answers (
                id {identity},
                approval bigint not null references approvals (id),
                round bigint not null check (round > 0),
                who text not null,
                approves bigint not null check (approves in (0, 1)),
                reason text,
                form text not null,
                at_ms bigint not null,
                unique (approval, round, who)
            );
            create table variants (
                pipeline text not null,
                variant text not null check (variant <> ''),
                version text not null,
                source_file text not null,
                who text not null,
                reason text,
                deployed_ms bigint not null,
                primary key (pipeline, variant),
                foreign key (pipeline, version) references definitions (pipeline, version)
            );

            create table variant_switches (
                id {identity},
                pipeline text not null,
                kind text not null check (kind in ('promote', 'rollback')),
                from_variant text,
                from_version text not null,
                to_variant text,
                to_version text not null,
                who text not null,
                reason text,
                at_ms bigint not null
            );
            create index variant_switches_of_pipeline on variant_switches (pipeline, id);

            create table shadows (
                id {identity},
                pipeline text not null,
                current_version text not null,
                candidate_version text not null,
                namespace text not null,
                clean bigint not null check (clean in (0, 1)),
                gate bigint,
                dates bigint not null check (dates > 0),
                clean_dates bigint not null check (clean_dates between 0 and dates),
                row_count bigint not null,
                missing bigint not null,
                extra bigint not null,
                different bigint not null,
                document text not null,
                who text not null,
                reason text,
                at_ms bigint not null,
                foreign key (pipeline, current_version) references definitions (pipeline, version),
                foreign key (pipeline, candidate_version) references definitions (pipeline, version)
            );
            create index shadows_of_pair on shadows (pipeline, current_version, candidate_version, id);
            """
        + Checks
        + Signals
        + Schedules
        + Proofs
        + Alerts
        + Datasets
        + Access
        + DeadlineTables
        + Inbox
        + Breakers
        + Retention;
}
