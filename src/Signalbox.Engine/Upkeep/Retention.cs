using Signalbox.Core;
using Signalbox.Engine.Outbox;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Upkeep;

/// <summary>
/// Removes what is past what the project keeps, in two steps: what goes is marked in the database first, and then swept. Whatever dies in
/// between, the next engine goes on with what is marked.
/// </summary>
/// <remarks>
/// The sweep asks again of each run whether it may go, in the transaction that wipes its rows: whoever came to need it meanwhile keeps it.
/// Contents of versions go before the rows, logs after them, so a row never leads to logs that are gone, and nothing that is left on the
/// disk is without a row or a mark that says so. It works in small transactions: nobody waits for it.
/// </remarks>
internal sealed class Retention(EngineParts parts, VersionChains versions, Action<string> say)
{
    private const int MostAtOnce = 200;

    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    // A server that is often started again does it all the same; one that has just begun has other things to do.
    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(10);

    private readonly OutboxBell _marked = new();

    /// <summary>Every hour marks and sweeps; what others have marked is swept when the bell rings.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        // What an earlier engine marked.
        await SweepAsync(stop);
        var next = parts.Time.GetUtcNow() + FirstPause;
        while (true)
        {
            var now = parts.Time.GetUtcNow();
            await _marked.WaitAsync(next > now ? next - now : TimeSpan.Zero, parts.Time, stop);
            if (parts.Time.GetUtcNow() >= next)
            {
                next = parts.Time.GetUtcNow() + Pause;
                var plan = await MarkAsync(finish: null, stop);
                if (plan.Runs.Count > 0)
                {
                    say(
                        $"retention: {plan.Runs.Count} runs and {plan.Versions.Count} kept versions of datasets are removed; `signalbox db retention --dry-run` tells why others stay"
                    );
                }
            }

            await SweepAsync(stop);
        }
    }

    /// <summary>Marks what goes.</summary>
    /// <param name="finish">Written in the last transaction.</param>
    public async Task<RetentionPlan> MarkAsync(Action<WriteSession, RetentionPlan>? finish, CancellationToken stop)
    {
        var now = parts.Time.GetUtcNow();
        var plan = parts.Store.Read(session => RetentionPlan.Of(parts.Project, session, now));
        foreach (var some in plan.Runs.Chunk(MostAtOnce))
        {
            await parts.Store.WriteAsync(
                session =>
                {
                    foreach (var run in some)
                    {
                        session.MarkRemoval(new PipelineName(run.Pipeline), new RunNumber(run.Run), now);
                    }
                },
                stop
            );
        }

        if (plan.Records.Count > 0 || finish is not null)
        {
            await parts.Store.WriteAsync(
                session =>
                {
                    if (plan.Records.Count > 0)
                    {
                        session.MarkRecords(now - parts.Project.Retention.Records, now - parts.Project.Retention.Audit, now);
                    }

                    finish?.Invoke(session, plan);
                },
                stop
            );
        }

        FaultPoints.Hit(FaultPoints.AfterMark);
        _marked.Ring();
        return plan;
    }

    /// <summary>Removes what is marked. What cannot be removed now stays marked.</summary>
    public async Task SweepAsync(CancellationToken stop)
    {
        var last = 0L;
        while (parts.Store.Read(session => session.Removals(last, MostAtOnce)) is { Count: > 0 } some)
        {
            foreach (var removal in some)
            {
                last = removal.Id;
                try
                {
                    await RemoveAsync(removal, stop);
                }
                catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or PlaceException or StoreConflict)
                {
                    say($"retention: {(removal.Run is { } run ? $"run {run}" : "old records")} cannot be removed now: {problem.Message}");
                }
            }
        }
    }

    private Task RemoveAsync(Removal removal, CancellationToken stop) =>
        removal.Run is { } run ? RemoveAsync(removal, run, stop) : RemoveRecordsAsync(removal, stop);

    private async Task RemoveRecordsAsync(Removal removal, CancellationToken stop)
    {
        while (
            await parts.Store.WriteAsync(
                session => session.DeleteOldRecords(removal.RecordsBefore!.Value, removal.AuditBefore!.Value, MostAtOnce),
                stop
            ) > 0
        )
        {
            await Task.Delay(Breath, parts.Time, stop);
        }

        await parts.Store.WriteAsync(session => session.EndRemoval(removal.Id), stop);
    }

    private async Task RemoveAsync(Removal removal, RunNumber run, CancellationToken stop)
    {
        if (!removal.RowsGone)
        {
            var kept = parts.Store.Read(session =>
                MayGo(session, run) ? session.Publications(run).Where(version => version.Kept is not null).ToList() : []
            );
            foreach (var version in kept)
            {
                await versions.DropAsync(version, stop);
                FaultPoints.Hit(FaultPoints.AfterVersionDropped);
            }

            var gone = await parts.Store.WriteAsync(
                session =>
                {
                    if (session.Run(run) is not null && !MayGo(session, run))
                    {
                        session.EndRemoval(removal.Id);
                        return false;
                    }

                    session.RemoveRun(run);
                    session.RemovalRowsGone(removal.Id);
                    return true;
                },
                stop
            );
            if (!gone)
            {
                return;
            }
        }

        FaultPoints.Hit(FaultPoints.AfterRowsGone);
        var folder = parts.State.Run(run);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        FaultPoints.Hit(FaultPoints.AfterFolderGone);
        await parts.Store.WriteAsync(session => session.EndRemoval(removal.Id), stop);
    }

    /// <summary>Whether a run that was marked may still go.</summary>
    private bool MayGo(ReadSession session, RunNumber run) =>
        session.Run(run) is { } known
        && RetentionPlan.WindowOf(parts.Project, session, known.Pipeline, parts.Time.GetUtcNow()) is { } window
        && session.PastRun(window, run) is { Stays: null };
}
