namespace Signalbox.Core.Expressions;

/// <summary>The names templates of pipeline files may use. Airflow's names mean what they mean there.</summary>
public static class TemplateNames
{
    public const string Ds = "ds";
    public const string DsNodash = "ds_nodash";
    public const string Ts = "ts";
    public const string TsNodash = "ts_nodash";
    public const string TsNodashWithTz = "ts_nodash_with_tz";
    public const string LogicalDate = "logical_date";
    public const string ExecutionDate = "execution_date";
    public const string DataIntervalStart = "data_interval_start";
    public const string DataIntervalEnd = "data_interval_end";
    public const string PreviousDs = "prev_ds";
    public const string NextDs = "next_ds";
    public const string YesterdayDs = "yesterday_ds";
    public const string TomorrowDs = "tomorrow_ds";
    public const string RunId = "run_id";
    public const string Params = "params";
    public const string DagRun = "dag_run";
    public const string Dag = "dag";
    public const string Task = "task";
    public const string TaskInstance = "task_instance";
    public const string Ti = "ti";
    public const string Macros = "macros";
    public const string XComPull = "xcom_pull";
    public const string Partition = "partition";
    public const string Pipeline = "pipeline";
    public const string Tasks = "tasks";
    public const string Models = "models";
    public const string Inputs = "inputs";
    public const string Outputs = "outputs";
    public const string Item = "item";
    public const string MapIndex = "map_index";
    public const string Result = "result";
    public const string Metrics = "metrics";

    /// <summary>All names that can stand at the root of a path.</summary>
    public static readonly ImmutableArray<string> Roots =
    [
        Ds,
        DsNodash,
        Ts,
        TsNodash,
        TsNodashWithTz,
        LogicalDate,
        ExecutionDate,
        DataIntervalStart,
        DataIntervalEnd,
        PreviousDs,
        NextDs,
        YesterdayDs,
        TomorrowDs,
        RunId,
        Params,
        DagRun,
        Dag,
        Task,
        TaskInstance,
        Ti,
        Macros,
        Partition,
        Pipeline,
        Tasks,
        Models,
        Inputs,
        Outputs,
        Item,
        MapIndex,
    ];

    /// <summary>
    /// The environment variable that carries what a path stands for (<c>params.min_rows</c>: SIGNALBOX_PARAM_MIN_ROWS), or null when none does.
    /// </summary>
    public static string? EnvironmentVariable(ImmutableArray<string> path) =>
        path switch
        {
            [Params, var name] => "SIGNALBOX_PARAM_" + Upper(name),
            [Inputs, var name] => "SIGNALBOX_INPUT_" + Upper(name),
            [Outputs, var name] => "SIGNALBOX_OUTPUT_" + Upper(name),
            [Ds] => "SIGNALBOX_DS",
            [LogicalDate or ExecutionDate or Ts] => "SIGNALBOX_LOGICAL_DATE",
            [DataIntervalStart] => "SIGNALBOX_INTERVAL_START",
            [DataIntervalEnd] => "SIGNALBOX_INTERVAL_END",
            [Partition] => "SIGNALBOX_PARTITION",
            [Pipeline] or [Dag, "dag_id"] => "SIGNALBOX_PIPELINE",
            [RunId] => "SIGNALBOX_RUN_ID",
            [Task, "task_id"] => "SIGNALBOX_TASK",
            [MapIndex] => "SIGNALBOX_MAP_INDEX",
            _ => null,
        };

    /// <summary>A name as it stands in the name of an environment variable: upper case, every other character an underscore.</summary>
    public static string Upper(string name) =>
        string.Create(
            name.Length,
            name,
            static (output, source) =>
            {
                for (var index = 0; index < source.Length; index++)
                {
                    output[index] = char.IsAsciiLetterOrDigit(source[index]) ? char.ToUpperInvariant(source[index]) : '_';
                }
            }
        );
}
