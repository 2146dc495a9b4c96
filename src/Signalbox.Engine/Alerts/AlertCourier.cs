using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Storage;

namespace Signalbox.Engine.Alerts;

/// <summary>
/// Decides whom an alert is told to, and tells it, for as long as the engine runs. Nothing of the engine waits for it: alerts are rows, and
/// what is not delivered when the engine is killed is delivered by the next one.
/// </summary>
/// <remarks>
/// Each channel has its own pace: one that is slow or down holds up no other. A channel that takes nothing is left alone for a while that
/// doubles with each failure; an alert that alone is refused holds up only what comes after it about the same thing, so that an end is never
/// told before its trouble. What was taken but not noted before a kill is sent again with the same key.
/// </remarks>
internal sealed class AlertCourier(EngineParts parts, Action<string> say) : IDisposable
{
    private const int MostAtOnce = 1000;
    private const int MostDoublings = 11;

    /// <summary>An alert that could not be delivered for so long is given up: 3 days, so that a weekend is not enough.</summary>
    public static readonly TimeSpan Oldest = TimeSpan.FromDays(3);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(20);

    // Whoever writes an alert rings, but for a process that has no engine.
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(5);

    private readonly AlertSender _sender = new(parts.Project, parts.Time);
    private readonly Dictionary<string, Task> _busy = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _rests = new(StringComparer.Ordinal);

    public async Task DeliverAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await RouteAsync(cancellationToken);
                var rest = Begin(cancellationToken);
                await parts.Alerts.WaitAsync(rest, parts.Time, cancellationToken);
            }
        }
        finally
        {
            Task[] busy;
            lock (_busy)
            {
                busy = [.. _busy.Values];
            }

            await Task.WhenAll(busy);
        }
    }

    /// <summary>Waits until every alert has been tried once, or for so long.</summary>
    public async Task SettleAsync(TimeSpan most)
    {
        using var enough = new CancellationTokenSource(most);
        try
        {
            while (IsSomethingNew())
            {
                await Task.Delay(SettlePause, enough.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or StoreException)
        {
            // What is not told now is told by the next engine.
        }
    }

    public void Dispose() => _sender.Dispose();

    private bool IsSomethingNew() =>
        parts.Store.Read(session =>
            session.WaitingMessages(WriteSession.AlertMessage, 1).Count > 0
            || session
                .WaitingChannels()
                .Any(channel => session.WaitingDeliveries(channel, MostAtOnce).Any(waiting => waiting.Delivery.Attempts == 0))
        );

    /// <summary>Decides for each new alert which channels it goes to.</summary>
    private async Task RouteAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var messages = parts.Store.Read(session => session.WaitingMessages(WriteSession.AlertMessage, MostAtOnce));
            if (messages.Count == 0)
            {
                return;
            }

            var now = parts.Time.GetUtcNow();
            await parts.Store.WriteAsync(
                session =>
                {
                    foreach (var message in messages)
                    {
                        Route(session, long.Parse(message.Payload, CultureInfo.InvariantCulture), now);
                        session.MessageDelivered(message.Id, now);
                    }
                },
                cancellationToken
            );
        }
    }

    private void Route(WriteSession session, long id, DateTimeOffset now)
    {
        var stored = session.Alert(id) ?? throw new StoreCorrupt($"there is no alert {id}, which a message is about");
        session.RouteAlert(
            id,
            stored.Resolves is { } trouble
                ? [.. session.AlertDeliveries(trouble).Where(told => told.State != DeliveryState.GivenUp).Select(told => told.Channel)]
                : parts.Project.Alerts.ChannelsOf(stored.Alert),
            now
        );
    }

    /// <summary>Begins to deliver what is due, channel by channel, to those that are not busy.</summary>
    /// <returns>How long until something else is due.</returns>
    private TimeSpan Begin(CancellationToken cancellationToken)
    {
        var now = parts.Time.GetUtcNow();
        var rest = LongestRest;
        foreach (var channel in parts.Store.Read(session => session.WaitingChannels()))
        {
            lock (_busy)
            {
                if (_busy.ContainsKey(channel))
                {
                    continue;
                }

                if (_rests.TryGetValue(channel, out var until) && until > now)
                {
                    rest = Shorter(rest, until - now);
                    continue;
                }

                var due = Due(parts.Store.Read(session => session.WaitingDeliveries(channel, MostAtOnce)), now, ref rest);
                if (due.Count > 0)
                {
                    _busy[channel] = parts.Begin(() => DeliverAsync(channel, due, cancellationToken));
                }
            }
        }

        return rest;
    }

    /// <summary>The first of each thing that is told of, as far as it is due: what comes after waits for it.</summary>
    private static List<AlertDelivery> Due(
        IEnumerable<(AlertDelivery Delivery, string DedupKey)> waiting,
        DateTimeOffset now,
        ref TimeSpan rest
    )
    {
        var due = new List<AlertDelivery>();
        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (delivery, key) in waiting)
        {
            if (!held.Add(key))
            {
                continue;
            }

            if (delivery.DueAt <= now)
            {
                due.Add(delivery);
            }
            else
            {
                rest = Shorter(rest, delivery.DueAt - now);
            }
        }

        return due;
    }

    private async Task DeliverAsync(string channel, List<AlertDelivery> due, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var delivery in due)
            {
                if (!await TryAsync(delivery, cancellationToken))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The engine stops: the next one goes on.
        }
        catch (StoreException failure)
        {
            say($"alerts to {channel}: {failure.Message}");
            Rest(channel, parts.Time.GetUtcNow() + FirstPause);
        }
        finally
        {
            lock (_busy)
            {
                _busy.Remove(channel);
            }

            parts.Alerts.Ring();
        }
    }

    /// <summary>Tries one delivery, and notes what became of it.</summary>
    /// <returns>Whether the channel may be asked to take the next.</returns>
    private async Task<bool> TryAsync(AlertDelivery delivery, CancellationToken cancellationToken)
    {
        var stored = parts.Store.Read(session => session.Alert(delivery.Alert))!;
        try
        {
            if (!parts.Project.Alerts.Channels.TryGetValue(delivery.Channel, out var channel))
            {
                throw new AlertRefused(
                    $"there is no channel `{delivery.Channel}`{Suggestion.DidYouMean(delivery.Channel, parts.Project.Alerts.Channels.Keys)}"
                );
            }

            var notice = new AlertNotice(parts.Instance, stored.Id, stored.Alert, stored.Resolves);
            await _sender.SendAsync(channel, notice, cancellationToken);
            await parts.Store.WriteAsync(
                session => session.AlertDelivered(delivery.Alert, delivery.Channel, parts.Time.GetUtcNow()),
                cancellationToken
            );
            return true;
        }
        catch (AlertRefused refused)
        {
            return await NoteAsync(delivery, stored, refused, cancellationToken);
        }
        catch (Exception fault) when (fault is not (StoreException or OperationCanceledException))
        {
            // Whatever it is about this alert, the others are to be told.
            return await NoteAsync(delivery, stored, new AlertRefused(fault.Message, fault) { IsOfAlert = true }, cancellationToken);
        }
    }

    private async Task<bool> NoteAsync(
        AlertDelivery delivery,
        StoredAlert stored,
        AlertRefused refused,
        CancellationToken cancellationToken
    )
    {
        var now = parts.Time.GetUtcNow();
        if (now - stored.Alert.At > Oldest)
        {
            await parts.Store.WriteAsync(
                session => session.AlertGivenUp(delivery.Alert, delivery.Channel, refused.Message, now),
                cancellationToken
            );
            say($"alert {stored.Id} to {delivery.Channel} is given up: {refused.Message}");
            return true;
        }

        var pause = PauseAfter(delivery.Attempts, refused.RetryAfter);
        await parts.Store.WriteAsync(
            session => session.AlertNotDelivered(delivery.Alert, delivery.Channel, refused.Message, now + pause),
            cancellationToken
        );
        if (delivery.Attempts == 0)
        {
            say($"alert {stored.Id} to {delivery.Channel}: {refused.Message}; it is tried again");
        }

        if (!refused.IsOfAlert)
        {
            Rest(delivery.Channel, now + pause);
        }

        return refused.IsOfAlert;
    }

    /// <summary>200 ms, 400 ms, 800 ms ... up to 5 minutes; longer where the channel asks for it, up to an hour.</summary>
    internal static TimeSpan PauseAfter(int failures, TimeSpan? asked)
    {
        var own = FirstPause * (1 << Math.Min(failures, MostDoublings));
        var pause = own < LongestPause ? own : LongestPause;
        return asked is { } wish && wish > pause ? Shorter(wish, TimeSpan.FromHours(1)) : pause;
    }

    private void Rest(string channel, DateTimeOffset until)
    {
        lock (_busy)
        {
            _rests[channel] = until;
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
