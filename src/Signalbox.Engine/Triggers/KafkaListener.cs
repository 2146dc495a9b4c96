using System.Text;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Triggers.Kafka;

namespace Signalbox.Engine.Triggers;

/// <summary>
/// <c>kafka:</c>: reads a topic as a member of a group, and commits an offset only when the message is in the inbox and what can be decided of it
/// is. A message that is delivered again is known by topic, partition, offset and time.
/// </summary>
internal sealed class KafkaListener(ListenerSeat seat, MessageTrigger.Kafka trigger) : Listener(seat)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    // The calls of the library block: they have a thread of their own, and no thread of the pool waits in them.
    public override Task ListenAsync(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => Listen(cancellationToken),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    private void Listen(CancellationToken cancellationToken)
    {
        using var consumer = new KafkaConsumer(trigger.Topic, Settings());
        string? told = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var messages = Next(consumer, out var trouble);
            if (trouble is not null && trouble != told)
            {
                Seat.Say($"{trouble}; it is tried again until it works");
            }

            told = trouble ?? told;
            if (messages.Count == 0)
            {
                continue;
            }

            if (trouble is null && told is not null)
            {
                told = null;
                Seat.Say("it works again");
            }

            ReceiveAsync([.. messages.Select(ArrivalOf)], cancellationToken).GetAwaiter().GetResult();
            Seat.Heard();
            var next = messages
                .GroupBy(message => message.Partition)
                .ToDictionary(some => some.Key, some => some.Max(one => one.Offset) + 1);
            consumer.Commit(next);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private static List<KafkaMessage> Next(KafkaConsumer consumer, out string? trouble)
    {
        var found = new List<KafkaMessage>();
        var message = consumer.Poll(Poll, out trouble);
        while (message is not null)
        {
            found.Add(message);
            message = found.Count < MostAtOnce ? consumer.Poll(TimeSpan.Zero, out _) : null;
        }

        return found;
    }

    private Dictionary<string, string> Settings()
    {
        if (!Parts.Project.Connections.TryGetValue(trigger.Connection, out var found) || found is not Connection.Kafka connection)
        {
            throw new ListenerException($"there is no Kafka connection `{trigger.Connection}` in {Project.FileName}");
        }

        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = connection.Brokers,
            ["group.id"] = trigger.Group,
            ["client.id"] = $"signalbox-{Parts.Instance}",
            ["enable.auto.commit"] = "false",
            ["enable.auto.offset.store"] = "false",
            ["auto.offset.reset"] = Names.Of(trigger.From),
            // A member that was killed is missed no longer, so that the next one need not wait for its partitions.
            ["session.timeout.ms"] = "10000",
            ["log_level"] = "0",
        };
        if (connection.User is { } user)
        {
            settings["sasl.username"] = user;
            settings["sasl.mechanisms"] = connection.Mechanism;
            var password = connection.Password?.Resolve(Parts.Project.Secrets);
            settings["sasl.password"] = password is null ? "" : password.Value ?? throw new ListenerException(password.Problem!);
        }

        settings["security.protocol"] = (connection.Tls, connection.User) switch
        {
            (true, null) => "ssl",
            (true, _) => "sasl_ssl",
            (false, null) => "plaintext",
            (false, _) => "sasl_plaintext",
        };
        foreach (var (name, value) in connection.Options)
        {
            settings[name] = value;
        }

        return settings;
    }

    private Arrival ArrivalOf(KafkaMessage message) =>
        new(
            $"{trigger.Topic}/{message.Partition}/{message.Offset}/{message.Timestamp?.ToUnixTimeMilliseconds()}",
            Json(json =>
            {
                MessageBody.Write(json, message.Value);
                json.WriteStartObject(MessageNames.Message);
                json.WriteString("topic", trigger.Topic);
                json.WriteNumber("partition", message.Partition);
                json.WriteNumber("offset", message.Offset);
                json.WriteString("key", message.Key is null ? null : Encoding.UTF8.GetString(message.Key));
                if (message.Timestamp is { } at)
                {
                    json.WriteString("timestamp", at.UtcDateTime);
                }

                json.WriteStartObject(MessageNames.Headers);
                foreach (var header in message.Headers.DistinctBy(header => header.Key))
                {
                    json.WriteString(header.Key, header.Value);
                }

                json.WriteEndObject();
                json.WriteEndObject();
            })
        );
}
