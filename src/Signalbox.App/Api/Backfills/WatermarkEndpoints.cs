using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Up to which date a pipeline has processed its data.</summary>
internal static class WatermarkEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/pipelines/{pipeline}/watermark", Show)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(BackfillEndpoints.Tag)
            .WithSummary("The watermark of a pipeline and how it moved");
        routes
            .MapPut("/api/pipelines/{pipeline}/watermark", SetAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(BackfillEndpoints.Tag)
            .WithSummary("Set the watermark of a pipeline by hand, forwards or back");
    }

    private static WatermarkDocument Show(string pipeline, Store store) =>
        store.Read(session => WatermarkDocument.Read(session, NameOf(session, pipeline)));

    private static async Task<WatermarkDocument> SetAsync(string pipeline, WatermarkRequest body, Store store, HttpContext caller)
    {
        var name = store.Read(session => NameOf(session, pipeline));
        var day =
            InstantText.Date(body.Date)
            ?? throw ApiException.Invalid($"date: `{body.Date}` is no date of the calendar; write e.g. 2001-01-05");
        await WatermarkVerb.SetAsync(store, name, day, ApiReason.Required(body.Reason), caller.Who());
        return store.Read(session => WatermarkDocument.Read(session, name));
    }

    private static PipelineName NameOf(ReadSession session, string pipeline) =>
        PipelineEndpoints.Find(session, pipeline).Definition.Pipeline.Name;
}

/// <param name="Date">The last date that is processed.</param>
/// <param name="Reason">Why; kept with the change.</param>
internal sealed record WatermarkRequest(string Date, string? Reason = null);
