using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task The_cells_of_a_dataset_are_those_that_its_producer_declares_now_and_a_range_has_the_cells_of_its_last_slice()
    {
        using var store = Database.Open();
        var pipeline = new Pipeline
        {
            Name = new("regions"),
            Dimensions = [new("region", ["eu", "us"]), new("tier", ["free"])],
            Tasks =
            [
                new TaskNode
                {
                    Name = new("make"),
                    Kind = new TaskKind.Noop(),
                    Outputs =
                    [
                        new OutputSpec
                        {
                            Name = "o",
                            Path = "o",
                            Dataset = "a",
                            Keys = System
                                .Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("region", "eu")
                                .Add("tier", "free"),
                        },
                    ],
                },
            ],
        };
        await store.WriteAsync(s => s.SaveCurrentDefinition(pipeline, "", null, Made.Noon), Ct);
        Assert.Equal(["eu/free", "us/free"], store.Read(s => s.CellsOf("a")));
        await store.WriteAsync(
            s =>
                s.SaveCurrentDefinition(pipeline with { Dimensions = [new("region", ["eu"]), new("tier", ["free"])] }, "", null, Made.Noon),
            Ct
        );
        Assert.Equal(["eu/free"], store.Read(s => s.CellsOf("a")));
        await store.WriteAsync(s => s.SaveCurrentDefinition(pipeline with { Dimensions = [] }, "", null, Made.Noon), Ct);
        Assert.Empty(store.Read(s => s.CellsOf("a")));

        foreach (var key in (string[])["2001-01-05/eu", "2001-01-06/us", "2001-01-06", "2001-01-07/eu"])
        {
            await store.WriteAsync(s => s.AddUpdate(Posted("b", key)), Ct);
        }

        Assert.Equal(
            ["2001-01-06", "2001-01-06/us"],
            store.Read(s => s.Partitions("b", 10, first: "2001-01-06", last: "2001-01-06")).Select(one => one.Partition)
        );
    }

    [Fact]
    [Trait("Requirement", "S48")]
    public async Task A_deadline_of_a_dataset_is_missed_once_and_what_was_told_of_it_is_resolved_once()
    {
        using var store = Database.Open();
        var daily = new PipelineName("daily");
        await store.WriteAsync(
            s =>
            {
                s.AddUpdate(Posted("a", "2001-01-01"));
                // History made again makes nothing fresh.
                s.AddUpdate(Posted("a", "2001-01-02") with { Quiet = "backfill 1 made it", At = Made.Noon.AddHours(1) });
                s.AddUpdate(Posted("a", "2001-01-03") with { Group = "backfill 2", At = Made.Noon.AddHours(2) });
            },
            Ct
        );
        Assert.Equal(Made.Noon, store.Read(s => s.FreshOf("a")));
        Assert.Equal([new PartitionArrival("2001-01-01", Made.Noon)], store.Read(s => s.Arrivals("a", 10)));
        Assert.Null(store.Read(s => s.FreshOf("b")));

        bool Miss(WriteSession s) => s.AddMiss(daily, "a", "within 1h", Made.Noon.AddHours(1), Made.Noon, Made.Noon.AddHours(2));
        Assert.True(await store.WriteAsync(Miss, Ct));
        Assert.False(await store.WriteAsync(Miss, Ct));
        var open = Assert.Single(store.Read(s => s.OpenMisses()));
        Assert.Equal(open, Assert.Single(store.Read(s => s.FreshnessSince(0, 10))));
        Assert.Empty(store.Read(s => s.FreshnessSince(0, 10, new PipelineName("other"))));
        Assert.Empty(store.Read(s => s.FreshnessSince(s.LastFreshness(), 10)));
        Assert.Equal(
            (daily, "a", Made.Noon.AddHours(1), Made.Noon, null),
            (open.Pipeline, open.Dataset, open.DueAt, open.UpdatedAt, open.EndedAt)
        );
        await store.WriteAsync(
            s =>
                s.AddAlert(
                    new Alert
                    {
                        Kind = AlertKind.FreshnessMissed,
                        Severity = AlertSeverity.Error,
                        DedupKey = "daily/a/freshness",
                        Message = "a is late",
                        At = Made.Noon,
                    }
                ),
            Ct
        );
        Assert.True(await store.WriteAsync(s => s.EndMisses(daily, "a", Made.Noon.AddHours(3)), Ct));
        Assert.False(await store.WriteAsync(s => s.EndMisses(daily, "a", Made.Noon.AddHours(3)), Ct));
        Assert.Equal(1, await store.WriteAsync(s => s.ResolveLateness("daily/a/freshness", "a is fresh", Made.Noon), Ct));
        Assert.Equal(0, await store.WriteAsync(s => s.ResolveLateness("daily/a/freshness", "a is fresh", Made.Noon), Ct));
        Assert.Empty(store.Read(s => s.OpenMisses()));
        Assert.Equal(Made.Noon.AddHours(3), Assert.Single(store.Read(s => s.Misses("a", 5))).EndedAt);
        Assert.Equal(Made.Noon.AddHours(3), Assert.Single(store.Read(s => s.FreshnessSince(open.Change, 10))).EndedAt);
    }

    [Fact]
    [Trait("Requirement", "S118")]
    public async Task A_subscriber_gets_the_updates_from_its_beginning_on_and_an_update_once()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 1);
        var weekly = new PipelineName("weekly");
        await store.WriteAsync(s => s.AddUpdate(Posted("a", "2001-01-01")), Ct);
        await store.WriteAsync(s => s.Subscribe(weekly, ["a", "b"], Made.Noon), Ct);
        Assert.Empty(store.Read(s => s.SubscribersBehind()));
        var (first, second) = (0L, 0L);
        await store.WriteAsync(
            s =>
            {
                first = s.AddUpdate(Posted("a", "2001-01-02"));
                second = s.AddUpdate(Posted("b", "2001-01-02", "key"));
                s.AddUpdate(Posted("c", "2001-01-02"));
            },
            Ct
        );

        Assert.Equal([first, second], store.Read(s => s.UpdatesBeyondCursor(weekly, 10)).Select(update => update.Id));
        Assert.Equal([weekly], store.Read(s => s.SubscribersBehind()));
        Assert.Equal((weekly, 2, Made.Noon), Assert.Single(store.Read(s => s.SubscribersBehind(Made.Noon.AddMilliseconds(1)))));
        Assert.Empty(store.Read(s => s.SubscribersBehind(Made.Noon)));
        await store.WriteAsync(
            s =>
            {
                s.KeepWaiting(weekly, first, Made.Noon);
                s.Consume(weekly, second, UpdateLabel.TriggeredBy, run.Number, Made.Noon);
                s.MoveDatasetCursor(weekly, "a", first, Made.Noon);
                s.MoveDatasetCursor(weekly, "b", second, Made.Noon);
            },
            Ct
        );

        Assert.Empty(store.Read(s => s.SubscribersBehind()));
        Assert.Equal([first], store.Read(s => s.UpdatesThatWait(weekly)).Select(update => update.Id));
        Assert.Equal(
            [(second, UpdateLabel.TriggeredBy)],
            store.Read(s => s.UpdatesOf(run.Number)).Select(one => (one.Update.Id, one.Label))
        );
        await Assert.ThrowsAsync<StoreConflict>(() =>
            store.WriteAsync(s => s.Consume(weekly, second, UpdateLabel.Included, run.Number, Made.Noon), Ct)
        );

        // The cursor never goes back, and one that leaves a dataset loses what waits of it, with a reason.
        await store.WriteAsync(s => s.MoveDatasetCursor(weekly, "b", 0, Made.Noon), Ct);
        Assert.Empty(store.Read(s => s.SubscribersBehind()));
        await store.WriteAsync(s => s.Subscribe(weekly, ["b"], Made.Noon), Ct);
        Assert.Empty(store.Read(s => s.UpdatesThatWait(weekly)));
        Assert.Equal(("unmatched", "its trigger does not name the dataset"), Of(store.Read(s => s.ConsumptionsOf(first))));
        Assert.Equal(["b"], store.Read(s => s.DatasetCursors(weekly)).Select(cursor => cursor.Dataset));

        static (string, string?) Of(IReadOnlyList<Consumption> all) => (Assert.Single(all).State, all[0].Reason);
    }

    [Fact]
    public async Task Partitions_are_counted_paged_and_found_by_ranges_of_their_keys()
    {
        using var store = Database.Open();
        await store.WriteAsync(
            s =>
            {
                foreach (var day in Enumerable.Range(1, 9))
                {
                    s.AddUpdate(Posted("a", $"2001-01-0{day}"));
                }

                s.AddUpdate(Posted("a", "2001-01-03") with { At = Made.Noon.AddHours(1), Key = "again" });
                s.AddUpdate(Posted("b", ""));
            },
            Ct
        );

        var third = new DatasetPartition("a", "2001-01-03", 2, 10, Made.Noon.AddHours(1));
        Assert.Equal(third, store.Read(s => s.Partition("a", "2001-01-03")));
        Assert.Equal(third, store.Read(s => s.LatestPartition("a")));
        Assert.Null(store.Read(s => s.Partition("a", "2001-01-10")));
        Assert.Equal([""], store.Read(s => s.Partitions("b", 10)).Select(one => one.Partition));
        Assert.Equal(
            ["2001-01-04", "2001-01-05"],
            store.Read(s => s.Partitions("a", 2, after: "2001-01-03", first: "2001-01-02", last: "2001-01-08")).Select(one => one.Partition)
        );
        Assert.Equal(["2001-01-09"], store.Read(s => s.Partitions("a", 5, skip: 8)).Select(one => one.Partition));
        Assert.Equal(10, store.Read(s => s.UpdatePostedWith("a", "again"))!.Id);
        await Assert.ThrowsAsync<StoreConflict>(() => store.WriteAsync(s => s.AddUpdate(Posted("a", "2001-01-03", "again")), Ct));
        Assert.Equal(["a", "b"], store.Read(s => s.UpdatedDatasetNames()));
    }

    private static StoredUpdate Posted(string dataset, string partition, string? key = null) =>
        new(0, dataset, partition, "v1", Publication: null, Run: null, "me", key, Group: null, Quiet: null, Made.Noon);
}
