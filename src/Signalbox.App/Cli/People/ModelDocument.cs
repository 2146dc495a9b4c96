using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Models;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A model in the list of <c>models list --json</c>.</summary>
/// <param name="Aliases">The version of each alias.</param>
internal sealed record ModelLineDocument(string Name, int LatestVersion, string LatestAt, Dictionary<string, int> Aliases)
{
    public static ModelLineDocument Of(ReadSession session, string name)
    {
        var versions = session.ModelVersions(name);
        return new ModelLineDocument(
            name,
            versions.Count == 0 ? 0 : versions[0].Version,
            versions.Count == 0 ? "" : InstantText.Fine(versions[0].CreatedAt),
            session.ModelAliases(name).ToDictionary(alias => alias.Alias, alias => alias.Version, StringComparer.Ordinal)
        );
    }
}

/// <summary><c>models show --json</c>.</summary>
internal sealed record ModelDocument(
    string Name,
    Dictionary<string, int> Aliases,
    ModelVersionDocument[] Versions,
    AliasMoveDocument[] Moves
)
{
    private const int MostMoves = 1000;

    public static ModelDocument Of(ReadSession session, string name) =>
        new(
            name,
            session.ModelAliases(name).ToDictionary(alias => alias.Alias, alias => alias.Version, StringComparer.Ordinal),
            [.. session.ModelVersions(name).Select(version => ModelVersionDocument.Of(session, version))],
            [.. session.ModelAliasMoves(name, alias: null, MostMoves).Select(AliasMoveDocument.Of)]
        );
}

/// <summary>A version: it never changes.</summary>
/// <param name="Path">Where its content is kept, for ever.</param>
/// <param name="PublishedPath">Where the run published it; later runs may have put another version there.</param>
/// <param name="Definition">The version of the pipeline that made it.</param>
/// <param name="Inputs">What the task read: name, path, publication, sha256.</param>
/// <param name="Intact">With <c>--verify</c>: whether the content kept has the hash; else null.</param>
internal sealed record ModelVersionDocument(
    int Version,
    long Run,
    string Pipeline,
    string Partition,
    string Task,
    int MapIndex,
    string Definition,
    string Path,
    string PublishedPath,
    string Sha256,
    JsonElement Metrics,
    JsonElement Inputs,
    string CreatedAt,
    bool? Intact
)
{
    public static ModelVersionDocument Of(ReadSession session, ModelVersion version)
    {
        var run = session.Run(version.Run)!;
        return new ModelVersionDocument(
            version.Version,
            version.Run.Value,
            run.Pipeline.Value,
            run.Partition,
            version.Task.Task.Value,
            version.Task.MapIndex,
            version.Definition.Value,
            version.Path,
            version.PublishedPath,
            version.Sha256,
            ApprovalDocument.Parse(version.Metrics),
            ApprovalDocument.Parse(version.Inputs),
            InstantText.Fine(version.CreatedAt),
            Intact: null
        );
    }
}

/// <summary>One move of an alias, with the numbers of both versions.</summary>
/// <param name="Run">The run that moved it; null when a person did.</param>
/// <param name="Who">The person who moved it, or those who approved; null when a run did without asking.</param>
internal sealed record AliasMoveDocument(
    string Alias,
    int? From,
    int To,
    long? Run,
    string? Who,
    string? Reason,
    string At,
    JsonElement? FromMetrics,
    JsonElement ToMetrics
)
{
    public static AliasMoveDocument Of(ModelAliasMove move) =>
        new(
            move.Alias,
            move.From,
            move.To,
            move.Run?.Value,
            move.Who,
            move.Reason,
            InstantText.Fine(move.At),
            move.FromMetrics is { } metrics ? ApprovalDocument.Parse(metrics) : null,
            ApprovalDocument.Parse(move.ToMetrics)
        );
}

/// <summary><c>models compare --json</c>.</summary>
/// <param name="First">The version that is compared with.</param>
/// <param name="Second">The version that is compared: differences are its numbers less those of the first.</param>
internal sealed record ModelComparisonDocument(string Name, int First, int Second, bool SameContent, MetricDocument[] Metrics)
{
    public static ModelComparisonDocument Of(ModelVersion first, ModelVersion second) =>
        new(
            first.Model,
            first.Version,
            second.Version,
            first.Sha256 == second.Sha256,
            [
                .. MetricComparison
                    .Of(second.Metrics, first.Metrics)
                    .Select(metric => new MetricDocument(metric.Name, metric.Champion, metric.Candidate, metric.Difference)),
            ]
        );
}

/// <summary>One number of two versions; null where one has none of that name.</summary>
internal sealed record MetricDocument(string Name, double? First, double? Second, double? Difference);
