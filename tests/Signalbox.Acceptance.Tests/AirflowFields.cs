using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>
/// The fields of Airflow's documents after the public specifications of 2.10 and 3.1: a line each, a name and its kind, with a question mark where it
/// may be null.
/// </summary>
internal static class AirflowFields
{
    public const string DagV1 = """
        dag_id string, dag_display_name string, is_paused boolean?, is_active boolean?, is_subdag boolean, root_dag_id string?, last_parsed_time string?,
        last_pickled string?, last_expired string?, scheduler_lock boolean?, pickle_id string?, default_view string?, fileloc string, file_token string,
        owners array, description string?, schedule_interval object?, timetable_description string?, tags array?, max_active_tasks number?,
        max_active_runs number?, has_task_concurrency_limits boolean?, has_import_errors boolean?, next_dagrun string?,
        next_dagrun_data_interval_start string?, next_dagrun_data_interval_end string?, next_dagrun_create_after string?,
        max_consecutive_failed_dag_runs number?
        """;

    public const string DagV2 = """
        dag_id string, dag_display_name string, is_paused boolean, is_stale boolean, last_parsed_time string?, last_parse_duration number?,
        last_expired string?, bundle_name string?, bundle_version string?, relative_fileloc string?, fileloc string, description string?,
        timetable_summary string?, timetable_description string?, tags array, max_active_tasks number, max_active_runs number?,
        max_consecutive_failed_dag_runs number, has_task_concurrency_limits boolean, has_import_errors boolean, next_dagrun_logical_date string?,
        next_dagrun_data_interval_start string?, next_dagrun_data_interval_end string?, next_dagrun_run_after string?, owners array, file_token string
        """;

    public const string RunV1 = """
        dag_run_id string?, dag_id string, logical_date string?, execution_date string?, start_date string?, end_date string?, data_interval_start string?,
        data_interval_end string?, last_scheduling_decision string?, run_type string, state string, external_trigger boolean, conf object, note string?
        """;

    public const string RunV2 = """
        dag_run_id string, dag_id string, logical_date string?, queued_at string?, start_date string?, end_date string?, duration number?,
        data_interval_start string?, data_interval_end string?, run_after string, last_scheduling_decision string?, run_type string, state string,
        triggered_by string?, triggering_user_name string?, conf object?, note string?, dag_versions array, bundle_version string?, dag_display_name string
        """;

    public const string TaskV1 = """
        task_id string, task_display_name string, dag_id string, dag_run_id string, execution_date string, start_date string?, end_date string?,
        duration number?, state string?, try_number number, map_index number, max_tries number, hostname string, unixname string, pool string,
        pool_slots number, queue string?, priority_weight number?, operator string?, queued_when string?, pid number?, executor string?,
        executor_config string, sla_miss object?, rendered_map_index string?, rendered_fields object, trigger object?, triggerer_job object?, note string?
        """;

    public const string TaskV2 = """
        id string, task_id string, dag_id string, dag_run_id string, map_index number, logical_date string?, run_after string, start_date string?,
        end_date string?, duration number?, state string?, try_number number, max_tries number, task_display_name string, dag_display_name string,
        hostname string?, unixname string?, pool string, pool_slots number, queue string?, priority_weight number?, operator string?,
        operator_name string?, queued_when string?, scheduled_when string?, pid number?, executor string?, executor_config string, note string?,
        rendered_map_index string?, rendered_fields object, trigger object?, triggerer_job object?, dag_version object?
        """;

    public const string Version = "version string, git_version string?";

    /// <summary>The health of either version: four parts with a status each, three of them with a heartbeat.</summary>
    public static void CheckHealth(JsonElement health)
    {
        Check("metadatabase object, scheduler object, triggerer object, dag_processor object", health);
        Check("status string?", health.GetProperty("metadatabase"));
        foreach (var part in new[] { "scheduler", "triggerer", "dag_processor" })
        {
            Check($"status string?, latest_{part}_heartbeat string?", health.GetProperty(part));
        }
    }

    /// <summary>A document has these fields and no others, each of its kind.</summary>
    public static void Check(string fields, JsonElement document)
    {
        var kinds = fields
            .Split(',', StringSplitOptions.TrimEntries)
            .Select(field => field.Split(' '))
            .ToDictionary(field => field[0], field => field[1]);
        Assert.Equal(
            kinds.Keys.Order(StringComparer.Ordinal),
            document.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)
        );
        foreach (var field in document.EnumerateObject())
        {
            var kind = kinds[field.Name];
            var seen = field.Value.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.False => "boolean",
                var other => other.ToString().ToLowerInvariant(),
            };
            Assert.True(seen == kind.TrimEnd('?') || (seen == "null" && kind.EndsWith('?')), $"{field.Name} is {seen}, not {kind}");
        }
    }
}
