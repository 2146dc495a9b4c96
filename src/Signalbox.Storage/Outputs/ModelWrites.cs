using Signalbox.Core;

namespace Signalbox.Storage;

public sealed partial class WriteSession
{
    // Changing nothing holds the row: versions of one model are numbered one after another.
    private static readonly Sql HoldModel = new(
        """
        insert into models (name, created_ms) values (@model, @created_ms) on conflict (name) do update set created_ms = models.created_ms
        """
    );
    private static readonly Sql AddRegistry = new(
        "insert into model_registries (model, registry) values (@model, @registry) on conflict (model, registry) do nothing"
    );
    private static readonly Sql SameVersion = new(
        """
        select version from model_versions where model = @model and run_number = @run and task = @task and map_index = @map_index
            and output = @output and sha256 = @sha256
        """
    );
    private static readonly Sql AddVersion = new(
        """
        insert into model_versions (model, version, run_number, task, map_index, output, path, sha256, metrics, definition, inputs,
            published_path, created_ms)
        select @model, coalesce(max(version), 0) + 1, @run, @task, @map_index, @output, @path, @sha256, @metrics, @definition,
            @inputs, @published_path, @created_ms
        from model_versions where model = @model
        returning version
        """
    );
    private static readonly Sql MoveAlias = new(
        """
        insert into model_aliases (model, alias, version, run_number, reason, at_ms)
        values (@model, @alias, @version, @run_number, @reason, @at_ms)
        on conflict (model, alias) do update set version = excluded.version, run_number = excluded.run_number, reason = excluded.reason,
            at_ms = excluded.at_ms
        """
    );
    private static readonly Sql AddAliasMove = new(
        """
        insert into model_alias_history (model, alias, from_version, to_version, run_number, who, back, from_metrics, to_metrics,
            reason, at_ms)
        values (@model, @alias, @from_version, @to_version, @run_number, @who, @back, @from_metrics, @to_metrics, @reason, @at_ms)
        """
    );

    /// <summary>
    /// Adds a version to a model, which is made where it is not there. The same content of the same output of the same task of the same run
    /// again gives the same version.
    /// </summary>
    /// <param name="version">Its own <see cref="Storage.ModelVersion.Version"/> does not matter.</param>
    /// <returns>The number of the version.</returns>
    public int AddModelVersion(ModelVersion version)
    {
        Use(HoldModel).Set("@model", version.Model).Set("@created_ms", version.CreatedAt).Execute();
        var same = Use(SameVersion)
            .Set("@model", version.Model)
            .Set(version.Run)
            .Set(version.Task)
            .Set("@output", version.Output)
            .Set("@sha256", version.Sha256)
            .Scalar();
        return (int)(
            same
            ?? Use(AddVersion)
                .Set("@model", version.Model)
                .Set(version.Run)
                .Set(version.Task)
                .Set("@output", version.Output)
                .Set("@path", version.Path)
                .Set("@sha256", version.Sha256)
                .Set("@metrics", version.Metrics)
                .Set("@definition", version.Definition.Value)
                .Set("@inputs", version.Inputs)
                .Set("@published_path", version.PublishedPath)
                .Set("@created_ms", version.CreatedAt)
                .Scalar()!
        );
    }

    /// <summary>Moves an alias, or makes it; the move is kept in its history with the numbers of both versions.</summary>
    /// <param name="expected">The version that it points to as far as the caller knows; null when it is new.</param>
    /// <param name="who">The person who moves it, or whose approval does.</param>
    /// <param name="back">Whether it goes back to a version that it pointed to before.</param>
    /// <exception cref="StoreConflict">It points elsewhere by now, or there is no such version.</exception>
    public void MoveModelAlias(ModelAlias alias, int? expected, string? who = null, bool back = false)
    {
        Use(HoldModel).Set("@model", alias.Model).Set("@created_ms", alias.At).Execute();
        var now = ModelAlias(alias.Model, alias.Alias)?.Version;
        if (now != expected)
        {
            throw new StoreConflict($"alias {alias.Alias} of model {alias.Model} points to {Told(now)} by now, not to {Told(expected)}");
        }

        var next =
            ModelVersion(alias.Model, alias.Version) ?? throw new StoreConflict($"model {alias.Model} has no version {alias.Version}");
        var former = expected is { } before ? ModelVersion(alias.Model, before) : null;

        Use(MoveAlias)
            .Set("@model", alias.Model)
            .Set("@alias", alias.Alias)
            .Set("@version", alias.Version)
            .Set("@run_number", alias.Run?.Value)
            .Set("@reason", alias.Reason)
            .Set("@at_ms", alias.At)
            .Post();
        Use(AddAliasMove)
            .Set("@model", alias.Model)
            .Set("@alias", alias.Alias)
            .Set("@from_version", expected)
            .Set("@to_version", alias.Version)
            .Set("@run_number", alias.Run?.Value)
            .Set("@who", who)
            .Set("@back", back)
            .Set("@from_metrics", former?.Metrics)
            .Set("@to_metrics", next.Metrics)
            .Set("@reason", alias.Reason)
            .Set("@at_ms", alias.At)
            .Post();
    }

    /// <summary>Notes that a registry is told of the model from now on.</summary>
    public void AddModelRegistry(string model, string registry) => Use(AddRegistry).Set("@model", model).Set("@registry", registry).Post();

    private static string Told(int? version) => version is { } known ? $"version {known}" : "nothing";
}
