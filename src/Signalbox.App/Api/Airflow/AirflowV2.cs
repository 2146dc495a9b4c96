using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The REST API of Airflow 3, for programs that are written for it.</summary>
internal static class AirflowV2
{
    private const string Version = "3.0.6";
    private const string Runs = "/api/v2/dags/{dag}/dagRuns";
    private const string Tasks = $"{Runs}/{{run}}/taskInstances";

    private static readonly AirflowDialect Dialect = AirflowDialect.V2;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/token", TokenAsync).AllowAnonymous();
        routes.MapGet("/api/v2/monitor/health", Health).AllowAnonymous();
        routes.MapGet("/api/v2/version", VersionOf).AllowAnonymous();
        routes.MapGet("/api/v2/dags", Dags).RequireAuthorization(Policies.Viewer);
        routes.MapGet("/api/v2/dags/{dag}", Dag).RequireAuthorization(Policies.Viewer);
        routes.MapPatch("/api/v2/dags/{dag}", PatchDagAsync).RequireAuthorization(Policies.Admin);
        routes.MapGet(Runs, ListRuns).RequireAuthorization(Policies.Viewer);
        routes.MapPost(Runs, TriggerAsync).RequireAuthorization(Policies.Admin);
        routes.MapGet($"{Runs}/{{run}}", Run).RequireAuthorization(Policies.Viewer);
        routes.MapPatch($"{Runs}/{{run}}", PatchRunAsync).RequireAuthorization(Policies.Admin);
        routes.MapDelete($"{Runs}/{{run}}", DeleteRunAsync).RequireAuthorization(Policies.Admin);
        routes.MapGet(Tasks, ListTasks).RequireAuthorization(Policies.Viewer);
        routes.MapGet($"{Tasks}/{{task}}", TaskOf).RequireAuthorization(Policies.Viewer);
        routes.MapGet($"{Tasks}/{{task}}/{{mapIndex:int}}", Instance).RequireAuthorization(Policies.Viewer);
        routes.MapGet($"{Tasks}/{{task}}/logs/{{attempt:int}}", LogAsync).RequireAuthorization(Policies.Viewer);
        routes.MapPost("/api/v2/dags/{dag}/clearTaskInstances", ClearAsync).RequireAuthorization(Policies.Admin);
    }

    private static async Task<IResult> TokenAsync(AirflowTokenRequest body, Doorkeeper doorkeeper, HttpContext call)
    {
        var caller =
            doorkeeper.ByPassword(body.Username, body.Password, AccessHandler.Address(call))
            ?? throw new ApiException(StatusCodes.Status401Unauthorized, "wrong_password", "Invalid credentials");
        return Results.Json(
            new AirflowToken(await doorkeeper.BeginSessionAsync(caller, call.RequestAborted)),
            AirflowJson.Default.AirflowToken,
            statusCode: StatusCodes.Status201Created
        );
    }

    private static HealthV1 Health(Store store, TimeProvider time) => AirflowV1.HealthOf(store, time);

    private static AirflowVersion VersionOf() => new(AirflowV1.Spoken(Version), GitVersion: null);

    private static DagsV2 Dags(HttpContext call, AirflowCalls calls)
    {
        var (page, total) = calls.Dags(call, Dialect);
        return new DagsV2([.. page.Select(dag => AirflowShapes.DagV2Of(dag.Row, dag.Pipeline, calls.Project, calls.Now))], total);
    }

    private static DagV2 Dag(string dag, AirflowCalls calls)
    {
        var (row, pipeline) = calls.Dag(dag);
        return AirflowShapes.DagV2Of(row, pipeline, calls.Project, calls.Now);
    }

    private static async Task<DagV2> PatchDagAsync(string dag, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        await calls.PatchDagAsync(dag, body, call, Dialect);
        return Dag(dag, calls);
    }

    private static DagRunsV2 ListRuns(string dag, HttpContext call, AirflowCalls calls)
    {
        var (page, total) = calls.Runs(dag, call, Dialect);
        return calls.Store.Read(session => new DagRunsV2([.. page.Select(run => AirflowShapes.RunV2Of(session, run))], total));
    }

    private static async Task<DagRunV2> TriggerAsync(string dag, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        var run = await calls.TriggerAsync(dag, body, call, Dialect);
        return calls.Store.Read(session => AirflowShapes.RunV2Of(session, run));
    }

    private static DagRunV2 Run(string dag, string run, AirflowCalls calls)
    {
        var found = calls.Run(dag, run);
        return calls.Store.Read(session => AirflowShapes.RunV2Of(session, found));
    }

    private static async Task<DagRunV2> PatchRunAsync(string dag, string run, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        var changed = await calls.PatchRunAsync(dag, run, body, call, Dialect);
        return calls.Store.Read(session => AirflowShapes.RunV2Of(session, changed));
    }

    private static async Task<IResult> DeleteRunAsync(string dag, string run, HttpContext call, AirflowCalls calls)
    {
        await calls.DeleteRunAsync(dag, run, call);
        return Results.NoContent();
    }

    private static TaskInstancesV2 ListTasks(string dag, string run, HttpContext call, AirflowCalls calls)
    {
        var picture = AirflowTasks.Picture(calls, dag, run);
        var (page, total) = AirflowTasks.List(calls, picture, call, Dialect);
        return new TaskInstancesV2([.. page.Select(each => AirflowShapes.TaskV2Of(picture, each.Task, each.Attempt))], total);
    }

    private static TaskInstanceV2 TaskOf(string dag, string run, string task, AirflowCalls calls) =>
        Instance(dag, run, task, Core.TaskKey.NotMapped, calls);

    private static TaskInstanceV2 Instance(string dag, string run, string task, int mapIndex, AirflowCalls calls)
    {
        var picture = AirflowTasks.Picture(calls, dag, run);
        var (found, attempt) = AirflowTasks.Find(calls, picture, task, mapIndex);
        return AirflowShapes.TaskV2Of(picture, found, attempt);
    }

    private static async Task<LogV2> LogAsync(string dag, string run, string task, int attempt, HttpContext call, AirflowCalls calls)
    {
        var query = call.Request.Query;
        var picture = AirflowTasks.Picture(calls, dag, run);
        var mapIndex = int.TryParse(query["map_index"], CultureInfo.InvariantCulture, out var told) ? told : Core.TaskKey.NotMapped;
        var (found, _) = AirflowTasks.Find(calls, picture, task, mapIndex);
        var (text, next) = await AirflowTasks.LogAsync(
            calls,
            picture,
            found,
            attempt,
            AirflowTasks.Token(query["token"]),
            isFull: string.Equals(query["full_content"], "true", StringComparison.OrdinalIgnoreCase),
            call.RequestAborted
        );
        return new LogV2(
            [.. text.TrimEnd('\n').Split('\n').Select(line => new LogLineV2(Timestamp: null, line))],
            next?.ToString(CultureInfo.InvariantCulture)
        );
    }

    private static async Task<TaskInstancesV2> ClearAsync(string dag, JsonElement body, HttpContext call, AirflowCalls calls)
    {
        var cleared = await calls.ClearAsync(dag, body, call, Dialect);
        return new TaskInstancesV2(
            [.. cleared.Select(each => AirflowShapes.TaskV2Of(each.Picture, each.Task, attempt: null))],
            cleared.Count
        );
    }
}
