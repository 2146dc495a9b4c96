using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;

namespace Signalbox.App.Api;

/// <summary>Messages that tasks with <c>wait_for: { message }</c> wait for.</summary>
internal static class SignalEndpoints
{
    private const string Tag = "signals";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/api/runs/{run:long}/signals/{name}", ToRunAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Send a message that a task of a run waits for");
        routes
            .MapPost("/api/pipelines/{pipeline}/signals/{name}", ToDateAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Send a message that a task of a pipeline's run for a date waits for, whether that run has begun or not");
    }

    private static async Task<AnswerDocument> ToRunAsync(
        long run,
        string name,
        [FromBody] SignalRequest? body,
        EngineSession engine,
        HttpContext caller
    )
    {
        engine.Store.Read(session => RunEndpoints.Picture(session, run));
        return body?.Date is null
            ? await SendAsync(engine, caller, new Request.SendSignal(run, null, null, name, DataOf(body)))
            : throw ApiException.Invalid("date: it goes with a pipeline; a run has its date");
    }

    private static async Task<AnswerDocument> ToDateAsync(
        string pipeline,
        string name,
        SignalRequest body,
        EngineSession engine,
        HttpContext caller
    )
    {
        engine.Store.Read(session => PipelineEndpoints.Find(session, pipeline));
        var date = body.Date ?? throw ApiException.Invalid($"date: say for which date of {pipeline} the message is, e.g. 2001-01-05");
        return await SendAsync(engine, caller, new Request.SendSignal(null, pipeline, date, name, DataOf(body)));
    }

    private static async Task<AnswerDocument> SendAsync(EngineSession engine, HttpContext caller, Request.SendSignal signal)
    {
        var answer = await engine.AskAsync(caller, signal);
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static string? DataOf(SignalRequest? body) => body?.Data is { } data ? data.GetRawText() : null;
}

/// <summary>A message to a task that waits.</summary>
/// <param name="Date">To a pipeline: a date, an instant, or a partition such as 2001-W01.</param>
/// <param name="Data">JSON that the waiting task hands down.</param>
internal sealed record SignalRequest(string? Date = null, JsonElement? Data = null);
