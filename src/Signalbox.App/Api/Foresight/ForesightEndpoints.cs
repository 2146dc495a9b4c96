using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What is going to happen, and when what is waited for came.</summary>
internal static class ForesightEndpoints
{
    private const string Tag = "foresight";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/plan", PlanAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Every tick of a window with the expected begin and end of its run, and the load of the pools; as `plan --json`")
            .Produces(StatusCodes.Status200OK, contentType: "application/json");
        routes
            .MapGet("/api/arrivals", Arrivals)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary(
                "How long after the tick each task that waits for the world was done, and after the end of its partitions each dataset was there"
            );
    }

    private static async Task PlanAsync(
        string? from,
        string? to,
        string? pipeline,
        Store store,
        Project project,
        TimeProvider time,
        HttpContext context
    )
    {
        var now = time.GetUtcNow();
        var (begin, end) = PlanVerb.Window(from, to, now, bound => bound);
        PipelineName? only = null;
        var plan = store.Read(session =>
        {
            only = pipeline is null ? null : PipelineEndpoints.Find(session, pipeline).Row.Name;
            return Plan.Make(session, project, PipelineEndpoints.Current(session), begin, end, now);
        });
        context.Response.ContentType = "application/json; charset=utf-8";
        using var document = new MemoryStream();
        PlanJson.Write(document, plan, only);
        document.Position = 0;
        await document.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static ArrivalDocument[] Arrivals(string? pipeline, Store store)
    {
        var pipelines = store.Read(session =>
        {
            _ = pipeline is null ? null : PipelineEndpoints.Find(session, pipeline).Row;
            return PipelineEndpoints.Current(session);
        });
        return [.. ArrivalsVerb.Read(pipelines, store, pipeline)];
    }
}
