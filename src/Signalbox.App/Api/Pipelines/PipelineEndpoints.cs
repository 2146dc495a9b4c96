using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Pipelines, their definitions and their times.</summary>
internal static class PipelineEndpoints
{
    private const string Tag = "pipelines";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/pipelines", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("All pipelines, by name; `tag` leaves those with that tag");
        routes
            .MapGet("/api/pipelines/{pipeline}", Show)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("All about one pipeline");
        routes
            .MapGet("/api/pipelines/{pipeline}/graph", Graph)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Its tasks and what each needs");
        routes
            .MapGet("/api/pipelines/{pipeline}/versions", Versions)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Its definitions, the newest first");
        routes
            .MapGet("/api/pipelines/{pipeline}/versions/{version}", Version)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("One definition with the text of its file");
        routes
            .MapGet("/api/pipelines/{pipeline}/why", Why)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Why it has no run now, and when the next is due");
        routes
            .MapGet("/api/pipelines/{pipeline}/ticks", Ticks)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What became of the latest times of its schedule");
        routes
            .MapGet("/api/upcoming", Upcoming)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The next times of all schedules, the soonest first");
        routes
            .MapGet("/api/pools", Pools)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Pools with their slots, and how many of them are in use");
        routes
            .MapPost("/api/pipelines/{pipeline}/pause", PauseAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Stop its schedule");
        routes
            .MapGet("/api/pipelines/{pipeline}/unpause", Forecast)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("How many runs unpausing it would create");
        routes
            .MapGet("/api/proofs", Proofs)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("What is proven of each pipeline as it is now");
        routes
            .MapPost("/api/pipelines/{pipeline}/unpause", UnpauseAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Let its schedule go on");
    }

    /// <summary>A pipeline with its current definition.</summary>
    /// <exception cref="ApiException">There is none of that name.</exception>
    public static (StoredPipeline Row, StoredDefinition Definition) Find(ReadSession session, string pipeline)
    {
        var name = new PipelineName(pipeline);
        return session.Pipeline(name) is { Version: { } version } row && session.Definition(name, version) is { } definition
            ? (row, definition)
            : throw ApiException.NotFound(
                $"there is no pipeline `{pipeline}`{Suggestion.DidYouMean(pipeline, session.Pipelines().Select(each => each.Name.Value))}"
            );
    }

    private static Page<PipelineDocument> List(Store store, TimeProvider time, string? tag, int? limit, string? after)
    {
        var most = Paging.Limit(limit);
        var rows = store.Read(session =>
            session
                .Pipelines()
                .Where(row => row.Version is not null && string.CompareOrdinal(row.Name.Value, after ?? "") > 0)
                .OrderBy(row => row.Name.Value, StringComparer.Ordinal)
                .Select(row => (Row: row, session.Definition(row.Name, row.Version!.Value)!.Pipeline))
                .Where(row => tag is null || row.Pipeline.Tags.Contains(tag, StringComparer.Ordinal))
                .Take(most + 1)
                .ToList()
        );
        return Page<PipelineDocument>.Of(
            rows,
            most,
            row => row.Row.Name.Value,
            row => PipelineDocument.Of(row.Pipeline, row.Row.SourceFile ?? "", store, time.GetUtcNow())
        );
    }

    private static PipelineDetailDocument Show(string pipeline, Store store, TimeProvider time)
    {
        var (row, definition) = store.Read(session => Find(session, pipeline));
        return PipelineDetailDocument.Of(definition.Pipeline, row.SourceFile ?? "", store, time.GetUtcNow());
    }

    private static GraphDocument Graph(string pipeline, string? version, Store store)
    {
        var found = store.Read(session =>
            version is null
                ? Find(session, pipeline).Definition.Pipeline
                : session.Definition(new PipelineName(pipeline), new VersionHash(version))?.Pipeline ?? throw NoVersion(pipeline, version)
        );
        return GraphDocument.Of(found, ProofBadge.Of(store, found));
    }

    private static Page<PipelineVersionDocument> Versions(string pipeline, Store store, int? limit, string? after)
    {
        var most = Paging.Limit(limit);
        return store.Read(session =>
        {
            var (row, _) = Find(session, pipeline);
            return Page<PipelineVersionDocument>.Of(
                session.DefinitionVersions(row.Name, most + 1, PlaceOf(session, row.Name, after)),
                most,
                version => version.Version.Value,
                version => new PipelineVersionDocument(
                    version.Version.Value,
                    InstantText.Fine(version.FirstSeen),
                    version.Version == row.Version
                )
            );
        });
    }

    private static (VersionHash, DateTimeOffset)? PlaceOf(ReadSession session, PipelineName pipeline, string? after) =>
        after is null ? null
        : session.Definition(pipeline, new VersionHash(after)) is { } last ? (last.Version, last.FirstSeen)
        : throw ApiException.Invalid($"after: `{after}` is not what a page before gave as `next`");

    private static PipelineSourceDocument Version(string pipeline, string version, Store store) =>
        store.Read(session =>
        {
            var (row, _) = Find(session, pipeline);
            var definition = session.Definition(row.Name, new VersionHash(version)) ?? throw NoVersion(pipeline, version);
            return new PipelineSourceDocument(
                pipeline,
                version,
                InstantText.Fine(definition.FirstSeen),
                definition.Version == row.Version,
                row.SourceFile,
                definition.Source
            );
        });

    private static WhyDocument Why(string pipeline, Store store, Project project, TimeProvider time) =>
        store.Read(session => new Reasons(session, project, time.GetUtcNow()).OfPipeline(Find(session, pipeline).Row));

    private static DecidedTickDocument[] Ticks(string pipeline, Store store, int? limit) =>
        store.Read(session =>
            session
                .Ticks(Find(session, pipeline).Row.Name, Paging.Limit(limit))
                .Select(tick => new DecidedTickDocument(tick.At, tick.Run?.Value, tick.Skipped))
                .ToArray()
        );

    private static UpcomingDocument[] Upcoming(Store store, TimeProvider time, string? pipeline, int? limit)
    {
        var most = Paging.Limit(limit);
        var now = time.GetUtcNow();
        var definitions = store.Read(session =>
            pipeline is not null
                ? [Find(session, pipeline)]
                : session
                    .Pipelines()
                    .Where(row => row is { Version: not null, Paused: false })
                    .Select(row => (row, session.Definition(row.Name, row.Version!.Value)!))
                    .ToList()
        );
        return
        [
            .. definitions
                .SelectMany(each => UpcomingDocument.Of(each.Item2.Pipeline, now, most))
                .OrderBy(tick => tick.Utc)
                .ThenBy(tick => tick.Pipeline, StringComparer.Ordinal)
                .Take(most),
        ];
    }

    private static PoolDocument[] Pools(Store store, Project project) => store.Read(session => PoolDocument.List(session, project));

    /// <summary>The current definitions of all pipelines, by name.</summary>
    public static List<Pipeline> Current(ReadSession session) =>
        [
            .. session
                .Pipelines()
                .Where(row => row.Version is not null)
                .Select(row => session.Definition(row.Name, row.Version!.Value)!.Pipeline),
        ];

    private static UnpauseDocument Forecast(string pipeline, Store store, TimeProvider time) =>
        store.Read(session => UnpauseDocument.Of(session, Find(session, pipeline).Definition.Pipeline, time.GetUtcNow()));

    private static ProofBadge[] Proofs(Store store) => [.. store.Read(Current).Select(pipeline => ProofBadge.Of(store, pipeline))];

    private static async Task<AnswerDocument> PauseAsync(string pipeline, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.PausePipeline(pipeline, body?.Reason ?? $"paused by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static async Task<AnswerDocument> UnpauseAsync(string pipeline, ReasonRequest? body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(caller, new Request.UnpausePipeline(pipeline, body?.Reason ?? $"unpaused by {caller.Who()}"));
        return new AnswerDocument(answer.Done, answer.Message);
    }

    private static ApiException NoVersion(string pipeline, string version) =>
        ApiException.NotFound($"pipeline {pipeline} has no version {version}");
}
