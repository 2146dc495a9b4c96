using Signalbox.Core;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Triggers;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>What people do with messages of the inbox: have them decided anew, or put aside. What was told of a dead letter is over then.</summary>
internal sealed class MessageDesk(EngineParts parts, RunDriver driver, InboxDesk inbox)
{
    public Deed Replay(Request.ReplayMessage replay, WriteSession session)
    {
        var message = Find(session, replay.Message);
        if (Refusal(message) is { } refusal)
        {
            throw new RequestRefused(refusal);
        }

        var run = inbox.Replay(session, message);
        var after = Find(session, message.Id);
        if (after.State is not (InboxState.Dead or InboxState.Waiting))
        {
            DeadLetters.Resolve(
                session,
                message,
                run is null ? $"was replayed: {after.Reason}" : $"was replayed and started run {run.Snapshot.Run.Number}",
                Now
            );
        }

        return new Deed(
            new Answer(
                Done: after.State != InboxState.Dead,
                run?.Snapshot.Run.Number.Value,
                run is not null ? $"run {run.Snapshot.Run.Number} of {message.Pipeline} is queued"
                    : after.State == InboxState.Signalled ? after.Reason!
                    : after.State == InboxState.Waiting ? $"message {message.Id} waits until {message.Pipeline} is not paused"
                    : $"message {message.Id} is {Names.Of(after.State)} again: {after.Reason}"
            ),
            Then: () =>
            {
                parts.Alerts.Ring();
                driver.LookAtMessages(message.Pipeline);
                if (run is not null)
                {
                    driver.Adopt(run, afterRestart: false);
                }
            }
        );
    }

    public Deed Drop(Request.DropMessage drop, WriteSession session)
    {
        var message = Find(session, drop.Message);
        if (!session.DropInboxMessage(message.Id, drop.Reason, Now))
        {
            throw new RequestRefused(
                message.Run is { } started
                    ? $"message {message.Id} has started run {started}; `signalbox cancel {started}` stops it"
                    : $"message {message.Id} is {Names.Of(message.State)} already"
            );
        }

        DeadLetters.Resolve(session, message, $"was dropped: {drop.Reason}", Now);
        return new Deed(new Answer(Done: true, null, $"message {message.Id} is dropped"), Then: parts.Alerts.Ring);
    }

    /// <summary>Why a message is not decided anew; null when it is.</summary>
    private static string? Refusal(InboxMessage message) =>
        message.State switch
        {
            InboxState.Signalled => $"message {message.Id} was sent on already; `signalbox signal` sends one by hand",
            InboxState.Started =>
                $"message {message.Id} has started run {message.Run}, and starts no other; `signalbox rerun {message.Run}` runs it again",
            InboxState.Waiting => $"message {message.Id} waits already",
            _ => null,
        };

    private static InboxMessage Find(ReadSession session, long id) =>
        session.InboxMessage(id) ?? throw new RequestRefused($"there is no message {id} in the inbox");

    private DateTimeOffset Now => parts.Time.GetUtcNow();
}
