using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Messages that triggers took, and what is to become of dead letters.</summary>
internal static class InboxEndpoints
{
    private const string Tag = "inbox";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/inbox", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Messages that triggers took, the newest first: `state` is waiting, started, signalled, ignored, dead or dropped");
        routes
            .MapGet("/api/inbox/{message:long}", Show)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("One message with what is in it");
        routes
            .MapPost("/api/inbox/{message:long}/replay", ReplayAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Decide a message anew that has started no run; it may be a dead letter again");
        routes
            .MapPost("/api/inbox/{message:long}/drop", DropAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Put a message aside that has started no run");
    }

    private static Page<InboxDocument> List(Store store, string? state, string? pipeline, int? limit, string? after)
    {
        var most = Paging.Limit(limit);
        var filter = new InboxFilter(
            pipeline is null ? null : new PipelineName(pipeline),
            state is null ? null : InboxVerb.StateOf(state, out var problem) ?? throw ApiException.Invalid($"state: {problem}"),
            Paging.Number(after),
            most + 1
        );
        return Page<InboxDocument>.Of(
            store.Read(session => session.InboxMessages(filter)),
            most,
            message => Paging.Text(message.Id),
            InboxDocument.Of
        );
    }

    private static InboxDetailDocument Show(long message, Store store) => InboxDetailDocument.Of(Find(store, message));

    private static async Task<InboxDocument> ReplayAsync(long message, EngineSession engine, HttpContext caller)
    {
        Find(engine.Store, message);
        var answer = await engine.AskAsync(new Request.ReplayMessage(message), caller.RequestAborted, caller.Who());
        var after = Find(engine.Store, message);
        // That it is dead again is an answer, and no refusal.
        return answer.Done || after.State == InboxState.Dead ? InboxDocument.Of(after) : throw ApiException.Conflict(answer.Message);
    }

    private static async Task<InboxDocument> DropAsync(long message, ReasonRequest body, EngineSession engine, HttpContext caller)
    {
        Find(engine.Store, message);
        var answer = await engine.AskAsync(
            new Request.DropMessage(message, ApiReason.Required(body.Reason)),
            caller.RequestAborted,
            caller.Who()
        );
        return answer.Done ? InboxDocument.Of(Find(engine.Store, message)) : throw ApiException.Conflict(answer.Message);
    }

    private static InboxMessage Find(Store store, long id) =>
        store.Read(session => session.InboxMessage(id)) ?? throw ApiException.NotFound($"there is no message {id} in the inbox");
}
