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

    /// <summary>Every combination of the keys of the pipeline's dimensions, each a map from the name of a dimension to its key.</summary>
    public const string Cells = "cells";
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
        Cells,
        Pipeline,
        Tasks,
        Models,
        Inputs,
        Outputs,
        Item,
        MapIndex,
    ];

    /// <summary>
    /// The environment variable that carries what a path stands for (<c>params.min_rows</c>: the variable of that parameter), or null when none does.
    /// </summary>
    public static string? EnvironmentVariable(ImmutableArray<string> path) =>
        path switch
        {
            [Params, var name] => TaskEnvironment.Param(name),
            [Inputs, var name] => TaskEnvironment.Input(name),
            [Outputs, var name] => TaskEnvironment.Output(name),
            [Ds] => TaskEnvironment.Ds,
            [LogicalDate or ExecutionDate or Ts] => TaskEnvironment.LogicalDate,
            [DataIntervalStart] => TaskEnvironment.IntervalStart,
            [DataIntervalEnd] => TaskEnvironment.IntervalEnd,
            [Partition] => TaskEnvironment.Partition,
            [Pipeline] or [Dag, "dag_id"] => TaskEnvironment.Pipeline,
            [RunId] => TaskEnvironment.RunId,
            [Task, "task_id"] => TaskEnvironment.Task,
            [MapIndex] => TaskEnvironment.MapIndex,
            _ => null,
        };
}
