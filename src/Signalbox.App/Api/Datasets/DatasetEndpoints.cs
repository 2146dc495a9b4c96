using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Signalbox.App.Cli;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What was published. Names of datasets have slashes, so they are sent as <c>?name=</c>.</summary>
internal static class DatasetEndpoints
{
    private const string Tag = "datasets";
    private const int LongestKey = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/api/datasets", List)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Every dataset with its partitions and its newest current version");
        routes
            .MapGet("/api/datasets/versions", Versions)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The versions of one dataset with what they were made from, the newest first; who switched them, and why");
        routes
            .MapGet("/api/datasets/partitions", Partitions)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The partitions of one dataset, each with its current version");
        routes
            .MapGet("/api/datasets/updates", Updates)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("The updates of one dataset, the newest first, and what became of each at every pipeline that subscribes to it");
        routes
            .MapPost("/api/datasets/updates", PostAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Say that something outside has updated a dataset; again with the same `Idempotency-Key` it is the same update")
            .Produces<PostedDocument>(StatusCodes.Status201Created);
        routes
            .MapGet("/api/datasets/lineage", Lineages)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary(
                "Who makes a dataset and who uses it, upstream and downstream, as the pipelines declare it; without `name` of all datasets"
            );
        routes
            .MapGet("/api/datasets/freshness", Freshness)
            .RequireAuthorization(Policies.Viewer)
            .WithTags(Tag)
            .WithSummary("Which datasets must be updated how often, and which are late; of one by `name` also when it was late before");
        routes
            .MapPost("/api/datasets/rollback", RollBackAsync)
            .RequireAuthorization(Policies.Admin)
            .WithTags(Tag)
            .WithSummary("Make kept versions of a dataset current again");
    }

    private static DatasetLineDocument[] List(Store store, string? @namespace, TimeProvider time) =>
        store.Read(session => DatasetLineDocument.Read(session, DatasetsVerb.SpaceOf(@namespace), time.GetUtcNow()));

    private static FreshnessDocument Freshness(Store store, string? name, TimeProvider time)
    {
        try
        {
            return store.Read(session => FreshnessDocument.Read(session, name, time.GetUtcNow()));
        }
        catch (UserMistakeException unknown)
        {
            throw ApiException.NotFound(unknown.Message);
        }
    }

    private static DatasetDocument Versions(string name, string? partition, string? @namespace, int? limit, Store store)
    {
        try
        {
            return store.Read(session =>
                DatasetDocument.Read(session, name, partition, Paging.Limit(limit), DatasetsVerb.SpaceOf(@namespace))
            );
        }
        catch (UserMistakeException unknown)
        {
            throw ApiException.NotFound(unknown.Message);
        }
    }

    private static DatasetPartitionDocument[] Partitions(string name, string? @namespace, Store store) =>
        store.Read(session =>
        {
            var current = session.CurrentVersions(name, DatasetsVerb.SpaceOf(@namespace));
            return current.Count > 0
                ? current
                    .OrderBy(version => version.Partition, StringComparer.Ordinal)
                    .ThenBy(version => version.Path, StringComparer.Ordinal)
                    .Select(DatasetPartitionDocument.Of)
                    .ToArray()
                : throw ApiException.NotFound(DatasetsVerb.Unknown(session, name, DatasetsVerb.SpaceOf(@namespace)).Message);
        });

    /// <summary>The page after a page begins <c>before</c> its last update.</summary>
    private static UpdateDocument[] Updates(string name, string? partition, int? limit, long? before, Store store) =>
        store.Read(session =>
            session.LatestPartition(name) is null
                ? throw ApiException.NotFound(DatasetsPartitions.NoUpdate(session, name).Message)
                : session
                    .Updates(name, partition, Paging.Limit(limit), before)
                    .Select(update => UpdateDocument.Of(update, [.. session.ConsumptionsOf(update.Id).Select(ConsumerDocument.Of)]))
                    .ToArray()
        );

    private static async Task<IResult> PostAsync(DatasetUpdateRequest body, EngineSession engine, HttpContext caller)
    {
        if (DatasetName.Problem(body.Name) is { } problem)
        {
            throw ApiException.Invalid($"name: {problem}");
        }

        var key = caller.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length > LongestKey)
        {
            throw ApiException.Invalid($"Idempotency-Key: it has at most {LongestKey} characters");
        }

        var answer = await engine.AskAsync(
            caller,
            new Request.UpdateDataset(body.Name, body.Partition ?? "", body.Version, key.Length > 0 ? key : null)
        );
        return Results.Created(
            $"/api/datasets/updates?name={Uri.EscapeDataString(body.Name)}",
            new PostedDocument(answer.Number!.Value, answer.Message)
        );
    }

    private static DatasetLineageDocument Lineages(string? name, Store store)
    {
        var all = store.Read(session =>
            Lineage.Of([
                .. session
                    .Pipelines()
                    .Where(row => row.Version is not null)
                    .Select(row => session.Definition(row.Name, row.Version!.Value)!.Pipeline),
            ])
        );
        try
        {
            return DatasetLineageDocument.Of(name, name is null ? all : DatasetsLineage.Around(all, name));
        }
        catch (UserMistakeException unknown)
        {
            throw ApiException.NotFound(unknown.Message);
        }
    }

    private static async Task<AnswerDocument> RollBackAsync(DatasetRollbackRequest body, EngineSession engine, HttpContext caller)
    {
        var answer = await engine.AskAsync(
            caller,
            new Request.RollBackDataset(body.Name, body.Partition, body.To, ApiReason.Required(body.Reason))
        );
        return new AnswerDocument(answer.Done, answer.Message);
    }
}

/// <summary>A partition of a dataset at one of its paths: what readers see there.</summary>
internal sealed record DatasetPartitionDocument(
    string Partition,
    string Path,
    string Kind,
    long Version,
    string? Sha256,
    long? Rows,
    long? Bytes,
    long Run,
    string Task,
    string? PublishedAt
)
{
    public static DatasetPartitionDocument Of(Publication version) =>
        new(
            version.Partition,
            version.Path,
            KindWord.Of(version.Kind),
            version.Id,
            version.Sha256,
            version.Rows,
            version.Bytes,
            version.Run.Value,
            $"{version.Pipeline}.{version.Task.Task}",
            InstantText.Fine(version.EndedAt)
        );
}

/// <param name="Partition">Null: the only one it has.</param>
/// <param name="To">A version; null: those before the current ones.</param>
internal sealed record DatasetRollbackRequest(string Name, string Reason, string? Partition = null, long? To = null);

/// <summary>An update from outside.</summary>
/// <param name="Partition">The key of the partition; null: the dataset is not cut.</param>
/// <param name="Version">What the version is called where it comes from.</param>
internal sealed record DatasetUpdateRequest(string Name, string? Partition = null, string? Version = null);

/// <summary>Reasons that people give for what they do.</summary>
internal static class ApiReason
{
    /// <exception cref="ApiException">There is none.</exception>
    public static string Required(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? throw ApiException.Invalid("reason: say why, it is kept with the change") : reason;
}
