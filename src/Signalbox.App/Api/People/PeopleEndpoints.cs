using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What people are asked, the models whose versions they choose, and what they did.</summary>
internal static class PeopleEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/approvals", Approvals)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("approvals")
            .WithSummary("Questions to people that are open; with `all=true` the decided ones, too");
        routes
            .MapGet("/api/models", Models)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("models")
            .WithSummary("Models with their latest version and the version of each alias");
        routes
            .MapGet("/api/models/versions", ModelVersions)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("models")
            .WithSummary("One model with its versions, aliases, and every move of an alias");
        routes
            .MapGet("/api/models/comparison", Comparison)
            .RequireAuthorization(Policies.Viewer)
            .WithTags("models")
            .WithSummary("The numbers of two versions of a model side by side");
        routes
            .MapGet("/api/audit", Audit)
            .RequireAuthorization(Policies.Admin)
            .WithTags("access")
            .WithSummary("What people did, the newest first");
    }

    private static ApprovalDocument[] Approvals(Store store, bool? all, int? limit) =>
        store.Read(session =>
            (all ?? false ? session.Approvals(Paging.Limit(limit)) : session.OpenApprovals())
                .Select(asked => ApprovalDocument.Of(session, asked))
                .ToArray()
        );

    private static ModelLineDocument[] Models(Store store) =>
        store.Read(session => session.Models().Select(name => ModelLineDocument.Of(session, name)).ToArray());

    private static ModelDocument ModelVersions(string name, Store store) =>
        store.Read(session => session.ModelVersions(name).Count > 0 ? ModelDocument.Of(session, name) : throw NoModel(session, name));

    private static ModelComparisonDocument Comparison(string name, int first, int second, Store store) =>
        store.Read(session => ModelComparisonDocument.Of(VersionOf(session, name, first), VersionOf(session, name, second)));

    private static AuditDocument[] Audit(Store store, int? limit) =>
        store.Read(session =>
            session
                .Audit(Paging.Limit(limit))
                .Select(line => new AuditDocument(InstantText.Fine(line.At), line.Who, line.What, line.Reason))
                .ToArray()
        );

    private static ModelVersion VersionOf(ReadSession session, string name, int version) =>
        session.ModelVersion(name, version)
        ?? (
            session.ModelVersions(name).Count > 0
                ? throw ApiException.NotFound($"{name} has no version {version}")
                : throw NoModel(session, name)
        );

    private static ApiException NoModel(ReadSession session, string name) =>
        ApiException.NotFound($"there is no model `{name}`{Suggestion.DidYouMean(name, session.Models())}");
}

/// <summary>Something that a person did.</summary>
internal sealed record AuditDocument(string At, string Who, string What, string? Reason);
