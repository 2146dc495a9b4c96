using Signalbox.Core.Alerts;
using Signalbox.Core.Breakers;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S61")]
    public async Task A_circuit_breaker_is_kept_as_it_stands_and_one_that_is_closed_is_gone()
    {
        using var store = Database.Open();
        var key = new BreakerKey(BreakerKind.Target, "partner");
        var one = new Breaker(key).Failed(new BreakerSpec(2, TimeSpan.FromMinutes(5)), Made.Noon, "no answer");
        await store.WriteAsync(s => Did(() => s.SaveBreaker(one)), Ct);
        Assert.Equal(one, store.Read(s => s.BreakerNamed(key)));
        var open = one.Failed(new BreakerSpec(2, TimeSpan.FromMinutes(5)), Made.Noon, "no answer");
        await store.WriteAsync(s => Did(() => s.SaveBreaker(open)), Ct);
        Assert.Equal([open], store.Read(s => s.Breakers()));
        Assert.Null(store.Read(s => s.BreakerNamed(key with { Kind = BreakerKind.Pipeline })));

        await store.WriteAsync(s => Did(() => s.SaveBreaker(open.Succeeded())), Ct);
        Assert.Empty(store.Read(s => s.Breakers()));
        Assert.False(await store.WriteAsync(s => s.RemoveBreaker(key), Ct));
    }

    [Fact]
    [Trait("Requirement", "S99")]
    public async Task The_retries_of_a_target_are_those_after_an_instant_and_older_ones_are_forgotten()
    {
        using var store = Database.Open();
        for (var minute = 0; minute < 4; minute++)
        {
            var at = Made.Noon.AddMinutes(minute);
            await store.WriteAsync(s => Did(() => s.AddRetryOf("partner", at, at.AddMinutes(-2))), Ct);
        }

        Assert.Equal([Made.Noon.AddMinutes(3)], store.Read(s => s.RetriesOf("partner", Made.Noon.AddMinutes(2))));
        Assert.Equal(2, store.Read(s => s.RetriesOf("partner", DateTimeOffset.UnixEpoch)).Count);
        Assert.Empty(store.Read(s => s.RetriesOf("other", DateTimeOffset.UnixEpoch)));
    }

    [Fact]
    public async Task What_was_told_under_a_key_is_resolved_once()
    {
        using var store = Database.Open();
        var alert = new Alert
        {
            Kind = AlertKind.BreakerOpened,
            Severity = AlertSeverity.Error,
            DedupKey = "breaker/target/partner",
            Message = "held",
            At = Made.Noon,
        };
        var id = await store.WriteAsync(s => s.AddAlert(alert), Ct);
        await store.WriteAsync(s => Did(() => s.ResolveAlert(alert.DedupKey, "it works again", Made.Noon.AddMinutes(1))), Ct);
        await store.WriteAsync(s => Did(() => s.ResolveAlert(alert.DedupKey, "it works again", Made.Noon.AddMinutes(2))), Ct);
        var all = store.Read(s => s.Alerts(10));
        Assert.Equal([AlertKind.Resolved, AlertKind.BreakerOpened], all.Select(stored => stored.Alert.Kind));
        Assert.Equal((id, "it works again"), (all[0].Resolves, all[0].Alert.Message));
    }

    private static bool Did(Action write)
    {
        write();
        return true;
    }
}
