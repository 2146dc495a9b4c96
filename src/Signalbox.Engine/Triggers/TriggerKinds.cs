using Signalbox.Core.Triggers;
using Signalbox.Engine.Outputs.S3;

namespace Signalbox.Engine.Triggers;

/// <summary>The one list of what can be listened to.</summary>
internal static class TriggerKinds
{
    /// <summary>Who listens; null for a trigger that is told by others (a webhook, by the server's address).</summary>
    public static Listener? ListenerOf(ListenerSeat seat) =>
        seat.Trigger switch
        {
            MessageTrigger.Webhook => null,
            MessageTrigger.File file when S3Address.Is(file.Path) => new ObjectListener(seat, file),
            MessageTrigger.File file => new FileListener(seat, file),
            MessageTrigger.Kafka kafka => new KafkaListener(seat, kafka),
            MessageTrigger.Redis redis => new RedisListener(seat, redis),
            MessageTrigger.Postgres { Cursor: { } column } postgres => new PostgresPoller(seat, postgres, column),
            MessageTrigger.Postgres postgres => new PostgresReplica(seat, postgres),
            MessageTrigger.PipelineEnd end => new EndListener(seat, end),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}
