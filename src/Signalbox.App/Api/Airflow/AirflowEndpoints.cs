using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.Core;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>The addresses of Airflow's interface, the same in both versions below their prefix.</summary>
internal static class AirflowEndpoints
{
    private const string Runs = "/dags/{dag}/dagRuns";
    private const string Tasks = $"{Runs}/{{run}}/taskInstances";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/token", TokenAsync).AllowAnonymous();
        Map(routes.MapGroup(AirflowDialect.V1.Prefix), AirflowDialect.V1);
        Map(routes.MapGroup(AirflowDialect.V2.Prefix), AirflowDialect.V2);
    }

    private static void Map(RouteGroupBuilder api, AirflowDialect dialect)
    {
        api.MapGet(dialect.HealthPath, (Store store, EngineSession engine, TimeProvider time) => Answer(HealthOf(store, engine, time)))
            .AllowAnonymous();
        api.MapGet("/version", () => Answer(VersionOf(dialect))).AllowAnonymous();
        api.MapGet("/dags", (HttpContext call, AirflowCalls calls) => Dags(dialect, call, calls)).RequireAuthorization(Policies.Viewer);
        api.MapGet("/dags/{dag}", (string dag, HttpContext call, AirflowCalls calls) => Dag(dialect, dag, call, calls))
            .RequireAuthorization(Policies.Viewer);
        api.MapPatch(
                "/dags/{dag}",
                async (string dag, JsonElement body, HttpContext call, AirflowCalls calls) =>
                {
                    await calls.PatchDagAsync(dag, body, call, dialect);
                    return Dag(dialect, dag, call, calls);
                }
            )
            .RequireAuthorization(Policies.Admin);
        api.MapGet(Runs, (string dag, HttpContext call, AirflowCalls calls) => ListRuns(dialect, dag, call, calls))
            .RequireAuthorization(Policies.Viewer);
        api.MapPost(
                Runs,
                async (string dag, JsonElement body, HttpContext call, AirflowCalls calls) =>
                    RunOf(dialect, await calls.TriggerAsync(dag, body, call, dialect), call, calls)
            )
            .RequireAuthorization(Policies.Admin);
        api.MapGet(
                $"{Runs}/{{run}}",
                (string dag, string run, HttpContext call, AirflowCalls calls) => RunOf(dialect, calls.Run(dag, run), call, calls)
            )
            .RequireAuthorization(Policies.Viewer);
        api.MapPatch(
                $"{Runs}/{{run}}",
                async (string dag, string run, JsonElement body, HttpContext call, AirflowCalls calls) =>
                    RunOf(dialect, await calls.PatchRunAsync(dag, run, body, call, dialect), call, calls)
            )
            .RequireAuthorization(Policies.Admin);
        api.MapDelete(
                $"{Runs}/{{run}}",
                async (string dag, string run, HttpContext call, AirflowCalls calls) =>
                {
                    await calls.DeleteRunAsync(dag, run, call);
                    return Results.NoContent();
                }
            )
            .RequireAuthorization(Policies.Admin);
        api.MapGet(
                Tasks,
                (string dag, string run, HttpContext call, AirflowCalls calls) =>
                {
                    var picture = AirflowTasks.Picture(calls, dag, run);
                    var (page, total) = AirflowTasks.List(calls, picture, call, dialect);
                    return Answer(dialect.Tasks(picture, page, total));
                }
            )
            .RequireAuthorization(Policies.Viewer);
        api.MapGet(
                $"{Tasks}/{{task}}",
                (string dag, string run, string task, AirflowCalls calls) =>
                    Instance(dialect, AirflowTasks.Picture(calls, dag, run), task, TaskKey.NotMapped, calls)
            )
            .RequireAuthorization(Policies.Viewer);
        api.MapGet(
                $"{Tasks}/{{task}}/{{mapIndex:int}}",
                (string dag, string run, string task, int mapIndex, AirflowCalls calls) =>
                    Instance(dialect, AirflowTasks.Picture(calls, dag, run), task, mapIndex, calls)
            )
            .RequireAuthorization(Policies.Viewer);
        api.MapGet(
                $"{Tasks}/{{task}}/logs/{{attempt:int}}",
                (string dag, string run, string task, int attempt, HttpContext call, AirflowCalls calls) =>
                    LogAsync(dialect, AirflowTasks.Picture(calls, dag, run), task, attempt, call, calls)
            )
            .RequireAuthorization(Policies.Viewer);
        api.MapPost(
                "/dags/{dag}/clearTaskInstances",
                async (string dag, JsonElement body, HttpContext call, AirflowCalls calls) =>
                    Answer(dialect.Cleared(dag, await calls.ClearAsync(dag, body, call, dialect)))
            )
            .RequireAuthorization(Policies.Admin);
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

    private static HealthV1 HealthOf(Store store, EngineSession engine, TimeProvider time)
    {
        var now = time.GetUtcNow();
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

        // One process does all of it: who answers this is alive, and only the scheduler's loop can hang in it unseen.
        return new HealthV1(
            new HealthStatus(Health(isThere)),
            new SchedulerHealth(Health(!engine.SchedulerHangs), AirflowShapes.Instant(now - engine.SchedulerAge)),
            new TriggererHealth(Health(isWell: true), AirflowShapes.Instant(now)),
            new ProcessorHealth(Health(isWell: true), AirflowShapes.Instant(now))
        );

        static string Health(bool isWell) => isWell ? "healthy" : "unhealthy";
    }

    private static AirflowVersion VersionOf(AirflowDialect dialect) =>
        new($"{dialect.Version}+signalbox.{Cli.AppVersion.Number}", GitVersion: null);

    private static IResult Dags(AirflowDialect dialect, HttpContext call, AirflowCalls calls)
    {
        var (page, total) = calls.Dags(call, dialect);
        return Answer(dialect.Dags(page, total, calls), FieldsOf(call), "dags");
    }

    private static IResult Dag(AirflowDialect dialect, string dag, HttpContext call, AirflowCalls calls)
    {
        var (row, pipeline) = calls.Dag(dag);
        return Answer(dialect.Dag(row, pipeline, calls), FieldsOf(call));
    }

    private static IResult ListRuns(AirflowDialect dialect, string dag, HttpContext call, AirflowCalls calls)
    {
        var (page, total) = calls.Runs(dag, call, dialect);
        return Answer(calls.Store.Read(session => dialect.Runs(session, page, total)), FieldsOf(call), "dag_runs");
    }

    private static IResult RunOf(AirflowDialect dialect, Core.Runs.Run run, HttpContext call, AirflowCalls calls) =>
        Answer(calls.Store.Read(session => dialect.Run(session, run)), FieldsOf(call));

    private static IResult Instance(AirflowDialect dialect, Cli.RunPicture picture, string task, int mapIndex, AirflowCalls calls)
    {
        var (found, attempt) = AirflowTasks.Find(calls, picture, task, mapIndex);
        return Answer(dialect.Task(picture, found, attempt));
    }

    private static async Task<IResult> LogAsync(
        AirflowDialect dialect,
        Cli.RunPicture picture,
        string task,
        int attempt,
        HttpContext call,
        AirflowCalls calls
    )
    {
        var query = call.Request.Query;
        var mapIndex =
            query["map_index"].ToString() is not { Length: > 0 } told ? TaskKey.NotMapped
            : int.TryParse(told, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) ? index
            : throw AirflowCalls.Malformed(dialect, $"map_index: `{told}` is no whole number");
        var (found, _) = AirflowTasks.Find(calls, picture, task, mapIndex);
        var from = AirflowTasks.Token(query["token"]);
        var response = call.Response;
        switch (dialect.LogFormOf(call))
        {
            case LogForm.Text:
                response.ContentType = "text/plain; charset=utf-8";
                await AirflowTasks.CopyLogAsync(calls, picture, found, attempt, from, response.Body, call.RequestAborted);
                return Results.Empty;
            case LogForm.Lines:
                response.ContentType = "application/x-ndjson";
                await foreach (var line in AirflowTasks.LinesAsync(calls, picture, found, attempt, from, call.RequestAborted))
                {
                    await response.WriteAsync(JsonSerializer.Serialize(line, AirflowJson.Default.LogLineV2) + "\n", call.RequestAborted);
                }

                return Results.Empty;
            default:
                var wantsAll = string.Equals(query["full_content"], "true", StringComparison.OrdinalIgnoreCase);
                var most = wantsAll ? AirflowTasks.LargestPart : AirflowTasks.Part;
                var (text, end, isLast) = await AirflowTasks.LogAsync(calls, picture, found, attempt, from, most, call.RequestAborted);
                return Answer(dialect.Log(text, end, isLast));
        }
    }

    /// <summary>The fields that a call wants of each document; empty: all.</summary>
    private static string[] FieldsOf(HttpContext call) =>
        [
            .. call
                .Request.Query["fields"]
                .SelectMany(each => (each ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        ];

    /// <param name="list">The field whose items are the documents; null: it is the document.</param>
    private static IResult Answer(object document, string[]? fields = null, string? list = null)
    {
        var type = AirflowJson.Default.GetTypeInfo(document.GetType())!;
        if (fields is null or [])
        {
            return Results.Json(document, type);
        }

        var node = JsonSerializer.SerializeToNode(document, type)!.AsObject();
        foreach (var item in list is null ? [node] : node[list]!.AsArray().Select(each => each!.AsObject()))
        {
            foreach (var name in item.Select(field => field.Key).Except(fields, StringComparer.Ordinal).ToList())
            {
                item.Remove(name);
            }
        }

        return Results.Text(node.ToJsonString(), "application/json; charset=utf-8");
    }
}
