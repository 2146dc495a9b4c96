using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Runs, to be started and changed.</summary>
internal static class RunWriteEndpoints
{
    private static readonly TimeSpan KeysCount = TimeSpan.FromHours(24);
    private const int LongestKey = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/api/pipelines/{pipeline}/runs", StartAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Start a run; again with the same `Idempotency-Key` within 24 hours gives the same run")
            .Produces<RunDocument>(StatusCodes.Status201Created);
        routes
            .MapGet("/api/runs/{run:long}/rerun", Plan)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(RunEndpoints.Tag)
            .WithSummary(
                "Which tasks a rerun would run: `mode` is from_failed, from or only, the latter two with `task`; `version` is pinned, newest or a hash"
            );
        routes
            .MapPost("/api/runs/{run:long}/rerun", RerunAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary(
                "Run tasks of a run again: `from_failed`, `from` a task on, or `only` one; in the same run, or with another version or other params in a new one"
            );
        routes
            .MapPost("/api/runs/{run:long}/cancel", CancelAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("End a run: what runs is stopped, what waits never begins");
        routes
            .MapPost("/api/runs/{run:long}/pin", PinAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Keep a run with its logs and versions, whatever the retention says");
        routes
            .MapPost("/api/runs/{run:long}/unpin", UnpinAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Keep a run as the retention says again");
        routes
            .MapPost("/api/runs/{run:long}/tasks/{task}/mark", MarkAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(RunEndpoints.Tag)
            .WithSummary("Decide the state of a task by hand: `success`, `failed` or `skipped`");
    }

    /// <summary>Asks for a run, once for each key.</summary>
    /// <param name="asked">What was asked, in the words of who asks.</param>
    /// <exception cref="ApiException">It was refused, or the key stands for something else.</exception>
    public static async Task<RunNumber> AskForRunAsync(EngineSession engine, HttpContext caller, Request.StartRun request, string asked)
    {
        if (caller.Request.Headers["Idempotency-Key"].ToString() is not { Length: > 0 } key)
        {
            return new RunNumber((await engine.AskAsync(caller, request)).Number!.Value);
        }

        if (key.Length > LongestKey)
        {
            throw ApiException.Invalid($"Idempotency-Key: it has at most {LongestKey} characters");
        }

        var answer =
            await engine.AskOnceAsync(request, $"{request.Pipeline}\n{asked}", caller.Who(), key, KeysCount, caller.RequestAborted)
            ?? throw new ApiException(
                StatusCodes.Status422UnprocessableEntity,
                "key_reused",
                $"Idempotency-Key: `{key}` was sent with another wish within the last 24 hours; send a new key"
            );
        return answer.Done ? new RunNumber(answer.Number!.Value) : throw ApiAsking.Refused(answer);
    }

    /// <summary>Refuses what would fail half-way: secrets that are not there.</summary>
    /// <exception cref="ApiException">One is missing.</exception>
    public static void RequireSecrets(Project project, Pipeline pipeline)
    {
        var missing = project.MissingSecrets(pipeline);
        if (!missing.IsEmpty)
        {
            throw new ApiException(
                StatusCodes.Status422UnprocessableEntity,
                "missing_secret",
                string.Join("; ", missing.Select(problem => $"{problem.Path}: {problem.Message}"))
            );
        }
    }

    private static async Task<IResult> StartAsync(
        string pipeline,
        [FromBody] StartRunRequest? body,
        EngineSession engine,
        Project project,
        TimeProvider time,
        HttpContext caller
    )
    {
        body ??= new StartRunRequest();
        var definition = engine.Store.Read(session => PipelineEndpoints.Find(session, pipeline).Definition.Pipeline);
        RequireSecrets(project, definition);
        var number = await AskForRunAsync(
            engine,
            caller,
            new Request.StartRun(
                pipeline,
                Version: null,
                body.Date ?? RunVerb.DefaultDate(definition, time.GetUtcNow()),
                body.Params is { } given ? given.GetRawText() : "{}",
                body.RunId,
                body.Reason,
                body.Variant,
                body.OnlyTasks is { } only ? [.. only] : default
            ),
            JsonSerializer.Serialize(body, ApiJson.Default.StartRunRequest)
        );
        return Results.Created($"/api/runs/{number}", engine.Store.Read(session => RunDocument.Read(session, number)));
    }

    private static RerunDocument Plan(long run, string mode, string? task, string? version, Store store)
    {
        var which = ModeOf(mode, task);
        return store.Read(session =>
        {
            var picture = RunEndpoints.Picture(session, run);
            if (task is not null && RunEndpoints.Key(picture, task) is { IsInstance: true } && which == RerunMode.From)
            {
                throw ApiException.Invalid($"task: for the instance {task} alone send the mode `only`");
            }

            var snapshot = Snapshot(session, picture);
            if (version is not null and not RerunAnew.Pinned)
            {
                return RerunDocument.Of(picture.Run, Anew(session, snapshot, new RerunRequest(mode, task, Version: version)));
            }

            var plan = Reruns.Plan(snapshot, which, task);
            return plan.IsEmpty
                ? throw ApiException.Conflict($"run {run} has nothing that failed; name a task with the mode `from` or `only`")
                : RerunDocument.Of(picture.Run, plan.Select(key => key.ToString()));
        });
    }

    private static RunSnapshot Snapshot(ReadSession session, RunPicture picture) =>
        RunSnapshot.Load(
            picture.Pipeline,
            picture.Run,
            picture.Tasks,
            session.Attempts(picture.Run.Number).Where(attempt => !attempt.State.IsEnd())
        );

    private static Request.StartRun Anew(ReadSession session, RunSnapshot run, RerunRequest wish)
    {
        try
        {
            var definition = RerunAnew.Find(session, run.Run, wish.Version ?? RerunAnew.Pinned);
            var changes = wish.Params is { } given ? given.GetRawText() : "{}";
            return Reruns.Anew(run, ModeOf(wish.Mode, wish.Task), wish.Task, definition, changes, wish.Reason);
        }
        catch (Exception refused) when (refused is UserMistakeException or RequestRefused)
        {
            throw ApiException.Invalid(refused.Message);
        }
    }

    private static async Task<RerunAnswerDocument> RerunAsync(
        long run,
        RerunRequest body,
        EngineSession engine,
        Project project,
        HttpContext caller
    )
    {
        // What cannot be planned is refused as the plan is.
        Plan(run, body.Mode, body.Task, body.Version, engine.Store);
        if (body.Params is not null || body.Version is not null and not RerunAnew.Pinned)
        {
            if (body.Params is { ValueKind: not JsonValueKind.Object })
            {
                throw ApiException.Invalid("params: an object of the parameters that differ from the run's");
            }

            if (body.Downstream == true)
            {
                throw ApiException.Invalid("downstream: a new run wakes the subscribers of what it publishes by itself; leave it out");
            }

            var anew = engine.Store.Read(session => Anew(session, Snapshot(session, RunEndpoints.Picture(session, run)), body));
            RequireSecrets(
                project,
                engine.Store.Read(session => session.Definition(new PipelineName(anew.Pipeline), new VersionHash(anew.Version!)))!.Pipeline
            );
            var started = await engine.AskAsync(caller, anew);
            return new RerunAnswerDocument(started.Done, started.Message, started.Number!.Value);
        }

        var mode = ModeOf(body.Mode, body.Task);
        var answer = await engine.AskAsync(
            caller,
            new Request.Rerun(run, mode, body.Task, body.Reason ?? $"re-run by {caller.Who()}", body.Downstream ?? false)
        );
        return new RerunAnswerDocument(answer.Done, answer.Message, run);
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

    private static async Task<AnswerDocument> CancelAsync(long run, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.CancelRun(run, body?.Reason ?? $"cancelled by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> PinAsync(long run, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.PinRun(run, Pinned: true, body?.Reason ?? $"pinned by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> UnpinAsync(long run, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.PinRun(run, Pinned: false, body?.Reason ?? $"unpinned by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> MarkAsync(long run, string task, MarkRequest body, EngineSession engine, HttpContext caller)
    {
        var key = engine.Store.Read(session => RunEndpoints.Key(RunEndpoints.Picture(session, run), task));
        var answer = await engine.AskAsync(
            caller,
            new Request.MarkTask(run, key.Task.Value, key.MapIndex, body.State, body.Reason ?? $"marked by {caller.Who()}")
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }
}

/// <summary>What a run is to be.</summary>
/// <param name="Date">The slice of time that it is about; null: the latest interval of the schedule that is over, or today.</param>
/// <param name="Params">Object of parameters.</param>
/// <param name="RunId">A name of one's own; null: one is made.</param>
/// <param name="Variant">A deployed variant; null: the live version.</param>
/// <param name="OnlyTasks">The tasks to run; null: all.</param>
internal sealed record StartRunRequest(
    string? Date = null,
    JsonElement? Params = null,
    string? RunId = null,
    string? Reason = null,
    string? Variant = null,
    string[]? OnlyTasks = null
);

/// <param name="Mode"><c>from_failed</c>, <c>from</c> or <c>only</c>.</param>
/// <param name="Task">With <c>from</c> and <c>only</c>: the task, or <c>train[3]</c>.</param>
/// <param name="Version"><c>pinned</c>, the run's own; <c>newest</c>; or a hash, or how one begins. Another than the run's is run in a new run.</param>
/// <param name="Params">Object of the parameters that differ from the run's: they, too, make it a new run.</param>
internal sealed record RerunRequest(
    string Mode,
    string? Task = null,
    string? Reason = null,
    bool? Downstream = null,
    string? Version = null,
    JsonElement? Params = null
);

/// <param name="Number">The run that runs them.</param>
internal sealed record RerunAnswerDocument(bool Done, string Message, long Number);

/// <param name="State"><c>success</c>, <c>failed</c> or <c>skipped</c>.</param>
internal sealed record MarkRequest(string State, string? Reason = null);
