using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>What is current of a dataset, summed up.</summary>
/// <param name="Partitions">How many partitions have a current version.</param>
/// <param name="Paths">How many paths have one.</param>
/// <param name="Rows">Of all current versions; null when none is a table.</param>
/// <param name="Bytes">Of all current versions; null when nobody counted.</param>
/// <param name="Newest">The number of the newest current version.</param>
/// <param name="SwitchedAt">When readers last began to see another version of any of its paths.</param>
public sealed record DatasetSummary(
    string Name,
    int Partitions,
    long Paths,
    long? Rows,
    long? Bytes,
    long Newest,
    DateTimeOffset SwitchedAt
);

public partial class ReadSession
{
    private static readonly Sql DatasetsSummed = new(
        """
        select p.dataset, count(distinct p.partition_key), count(*), cast(sum(p.row_count) as bigint), cast(sum(p.bytes) as bigint), max(p.id),
            max(c.switched_ms)
        from current_versions c join publications p on p.id = c.publication
        where coalesce(p.namespace, '') = @namespace
        group by p.dataset order by p.dataset
        """
    );
    private static readonly Sql CurrentOfDataset = new(
        $"""
        select {PublicationColumns} from publications
        where dataset = @dataset and coalesce(namespace, '') = @namespace and id in (select publication from current_versions)
        order by partition_key, path
        """
    );
    private static readonly Sql VersionsOfDataset = new(
        $"""
        select {PublicationColumns} from publications
        where dataset = @dataset and coalesce(namespace, '') = @namespace and state = 'published'
            and (@any = 1 or partition_key = @partition_key)
        order by id desc limit @limit
        """
    );
    private static readonly Sql PublicationsKeptAt = new(
        $"""
        select {PublicationColumns} from publications where path = @path and kept is not null
        order by coalesce((select max(s.id) from version_switches s where s.path = @path and s.from_publication = publications.id), 0) desc, id desc
        """
    );
    private static readonly Sql PublicationsPreparedAt = new(
        $"select {PublicationColumns} from publications where state = 'prepared' and path = @path order by id"
    );

    /// <summary>All datasets that have a current version, by name.</summary>
    /// <param name="space">The namespace; null for what live readers see.</param>
    public IReadOnlyList<DatasetSummary> Datasets(RunNamespace? space = null) =>
        Use(DatasetsSummed)
            .Set("@namespace", space?.Value ?? "")
            .All(row => new DatasetSummary(row.Text(), row.Int(), row.Long(), row.LongOrNull(), row.LongOrNull(), row.Long(), row.Time()));

    /// <summary>The current versions of a dataset, by partition and path.</summary>
    /// <param name="space">The namespace; null for what live readers see.</param>
    public IReadOnlyList<Publication> CurrentVersions(string dataset, RunNamespace? space = null) =>
        Use(CurrentOfDataset).Set("@dataset", dataset).Set("@namespace", space?.Value ?? "").All(PublicationOf);

    /// <summary>The versions of a dataset, the newest first.</summary>
    /// <param name="partition">Null: of all partitions.</param>
    /// <param name="space">The namespace; null for what live readers see.</param>
    public IReadOnlyList<Publication> Versions(string dataset, string? partition, int limit, RunNamespace? space = null) =>
        Use(VersionsOfDataset)
            .Set("@dataset", dataset)
            .Set("@namespace", space?.Value ?? "")
            .Set("@any", partition is null)
            .Set("@partition_key", partition ?? "")
            .Set("@limit", limit)
            .All(PublicationOf);

    /// <summary>
    /// The version whose kept content a version that is not current can be brought back from: its own, or equal bytes of the same path; null
    /// when they are gone, or are those of the current one.
    /// </summary>
    public Publication? HolderOf(Publication version) =>
        version.Kept is not null ? version
        : version.IsFoundByContent ? KeptAt(version.Path).FirstOrDefault(other => other.Sha256 == version.Sha256)
        : null;

    /// <summary>The versions of a path whose content can be made current again, those first that were current last.</summary>
    public IReadOnlyList<Publication> KeptAt(string path) => Use(PublicationsKeptAt).Set("@path", path).All(PublicationOf);

    /// <summary>What attempts have decided to publish at a path, and not yet recorded as published, in their order.</summary>
    public IReadOnlyList<Publication> UnfinishedPublicationsAt(string path) =>
        Use(PublicationsPreparedAt).Set("@path", path).All(PublicationOf);
}
