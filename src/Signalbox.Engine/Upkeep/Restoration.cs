using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Upkeep;

/// <summary>
/// Makes the state folder fit a database that was put back to an earlier state: what attempts from after the backup left there must not be
/// found by attempts that are begun now under the same numbers.
/// </summary>
public static class Restoration
{
    // So that whoever sees the number of a run sees that something happened before it.
    private const long RunsApart = 1000;

    /// <summary>Does it when it has not been done since the database was put back; may be killed and called again. The engine's lock is held.</summary>
    /// <returns>The folder with what was put aside; null when there was nothing to do.</returns>
    public static string? Finish(StateFolder state, Store store, DateTimeOffset now)
    {
        var (pending, incarnation) = store.Read(session => (session.RestorationPending, session.Incarnation));
        if (!pending)
        {
            return null;
        }

        var aside = Path.Combine(state.Root, $"after-backup-{incarnation}");
        var newest = 0L;
        foreach (var (run, folder) in state.Runs())
        {
            newest = Math.Max(newest, run.Value);
            // What belongs to no run of the database stays where it is: no run will have its number again.
            if (store.Read(session => session.Run(run)) is not null)
            {
                PutAside(state, store, run, folder, Path.Combine(aside, "runs", run.ToString()));
            }
        }

        store
            .WriteAsync(
                session =>
                {
                    var next = Math.Max(newest, session.NewestRun) / RunsApart * RunsApart + RunsApart;
                    session.NumberRunsFrom(next);
                    foreach (var row in session.Pipelines())
                    {
                        // What a pause or a drain holds back is decided when it ends.
                        if (
                            row is { Paused: false, Version: { } version }
                            && session.Drain(row.Name) is null
                            && session.Definition(row.Name, version) is { Pipeline: { } pipeline }
                        )
                        {
                            TickWriter.GiveUp(session, pipeline, row.Cursor, now);
                        }
                    }

                    session.EndRestoration();
                },
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();
        return aside;
    }

    private static void PutAside(StateFolder state, Store store, Core.RunNumber run, string folder, string aside)
    {
        // An attempt that had not ended has ended since, or not: either way it is of another time, and its task tries again.
        var over = store
            .Read(session => session.Attempts(run))
            .Where(attempt => attempt.State.IsEnd())
            .Select(attempt => state.Attempt(run, attempt.Key, attempt.Number))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var attempt in Directory.GetDirectories(folder).Where(attempt => !over.Contains(attempt)))
        {
            Directory.CreateDirectory(aside);
            Directory.Move(attempt, Path.Combine(aside, Path.GetFileName(attempt)));
        }
    }
}
