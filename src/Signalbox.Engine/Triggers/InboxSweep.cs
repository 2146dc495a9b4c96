using Signalbox.Storage;

namespace Signalbox.Engine.Triggers;

/// <summary>Removes messages that were dealt with so long ago that nobody asks for them: a few at a time, so that nobody waits for it.</summary>
internal sealed class InboxSweep(EngineParts parts, Action<string> say)
{
    private const int MostAtOnce = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(50);

    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var pause = Pause;
            try
            {
                pause = await SweepAsync(cancellationToken) == MostAtOnce ? Breath : Pause;
            }
            catch (StoreException failure)
            {
                say($"old messages stay in the inbox for now: {failure.Message}");
            }

            await Task.Delay(pause, parts.Time, cancellationToken);
        }
    }

    /// <summary>Removes some.</summary>
    /// <returns>How many.</returns>
    internal Task<int> SweepAsync(CancellationToken cancellationToken) =>
        parts.Store.WriteAsync(
            session =>
            {
                var now = parts.Time.GetUtcNow();
                // Signatures refer to messages, and are long useless by then.
                session.ForgetSignaturesBefore(now - (2 * WebhookDesk.Window));
                return session.ForgetInboxMessages(now - parts.Project.Inbox.Keep, MostAtOnce);
            },
            cancellationToken
        );
}
