using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    // Of several versions for one interval the one that readers see counts, else the newest.
    private static readonly Sql EarlierOfDataset = new(
        """
        select id from (
            select p.id as id, r.interval_start_ms as began, row_number() over (
                partition by r.interval_start_ms
                order by case when c.publication is null then 1 else 0 end, p.id desc
            ) as place
            from publications p
            join runs r on r.number = p.run_number
            left join current_versions c on c.path = p.path and c.publication = p.id
            left join tasks t on t.run_number = p.run_number and t.task = p.task and t.map_index = p.map_index
            where p.dataset = @dataset and p.state = 'published' and r.interval_start_ms < @before_ms
                and (p.namespace is null or p.namespace = @namespace)
                and (@item = '' or t.item = @item)
        ) as versions
        where place = 1 order by began desc limit @limit
        """
    );

    /// <summary>The published versions of a dataset for earlier data intervals, one for each, the latest interval first.</summary>
    /// <param name="item">JSON of the item of an instance of a mapped task: only versions for the same item. Null: of all.</param>
    /// <param name="before">The beginning of the interval that they are earlier than.</param>
    /// <param name="space">Versions of live runs count, and those of this namespace.</param>
    public IReadOnlyList<Publication> EarlierVersions(string dataset, string? item, DateTimeOffset before, RunNamespace? space, int limit)
    {
        var ids = Use(EarlierOfDataset)
            .Set("@dataset", dataset)
            .Set("@item", item ?? "")
            .Set("@before_ms", before)
            .Set("@namespace", space?.Value ?? "")
            .Set("@limit", limit)
            .All(row => row.Long());
        return [.. ids.Select(id => Publication(id)!)];
    }
}
