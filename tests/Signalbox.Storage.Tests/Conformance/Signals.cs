using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_message_is_for_one_run_or_for_all_of_a_date_and_the_latest_counts()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 1);
        var (other, _) = await store.CreateRun("daily", 2);
        var toRun = new Signal(new("daily"), LogicalDate: null, run.Number, "ready", "{\"n\":1}", "ann", Made.Noon);
        await store.WriteAsync(s => s.Add(toRun), Ct);
        Assert.Equal(toRun, Find(run, "ready"));
        Assert.Null(Find(other, "ready"));
        Assert.Null(Find(run, "unready"));

        var toDate = new Signal(new("daily"), other.LogicalDate, Run: null, "ready", Data: null, "bob", Made.Noon);
        await store.WriteAsync(s => s.Add(toDate), Ct);
        Assert.Equal(toDate, Find(other, "ready"));
        var again = toDate with { Who = "cid", At = Made.Noon.AddMinutes(1) };
        await store.WriteAsync(s => s.Add(again), Ct);
        Assert.Equal(again, Find(other, "ready"));
        Assert.Equal(toRun, Find(run, "ready"));

        Signal? Find(Run to, string name) => store.Read(s => s.Signal(to.Pipeline, to.Number, to.LogicalDate, name));
    }

    [Fact]
    public async Task The_dates_that_backfills_of_a_pipeline_still_have_are_known_and_when_one_began_last()
    {
        using var store = Database.Open();
        var items = Enumerable.Range(1, 3).Select(i => new BackfillItem(i - 1, Day(i), $"2001-01-0{i}")).ToArray();
        var id = await store.WriteAsync(s => s.CreateBackfill(new("daily"), "{}", items, "late data", Made.Noon), Ct);
        await store.WriteAsync(s => s.CreateBackfill(new("weekly"), "{}", items, "late data", Made.Noon), Ct);
        Assert.Null(store.Read(s => s.LatestBackfillRun(id)));
        var (run, _) = await store.CreateRun("daily", 1, RunTrigger.Backfill);
        await store.WriteAsync(s => s.StartBackfillItem(id, 0, run.Number), Ct);
        await store.WriteAsync(s => s.EndBackfillItem(id, 1, BackfillItemState.Skipped, "taken over"), Ct);

        Assert.Equal(run.CreatedAt, store.Read(s => s.LatestBackfillRun(id)));
        var open = store.Read(s => s.OpenBackfillItems(new("daily")));
        Assert.Equal([(id, 0), (id, 2)], open.Select(each => (each.Backfill, each.Item.Ordinal)));
        await store.WriteAsync(s => s.SetBackfillState(id, BackfillState.Cancelled, "enough", Made.Noon), Ct);
        Assert.Empty(store.Read(s => s.OpenBackfillItems(new("daily"))));
    }
}
