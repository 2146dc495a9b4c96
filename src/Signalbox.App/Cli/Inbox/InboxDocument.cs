using System.Text.Json;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A message of the inbox, as <c>inbox list --json</c> prints it.</summary>
/// <param name="Trigger">The name of the trigger that it came by.</param>
/// <param name="Key">What makes it this message, however often it is delivered.</param>
/// <param name="Run">The number of the run that was started from it.</param>
internal sealed record InboxDocument(
    long Id,
    string Pipeline,
    string Trigger,
    string Kind,
    string Key,
    string State,
    string? Reason,
    long? Run,
    string ReceivedAt,
    string? DecidedAt
)
{
    public static InboxDocument Of(InboxMessage message) =>
        new(
            message.Id,
            message.Pipeline.Value,
            message.Source,
            message.Kind,
            message.Key,
            Names.Of(message.State),
            message.Reason,
            message.Run?.Value,
            InstantText.Fine(message.ReceivedAt),
            InstantText.Fine(message.DecidedAt)
        );
}

/// <summary>A message with what is in it, as <c>inbox show --json</c> prints it.</summary>
/// <param name="Payload">The names that the trigger's expressions see, and their values.</param>
internal sealed record InboxDetailDocument(InboxDocument Message, JsonElement Payload)
{
    public static InboxDetailDocument Of(InboxMessage message)
    {
        using var payload = JsonDocument.Parse(message.Payload);
        return new(InboxDocument.Of(message), payload.RootElement.Clone());
    }
}
