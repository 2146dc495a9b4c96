using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    [Trait("Requirement", "S155")]
    public async Task An_alert_is_written_with_the_message_that_has_it_delivered_and_once_a_key()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 5);
        var alert = AlertOf(run, "load");
        var id = await store.WriteAsync(s => s.AddAlert(alert), Ct);
        Assert.NotNull(id);
        Assert.Null(await store.WriteAsync(s => s.AddAlert(alert), Ct));
        var stored = store.Read(s => s.Alert(id.Value))!;
        Assert.Equal(Plain(alert), Plain(stored.Alert));
        Assert.Equal(alert.Tags, stored.Alert.Tags);
        Assert.Equal(alert.Facts, stored.Alert.Facts);
        Assert.Equal(alert.Notify, stored.Alert.Notify);
        Assert.Equal((null, null, null), (stored.Resolves, stored.RoutedAt, stored.ResolvedAt));
        var message = Assert.Single(store.Read(s => s.WaitingMessages(WriteSession.AlertMessage, 10)));
        Assert.Equal(id.Value.ToString(), message.Payload);
        Assert.Equal([id.Value], store.Read(s => s.Alerts(10)).Select(a => a.Id));
        Assert.Equal([id.Value], store.Read(s => s.Alerts(new PipelineName("daily"), 10)).Select(a => a.Id));
        Assert.Empty(store.Read(s => s.Alerts(new PipelineName("weekly"), 10)));
        Assert.Equal([id.Value], store.Read(s => s.Alerts(run.Number)).Select(a => a.Id));
        Assert.Null(store.Read(s => s.Alert(id.Value + 1)));
    }

    [Fact]
    [Trait("Requirement", "S155")]
    public async Task A_success_of_this_date_or_a_later_one_resolves_what_was_told()
    {
        using var store = Database.Open();
        var (early, _) = await store.CreateRun("daily", 4);
        var (run, _) = await store.CreateRun("daily", 5);
        var (late, _) = await store.CreateRun("daily", 6);
        var load = new TaskName("load");
        await store.WriteAsync(s => s.Write([(run, Raised(AlertOf(run, "load"))), (run, Raised(AlertOf(run, "train")))]), Ct);

        Assert.False(await store.WriteAsync(s => s.Write([(early, Recovered(load))]), Ct));
        Assert.True(await store.WriteAsync(s => s.Write([(late, Recovered(load))]), Ct));
        Assert.False(await store.WriteAsync(s => s.Write([(late, Recovered(load))]), Ct));

        var all = store.Read(s => s.Alerts(10));
        var over = all.Single(a => a.Alert.Kind == AlertKind.Resolved);
        var was = all.Single(a => a.Id == over.Resolves);
        Assert.Equal((load, was.Alert.DedupKey), (was.Alert.Task, over.Alert.DedupKey));
        Assert.Equal(Made.Noon, was.ResolvedAt);
        Assert.Contains(late.Id.Value, over.Alert.Message);
        Assert.Null(all.Single(a => a.Alert.Task == new TaskName("train")).ResolvedAt);
    }

    [Fact]
    public async Task A_failed_run_is_told_as_a_whole_only_when_nothing_else_of_it_was()
    {
        using var store = Database.Open();
        var (told, _) = await store.CreateRun("daily", 4);
        var (untold, _) = await store.CreateRun("daily", 5);
        await store.WriteAsync(
            s =>
                s.Write([
                    (told, Raised(AlertOf(told, "load"))),
                    (told, new RunAlerts { IfUntold = AlertOf(told, null) }),
                    (untold, new RunAlerts { IfUntold = AlertOf(untold, null) }),
                ]),
            Ct
        );
        Assert.Equal([new TaskName("load")], store.Read(s => s.Alerts(told.Number)).Select(a => a.Alert.Task!.Value));
        Assert.Equal([null], store.Read(s => s.Alerts(untold.Number)).Select(a => a.Alert.Task));

        // What was told of the run as a whole ends with the next success of the pipeline.
        Assert.True(await store.WriteAsync(s => s.Write([(untold, new RunAlerts { Recovered = [null], At = Made.Noon })]), Ct));
        Assert.NotNull(store.Read(s => s.Alerts(untold.Number))[0].ResolvedAt);
    }

    [Fact]
    public async Task What_runs_again_may_be_told_again()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 5);
        var alert = AlertOf(run, "load");
        await store.WriteAsync(s => s.Write([(run, Raised(alert)), (run, Raised(alert))]), Ct);
        Assert.Single(store.Read(s => s.Alerts(run.Number)));
        await store.WriteAsync(s => s.Write([(run, new RunAlerts { Released = [new TaskName("load"), null] }), (run, Raised(alert))]), Ct);
        Assert.Equal(2, store.Read(s => s.Alerts(run.Number)).Count);
    }

    [Fact]
    [Trait("Requirement", "S199")]
    public async Task Each_channel_of_an_alert_ends_once()
    {
        using var store = Database.Open();
        var (run, _) = await store.CreateRun("daily", 5);
        var id = (await store.WriteAsync(s => s.AddAlert(AlertOf(run, "load")), Ct))!.Value;
        Assert.True(await store.WriteAsync(s => s.RouteAlert(id, ["team", "oncall", "mail"], Made.Noon), Ct));
        Assert.False(await store.WriteAsync(s => s.RouteAlert(id, ["other"], Made.Noon), Ct));
        Assert.Equal(Made.Noon, store.Read(s => s.Alert(id))!.RoutedAt);
        Assert.Equal(["mail", "oncall", "team"], store.Read(s => s.AlertDeliveries(id)).Select(d => d.Channel));

        await store.WriteAsync(s => s.AlertNotDelivered(id, "team", "refused", Made.Noon.AddSeconds(2)), Ct);
        var waiting = Assert.Single(store.Read(s => s.WaitingDeliveries("team", 10)));
        Assert.Equal(["mail", "oncall", "team"], store.Read(s => s.WaitingChannels()).Order());
        Assert.Equal("daily/manual__2001-01-05#1/load", waiting.DedupKey);
        Assert.Equal(new AlertDelivery(id, "team", DeliveryState.Waiting, 1, Made.Noon.AddSeconds(2), null, "refused"), waiting.Delivery);

        Assert.True(await store.WriteAsync(s => s.AlertDelivered(id, "team", Made.Noon), Ct));
        Assert.False(await store.WriteAsync(s => s.AlertDelivered(id, "team", Made.Noon), Ct));
        Assert.True(await store.WriteAsync(s => s.AlertGivenUp(id, "mail", "too old", Made.Noon), Ct));
        Assert.Equal(["oncall"], store.Read(s => s.WaitingChannels()));
        var mail = store.Read(s => s.AlertDeliveries(id)).Single(d => d.Channel == "mail");
        Assert.Equal((DeliveryState.GivenUp, "too old", Made.Noon), (mail.State, mail.Error, mail.EndedAt!.Value));
    }

    private static Alert AlertOf(Run run, string? task) =>
        new()
        {
            Kind = AlertKind.Failed,
            Severity = AlertSeverity.Error,
            DedupKey = Alert.KeyOf(run.Pipeline, run.Id, task is null ? null : new TaskName(task)),
            OnceKey = $"failed/{run.Number}/{task}",
            Pipeline = run.Pipeline,
            Tags = ["prod", "ä \"b\""],
            Run = run.Number,
            RunId = run.Id,
            LogicalDate = run.LogicalDate,
            Task = task is null ? null : new TaskName(task),
            Message = "boom",
            Facts = [new("class", "transient"), new("attempts", "2")],
            Notify = ["oncall"],
            At = Made.Noon,
        };

    private static Alert Plain(Alert alert) => alert with { Tags = [], Facts = [], Notify = [] };

    private static RunAlerts Raised(Alert alert) => new() { Raised = [alert], At = alert.At };

    private static RunAlerts Recovered(TaskName task) => new() { Recovered = [task], At = Made.Noon };
}
