using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The stable REST API of Airflow 2.10, for programs that are written for it.</summary>
internal static class AirflowV1
{
    private const string Version = "2.10.5";
    private const string Runs = "/api/v1/dags/{dag}/dagRuns";
    private const string Tasks = $"{Runs}/{{run}}/taskInstances";

    private static readonly AirflowDialect Dialect = AirflowDialect.V1;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/health", Health).AllowAnonymous();
        routes.MapGet("/api/v1/version", VersionOf).AllowAnonymous();
        routes.MapGet("/api/v1/dags", Dags).RequireAuthorization(Policies.Viewer);
        routes.MapGet("/api/v1/dags/{dag}", Dag).RequireAuthorization(Policies.Viewer);
        routes.MapPatch("/api/v1/dags/{dag}", PatchDagAsync).RequireAuthorization(Policies.Admin);
        routes.MapGet(Runs, ListRuns).RequireAuthorization(Policies.Viewer);
        routes.MapPost(Runs, TriggerAsync).RequireAuthorization(Policies.Admin);
        routes.MapGet($"{Runs}/{{run}}", Run).RequireAuthorization(Policies.Viewer);
        routes.MapPatch($"{Runs}/{{run}}", PatchRunAsync).RequireAuthorization(Policies.Admin);
        routes.MapDelete($"{Runs}/{{run}}", DeleteRunAsync).RequireAuthorization(Policies.Admin);
        routes.MapGet(Tasks, ListTasks).RequireAuthorization(Policies.Viewer);
        routes.MapGet($"{Tasks}/{{task}}", TaskOf).RequireAuthorization(Policies.Viewer);
        routes.MapGet($"{Tasks}/{{task}}/{{mapIndex:int}}", Instance).RequireAuthorization(Policies.Viewer);
        routes.MapGet($"{Tasks}/{{task}}/logs/{{attempt:int}}", LogAsync).RequireAuthorization(Policies.Viewer);
        routes.MapPost("/api/v1/dags/{dag}/clearTaskInstances", ClearAsync).RequireAuthorization(Policies.Admin);
    }

    /// <summary>Which Airflow is spoken, and by whom.</summary>
    public static string Spoken(string version) => $"{version}+signalbox.{Cli.AppVersion.Number}";

    public static HealthV1 HealthOf(Store store, TimeProvider time)
    {
        var now = AirflowShapes.Instant(time.GetUtcNow());
        var isThere = true;
        try
        {
            store.Read(session => session.SchemaVersion);
        }
        catch (StoreUnavailable)
        {
            // That is what is asked here.
            isThere = false;
        }

        // One process does all of it: who answers this is alive.
        return new HealthV1(
            new HealthStatus(isThere ? "healthy" : "unhealthy"),
            new SchedulerHealth("healthy", now),
            new TriggererHealth("healthy", now),
            new ProcessorHealth("healthy", now)
        );
    }

    private static HealthV1 Health(Store store, TimeProvider time) => HealthOf(store, time);

    private static AirflowVersion VersionOf() => new(Spoken(Version), GitVersion: null);

    private static DagsV1 Dags(HttpContext call, AirflowCalls calls)
    {
        var (page, total) = calls.Dags(call, Dialect);
        return new DagsV1([.. page.Select(dag => AirflowShapes.DagV1Of(dag.Row, dag.Pipeline, calls.Project, calls.Now))], total);
    }

    private static DagV1 Dag(string dag, AirflowCalls calls)
    {
        var (row, pipeline) = calls.Dag(dag);
        return AirflowShapes.DagV1Of(row, pipeline, calls.Project, calls.Now);
    }

    private static async Task<DagV1> PatchDagAsync(string dag, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        await calls.PatchDagAsync(dag, body, call, Dialect);
        return Dag(dag, calls);
    }

    private static DagRunsV1 ListRuns(string dag, HttpContext call, AirflowCalls calls)
    {
        var (page, total) = calls.Runs(dag, call, Dialect);
        return calls.Store.Read(session => new DagRunsV1([.. page.Select(run => AirflowShapes.RunV1Of(session, run))], total));
    }

    private static async Task<DagRunV1> TriggerAsync(string dag, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        var run = await calls.TriggerAsync(dag, body, call, Dialect);
        return calls.Store.Read(session => AirflowShapes.RunV1Of(session, run));
    }

    private static DagRunV1 Run(string dag, string run, AirflowCalls calls)
    {
        var found = calls.Run(dag, run);
        return calls.Store.Read(session => AirflowShapes.RunV1Of(session, found));
    }

    private static async Task<DagRunV1> PatchRunAsync(string dag, string run, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        var changed = await calls.PatchRunAsync(dag, run, body, call, Dialect);
        return calls.Store.Read(session => AirflowShapes.RunV1Of(session, changed));
    }

    private static async Task<IResult> DeleteRunAsync(string dag, string run, HttpContext call, AirflowCalls calls)
    {
        await calls.DeleteRunAsync(dag, run, call);
        return Results.NoContent();
    }

    private static TaskInstancesV1 ListTasks(string dag, string run, HttpContext call, AirflowCalls calls)
    {
        var picture = AirflowTasks.Picture(calls, dag, run);
        var (page, total) = AirflowTasks.List(calls, picture, call, Dialect);
        return new TaskInstancesV1([.. page.Select(each => AirflowShapes.TaskV1Of(picture, each.Task, each.Attempt))], total);
    }

    private static TaskInstanceV1 TaskOf(string dag, string run, string task, AirflowCalls calls) =>
        Instance(dag, run, task, Core.TaskKey.NotMapped, calls);

    private static TaskInstanceV1 Instance(string dag, string run, string task, int mapIndex, AirflowCalls calls)
    {
        var picture = AirflowTasks.Picture(calls, dag, run);
        var (found, attempt) = AirflowTasks.Find(calls, picture, task, mapIndex);
        return AirflowShapes.TaskV1Of(picture, found, attempt);
    }

    private static async Task<IResult> LogAsync(string dag, string run, string task, int attempt, HttpContext call, AirflowCalls calls)
    {
        var query = call.Request.Query;
        var picture = AirflowTasks.Picture(calls, dag, run);
        var mapIndex = int.TryParse(query["map_index"], CultureInfo.InvariantCulture, out var told) ? told : Core.TaskKey.NotMapped;
        var (found, _) = AirflowTasks.Find(calls, picture, task, mapIndex);
        var isJson = call.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.Ordinal);
        var (text, next) = await AirflowTasks.LogAsync(
            calls,
            picture,
            found,
            attempt,
            AirflowTasks.Token(query["token"]),
            isFull: !isJson || string.Equals(query["full_content"], "true", StringComparison.OrdinalIgnoreCase),
            call.RequestAborted
        );
        return isJson
            ? Results.Ok(new LogV1(next?.ToString(CultureInfo.InvariantCulture), text))
            : Results.Text(text, "text/plain; charset=utf-8");
    }

    private static async Task<TaskInstanceReferencesV1> ClearAsync(string dag, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        var cleared = await calls.ClearAsync(dag, body, call, Dialect);
        return new TaskInstanceReferencesV1([
            .. cleared.Select(each => new TaskInstanceReferenceV1(
                each.Task.Key.Task.Value,
                dag,
                AirflowShapes.Instant(each.Picture.Run.LogicalDate),
                each.Picture.Run.Id.Value
            )),
        ]);
    }
}
