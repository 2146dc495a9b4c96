using System.Globalization;
using Microsoft.AspNetCore.Http;
using Signalbox.App.Cli;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The REST API of Airflow 3, for programs that are written for it.</summary>
internal sealed class AirflowV2 : AirflowDialect
{
    public override string Prefix => "/api/v2";

    public override string HealthPath => "/monitor/health";

    public override string Version => "3.1.0";

    public override int DefaultLimit => 50;

    public override int Malformed => StatusCodes.Status422UnprocessableEntity;

    public override bool NamesTheDate => true;

    public override string[] TriggerFields { get; } =
    ["dag_run_id", "logical_date", "data_interval_start", "data_interval_end", "run_after", "conf", "note"];

    public override string[] PatchRunFields { get; } = ["state", "note"];

    public override string[] ClearFields { get; } = [.. ClearRequest.Fields, ClearRequest.OnLatestVersion];

    public override string[] DagFilters { get; } = ["tags", "tags_match_mode", "owners", "paused", "dag_id_pattern", "exclude_stale"];

    public override string[] RunFilters { get; } = ["state", "logical_date_gte", "logical_date_lte"];

    public override string[] TaskFilters { get; } = ["state", "pool"];

    public override object Dag(StoredPipeline row, Pipeline pipeline, AirflowCalls calls) => DagOf(row, pipeline, calls);

    public override object Dags(IEnumerable<(StoredPipeline Row, Pipeline Pipeline)> dags, int total, AirflowCalls calls) =>
        new DagsV2([.. dags.Select(dag => DagOf(dag.Row, dag.Pipeline, calls))], total);

    public override object Run(ReadSession session, Run run) => AirflowShapes.RunV2Of(session, run);

    public override object Runs(ReadSession session, IEnumerable<Run> runs, long total) =>
        new DagRunsV2([.. runs.Select(run => AirflowShapes.RunV2Of(session, run))], total);

    public override object Task(RunPicture picture, TaskRun task, Attempt? attempt) => AirflowShapes.TaskV2Of(picture, task, attempt);

    public override object Tasks(RunPicture picture, IEnumerable<(TaskRun Task, Attempt? Attempt)> tasks, int total) =>
        new TaskInstancesV2([.. tasks.Select(each => AirflowShapes.TaskV2Of(picture, each.Task, each.Attempt))], total);

    public override object Cleared(string dag, IReadOnlyList<(RunPicture Picture, TaskRun Task)> cleared) =>
        new TaskInstancesV2([.. cleared.Select(each => AirflowShapes.TaskV2Of(each.Picture, each.Task, attempt: null))], cleared.Count);

    // JSON is the first that Airflow offers.
    public override LogForm LogFormOf(HttpContext call) =>
        Quality(call, "application/x-ndjson") > Quality(call, "application/json") ? LogForm.Lines : LogForm.Document;

    public override object Log(string text, long end, bool isLast) =>
        new LogV2(LogLineV2.Of(text), isLast ? null : end.ToString(CultureInfo.InvariantCulture));

    private static DagV2 DagOf(StoredPipeline row, Pipeline pipeline, AirflowCalls calls) =>
        AirflowShapes.DagV2Of(row, pipeline, calls.Project, calls.Now);
}
