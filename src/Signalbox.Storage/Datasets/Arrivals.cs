namespace Signalbox.Storage;

/// <summary>When a partition of a dataset was first there.</summary>
public sealed record PartitionArrival(string Partition, DateTimeOffset At);

public partial class ReadSession
{
    // What a backfill, a quiet re-run or a run by hand makes says nothing about when the data comes by itself.
    private static readonly Sql NewestArrivals = new(
        """
        select u.partition_key, min(u.at_ms) from dataset_updates u left join runs r on r.number = u.run_number
        where u.dataset = @dataset and u.quiet is null and u.run_group is null and (r.number is null or r.started_by in ('scheduled', 'dataset', 'event'))
            and u.partition_key in (
                select partition_key from dataset_partitions where dataset = @dataset order by updated_ms desc, last_update desc limit @limit)
        group by u.partition_key order by u.partition_key
        """
    );

    /// <summary>When the partitions of a dataset that were updated last first came, by their keys.</summary>
    /// <param name="limit">The most partitions that are looked at, those that were updated last.</param>
    public IReadOnlyList<PartitionArrival> Arrivals(string dataset, int limit) =>
        Use(NewestArrivals).Set("@dataset", dataset).Set("@limit", limit).All(row => new PartitionArrival(row.Text(), row.Time()));
}
