using System.Globalization;
using Microsoft.AspNetCore.Http;
using Signalbox.App.Cli;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The stable REST API of Airflow 2.10, for programs that are written for it.</summary>
internal sealed class AirflowV1 : AirflowDialect
{
    public override string Prefix => "/api/v1";

    public override string HealthPath => "/health";

    public override string Version => "2.10.5";

    public override int DefaultLimit => 100;

    public override int Malformed => StatusCodes.Status400BadRequest;

    public override bool NamesTheDate => false;

    // The last three are what a client that sends back what it was given sends, too.
    public override string[] TriggerFields { get; } =
    [
        "dag_run_id",
        "logical_date",
        "execution_date",
        "data_interval_start",
        "data_interval_end",
        "conf",
        "note",
        "state",
        "run_type",
        "external_trigger",
    ];

    public override string[] PatchRunFields { get; } = ["state"];

    public override string[] ClearFields { get; } = [.. ClearRequest.Fields, "include_subdags", "include_parentdag"];

    public override string[] DagFilters { get; } = ["tags", "paused", "dag_id_pattern", "only_active", "fields"];

    public override string[] RunFilters { get; } = ["state", "execution_date_gte", "execution_date_lte", "fields"];

    public override string[] TaskFilters { get; } = ["state", "pool"];

    public override object Dag(StoredPipeline row, Pipeline pipeline, AirflowCalls calls) => DagOf(row, pipeline, calls);

    public override object Dags(IEnumerable<(StoredPipeline Row, Pipeline Pipeline)> dags, int total, AirflowCalls calls) =>
        new DagsV1([.. dags.Select(dag => DagOf(dag.Row, dag.Pipeline, calls))], total);

    public override object Run(ReadSession session, Run run) => AirflowShapes.RunV1Of(session, run);

    public override object Runs(ReadSession session, IEnumerable<Run> runs, long total) =>
        new DagRunsV1([.. runs.Select(run => AirflowShapes.RunV1Of(session, run))], total);

    public override object Task(RunPicture picture, TaskRun task, Attempt? attempt) => AirflowShapes.TaskV1Of(picture, task, attempt);

    public override object Tasks(RunPicture picture, IEnumerable<(TaskRun Task, Attempt? Attempt)> tasks, int total) =>
        new TaskInstancesV1([.. tasks.Select(each => AirflowShapes.TaskV1Of(picture, each.Task, each.Attempt))], total);

    public override object Cleared(string dag, IReadOnlyList<(RunPicture Picture, TaskRun Task)> cleared) =>
        new TaskInstanceReferencesV1([
            .. cleared.Select(each => new TaskInstanceReferenceV1(
                each.Task.Key.Task.Value,
                dag,
                AirflowShapes.Instant(each.Picture.Run.LogicalDate),
                each.Picture.Run.Id.Value
            )),
        ]);

    // Of two that are wanted alike, text is the first that Airflow offers; without a word it is JSON.
    public override LogForm LogFormOf(HttpContext call) =>
        Quality(call, "text/plain") is > 0 and var text && text >= Quality(call, "application/json") ? LogForm.Text : LogForm.Document;

    // There is always a token, as the specification has it: behind the end it gives no more text.
    public override object Log(string text, long end, bool isLast) => new LogV1(end.ToString(CultureInfo.InvariantCulture), text);

    private static DagV1 DagOf(StoredPipeline row, Pipeline pipeline, AirflowCalls calls) =>
        AirflowShapes.DagV1Of(row, pipeline, calls.Project, calls.Now);
}
