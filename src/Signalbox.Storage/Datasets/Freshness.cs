using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>A dataset was not updated by when it had to be.</summary>
/// <param name="Pipeline">The pipeline that states the need.</param>
/// <param name="Rule">The need in words.</param>
/// <param name="UpdatedAt">Its last update then; null when it had none.</param>
/// <param name="At">When it was noticed.</param>
/// <param name="EndedAt">When the next update came; null: it is late still.</param>
/// <param name="Change">The number of its last change among those of all datasets, rising in the order in which they became durable.</param>
public sealed record FreshnessMiss(
    long Id,
    PipelineName Pipeline,
    string Dataset,
    string Rule,
    DateTimeOffset DueAt,
    DateTimeOffset? UpdatedAt,
    DateTimeOffset At,
    DateTimeOffset? EndedAt,
    long Change
);

public partial class ReadSession
{
    private const string MissColumns = "id, pipeline, dataset, rule, due_ms, updated_ms, at_ms, ended_ms, change";

    // What a backfill or a quiet re-run makes is history: it makes nothing fresh.
    private static readonly Sql NewestOfItsOwn = new(
        """
        select at_ms from dataset_updates where dataset = @dataset and quiet is null and run_group is null order by id desc limit 1
        """
    );
    private static readonly Sql MissesOpen = new(
        $"select {MissColumns} from freshness_misses where ended_ms is null order by dataset, pipeline, id"
    );
    private static readonly Sql MissesLatest = new(
        $"select {MissColumns} from freshness_misses where dataset = @dataset order by id desc limit @limit"
    );

    private static readonly Sql MissesChanged = new(
        $"""
        select {MissColumns} from freshness_misses
        where change > @after and (@pipeline is null or pipeline = @pipeline) order by change, id limit @limit
        """
    );
    private static readonly Sql ChangeOfFreshness = new("select value from counters where name = 'freshness'");

    /// <summary>When a dataset was last updated by other than history made again; null when it never was.</summary>
    public DateTimeOffset? FreshOf(string dataset) =>
        Use(NewestOfItsOwn).Set("@dataset", dataset).First(row => (DateTimeOffset?)row.Time());

    /// <summary>The datasets that are late now, one line for each deadline that passed.</summary>
    public IReadOnlyList<FreshnessMiss> OpenMisses() => Use(MissesOpen).All(MissOf);

    /// <summary>When a dataset was late, the newest first.</summary>
    public IReadOnlyList<FreshnessMiss> Misses(string dataset, int limit) =>
        Use(MissesLatest).Set("@dataset", dataset).Set("@limit", limit).All(MissOf);

    /// <summary>Misses that began or ended after a change, the earliest change first. Of one that began and ended since there is only the end.</summary>
    /// <param name="pipeline">Only of needs of this pipeline; null for all.</param>
    public IReadOnlyList<FreshnessMiss> FreshnessSince(long change, int limit, PipelineName? pipeline = null) =>
        Use(MissesChanged).Set("@after", change).Set("@pipeline", pipeline?.Value).Set("@limit", limit).All(MissOf);

    /// <summary>The number of the last change of freshness; 0 when there was none.</summary>
    public long LastFreshness() => Use(ChangeOfFreshness).Scalar() ?? 0;

    private static FreshnessMiss MissOf(Statement row) =>
        new(row.Long(), new(row.Text()), row.Text(), row.Text(), row.Time(), row.TimeOrNull(), row.Time(), row.TimeOrNull(), row.Long());
}

public sealed partial class WriteSession
{
    private static readonly Sql NextFreshness = new("update counters set value = value + 1 where name = 'freshness' returning value");
    private static readonly Sql InsertMiss = new(
        """
        insert into freshness_misses (pipeline, dataset, rule, due_ms, updated_ms, at_ms, change)
        values (@pipeline, @dataset, @rule, @due_ms, @updated_ms, @at_ms, @change)
        on conflict (pipeline, dataset, due_ms) do nothing returning id
        """
    );
    private static readonly Sql EndMiss = new(
        """
        update freshness_misses set ended_ms = @at_ms, change = @change where pipeline = @pipeline and dataset = @dataset and ended_ms is null returning id
        """
    );

    /// <summary>A dataset is late.</summary>
    /// <returns>Whether it is news: not when that deadline was written down before.</returns>
    public bool AddMiss(
        PipelineName pipeline,
        string dataset,
        string rule,
        DateTimeOffset due,
        DateTimeOffset? updated,
        DateTimeOffset at
    ) =>
        Use(InsertMiss)
            .Set("@pipeline", pipeline.Value)
            .Set("@dataset", dataset)
            .Set("@rule", rule)
            .Set("@due_ms", due)
            .Set("@updated_ms", updated)
            .Set("@at_ms", at)
            .Set("@change", Use(NextFreshness).Scalar()!.Value)
            .Scalar()
            is not null;

    /// <summary>A dataset is late no more, as far as this pipeline wants it.</summary>
    /// <returns>Whether it was late.</returns>
    public bool EndMisses(PipelineName pipeline, string dataset, DateTimeOffset at) =>
        Use(EndMiss)
            .Set("@at_ms", at)
            .Set("@change", Use(NextFreshness).Scalar()!.Value)
            .Set("@pipeline", pipeline.Value)
            .Set("@dataset", dataset)
            .All(row => row.Long())
            .Count > 0;
}
