using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Where readers find what is current, and which partitions there are.</summary>
internal static class ResolveEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/datasets/places", PlacesAsync)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("datasets")
            .WithSummary("Where the current version of a dataset lies, one line for each path");
        routes
            .MapGet("/api/datasets/updated", Updated)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("datasets")
            .WithSummary(
                "The partitions of a dataset that were updated, or with `missing=true` those of a range that never were, page by page"
            );
    }

    private static PartitionPageDocument Updated(
        string name,
        string? from,
        string? to,
        bool? missing,
        [FromQuery(Name = "week_starts")] string? weekStarts,
        int? page,
        Store store
    ) =>
        page is < 1
            ? throw ApiException.Invalid("page: pages are counted from 1")
            : store.Read(session => DatasetsPartitions.Read(session, name, from, to, missing ?? false, weekStarts, page ?? 1));

    private static async Task<ResolvedDocument[]> PlacesAsync(
        string name,
        string? partition,
        string? @namespace,
        Project project,
        Store store,
        HttpContext context
    )
    {
        try
        {
            var space = DatasetsVerb.SpaceOf(@namespace);
            return [.. await DatasetsResolve.ReadAsync(project, store, name, partition, space, _ => { }, context.RequestAborted)];
        }
        catch (UserMistakeException unknown)
        {
            throw ApiException.NotFound(unknown.Message);
        }
    }
}
