using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Executors;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>
/// Ends what the executor still runs for attempts that the database says are over, or never knew: what a database that was put back to an
/// earlier state, or an end that nobody saw, left behind.
/// </summary>
internal sealed class StraySweep(EngineParts parts)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>Told what people who watch the server should see.</summary>
    public event Action<string>? Said;

    /// <summary>Sweeps now, and again every few minutes.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        while (true)
        {
            await SweepAsync(stop);
            await Task.Delay(Pause, parts.Time, stop);
        }
    }

    private async Task SweepAsync(CancellationToken stop)
    {
        // What runs is listed first and what may run is read after it: the row of an attempt is there before its process.
        var owned = new List<AttemptKey>();
        await foreach (var key in parts.Executor.ListOwnedAsync(stop))
        {
            owned.Add(key);
        }

        foreach (var ofRun in owned.ToLookup(key => AttemptKeys.RunOf(parts.Lineage, key.Value)))
        {
            if ((ofRun.Key is { } number ? Attempts(number) : []) is not { } known)
            {
                continue; // its rows cannot be read: nobody knows that it is over
            }

            foreach (var key in ofRun)
            {
                var attempt = known.Find(each =>
                    each.Ref.Key == key || key.Value.StartsWith(each.Ref.Key.Value + "-", StringComparison.Ordinal)
                );
                if (attempt is { IsOver: false })
                {
                    continue;
                }

                Said?.Invoke(
                    attempt is null
                        ? $"{key}: a process of an attempt that the database does not know is ended"
                        : $"{key}: a process of an attempt that is over is ended"
                );
                // Where the directory is not known there is no record to read, and nothing to find but the marked processes.
                var directory = attempt?.Ref.Key == key ? attempt.Ref.Directory : Path.Combine(parts.State.Root, "strays", key.Value);
                await parts.Executor.CancelAsync(
                    new AttemptRef(key, directory),
                    attempt?.Grace ?? Core.Definitions.TaskNode.DefaultGrace,
                    stop
                );
            }
        }
    }

    /// <summary>The attempts of a run; null when its rows cannot be read, which whoever goes on with runs has said.</summary>
    private List<Known>? Attempts(RunNumber number)
    {
        try
        {
            return parts.Store.Read(session => Attempts(session, number));
        }
        catch (Exception problem) when (problem is not StoreUnavailable)
        {
            return null;
        }
    }

    private List<Known> Attempts(ReadSession session, RunNumber number)
    {
        if (session.Run(number) is not { } run)
        {
            return [];
        }

        if (session.Definition(run.Pipeline, run.Version) is not { Pipeline: { } pipeline })
        {
            return [];
        }

        var positions = pipeline.Tasks.Select((task, position) => (task, position)).ToDictionary(each => each.task.Name);
        var known = new List<Known>();
        foreach (var attempt in session.Attempts(number))
        {
            if (positions.TryGetValue(attempt.Key.Task, out var at))
            {
                var key = AttemptKeys.Of(parts.Lineage, number, at.position, attempt.Key.MapIndex, attempt.Number);
                known.Add(
                    new Known(
                        new AttemptRef(key, parts.State.Attempt(number, attempt.Key, attempt.Number)),
                        attempt.State.IsEnd(),
                        at.task.Grace
                    )
                );
            }
        }

        return known;
    }

    private sealed record Known(AttemptRef Ref, bool IsOver, TimeSpan Grace);
}
