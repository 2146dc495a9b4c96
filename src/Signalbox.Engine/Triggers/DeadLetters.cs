using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>Tells people of dead letters: one alert a message, in the transaction that buries it.</summary>
/// <remarks>
/// A sender who sends nothing but nonsense would bury people, too: of one trigger at most so many an hour are told, and the last of them says
/// that the others are only in the inbox.
/// </remarks>
internal sealed class DeadLetters(EngineParts parts)
{
    /// <summary>Alerts of one trigger an hour.</summary>
    public const int MostAnHour = 10;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock _guard = new();
    private readonly Dictionary<(PipelineName, string), (DateTimeOffset Since, int Told)> _told = [];

    /// <summary>Marks a message as a dead letter, and has it told. A message is told of once, also when it is replayed and dead again.</summary>
    /// <param name="tags">The tags of its pipeline, by which alerts are routed.</param>
    public void Bury(WriteSession session, InboxMessage message, string reason, ImmutableArray<string> tags)
    {
        var now = parts.Time.GetUtcNow();
        session.DecideInboxMessage(message.Id, InboxState.Dead, reason, run: null, now);
        if (Number((message.Pipeline, message.Source), now) is not { } number)
        {
            return;
        }

        var last = number == MostAnHour ? $"; more of {message.Source} within this hour are only in the inbox" : "";
        var key = KeyOf(message);
        session.AddAlert(
            new Alert
            {
                Kind = AlertKind.TriggerDeadLetter,
                Severity = AlertSeverity.Error,
                DedupKey = key,
                OnceKey = key,
                Pipeline = message.Pipeline,
                Tags = tags,
                Message = $"message {message.Id} to the trigger {message.Source} of {message.Pipeline} started no run: {reason}{last}",
                Facts =
                [
                    new("trigger", $"{message.Kind} {message.Source}"),
                    new("key", message.Key),
                    new("look", $"signalbox inbox show {message.Id}"),
                    new("replay", $"signalbox inbox replay {message.Id}"),
                ],
                At = now,
            }
        );
    }

    /// <summary>A message that may have been told is dead no more: who was told is told of that.</summary>
    /// <param name="how">What became of it, e.g. <c>was dropped: a test</c>.</param>
    public static void Resolve(WriteSession session, InboxMessage message, string how, DateTimeOffset at) =>
        session.ResolveAlert(KeyOf(message), $"message {message.Id} to the trigger {message.Source} of {message.Pipeline} {how}", at);

    private static string KeyOf(InboxMessage message) => $"{message.Pipeline}/trigger/{message.Source}/message/{message.Id}";

    /// <summary>Which alert of the hour it is; null: there were enough.</summary>
    private int? Number((PipelineName, string) trigger, DateTimeOffset now)
    {
        lock (_guard)
        {
            var (since, told) = _told.GetValueOrDefault(trigger, (now, 0));
            if ((now - since).Duration() >= Hour)
            {
                (since, told) = (now, 0);
            }

            _told[trigger] = (since, told + 1);
            return told < MostAnHour ? told + 1 : null;
        }
    }
}
