using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>
/// Finds the runs that nobody drives. Whoever made a run and could not learn whether the commit was kept has forgotten it, and the row may be
/// there all the same.
/// </summary>
/// <param name="isKnown">Whether the engine drives a run, or knows that it cannot.</param>
/// <param name="takeOver">Has this engine drive a run.</param>
internal sealed class Foundlings(EngineParts parts, Func<RunNumber, bool> isKnown, Func<RunNumber, CancellationToken, Task> takeOver)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    /// <summary>Told of what people who watch the server should see.</summary>
    public event Action<string>? Said;

    /// <summary>Looks every few seconds, until the engine stops. What is made at this moment is driven by the next look.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        HashSet<RunNumber> before = [];
        while (true)
        {
            await Task.Delay(Pause, parts.Time, stop);
            var left = parts.Store.Read(session => session.ActiveRunNumbers()).Where(run => !isKnown(run)).ToHashSet();
            foreach (var run in left.Where(before.Contains))
            {
                Said?.Invoke($"run {run}: nobody drove it; it goes on");
                await takeOver(run, stop);
            }

            before = left;
        }
    }
}
