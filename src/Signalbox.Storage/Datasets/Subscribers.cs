using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage;

/// <summary>How far a subscriber has taken note of the updates of a dataset.</summary>
/// <param name="Cursor">The number of the last update that it has taken note of, or of the last that there was when it began.</param>
public sealed record DatasetCursor(PipelineName Pipeline, string Dataset, long Cursor, DateTimeOffset MovedAt);

/// <summary>An update in a run that consumed it.</summary>
public sealed record RunUpdate(StoredUpdate Update, UpdateLabel Label);

/// <summary>What became of an update at one subscriber.</summary>
/// <param name="State"><c>waiting</c>, <c>consumed</c> or <c>unmatched</c>.</param>
/// <param name="Label">Null unless it was consumed.</param>
/// <param name="Run">The run that consumed it.</param>
/// <param name="Reason">Why it is unmatched.</param>
public sealed record Consumption(PipelineName Pipeline, long Update, string State, UpdateLabel? Label, RunNumber? Run, string? Reason);

public partial class ReadSession
{
    private static readonly Sql CursorsOf = new(
        "select pipeline, dataset, cursor, moved_ms from dataset_cursors where pipeline = @pipeline order by dataset"
    );
    private static readonly Sql UpdatesBeyond = new(
        $"""
        select {UpdateColumns} from dataset_updates u join dataset_cursors c on c.dataset = u.dataset and u.id > c.cursor
        where c.pipeline = @pipeline order by u.id limit @limit
        """
    );
    private static readonly Sql AnyBeyond = new(
        """
        select c.pipeline from dataset_cursors c
        where exists (select 1 from dataset_updates u where u.dataset = c.dataset and u.id > c.cursor) group by c.pipeline
        """
    );
    private static readonly Sql LateBeyond = new(
        """
        select c.pipeline, count(*), min(u.at_ms) from dataset_cursors c join dataset_updates u on u.dataset = c.dataset and u.id > c.cursor
        where u.at_ms < @before group by c.pipeline
        """
    );
    private static readonly Sql UpdatesWaiting = new(
        $"""
        select {UpdateColumns} from dataset_consumptions w join dataset_updates u on u.id = w.update_id
        where w.pipeline = @pipeline and w.state = 'waiting' order by u.id
        """
    );
    private static readonly Sql UpdatesOfRun = new(
        $"""
        select {UpdateColumns}, w.label from dataset_consumptions w join dataset_updates u on u.id = w.update_id
        where w.run_number = @run order by u.id
        """
    );
    private static readonly Sql ConsumptionsOfUpdate = new(
        "select pipeline, update_id, state, label, run_number, reason from dataset_consumptions where update_id = @id order by pipeline"
    );
    private static readonly Sql UnfinishedByTrigger = new(
        "select 1 from runs where pipeline = @pipeline and ended_ms is null and started_by = 'dataset' and namespace is null limit 1"
    );
    private static readonly Sql OpenItems = new(
        "select partition_key from backfill_items where backfill = @backfill and state in ('pending', 'running')"
    );
    private static readonly Sql OpenRun = new("select partition_key from runs where number = @run and ended_ms is null");

    /// <summary>The cursors of a subscriber, by dataset.</summary>
    public IReadOnlyList<DatasetCursor> DatasetCursors(PipelineName pipeline) =>
        Use(CursorsOf).Set("@pipeline", pipeline.Value).All(row => new DatasetCursor(new(row.Text()), row.Text(), row.Long(), row.Time()));

    /// <summary>The updates that a subscriber has not taken note of, the oldest first; those that start no run are among them.</summary>
    public IReadOnlyList<StoredUpdate> UpdatesBeyondCursor(PipelineName pipeline, int limit) =>
        Use(UpdatesBeyond).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(StoredUpdateOf);

    /// <summary>The subscribers that have not taken note of all updates.</summary>
    public IReadOnlyList<PipelineName> SubscribersBehind() => Use(AnyBeyond).All(row => new PipelineName(row.Text()));

    /// <summary>By subscriber: how many updates before an instant it has not taken note of, and when the oldest was.</summary>
    public IReadOnlyList<(PipelineName Pipeline, long Updates, DateTimeOffset Oldest)> SubscribersBehind(DateTimeOffset before) =>
        Use(LateBeyond).Set("@before", before).All(row => (new PipelineName(row.Text()), row.Long(), row.Time()));

    /// <summary>The updates that a subscriber has taken note of and that wait for others, the oldest first.</summary>
    public IReadOnlyList<StoredUpdate> UpdatesThatWait(PipelineName pipeline) =>
        Use(UpdatesWaiting).Set("@pipeline", pipeline.Value).All(StoredUpdateOf);

    /// <summary>The updates that a run has consumed, the oldest first.</summary>
    public IReadOnlyList<RunUpdate> UpdatesOf(RunNumber run) =>
        Use(UpdatesOfRun).Set(run).All(row => new RunUpdate(StoredUpdateOf(row), row.Word(Names.UpdateLabelOf)));

    /// <summary>What became of an update, by subscriber.</summary>
    public IReadOnlyList<Consumption> ConsumptionsOf(long update) =>
        Use(ConsumptionsOfUpdate)
            .Set("@id", update)
            .All(row => new Consumption(
                new(row.Text()),
                row.Long(),
                row.Text(),
                row.TextOrNull() is { } label ? Names.UpdateLabelOf(label) : null,
                row.LongOrNull() is { } run ? new RunNumber(run) : null,
                row.TextOrNull()
            ));

    /// <summary>Whether a live run that updates of datasets have started has not ended.</summary>
    public bool HasUnfinishedDatasetRun(PipelineName pipeline) =>
        Use(UnfinishedByTrigger).Set("@pipeline", pipeline.Value).Scalar() is not null;

    /// <summary>The partitions that a backfill has still to make.</summary>
    public IReadOnlyList<string> OpenPartitionsOfBackfill(long backfill) =>
        Use(OpenItems).Set("@backfill", backfill).All(row => row.Text());

    /// <summary>The partition of a run that has not ended; null when it has.</summary>
    public string? OpenPartitionOfRun(RunNumber run) => Use(OpenRun).Set(run).First(row => row.Text());
}

public sealed partial class WriteSession
{
    private static readonly Sql InsertCursor = new(
        "insert into dataset_cursors (pipeline, dataset, cursor, moved_ms) values (@pipeline, @dataset, @cursor, @moved_ms)"
    );
    private static readonly Sql DropCursor = new("delete from dataset_cursors where pipeline = @pipeline and dataset = @dataset");
    private static readonly Sql DropWaiting = new(
        """
        update dataset_consumptions set state = 'unmatched', reason = 'its trigger does not name the dataset', at_ms = @at_ms
        where pipeline = @pipeline and state = 'waiting' and update_id in (select id from dataset_updates where dataset = @dataset)
        """
    );
    private static readonly Sql MoveOneDatasetCursor = new(
        "update dataset_cursors set cursor = @cursor, moved_ms = @moved_ms where pipeline = @pipeline and dataset = @dataset and cursor < @cursor"
    );
    private static readonly Sql SaveConsumption = new(
        """
        insert into dataset_consumptions (pipeline, update_id, state, label, run_number, reason, at_ms)
        values (@pipeline, @id, @state, @label, @run_number, @reason, @at_ms)
        on conflict (pipeline, update_id) do update
        set state = excluded.state, label = excluded.label, run_number = excluded.run_number, reason = excluded.reason, at_ms = excluded.at_ms
        where dataset_consumptions.state = 'waiting'
        """
    );

    /// <summary>
    /// A pipeline subscribes to these datasets and to no other: from a new one it gets the updates from now on, from one that it had it goes on
    /// where it is. What still waits of one that it leaves is unmatched from then on.
    /// </summary>
    public void Subscribe(PipelineName pipeline, IReadOnlyCollection<string> datasets, DateTimeOffset at)
    {
        var known = DatasetCursors(pipeline).Select(cursor => cursor.Dataset).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in known.Where(dataset => !datasets.Contains(dataset)))
        {
            Use(DropWaiting).Set("@pipeline", pipeline.Value).Set("@dataset", gone).Set("@at_ms", at).Post();
            Use(DropCursor).Set("@pipeline", pipeline.Value).Set("@dataset", gone).Post();
        }

        var latest = LatestUpdate();
        foreach (var dataset in datasets.Where(dataset => !known.Contains(dataset)))
        {
            Use(InsertCursor).Set("@pipeline", pipeline.Value).Set("@dataset", dataset).Set("@cursor", latest).Set("@moved_ms", at).Post();
        }
    }

    /// <summary>A subscriber has taken note of every update of a dataset up to this one. The cursor never goes back.</summary>
    public void MoveDatasetCursor(PipelineName pipeline, string dataset, long to, DateTimeOffset at) =>
        Use(MoveOneDatasetCursor).Set("@cursor", to).Set("@moved_ms", at).Set("@pipeline", pipeline.Value).Set("@dataset", dataset).Post();

    /// <summary>An update waits for others.</summary>
    public void KeepWaiting(PipelineName pipeline, long update, DateTimeOffset at) =>
        Consume(pipeline, update, "waiting", label: null, run: null, reason: null, at);

    /// <summary>A run consumes an update: in the transaction that creates the run.</summary>
    /// <exception cref="StoreConflict">A run of this subscriber has consumed it already.</exception>
    public void Consume(PipelineName pipeline, long update, UpdateLabel label, RunNumber run, DateTimeOffset at) =>
        Consume(pipeline, update, "consumed", label, run, reason: null, at);

    /// <summary>An update can be in no run of this subscriber.</summary>
    public void LeaveUnmatched(PipelineName pipeline, long update, string reason, DateTimeOffset at) =>
        Consume(pipeline, update, "unmatched", label: null, run: null, reason, at);

    private void Consume(
        PipelineName pipeline,
        long update,
        string state,
        UpdateLabel? label,
        RunNumber? run,
        string? reason,
        DateTimeOffset at
    ) =>
        Use(SaveConsumption)
            .Set("@pipeline", pipeline.Value)
            .Set("@id", update)
            .Set("@state", state)
            .Set("@label", label is { } known ? Names.Of(known) : null)
            .Set("@run_number", run?.Value)
            .Set("@reason", reason)
            .Set("@at_ms", at)
            .Post(() => new StoreConflict($"{pipeline} has consumed update {update} already"));
}
