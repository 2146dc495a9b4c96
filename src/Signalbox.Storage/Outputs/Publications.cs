using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>State of a publication. The last two are ends.</summary>
public enum PublicationState
{
    /// <summary>Staged and audited; the step that makes it visible may or may not have happened.</summary>
    Prepared,
    Published,
    Aborted,
}

/// <summary>What an output is where it is published.</summary>
public enum PublicationKind
{
    File,
    Folder,

    /// <summary>One object of an object store.</summary>
    Object,

    /// <summary>Several objects under one prefix, read through a pointer and a manifest.</summary>
    Objects,

    /// <summary>A table of a database, or a partition of one.</summary>
    Table,
}

/// <summary>One output of one attempt on its way to its readers; once published, one version of what stands at its path.</summary>
/// <param name="Id">0 until it is stored. Rising: the number of the version.</param>
/// <param name="Dataset">What it is a version of, by name; the same name may cover many paths (partitions, instances of a mapped task).</param>
/// <param name="Path">Where readers find it: an absolute path, or an address such as <c>s3://bucket/key</c>. All versions of one path are one chain.</param>
/// <param name="StagedPath">Where the attempt wrote it.</param>
/// <param name="Columns">JSON of names and types of the columns, where it is a table.</param>
/// <param name="Version">The definition that made it.</param>
/// <param name="Namespace">The namespace of its run; null for what live readers see.</param>
/// <param name="Inputs">JSON list of what it was made from: <c>name</c>, <c>path</c>, <c>publication</c>, <c>sha256</c>.</param>
/// <param name="Kept">Where its content can be found again once another version is current; null when it is current, or gone.</param>
public sealed record Publication(
    long Id,
    RunNumber Run,
    PipelineName Pipeline,
    TaskKey Task,
    int Attempt,
    long Token,
    string Output,
    string Dataset,
    string Path,
    string StagedPath,
    string Partition,
    PublicationKind Kind,
    PublicationState State,
    string? Sha256,
    long? Bytes,
    long? Rows,
    string? Columns,
    VersionHash Version,
    DateTimeOffset PreparedAt,
    DateTimeOffset? EndedAt = null,
    string? Reason = null,
    RunNamespace? Namespace = null,
    string Inputs = "[]",
    string? Kept = null
)
{
    /// <summary>Whether equal bytes at its path are kept once, whichever version they are of.</summary>
    public bool IsFoundByContent => Kind is PublicationKind.File or PublicationKind.Folder;
}

public partial class ReadSession
{
    private const string PublicationColumns = """
        id, run_number, pipeline, task, map_index, attempt, token, output, dataset, path, staged_path, partition_key, kind, state, sha256, bytes,
        row_count, columns, version, prepared_ms, ended_ms, reason, namespace, inputs, kept
        """;
    private static readonly Sql PublicationsOfRun = new(
        $"select {PublicationColumns} from publications where run_number = @run order by id"
    );
    private static readonly Sql PublicationsUnfinished = new(
        $"select {PublicationColumns} from publications where state = 'prepared' order by id"
    );
    private static readonly Sql PublicationNumbered = new($"select {PublicationColumns} from publications where id = @id");
    private static readonly Sql PublicationAtPath = new(
        $"select {PublicationColumns} from publications where id = (select publication from current_versions where path = @path)"
    );
    private static readonly Sql PublicationsUnder = new(
        $"""
        select {PublicationColumns} from publications
        where id in (select publication from current_versions where path >= @from and path < @to order by path limit @limit)
        order by path
        """
    );
    private static readonly Sql PublicationsOfPath = new(
        $"select {PublicationColumns} from publications where path = @path and state = 'published' order by id desc limit @limit"
    );
    private static readonly Sql PublicationsOfDataset = new(
        $"""
        select {PublicationColumns} from publications where dataset = @dataset and state = 'published' and id < @before
        order by id desc limit @limit
        """
    );

    /// <summary>All publications of a run, in their order.</summary>
    public IReadOnlyList<Publication> Publications(RunNumber run) => Use(PublicationsOfRun).Set(run).All(PublicationOf);

    /// <summary>What was prepared and neither published nor aborted: to be rolled forward or back after a crash.</summary>
    public IReadOnlyList<Publication> UnfinishedPublications() => Use(PublicationsUnfinished).All(PublicationOf);

    /// <summary>Null when there is none.</summary>
    public Publication? Publication(long id) => Use(PublicationNumbered).Set("@id", id).First(PublicationOf);

    /// <summary>The current version: what readers find at a path; null when nothing was ever published there.</summary>
    public Publication? PublicationAt(string path) => Use(PublicationAtPath).Set("@path", path).First(PublicationOf);

    /// <summary>The current versions of all paths inside a folder, by path.</summary>
    /// <param name="folder">Without a trailing slash.</param>
    public IReadOnlyList<Publication> PublicationsInside(string folder, int limit) =>
        Use(PublicationsUnder).Set("@from", folder + "/").Set("@to", folder + "0").Set("@limit", limit).All(PublicationOf);

    /// <summary>All versions of what stands at a path, the newest first.</summary>
    public IReadOnlyList<Publication> VersionsAt(string path, int limit) =>
        Use(PublicationsOfPath).Set("@path", path).Set("@limit", limit).All(PublicationOf);

    /// <summary>What was published to a dataset, the newest first.</summary>
    /// <param name="before">Only those with a smaller number: the last one of the page before.</param>
    public IReadOnlyList<Publication> PublicationsTo(string dataset, int limit, long? before = null) =>
        Use(PublicationsOfDataset).Set("@dataset", dataset).Set("@before", before ?? long.MaxValue).Set("@limit", limit).All(PublicationOf);

    private protected static string Word(PublicationKind kind) =>
        kind switch
        {
            PublicationKind.File => "file",
            PublicationKind.Folder => "folder",
            PublicationKind.Object => "object",
            PublicationKind.Objects => "objects",
            PublicationKind.Table => "table",
            _ => throw new UnreachableException(),
        };

    private static PublicationKind? KindOf(string word) =>
        word switch
        {
            "file" => PublicationKind.File,
            "folder" => PublicationKind.Folder,
            "object" => PublicationKind.Object,
            "objects" => PublicationKind.Objects,
            "table" => PublicationKind.Table,
            _ => null,
        };

    private static PublicationState? PublicationStateOf(string word) =>
        word switch
        {
            "prepared" => PublicationState.Prepared,
            "published" => PublicationState.Published,
            "aborted" => PublicationState.Aborted,
            _ => null,
        };

    private static Publication PublicationOf(Statement row) =>
        new(
            row.Long(),
            new(row.Long()),
            new(row.Text()),
            row.Key(),
            row.Int(),
            row.Long(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Text(),
            row.Word(KindOf),
            row.Word(PublicationStateOf),
            row.TextOrNull(),
            row.LongOrNull(),
            row.LongOrNull(),
            row.TextOrNull(),
            new(row.Text()),
            row.Time(),
            row.TimeOrNull(),
            row.TextOrNull(),
            row.TextOrNull() is { } space ? new RunNamespace(space) : null,
            row.Text(),
            row.TextOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddPublication = new(
        """
        insert into publications (run_number, pipeline, task, map_index, attempt, token, output, dataset, path, staged_path, partition_key,
            kind, state, sha256, bytes, row_count, columns, version, prepared_ms, namespace, inputs)
        values (@run, @pipeline, @task, @map_index, @attempt, @token, @output, @dataset, @path, @staged_path, @partition_key,
            @kind, 'prepared', @sha256, @bytes, @row_count, @columns, @version, @prepared_ms, @namespace, @inputs)
        on conflict (run_number, task, map_index, token, output) do update set reason = publications.reason
        returning id
        """
    );
    private static readonly Sql EndPublication = new(
        "update publications set state = @state, ended_ms = @ended_ms, reason = @reason where id = @id and state = 'prepared'"
    );

    /// <summary>
    /// Records that an attempt is about to make an output visible; the same output of the same attempt again gives the same number.
    /// </summary>
    /// <exception cref="StoreConflict">The attempt is stale: it must not publish.</exception>
    public long PreparePublication(Publication publication, Fence fence)
    {
        Hold(publication.Run, fence);
        HoldAttempt(publication.Run, publication.Task, publication.Token);
        return Use(AddPublication)
            .Set(publication.Run)
            .Set("@pipeline", publication.Pipeline.Value)
            .Set(publication.Task)
            .Set("@attempt", publication.Attempt)
            .Set("@token", publication.Token)
            .Set("@output", publication.Output)
            .Set("@dataset", publication.Dataset)
            .Set("@path", publication.Path)
            .Set("@staged_path", publication.StagedPath)
            .Set("@partition_key", publication.Partition)
            .Set("@kind", Word(publication.Kind))
            .Set("@sha256", publication.Sha256)
            .Set("@bytes", publication.Bytes)
            .Set("@row_count", publication.Rows)
            .Set("@columns", publication.Columns)
            .Set("@version", publication.Version.Value)
            .Set("@prepared_ms", publication.PreparedAt)
            .Set("@namespace", publication.Namespace?.Value)
            .Set("@inputs", publication.Inputs)
            .Scalar()!
            .Value;
    }

    /// <summary>Records that readers see it: in the transaction that records the end of the attempt.</summary>
    /// <exception cref="StoreConflict">It was aborted, or published before.</exception>
    public void MarkPublished(long id, DateTimeOffset at) => End(id, "published", reason: null, at);

    /// <summary>Records that readers will never see it, and why.</summary>
    /// <exception cref="StoreConflict">It was published, or aborted before.</exception>
    public void AbortPublication(long id, string reason, DateTimeOffset at) => End(id, "aborted", reason, at);

    private void End(long id, string state, string? reason, DateTimeOffset at) =>
        Use(EndPublication)
            .Set("@state", state)
            .Set("@ended_ms", at)
            .Set("@reason", reason)
            .Set("@id", id)
            .Post(() => new StoreConflict($"publication {id} is not there, or is no longer prepared"));
}
