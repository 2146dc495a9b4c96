using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>Hears one trigger of one pipeline: turns what its source has into messages of the inbox.</summary>
internal abstract class Listener(ListenerSeat seat)
{
    /// <summary>Messages that are kept in one transaction at most.</summary>
    protected const int MostAtOnce = 500;

    protected ListenerSeat Seat => seat;

    protected EngineParts Parts => seat.Parts;

    /// <summary>
    /// Listens until it is cancelled. Whatever goes wrong is thrown: it is said, and listening begins anew after a pause, from where the source
    /// and the store say it stood.
    /// </summary>
    public abstract Task ListenAsync(CancellationToken cancellationToken);

    protected Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) => Task.Delay(pause, Parts.Time, cancellationToken);

    /// <summary>Keeps messages, and has them decided.</summary>
    protected Task ReceiveAsync(
        IReadOnlyList<Arrival> arrivals,
        CancellationToken cancellationToken,
        Action<WriteSession>? alongside = null
    ) =>
        seat.Inbox.ReceiveAsync(
            seat.Pipeline,
            seat.Trigger,
            arrivals,
            alongside is null ? null : (session, _) => alongside(session),
            cancellationToken
        );

    protected string? Cursor() => Parts.Store.Read(session => session.SourceCursor(seat.Pipeline, seat.Trigger.Name));

    protected Action<WriteSession> MoveCursor(string cursor) =>
        session => session.MoveSourceCursor(seat.Pipeline, seat.Trigger.Name, cursor, Parts.Time.GetUtcNow());

    /// <summary>A JSON object.</summary>
    protected static string Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = false }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}

/// <summary>What a listener works with.</summary>
/// <param name="Say">One line for people who watch the server.</param>
/// <param name="Heard">The source answers: what went wrong before is over.</param>
internal sealed record ListenerSeat(
    EngineParts Parts,
    InboxDesk Inbox,
    PipelineName Pipeline,
    MessageTrigger Trigger,
    Action<string> Say,
    Action Heard
)
{
    public override string ToString() => $"{Pipeline}: trigger {Trigger.Name}";
}

/// <summary>A source cannot be listened to, for the reason given and how to mend it.</summary>
internal sealed class ListenerException(string message, Exception? cause = null) : Exception(message, cause);
