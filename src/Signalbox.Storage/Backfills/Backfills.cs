using System.Diagnostics;
using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>State of a backfill. The last three are ends.</summary>
public enum BackfillState
{
    Running,
    Paused,
    Success,
    Failed,
    Cancelled,
}

/// <summary>State of one date of a backfill. The last four are ends.</summary>
public enum BackfillItemState
{
    Pending,
    Running,
    Success,
    Failed,
    Cancelled,
    Skipped,
}

/// <summary>A backfill: the dates it consists of are its items, stored before the first of them runs.</summary>
/// <param name="Spec">JSON of what was asked for; opaque here.</param>
public sealed record StoredBackfill(
    long Id,
    PipelineName Pipeline,
    string Spec,
    BackfillState State,
    string? Reason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt
);

/// <summary>One date of a backfill.</summary>
/// <param name="Ordinal">Its place in the order in which the dates run, from 0.</param>
public sealed record BackfillItem(
    int Ordinal,
    DateTimeOffset LogicalDate,
    string Partition,
    BackfillItemState State = BackfillItemState.Pending,
    RunNumber? Run = null,
    string? Reason = null
);

public partial class ReadSession
{
    private const string BackfillColumns = "id, pipeline, spec, state, reason, created_ms, ended_ms";
    private const string ItemColumns = "ordinal, logical_ms, partition_key, state, run_number, reason";
    private const string OpenColumns = "i.ordinal, i.logical_ms, i.partition_key, i.state, i.run_number, i.reason";
    private static readonly Sql BackfillNumbered = new($"select {BackfillColumns} from backfills where id = @id");
    private static readonly Sql BackfillsWhere = new(
        $"""
        select {BackfillColumns} from backfills where (@active = 0 or ended_ms is null) and id < @before order by id desc limit @limit
        """
    );
    private static readonly Sql ItemsOf = new($"select {ItemColumns} from backfill_items where backfill = @backfill order by ordinal");
    private static readonly Sql ItemsPending = new(
        $"select {ItemColumns} from backfill_items where backfill = @backfill and state = 'pending' order by ordinal limit @limit"
    );
    private static readonly Sql ItemLatest = new(
        """
        select max(r.created_ms) from backfill_items i join runs r on r.number = i.run_number where i.backfill = @backfill
        """
    );
    private static readonly Sql ItemsOpen = new(
        $"""
        select i.backfill, {OpenColumns} from backfill_items i join backfills b on b.id = i.backfill
        where b.pipeline = @pipeline and b.ended_ms is null and i.state in ('pending', 'running') order by i.backfill, i.ordinal
        """
    );
    private static readonly Sql ItemCounts = new(
        "select state, count(*) from backfill_items where backfill = @backfill group by state order by state"
    );

    /// <summary>Null when there is none.</summary>
    public StoredBackfill? Backfill(long id) => Use(BackfillNumbered).Set("@id", id).First(BackfillOf);

    /// <summary>Backfills, the newest first.</summary>
    /// <param name="before">Only those with a smaller number: the last one of the page before.</param>
    public IReadOnlyList<StoredBackfill> Backfills(bool activeOnly, int limit, long? before = null) =>
        Use(BackfillsWhere).Set("@active", activeOnly).Set("@before", before ?? long.MaxValue).Set("@limit", limit).All(BackfillOf);

    /// <summary>All dates of a backfill in the order in which they run.</summary>
    public IReadOnlyList<BackfillItem> BackfillItems(long backfill) => Use(ItemsOf).Set("@backfill", backfill).All(ItemOf);

    /// <summary>The dates to run next.</summary>
    public IReadOnlyList<BackfillItem> PendingBackfillItems(long backfill, int limit) =>
        Use(ItemsPending).Set("@backfill", backfill).Set("@limit", limit).All(ItemOf);

    /// <summary>When the latest run of a backfill was made; null when none was.</summary>
    public DateTimeOffset? LatestBackfillRun(long backfill) => Use(ItemLatest).Set("@backfill", backfill).First(row => row.TimeOrNull());

    /// <summary>The dates that backfills of a pipeline still have to run or are running, by the backfill.</summary>
    public IReadOnlyList<(long Backfill, BackfillItem Item)> OpenBackfillItems(PipelineName pipeline) =>
        Use(ItemsOpen).Set("@pipeline", pipeline.Value).All(row => (row.Long(), ItemOf(row)));

    /// <summary>How many dates are in which state; states without dates are left out.</summary>
    public IReadOnlyDictionary<BackfillItemState, int> BackfillProgress(long backfill)
    {
        var counts = new Dictionary<BackfillItemState, int>();
        using var row = Use(ItemCounts).Set("@backfill", backfill);
        while (row.Read())
        {
            counts[row.Word(ItemStateOf)] = row.Int();
        }

        return counts;
    }

    private protected static string Word(BackfillState state) =>
        state switch
        {
            BackfillState.Running => "running",
            BackfillState.Paused => "paused",
            BackfillState.Success => "success",
            BackfillState.Failed => "failed",
            BackfillState.Cancelled => "cancelled",
            _ => throw new UnreachableException(),
        };

    private protected static string Word(BackfillItemState state) =>
        state switch
        {
            BackfillItemState.Pending => "pending",
            BackfillItemState.Running => "running",
            BackfillItemState.Success => "success",
            BackfillItemState.Failed => "failed",
            BackfillItemState.Cancelled => "cancelled",
            BackfillItemState.Skipped => "skipped",
            _ => throw new UnreachableException(),
        };

    private static BackfillState? StateOf(string word) =>
        word switch
        {
            "running" => BackfillState.Running,
            "paused" => BackfillState.Paused,
            "success" => BackfillState.Success,
            "failed" => BackfillState.Failed,
            "cancelled" => BackfillState.Cancelled,
            _ => null,
        };

    private static BackfillItemState? ItemStateOf(string word) =>
        word switch
        {
            "pending" => BackfillItemState.Pending,
            "running" => BackfillItemState.Running,
            "success" => BackfillItemState.Success,
            "failed" => BackfillItemState.Failed,
            "cancelled" => BackfillItemState.Cancelled,
            "skipped" => BackfillItemState.Skipped,
            _ => null,
        };

    private static StoredBackfill BackfillOf(Statement row) =>
        new(row.Long(), new(row.Text()), row.Text(), row.Word(StateOf), row.TextOrNull(), row.Time(), row.TimeOrNull());

    private static BackfillItem ItemOf(Statement row) =>
        new(
            row.Int(),
            row.Time(),
            row.Text(),
            row.Word(ItemStateOf),
            row.LongOrNull() is { } run ? new RunNumber(run) : null,
            row.TextOrNull()
        );
}
