using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.Storage;

/// <summary>A definition as it was first seen.</summary>
/// <param name="Source">The text its author wrote.</param>
public sealed record StoredDefinition(Pipeline Pipeline, VersionHash Version, string Source, DateTimeOffset FirstSeen);

/// <summary>What the store knows of a pipeline beside its definitions.</summary>
/// <param name="Version">The definition of new runs; null when the file never loaded.</param>
/// <param name="SourceFile">Relative to the project folder.</param>
/// <param name="Cursor">Every tick up to here has been decided.</param>
/// <param name="LoadError">What is wrong with the file as it is now; runs go on with <paramref name="Version"/>.</param>
public sealed record StoredPipeline(
    PipelineName Name,
    VersionHash? Version,
    bool Paused,
    string? PausedReason,
    string? SourceFile,
    DateTimeOffset? Cursor,
    string? LoadError
);

public partial class ReadSession
{
    private const string PipelineColumns = "name, version, paused, paused_reason, source_file, cursor_ms, load_error";
    private static readonly Sql DefinitionOf = new(
        "select json, source, first_seen_ms from definitions where pipeline = @pipeline and version = @version"
    );
    private static readonly Sql VersionsOfDefinition = new(
        """
        select version, first_seen_ms from definitions
        where pipeline = @pipeline and (first_seen_ms < @before_ms or (first_seen_ms = @before_ms and version > @after))
        order by first_seen_ms desc, version limit @limit
        """
    );
    private static readonly Sql PipelineNamed = new($"select {PipelineColumns} from pipelines where name = @name");
    private static readonly Sql AllPipelines = new($"select {PipelineColumns} from pipelines order by name");

    /// <summary>An immutable definition; null when the store has never seen it.</summary>
    /// <exception cref="StoreCorrupt">It is there and cannot be read.</exception>
    public StoredDefinition? Definition(PipelineName pipeline, VersionHash version)
    {
        using var row = Use(DefinitionOf).Set("@pipeline", pipeline.Value).Set("@version", version.Value);
        if (!row.Read())
        {
            return null;
        }

        try
        {
            return new(Link.Dialect.Definitions.Read(version, row.Text()), version, row.Text(), row.Time());
        }
        catch (FormatException problem)
        {
            throw new StoreCorrupt($"the definition {version} of pipeline {pipeline} cannot be read: {problem.Message}", problem);
        }
    }

    /// <summary>
    /// The same, and null also for one that cannot be read: for duties about many pipelines, of which one must not hold up the others.
    /// </summary>
    public StoredDefinition? DefinitionIfReadable(PipelineName pipeline, VersionHash version)
    {
        try
        {
            return Definition(pipeline, version);
        }
        catch (StoreCorrupt)
        {
            return null;
        }
    }

    /// <summary>When each definition of a pipeline was first seen, the newest first.</summary>
    /// <param name="after">The last one of the page before; null from the newest on. Those first seen together are in the order of their hashes.</param>
    public IReadOnlyList<(VersionHash Version, DateTimeOffset FirstSeen)> DefinitionVersions(
        PipelineName pipeline,
        int limit,
        (VersionHash Version, DateTimeOffset FirstSeen)? after = null
    ) =>
        Use(VersionsOfDefinition)
            .Set("@pipeline", pipeline.Value)
            .Set("@before_ms", after?.FirstSeen.ToUnixTimeMilliseconds() ?? long.MaxValue)
            .Set("@after", after?.Version.Value ?? "")
            .Set("@limit", limit)
            .All(row => (new VersionHash(row.Text()), row.Time()));

    public StoredPipeline? Pipeline(PipelineName name)
    {
        using var row = Use(PipelineNamed).Set("@name", name.Value);
        return row.Read() ? PipelineOf(row) : null;
    }

    /// <summary>All pipelines, by name.</summary>
    public IReadOnlyList<StoredPipeline> Pipelines()
    {
        var found = new List<StoredPipeline>();
        using var row = Use(AllPipelines);
        while (row.Read())
        {
            found.Add(PipelineOf(row));
        }

        return found;
    }

    private static StoredPipeline PipelineOf(Statement row) =>
        new(
            new(row.Text()),
            row.TextOrNull() is { } version ? new VersionHash(version) : null,
            row.Bool(),
            row.TextOrNull(),
            row.TextOrNull(),
            row.TimeOrNull(),
            row.TextOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddDefinition = new(
        """
        insert into definitions (pipeline, version, json, source, first_seen_ms)
        values (@pipeline, @version, @json, @source, @first_seen_ms)
        on conflict (pipeline, version) do nothing
        """
    );
    private static readonly Sql SetCurrent = new(
        """
        insert into pipelines (name, version, source_file, updated_ms) values (@name, @version, @source_file, @updated_ms)
        on conflict (name) do update set version = excluded.version, source_file = excluded.source_file, load_error = null,
            updated_ms = excluded.updated_ms
        """
    );
    private static readonly Sql SetLoadError = new(
        """
        insert into pipelines (name, source_file, load_error, updated_ms) values (@name, @source_file, @load_error, @updated_ms)
        on conflict (name) do update set load_error = excluded.load_error, updated_ms = excluded.updated_ms
        """
    );
    private static readonly Sql SetPaused = new(
        "update pipelines set paused = @paused, paused_reason = @reason, updated_ms = @updated_ms where name = @name"
    );

    /// <summary>Keeps a definition under the hash of its content; nothing changes when it is there already.</summary>
    public VersionHash SaveDefinition(Pipeline pipeline, string source, DateTimeOffset at)
    {
        var json = PipelineJson.Write(pipeline);
        var version = PipelineJson.HashOf(json);
        Use(AddDefinition)
            .Set("@pipeline", pipeline.Name.Value)
            .Set("@version", version.Value)
            .Set("@json", json)
            .Set("@source", source)
            .Set("@first_seen_ms", at)
            .Execute();
        return version;
    }

    /// <summary>Keeps a definition and makes it the one that new runs of the pipeline execute.</summary>
    /// <param name="sourceFile">Relative to the project folder.</param>
    public VersionHash SaveCurrentDefinition(Pipeline pipeline, string source, string? sourceFile, DateTimeOffset at)
    {
        var version = SaveDefinition(pipeline, source, at);
        Use(SetCurrent)
            .Set("@name", pipeline.Name.Value)
            .Set("@version", version.Value)
            .Set("@source_file", sourceFile)
            .Set("@updated_ms", at)
            .Execute();
        NoteCells(pipeline);
        return version;
    }

    /// <summary>Notes that the file of a pipeline does not load now; its last good definition stays current.</summary>
    public void SaveLoadError(PipelineName pipeline, string sourceFile, string error, DateTimeOffset at) =>
        Use(SetLoadError)
            .Set("@name", pipeline.Value)
            .Set("@source_file", sourceFile)
            .Set("@load_error", error)
            .Set("@updated_ms", at)
            .Execute();

    /// <summary>Stops the schedule of a pipeline. False: there is no such pipeline.</summary>
    public bool Pause(PipelineName pipeline, string reason, DateTimeOffset at) => Paused(pipeline, paused: true, reason, at);

    /// <summary>Lets the schedule of a pipeline go on. False: there is no such pipeline.</summary>
    public bool Unpause(PipelineName pipeline, DateTimeOffset at) => Paused(pipeline, paused: false, reason: null, at);

    private bool Paused(PipelineName pipeline, bool paused, string? reason, DateTimeOffset at) =>
        Use(SetPaused).Set("@paused", paused).Set("@reason", reason).Set("@updated_ms", at).Set("@name", pipeline.Value).Execute() == 1;
}
