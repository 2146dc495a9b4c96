using Signalbox.Core;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage;

/// <summary>An update of a dataset: a publication that a run has succeeded with, or the word of an external system.</summary>
/// <param name="Id">0 until it is stored. Rising, in the order in which updates became durable.</param>
/// <param name="Partition">Empty when the dataset is not cut.</param>
/// <param name="Version">What the poster calls the version; of a publication the hash of its content.</param>
/// <param name="Publication">The version that was published; null for a posted update.</param>
/// <param name="Run">The run that published it; null for a posted update.</param>
/// <param name="Who">Who posted it; null for a publication.</param>
/// <param name="Key">The idempotency key of a posted update.</param>
/// <param name="Group">The re-run or backfill that re-runs consumers, once for each of their partitions.</param>
/// <param name="Quiet">Why it starts no run of a consumer; null: it does.</param>
public sealed record StoredUpdate(
    long Id,
    string Dataset,
    string Partition,
    string? Version,
    long? Publication,
    RunNumber? Run,
    string? Who,
    string? Key,
    string? Group,
    string? Quiet,
    DateTimeOffset At
);

/// <summary>A partition of a dataset that has been updated.</summary>
/// <param name="Updates">How often.</param>
/// <param name="LastUpdate">The number of the latest update.</param>
public sealed record DatasetPartition(string Dataset, string Partition, long Updates, long LastUpdate, DateTimeOffset UpdatedAt);

public partial class ReadSession
{
    private const string UpdateColumns =
        "u.id, u.dataset, u.partition_key, u.version, u.publication, u.run_number, u.who, u.idempotency_key, u.run_group, u.quiet, u.at_ms";

    private static readonly Sql UpdateNumbered = new($"select {UpdateColumns} from dataset_updates u where u.id = @id");
    private static readonly Sql UpdatePosted = new(
        $"select {UpdateColumns} from dataset_updates u where u.dataset = @dataset and u.idempotency_key = @key"
    );
    private static readonly Sql UpdatesOfDataset = new(
        $"""
        select {UpdateColumns} from dataset_updates u where u.dataset = @dataset and u.id < @before and (@any = 1 or u.partition_key = @partition_key)
        order by u.id desc limit @limit
        """
    );
    private static readonly Sql UpdatesByRun = new(
        $"select {UpdateColumns} from dataset_updates u where u.run_number = @run order by u.id"
    );
    private static readonly Sql LastUpdate = new("select coalesce(max(id), 0) from dataset_updates");
    private static readonly Sql PartitionsOfDataset = new(
        """
        select dataset, partition_key, updates, last_update, updated_ms from dataset_partitions
        where dataset = @dataset and (@all = 1 or partition_key > @after) and partition_key >= @first and (@open = 1 or partition_key <= @last or substr(partition_key, 1, cast(@width as integer)) = @inside)
        order by partition_key limit @limit offset @skip
        """
    );
    private static readonly Sql PartitionNamed = new(
        """
        select dataset, partition_key, updates, last_update, updated_ms from dataset_partitions
        where dataset = @dataset and partition_key = @partition_key
        """
    );
    private static readonly Sql NewestPartition = new(
        """
        select dataset, partition_key, updates, last_update, updated_ms from dataset_partitions
        where dataset = @dataset order by updated_ms desc, last_update desc limit 1
        """
    );
    private static readonly Sql UpdatedDatasets = new("select distinct dataset from dataset_partitions order by dataset");
    private static readonly Sql RepublishedByRun = new(
        """
        select 1 from dataset_updates u join publications p on p.id = u.publication
        where u.run_number = @run and u.dataset = @dataset and p.path = @path limit 1
        """
    );
    private static readonly Sql RunsDownstream = new("select 1 from runs_with_downstream where run_number = @run");

    /// <summary>Null when there is none.</summary>
    public StoredUpdate? Update(long id) => Use(UpdateNumbered).Set("@id", id).First(StoredUpdateOf);

    /// <summary>The update that was posted with an idempotency key; null when there is none.</summary>
    public StoredUpdate? UpdatePostedWith(string dataset, string key) =>
        Use(UpdatePosted).Set("@dataset", dataset).Set("@key", key).First(StoredUpdateOf);

    /// <summary>The updates of a dataset, the newest first.</summary>
    /// <param name="partition">Null: of all partitions.</param>
    /// <param name="before">Only those with a smaller number: the last one of the page before.</param>
    public IReadOnlyList<StoredUpdate> Updates(string dataset, string? partition, int limit, long? before = null) =>
        Use(UpdatesOfDataset)
            .Set("@dataset", dataset)
            .Set("@before", before ?? long.MaxValue)
            .Set("@any", partition is null)
            .Set("@partition_key", partition ?? "")
            .Set("@limit", limit)
            .All(StoredUpdateOf);

    /// <summary>The updates that a run has made, in their order.</summary>
    public IReadOnlyList<StoredUpdate> UpdatesBy(RunNumber run) => Use(UpdatesByRun).Set(run).All(StoredUpdateOf);

    /// <summary>The number of the latest update of any dataset; 0 when there is none.</summary>
    public long LatestUpdate() => Use(LastUpdate).Scalar()!.Value;

    /// <summary>Partitions of a dataset that have been updated, by their keys.</summary>
    /// <param name="after">Only greater keys: the last one of the page before. Null: from the beginning.</param>
    /// <param name="first">The smallest key. Null: from the beginning.</param>
    /// <param name="last">The greatest key, and all cells of it. Null: to the end.</param>
    /// <param name="skip">So many of them are left out.</param>
    public IReadOnlyList<DatasetPartition> Partitions(
        string dataset,
        int limit,
        string? after = null,
        string? first = null,
        string? last = null,
        long skip = 0
    ) =>
        Use(PartitionsOfDataset)
            .Set("@dataset", dataset)
            .Set("@all", after is null)
            .Set("@after", after ?? "")
            .Set("@first", first ?? "")
            .Set("@open", last is null)
            .Set("@last", last ?? "")
            .Set("@width", (last?.Length ?? 0) + 1)
            .Set("@inside", $"{last}/")
            .Set("@limit", limit)
            .Set("@skip", skip)
            .All(PartitionOf);

    /// <summary>A partition that has been updated; null when it never was.</summary>
    public DatasetPartition? Partition(string dataset, string partition) =>
        Use(PartitionNamed).Set("@dataset", dataset).Set("@partition_key", partition).First(PartitionOf);

    /// <summary>The partition of a dataset that was updated last; null when there was no update.</summary>
    public DatasetPartition? LatestPartition(string dataset) => Use(NewestPartition).Set("@dataset", dataset).First(PartitionOf);

    /// <summary>The names of all datasets that have had an update.</summary>
    public IReadOnlyList<string> UpdatedDatasetNames() => Use(UpdatedDatasets).All(row => row.Text());

    /// <summary>Whether a run re-runs the consumers of what it publishes.</summary>
    public bool HasDownstream(RunNumber run) => Use(RunsDownstream).Set(run).Scalar() is not null;

    /// <summary>Whether a run has made an update of what stands at a path before.</summary>
    public bool HasUpdated(RunNumber run, string dataset, string path) =>
        Use(RepublishedByRun).Set(run).Set("@dataset", dataset).Set("@path", path).Scalar() is not null;

    private protected static StoredUpdate StoredUpdateOf(Statement row) =>
        new(
            row.Long(),
            row.Text(),
            row.Text(),
            row.TextOrNull(),
            row.LongOrNull(),
            row.LongOrNull() is { } run ? new RunNumber(run) : null,
            row.TextOrNull(),
            row.TextOrNull(),
            row.TextOrNull(),
            row.TextOrNull(),
            row.Time()
        );

    private protected static DatasetUpdate DatasetUpdateOf(StoredUpdate update) =>
        new(update.Id, update.Dataset, update.Partition, update.At, update.Group);

    private static DatasetPartition PartitionOf(Statement row) => new(row.Text(), row.Text(), row.Long(), row.Long(), row.Time());
}

public sealed partial class WriteSession
{
    private static readonly Sql InsertUpdate = new(
        """
        insert into dataset_updates (dataset, partition_key, version, publication, run_number, who, idempotency_key, run_group, quiet, at_ms)
        values (@dataset, @partition_key, @version, @publication, @run_number, @who, @key, @run_group, @quiet, @at_ms)
        returning id
        """
    );
    private static readonly Sql CountPartition = new(
        """
        insert into dataset_partitions (dataset, partition_key, updates, last_update, updated_ms)
        values (@dataset, @partition_key, 1, @id, @at_ms)
        on conflict (dataset, partition_key)
        do update set updates = dataset_partitions.updates + 1, last_update = excluded.last_update, updated_ms = excluded.updated_ms
        """
    );
    private static readonly Sql MarkDownstream = new(
        """
        insert into runs_with_downstream (run_number, reason, at_ms) values (@run, @reason, @at_ms) on conflict (run_number) do nothing
        """
    );

    /// <summary>Records an update: in the transaction in which the run that published it succeeds, or in which the request that posts it is answered.</summary>
    /// <returns>Its number.</returns>
    public long AddUpdate(StoredUpdate update)
    {
        var id = Use(InsertUpdate)
            .Set("@dataset", update.Dataset)
            .Set("@partition_key", update.Partition)
            .Set("@version", update.Version)
            .Set("@publication", update.Publication)
            .Set("@run_number", update.Run?.Value)
            .Set("@who", update.Who)
            .Set("@key", update.Key)
            .Set("@run_group", update.Group)
            .Set("@quiet", update.Quiet)
            .Set("@at_ms", update.At)
            .Scalar()!
            .Value;
        Use(CountPartition)
            .Set("@dataset", update.Dataset)
            .Set("@partition_key", update.Partition)
            .Set("@id", id)
            .Set("@at_ms", update.At)
            .Post();
        return id;
    }

    /// <summary>From here on, what the run publishes re-runs its consumers.</summary>
    public void SetDownstream(RunNumber run, string reason, DateTimeOffset at) =>
        Use(MarkDownstream).Set(run).Set("@reason", reason).Set("@at_ms", at).Post();
}
