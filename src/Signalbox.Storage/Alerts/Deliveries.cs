using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Alerts;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql DeliveriesOfAlert = new(
        """
        select alert, channel, state, attempts, due_ms, ended_ms, error from alert_deliveries where alert = @alert order by channel
        """
    );
    private static readonly Sql DeliveriesWaiting = new(
        """
        select d.alert, d.channel, d.state, d.attempts, d.due_ms, d.ended_ms, d.error, a.dedup_key
        from alert_deliveries d join alerts a on a.id = d.alert
        where d.state = 'waiting' and d.channel = @channel order by d.alert limit @limit
        """
    );
    private static readonly Sql ChannelsWaiting = new("select distinct channel from alert_deliveries where state = 'waiting'");

    /// <summary>Who is told of an alert, by the name of the channel. Empty before the alert is routed.</summary>
    public IReadOnlyList<AlertDelivery> AlertDeliveries(long alert) => Use(DeliveriesOfAlert).Set("@alert", alert).All(DeliveryOf);

    /// <summary>The channels for which something waits.</summary>
    public IReadOnlyList<string> WaitingChannels() => Use(ChannelsWaiting).All(row => row.Text());

    /// <summary>What a channel has not taken yet, due or not, the oldest alert first; with what each is about.</summary>
    public IReadOnlyList<(AlertDelivery Delivery, string DedupKey)> WaitingDeliveries(string channel, int limit) =>
        Use(DeliveriesWaiting).Set("@channel", channel).Set("@limit", limit).All(row => (DeliveryOf(row), row.Text()));

    private static AlertDelivery DeliveryOf(Statement row) =>
        new(row.Long(), row.Text(), row.Word(Names.DeliveryStateOf), row.Int(), row.Time(), row.TimeOrNull(), row.TextOrNull());
}

public sealed partial class WriteSession
{
    private static readonly Sql RoutedOne = new("update alerts set routed_ms = @at where id = @id and routed_ms is null");
    private static readonly Sql AddDelivery = new(
        """
        insert into alert_deliveries (alert, channel, state, attempts, due_ms) values (@alert, @channel, 'waiting', 0, @due_ms)
        on conflict (alert, channel) do nothing
        """
    );
    private static readonly Sql DeliveryFailedOnce = new(
        """
        update alert_deliveries set attempts = attempts + 1, due_ms = @due_ms, error = @error
        where alert = @alert and channel = @channel and state = 'waiting'
        """
    );
    private static readonly Sql DeliveryOver = new(
        """
        update alert_deliveries set state = @state, ended_ms = @at, error = @error
        where alert = @alert and channel = @channel and state = 'waiting'
        """
    );

    /// <summary>Notes which channels an alert goes to; with none it is kept, and told to nobody. False: that was decided before.</summary>
    public bool RouteAlert(long alert, ImmutableArray<string> channels, DateTimeOffset at)
    {
        if (Use(RoutedOne).Set("@at", at).Set("@id", alert).Execute() == 0)
        {
            return false;
        }

        foreach (var channel in channels)
        {
            Use(AddDelivery).Set("@alert", alert).Set("@channel", channel).Set("@due_ms", at).Execute();
        }

        return true;
    }

    /// <summary>Notes that a channel took an alert. False: that was noted before.</summary>
    public bool AlertDelivered(long alert, string channel, DateTimeOffset at) =>
        End(alert, channel, DeliveryState.Delivered, error: null, at);

    /// <summary>Notes that an alert is not tried any more. False: it had ended before.</summary>
    public bool AlertGivenUp(long alert, string channel, string error, DateTimeOffset at) =>
        End(alert, channel, DeliveryState.GivenUp, error, at);

    /// <summary>Notes that a channel did not take an alert, and when it is tried next.</summary>
    public void AlertNotDelivered(long alert, string channel, string error, DateTimeOffset dueAt) =>
        Use(DeliveryFailedOnce).Set("@due_ms", dueAt).Set("@error", error).Set("@alert", alert).Set("@channel", channel).Execute();

    private bool End(long alert, string channel, DeliveryState state, string? error, DateTimeOffset at) =>
        Use(DeliveryOver)
            .Set("@state", Names.Of(state))
            .Set("@at", at)
            .Set("@error", error)
            .Set("@alert", alert)
            .Set("@channel", channel)
            .Execute() == 1;
}
