using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.DuckDb.Work;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Rows that checks took out of outputs.</summary>
internal static class RejectedEndpoints
{
    private const string Tag = "checks";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/rejected", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary(
                "Rejected rows that nobody has dealt with, a line for each output and slice; with `all=true` also those of before"
            );
        routes
            .MapGet("/api/rejected/{rejected:long}", Show)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Rejected rows, each with the checks that rejected it");
        routes
            .MapPost("/api/rejected/{rejected:long}/replay", ReplayAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Run the pipeline again for the same slice with the rejected rows")
            .Produces<RunDocument>(StatusCodes.Status201Created);
    }

    private static RejectedDocument[] List(Store store, string? pipeline, bool? all, int? limit)
    {
        PipelineName? only = pipeline is null ? null : new PipelineName(pipeline);
        return [.. store.Read(session => session.RejectedRows(only, all ?? false, Paging.Limit(limit))).Select(RejectedDocument.From)];
    }

    private static RejectedRowsDocument Show(long rejected, Store store, int? limit)
    {
        var found = Find(store, rejected);
        var rows = RejectedVerb.Reading(() => RejectedFile.Read(RejectedVerb.PathOf(found), Paging.Limit(limit)));
        return new RejectedRowsDocument(RejectedDocument.From(found), [.. rows]);
    }

    private static async Task<IResult> ReplayAsync(
        long rejected,
        [FromBody] ReasonRequest? body,
        EngineSession engine,
        Project project,
        HttpContext caller
    )
    {
        var given = RejectedVerb.Given(project, Find(engine.Store, rejected), rows: null);
        var reason = body?.Reason ?? $"rejected rows {rejected} are taken in again by {caller.Who()}";
        var answer = await engine.AskAsync(caller, new Request.ReplayRejected(rejected, given, reason));
        var number = new RunNumber(answer.Number!.Value);
        return Results.Created($"/api/runs/{number}", engine.Store.Read(session => RunDocument.Read(session, number)));
    }

    private static Rejected Find(Store store, long rejected) =>
        store.Read(session => session.Rejected(rejected)) ?? throw ApiException.NotFound($"there are no rejected rows {rejected}");
}
