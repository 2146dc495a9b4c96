using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Runs and their tasks, to be changed: each call asks the engine, and is answered when it has done it.</summary>
internal static class RunChangeEndpoints
{
    private static readonly string[] MarkStates = ["success", "failed", "skipped"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/api/pipelines/{pipeline}/runs", StartAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Start a run; answers with it as soon as it is queued");
        routes
            .MapGet("/api/runs/{run:long}/rerun", Plan)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Which tasks a rerun would run: `mode` is from_failed, from or only, the latter two with `task`");
        routes
            .MapPost("/api/runs/{run:long}/rerun", RerunAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Run tasks of a run again, in the same run");
        routes
            .MapPost("/api/runs/{run:long}/cancel", CancelAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("End a run: what runs is stopped, what waits never begins");
        routes
            .MapPost("/api/runs/{run:long}/tasks/{task}/mark", MarkAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Decide the state of a task by hand: success, failed or skipped");
    }

    private static async Task<RunDocument> StartAsync(
        string pipeline,
        StartRunRequest body,
        EngineSession engine,
        Store store,
        TimeProvider time,
        HttpContext caller
    )
    {
        var definition = store.Read(session => PipelineEndpoints.Find(session, pipeline).Definition);
        var date = body.Date ?? RunVerb.DefaultDate(definition.Pipeline, time.GetUtcNow());
        var answer = await engine.AskAsync(
            caller,
            new Request.StartRun(pipeline, Version: null, date, body.Params?.GetRawText() ?? "{}", RunId: null, body.Reason)
        );
        return store.Read(session => RunDocument.Read(session, new RunNumber(answer.Number!.Value)));
    }

    private static RerunDocument Plan(long run, string mode, string? task, Store store)
    {
        var which = ModeOf(mode, task);
        return store.Read(session =>
        {
            var picture = RunEndpoints.Picture(session, run);
            if (task is not null)
            {
                RunEndpoints.Key(picture, task);
            }

            var running = session.Attempts(picture.Run.Number).Where(attempt => !attempt.State.IsEnd());
            var plan = Reruns.Plan(RunSnapshot.Load(picture.Pipeline, picture.Run, picture.Tasks, running), which, task);
            return plan.IsEmpty
                ? throw ApiException.Conflict($"run {run} has nothing that failed; name a task with mode `from` or `only`")
                : new RerunDocument(picture.Run.Id.Value, run, [.. plan.Select(key => key.ToString())]);
        });
    }

    private static async Task<AnswerDocument> RerunAsync(long run, RerunRequest body, EngineSession engine, HttpContext caller)
    {
        var mode = ModeOf(body.Mode, body.Task);
        return Done(await engine.AskAsync(caller, new Request.Rerun(run, mode, body.Task, body.Reason ?? $"rerun by {caller.Who()}")));
    }

    private static async Task<AnswerDocument> CancelAsync(long run, ReasonRequest? body, EngineSession engine, HttpContext caller) =>
        Done(await engine.AskAsync(caller, new Request.CancelRun(run, body?.Reason ?? $"cancelled by {caller.Who()}")));

    private static async Task<AnswerDocument> MarkAsync(
        long run,
        string task,
        MarkRequest body,
        EngineSession engine,
        Store store,
        HttpContext caller
    )
    {
        if (!MarkStates.Contains(body.State, StringComparer.Ordinal))
        {
            throw ApiException.Invalid($"state: `{body.State}` is none of {string.Join(", ", MarkStates)}");
        }

        var key = store.Read(session => RunEndpoints.Key(RunEndpoints.Picture(session, run), task));
        var reason = body.Reason ?? $"marked by {caller.Who()}";
        return Done(await engine.AskAsync(caller, new Request.MarkTask(run, key.Task.Value, key.MapIndex, body.State, reason)));
    }

    private static RerunMode ModeOf(string mode, string? task) =>
        (mode, task) switch
        {
            ("from_failed", null) => RerunMode.FromFailed,
            ("from", not null) => RerunMode.From,
            ("only", not null) => RerunMode.Only,
            ("from_failed", _) => throw ApiException.Invalid("task: the mode from_failed takes what failed, so no task is named"),
            ("from" or "only", _) => throw ApiException.Invalid($"task: the mode {mode} needs the name of one"),
            _ => throw ApiException.Invalid($"mode: `{mode}` is none of from_failed, from, only"),
        };

    private static AnswerDocument Done(Answer answer) => new(answer.Done, answer.Message);
}

/// <summary>A run to be started.</summary>
/// <param name="Date">The slice it is about: a date or an instant; null: the latest that is over.</param>
/// <param name="Params">Parameters by name; those that are left out have their defaults.</param>
internal sealed record StartRunRequest(string? Date, JsonElement? Params, string? Reason);

/// <param name="Mode"><c>from_failed</c>, <c>from</c> or <c>only</c>.</param>
/// <param name="Task">Of the latter two: a task, or an instance such as <c>train[3]</c>.</param>
internal sealed record RerunRequest(string Mode, string? Task, string? Reason);

/// <param name="State"><c>success</c>, <c>failed</c> or <c>skipped</c>.</param>
internal sealed record MarkRequest(string State, string? Reason);
