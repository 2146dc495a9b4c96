using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What people were told, and who would be told.</summary>
internal static class AlertEndpoints
{
    private const string Tag = "alerts";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/alerts", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The newest alerts: what happened, and how far each channel is told");
        routes
            .MapPost("/api/alerts/test", TestAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Send a test to a channel, and say what became of it");
        routes
            .MapGet("/api/pipelines/{pipeline}/alerts", Routed)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Who would be told of what about a pipeline");
    }

    private static AlertDocument[] List(Store store, string? pipeline, int? limit) =>
        store.Read(session => AlertDocument.List(session, pipeline, Paging.Limit(limit)));

    private static async Task<AlertTestDocument> TestAsync(
        AlertTestRequest body,
        Project project,
        Store store,
        TimeProvider time,
        HttpContext caller
    )
    {
        var document = await AlertTest.SendAsync(project, body.Channel, caller.RequestAborted);
        var line = new AuditLine(time.GetUtcNow(), caller.Who(), $"alert channel {body.Channel} tested", Reason: null);
        await store.WriteAsync(session => session.AddAudit(line), caller.RequestAborted);
        return document;
    }

    private static AlertRoutesDocument Routed(string pipeline, Store store, Project project) =>
        AlertRoutesDocument.Of(store.Read(session => PipelineEndpoints.Find(session, pipeline).Definition.Pipeline), project.Alerts);
}

/// <param name="Channel">A channel of the project's settings.</param>
internal sealed record AlertTestRequest(string Channel);
