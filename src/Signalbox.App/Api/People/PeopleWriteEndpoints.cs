using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;

namespace Signalbox.App.Api;

/// <summary>Answers of people, and the aliases of models that they move.</summary>
internal static class PeopleWriteEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/api/runs/{run:long}/tasks/{task}/answer", AnswerAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags("approvals")
            .WithSummary("Answer what a task asks, in the name of who has signed in");
        routes
            .MapPost("/api/models/promote", PromoteAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags("models")
            .WithSummary("Move an alias of a model to a version");
        routes
            .MapPost("/api/models/rollback", RollBackAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags("models")
            .WithSummary("Move an alias of a model back to a version that it pointed to before");
    }

    private static async Task<AnswerDocument> AnswerAsync(
        long run,
        string task,
        ApprovalRequest body,
        EngineSession engine,
        HttpContext caller
    )
    {
        var approves = body.Decision switch
        {
            "approved" => true,
            "rejected" => false,
            var word => throw ApiException.Invalid($"decision: `{word}` is none of approved, rejected"),
        };
        var key = engine.Store.Read(session => RunEndpoints.Key(RunEndpoints.Picture(session, run), task));
        var answer = await engine.AskAsync(
            caller,
            new Request.AnswerApproval(
                run,
                key.Task.Value,
                key.MapIndex,
                approves,
                body.Reason,
                body.Form is { } form ? form.GetRawText() : "{}"
            )
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> PromoteAsync(PromoteModelRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(
            caller,
            new Request.MoveAlias(body.Name, body.Alias, body.Version, Back: false, ApiReason.Required(body.Reason))
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> RollBackAsync(RollBackModelRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(
            caller,
            new Request.MoveAlias(body.Name, body.Alias, body.To, Back: true, ApiReason.Required(body.Reason))
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }
}

/// <param name="Decision"><c>approved</c> or <c>rejected</c>.</param>
/// <param name="Reason">Why; a rejection needs one.</param>
/// <param name="Form">Object of the form's values.</param>
internal sealed record ApprovalRequest(string Decision, string? Reason = null, JsonElement? Form = null);

internal sealed record PromoteModelRequest(string Name, string Alias, int Version, string Reason);

/// <param name="To">Null: the version that the alias pointed to before.</param>
internal sealed record RollBackModelRequest(string Name, string Alias, string Reason, int? To = null);
