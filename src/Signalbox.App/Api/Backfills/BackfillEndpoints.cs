using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Backfills.</summary>
internal static class BackfillEndpoints
{
    public const string Tag = "backfills";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/backfills", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Backfills, the newest first, with how many of their dates are in which state");
        routes
            .MapGet("/api/backfills/{backfill:long}", Show)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("One backfill with all its dates");
        routes
            .MapPost("/api/backfills/{backfill:long}/cancel", CancelAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("End a backfill: what runs is cancelled, what waits never begins");
        routes
            .MapPost("/api/backfills/{backfill:long}/pause", PauseAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Begin no more runs of a backfill; what runs goes on");
        routes
            .MapPost("/api/backfills/{backfill:long}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Let a paused backfill go on");
    }

    private static async Task<AnswerDocument> PauseAsync(long backfill, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.PauseBackfill(backfill, body?.Reason ?? $"paused by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> ResumeAsync(long backfill, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.ResumeBackfill(backfill, body?.Reason ?? $"resumed by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static Page<BackfillLineDocument> List(Store store, bool? active, int? limit, string? after)
    {
        var most = Paging.Limit(limit);
        return store.Read(session =>
            Page<BackfillLineDocument>.Of(
                session.Backfills(active ?? false, most + 1, Paging.Number(after)),
                most,
                backfill => Paging.Text(backfill.Id),
                backfill => BackfillLineDocument.Of(backfill, session.BackfillProgress(backfill.Id))
            )
        );
    }

    private static BackfillDocument Show(long backfill, Store store) =>
        store.Read(session =>
            session.Backfill(backfill) is null
                ? throw ApiException.NotFound($"there is no backfill {backfill}")
                : BackfillDocument.Read(session, backfill, plan: null)
        );

    private static async Task<AnswerDocument> CancelAsync(long backfill, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.CancelBackfill(backfill, body?.Reason ?? $"cancelled by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }
}
