using Signalbox.Core.Triggers;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Variants;

namespace Signalbox.Engine.Triggers;

/// <summary>
/// <c>redis:</c>: reads a stream as a consumer of a group, and acknowledges an entry only when it is in the inbox and what can be decided of it
/// is. The consumer has the name of the installation, so after a kill it is given again what it had not acknowledged.
/// </summary>
internal sealed class RedisListener(ListenerSeat seat, MessageTrigger.Redis trigger) : Listener(seat)
{
    private const int EntriesAtOnce = 200;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    public override async Task ListenAsync(CancellationToken cancellationToken)
    {
        if (!Parts.Project.Connections.TryGetValue(trigger.Connection, out var found) || found is not Connection.Redis connection)
        {
            throw new ListenerException($"there is no Redis connection `{trigger.Connection}` in {Project.FileName}");
        }

        await using var link = await RedisLink.OpenAsync(connection, Parts.Project.Secrets, cancellationToken);
        var from = trigger.From == QueueStart.Latest ? "$" : "0";
        await link.CreateGroupAsync(trigger.Stream, trigger.Group, from, cancellationToken);
        Seat.Heard();

        // First what was delivered before and not acknowledged, then what is new.
        var after = "0";
        while (true)
        {
            var isNew = after == ">";
            var entries = await link.ReadGroupAsync(
                trigger.Stream,
                trigger.Group,
                Parts.Instance,
                after,
                EntriesAtOnce,
                isNew ? Wait : TimeSpan.Zero,
                cancellationToken
            );
            if (entries.Count == 0)
            {
                after = ">";
                continue;
            }

            await ReceiveAsync([.. entries.Where(entry => entry.Fields is not null).Select(ArrivalOf)], cancellationToken);
            await link.AcknowledgeAsync(trigger.Stream, trigger.Group, entries.Select(entry => entry.Id), cancellationToken);
        }
    }

    private Arrival ArrivalOf(RedisEntry entry) =>
        new(
            $"{trigger.Stream}/{entry.Id}",
            Json(json =>
            {
                json.WriteStartObject(MessageNames.Body);
                foreach (var field in entry.Fields!.Value.DistinctBy(field => field.Key))
                {
                    json.WriteString(field.Key, field.Value);
                }

                json.WriteEndObject();
                json.WriteStartObject(MessageNames.Message);
                json.WriteString("stream", trigger.Stream);
                json.WriteString("id", entry.Id);
                json.WriteEndObject();
            })
        );
}
