using Signalbox.Engine.Models;
using Signalbox.Engine.Variants;
using Signalbox.Storage;

namespace Signalbox.Engine.Outbox;

/// <summary>
/// Delivers what the store's outbox holds, for as long as the engine runs: each message at least once, those of one lane in the order in
/// which they were written. What fails is tried again, later each time, and holds up its own lane only.
/// </summary>
internal sealed class Courier(EngineParts parts, Action<string> say)
{
    private const int MostAtOnce = 1000;
    private const int MostDoublings = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    public async Task DeliverAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var rest = await RoundAsync(cancellationToken);
            await parts.Outbox.WaitAsync(rest, parts.Time, cancellationToken);
        }
    }

    /// <summary>Delivers what is due.</summary>
    /// <returns>How long until something else is due.</returns>
    private async Task<TimeSpan> RoundAsync(CancellationToken cancellationToken)
    {
        var rest = LongestRest;
        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in parts.Store.Read(Waiting))
        {
            var now = parts.Time.GetUtcNow();
            var lane = ModelNews.Is(message) ? ModelNews.LaneOf(message) : ActiveFlag.LaneOf(message);
            if (held.Contains(lane))
            {
                continue;
            }

            if (message.DueAt > now)
            {
                held.Add(lane);
                rest = Shorter(rest, message.DueAt - now);
                continue;
            }

            try
            {
                await (
                    ModelNews.Is(message)
                        ? ModelNews.DeliverAsync(parts, message, cancellationToken)
                        : ActiveFlag.DeliverAsync(parts, message, cancellationToken)
                );
                await parts.Store.WriteAsync(session => session.MessageDelivered(message.Id, now), cancellationToken);
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or TimeoutException)
            {
                held.Add(lane);
                var pause = FirstPause * (1 << Math.Min(message.Attempts, MostDoublings));
                rest = Shorter(rest, pause);
                await parts.Store.WriteAsync(session => session.MessageFailed(message.Id, problem.Message, now + pause), cancellationToken);
                if (message.Attempts == 0)
                {
                    say($"{lane}: {problem.Message}; it is tried again");
                }
            }
        }

        return rest;
    }

    private static List<OutboxMessage> Waiting(ReadSession session) =>
        [.. ActiveFlag.Waiting(session, MostAtOnce), .. ModelNews.Waiting(session, MostAtOnce)];

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
