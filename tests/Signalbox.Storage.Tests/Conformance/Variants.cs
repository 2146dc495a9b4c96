using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S180")]
    [Trait("Requirement", "S182")]
    public async Task What_is_active_is_the_latest_switch_and_without_one_it_is_blue()
    {
        using var store = Database.Open();
        var (live, candidate) = await TwoVersionsAsync(store);
        var daily = new PipelineName("daily");
        var green = new RunNamespace("green");
        Assert.Null(store.Read(s => s.ActiveVariant(daily)));
        Assert.Empty(store.Read(s => s.LatestVariantSwitches()));
        var there = new VariantSwitch(
            0,
            daily,
            VariantSwitchKind.Promote,
            null,
            live,
            green,
            candidate,
            "ann",
            "seven clean days",
            Made.Noon
        );
        var back = new VariantSwitch(0, daily, VariantSwitchKind.Rollback, green, candidate, null, live, "bob", null, Made.Noon.AddDays(1));

        there = there with { Id = await store.WriteAsync(s => s.AddVariantSwitch(there), Ct) };
        Assert.Equal(green, store.Read(s => s.ActiveVariant(daily)));
        Assert.Equal([there], store.Read(s => s.LatestVariantSwitches()));
        back = back with { Id = await store.WriteAsync(s => s.AddVariantSwitch(back), Ct) };
        Assert.Null(store.Read(s => s.ActiveVariant(daily)));
        Assert.Equal([back], store.Read(s => s.LatestVariantSwitches()));
        Assert.Equal([back, there], store.Read(s => s.VariantSwitches(daily, 10)));
    }

    [Fact]
    public async Task A_variant_is_deployed_deployed_anew_and_ended()
    {
        using var store = Database.Open();
        var (live, candidate) = await TwoVersionsAsync(store);
        var variant = new Variant(new("daily"), new("green"), candidate, "candidates/daily.yaml", "ann", "faster", Made.Noon);
        await store.WriteAsync(s => s.SaveVariant(variant), Ct);
        Assert.Equal(variant, store.Read(s => s.Variant(new("daily"), new("green"))));
        var again = variant with { Version = live, Who = "bob", Reason = null, DeployedAt = Made.Noon.AddHours(1) };
        await store.WriteAsync(s => s.SaveVariant(again), Ct);
        Assert.Equal([again], store.Read(s => s.Variants(new("daily"))));
        Assert.Equal([again], store.Read(s => s.Variants()));
        Assert.True(await store.WriteAsync(s => s.EndVariant(new("daily"), new("green")), Ct));
        Assert.False(await store.WriteAsync(s => s.EndVariant(new("daily"), new("green")), Ct));
        Assert.Null(store.Read(s => s.Variant(new("daily"), new("green"))));
    }

    [Fact]
    [Trait("Requirement", "S176")]
    public async Task The_verdict_on_two_versions_is_the_last_one()
    {
        using var store = Database.Open();
        var (live, candidate) = await TwoVersionsAsync(store);
        var daily = new PipelineName("daily");
        var first = new Shadow(0, daily, live, candidate, new("shadow-1"), false, 3, 3, 2, 100, 1, 2, 3, "{}", "ann", "try", Made.Noon);
        var second = first with { Clean = true, CleanDates = 3, Missing = 0, Extra = 0, Different = 0, Gate = null, Reason = null };
        first = first with { Id = await store.WriteAsync(s => s.AddShadow(first), Ct) };
        second = second with { Id = await store.WriteAsync(s => s.AddShadow(second), Ct) };
        Assert.Equal(second, store.Read(s => s.Shadow(daily, live, candidate)));
        Assert.Null(store.Read(s => s.Shadow(daily, candidate, live)));
        Assert.Equal([second, first], store.Read(s => s.Shadows(daily, 10)));
    }

    [Fact]
    public async Task Messages_of_a_kind_wait_in_the_order_in_which_they_were_written_due_or_not()
    {
        using var store = Database.Open();
        var ids = new List<long>();
        foreach (var (kind, payload) in ((string, string)[])[("flag", "1"), ("mail", "2"), ("flag", "3")])
        {
            ids.Add(await store.WriteAsync(s => s.AddMessage(kind, payload, Made.Noon), Ct));
        }

        await store.WriteAsync(s => s.MessageFailed(ids[0], "gone", Made.Noon.AddHours(1)), Ct);
        var waiting = store.Read(s => s.WaitingMessages("flag", 10));
        Assert.Equal(["1", "3"], waiting.Select(message => message.Payload));
        Assert.Equal(("gone", 1), (waiting[0].Error, waiting[0].Attempts));
        await store.WriteAsync(s => s.MessageDelivered(ids[0], Made.Noon), Ct);
        Assert.Equal(["3"], store.Read(s => s.WaitingMessages("flag", 10)).Select(message => message.Payload));
    }

    private static async Task<(VersionHash Live, VersionHash Candidate)> TwoVersionsAsync(Store store)
    {
        var pipeline = Made.Pipeline("daily", "a");
        var live = await store.WriteAsync(s => s.SaveCurrentDefinition(pipeline, "one", "daily.yaml", Made.Noon), Ct);
        return (live, await store.WriteAsync(s => s.SaveDefinition(pipeline with { Priority = 1 }, "two", Made.Noon), Ct));
    }
}
