using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>One version of a model: an output of a run that was published.</summary>
/// <param name="Version">From 1; the store gives it.</param>
/// <param name="Sha256">Of the content.</param>
/// <param name="Path">Where its content is kept for ever, absolute.</param>
/// <param name="Metrics">JSON object of numbers.</param>
/// <param name="Definition">The version of the pipeline that made it.</param>
/// <param name="Inputs">JSON list of what the task read.</param>
/// <param name="PublishedPath">Where it was published; later runs may have put another version there.</param>
public sealed record ModelVersion(
    string Model,
    int Version,
    RunNumber Run,
    TaskKey Task,
    string Output,
    string Path,
    string Sha256,
    string Metrics,
    VersionHash Definition,
    string Inputs,
    string PublishedPath,
    DateTimeOffset CreatedAt
);

/// <summary>A name that points to one version of a model, e.g. <c>champion</c>.</summary>
/// <param name="Run">The run that moved it; null when a person did.</param>
public sealed record ModelAlias(string Model, string Alias, int Version, RunNumber? Run, string? Reason, DateTimeOffset At);

/// <summary>One move of an alias.</summary>
/// <param name="From">Null when it was new.</param>
/// <param name="Who">The person who moved it, or whose approval did; null when a run did without asking.</param>
/// <param name="Back">Whether it went back to a version that it pointed to before.</param>
/// <param name="FromMetrics">JSON of the numbers of the version that it left, as they were compared; null when it was new.</param>
/// <param name="ToMetrics">JSON of the numbers of the version that it points to since.</param>
public sealed record ModelAliasMove(
    string Model,
    string Alias,
    int? From,
    int To,
    RunNumber? Run,
    string? Who,
    bool Back,
    string? FromMetrics,
    string ToMetrics,
    string? Reason,
    DateTimeOffset At
);

public partial class ReadSession
{
    private const string VersionColumns =
        "model, version, run_number, task, map_index, output, path, sha256, metrics, definition, inputs, published_path, created_ms";
    private static readonly Sql AllModels = new("select name from models order by name");
    private static readonly Sql RegistriesOf = new("select registry from model_registries where model = @model order by registry");
    private static readonly Sql VersionsOf = new($"select {VersionColumns} from model_versions where model = @model order by version desc");
    private static readonly Sql VersionNumbered = new(
        $"select {VersionColumns} from model_versions where model = @model and version = @version"
    );
    private static readonly Sql VersionsOfRun = new(
        $"select {VersionColumns} from model_versions where run_number = @run order by model, version"
    );
    private static readonly Sql AliasNamed = new(
        "select model, alias, version, run_number, reason, at_ms from model_aliases where model = @model and alias = @alias"
    );
    private static readonly Sql AliasesOf = new(
        "select model, alias, version, run_number, reason, at_ms from model_aliases where model = @model order by alias"
    );
    private static readonly Sql AliasMovesOf = new(
        """
        select model, alias, from_version, to_version, run_number, who, back, from_metrics, to_metrics, reason, at_ms from model_alias_history
        where model = @model and (@alias is null or alias = @alias) order by id desc limit @limit
        """
    );

    /// <summary>The names of all models.</summary>
    public IReadOnlyList<string> Models() => Use(AllModels).All(row => row.Text());

    /// <summary>The connections of the registries that are told of a model.</summary>
    public IReadOnlyList<string> ModelRegistries(string model) => Use(RegistriesOf).Set("@model", model).All(row => row.Text());

    /// <summary>All versions of a model, the newest first.</summary>
    public IReadOnlyList<ModelVersion> ModelVersions(string model) => Use(VersionsOf).Set("@model", model).All(VersionOf);

    /// <summary>Null when there is none.</summary>
    public ModelVersion? ModelVersion(string model, int version) =>
        Use(VersionNumbered).Set("@model", model).Set("@version", version).First(VersionOf);

    /// <summary>The versions that a run made.</summary>
    public IReadOnlyList<ModelVersion> ModelVersions(RunNumber run) => Use(VersionsOfRun).Set(run).All(VersionOf);

    /// <summary>Null when the model has no such alias.</summary>
    public ModelAlias? ModelAlias(string model, string alias) => Use(AliasNamed).Set("@model", model).Set("@alias", alias).First(AliasOf);

    /// <summary>All aliases of a model, by name.</summary>
    public IReadOnlyList<ModelAlias> ModelAliases(string model) => Use(AliasesOf).Set("@model", model).All(AliasOf);

    /// <summary>How aliases of a model moved, the newest first.</summary>
    /// <param name="alias">Only this one; null for all.</param>
    public IReadOnlyList<ModelAliasMove> ModelAliasMoves(string model, string? alias, int limit) =>
        Use(AliasMovesOf)
            .Set("@model", model)
            .Set("@alias", alias)
            .Set("@limit", limit)
            .All(row => new ModelAliasMove(
                row.Text(),
                row.Text(),
                row.IntOrNull(),
                row.Int(),
                row.LongOrNull() is { } run ? new RunNumber(run) : null,
                row.TextOrNull(),
                row.Bool(),
                row.TextOrNull(),
                row.Text(),
                row.TextOrNull(),
                row.Time()
            ));

    private static ModelVersion VersionOf(Statement row) =>
        new(
            row.Text(),
            row.Int(),
            new(row.Long()),
            row.Key(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Text(),
            new(row.Text()),
            row.Text(),
            row.Text(),
            row.Time()
        );

    private static ModelAlias AliasOf(Statement row) =>
        new(row.Text(), row.Text(), row.Int(), row.LongOrNull() is { } run ? new RunNumber(run) : null, row.TextOrNull(), row.Time());
}
