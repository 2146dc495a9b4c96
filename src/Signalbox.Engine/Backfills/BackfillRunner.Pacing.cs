using System.Collections.Concurrent;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Backfills;

/// <content>Pacing and pausing, and dates that two backfills want.</content>
internal sealed partial class BackfillRunner
{
    private const int MostNamed = 5;

    // One duty waits for the next beginning of a backfill, however many of its runs end meanwhile.
    private readonly ConcurrentDictionary<long, bool> _paced = new();

    /// <summary>Begins no more dates until it is resumed.</summary>
    public Deed Pause(Request.PauseBackfill wanted, string sender, WriteSession session)
    {
        var backfill = Open(wanted.Backfill, session);
        if (backfill.State == BackfillState.Paused)
        {
            throw new RequestRefused($"backfill {backfill.Id} is paused already");
        }

        Set(session, backfill, BackfillState.Paused, sender, wanted.Reason);
        var left = session.BackfillProgress(backfill.Id);
        return new Deed(
            new Answer(
                Done: true,
                backfill.Id,
                $"backfill {backfill.Id} is paused: {left.GetValueOrDefault(BackfillItemState.Running)} runs go on, {left.GetValueOrDefault(BackfillItemState.Pending)} dates wait"
            )
        );
    }

    /// <summary>Goes on with one that is paused.</summary>
    public Deed Resume(Request.ResumeBackfill wanted, string sender, WriteSession session)
    {
        var backfill = Open(wanted.Backfill, session);
        if (backfill.State != BackfillState.Paused)
        {
            throw new RequestRefused($"backfill {backfill.Id} is not paused");
        }

        Set(session, backfill, BackfillState.Running, sender, wanted.Reason);
        return new Deed(
            new Answer(Done: true, backfill.Id, $"backfill {backfill.Id} goes on"),
            Then: () => GoOn?.Invoke($"backfill {backfill.Id}", stop => GoOnAsync(backfill.Id, stop))
        );
    }

    private static StoredBackfill Open(long id, ReadSession session)
    {
        var backfill = session.Backfill(id) ?? throw new RequestRefused($"there is no backfill {id}");
        return backfill.EndedAt is null ? backfill : throw new RequestRefused($"backfill {id} has ended already");
    }

    private void Set(WriteSession session, StoredBackfill backfill, BackfillState state, string sender, string reason)
    {
        var now = parts.Time.GetUtcNow();
        session.SetBackfillState(backfill.Id, state, backfill.Reason, now);
        session.AddAudit(
            new AuditLine(now, sender, $"backfill {backfill.Id} {(state == BackfillState.Paused ? "paused" : "resumed")}", reason)
        );
    }

    /// <summary>How many runs may begin now, by the pace alone: one when the last is old enough.</summary>
    private int MayBegin(StoredBackfill backfill, Request.StartBackfill wanted, ReadSession session) =>
        session.LatestBackfillRun(backfill.Id) is { } last && last + wanted.Every > parts.Time.GetUtcNow() ? 0 : 1;

    /// <summary>Comes back when the pace of a backfill lets its next run begin.</summary>
    private void Pace(long id)
    {
        var due = parts.Store.Read(session =>
        {
            if (
                session.Backfill(id) is not { State: BackfillState.Running } backfill
                || Request.FromJson(backfill.Spec) is not Request.StartBackfill { Every: { } every } wanted
            )
            {
                return (DateTimeOffset?)null;
            }

            var progress = session.BackfillProgress(id);
            var isFull = progress.GetValueOrDefault(BackfillItemState.Running) >= wanted.MaxActive;
            return isFull || progress.GetValueOrDefault(BackfillItemState.Pending) == 0 ? null
                : session.LatestBackfillRun(id) is { } last ? last + every
                : parts.Time.GetUtcNow();
        });
        if (due is { } at && _paced.TryAdd(id, true))
        {
            GoOn?.Invoke($"pace of backfill {id}", stop => ComeBackAsync(id, at, stop));
        }
    }

    private async Task ComeBackAsync(long id, DateTimeOffset due, CancellationToken stop)
    {
        var pause = due - parts.Time.GetUtcNow();
        if (pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, parts.Time, stop);
        }

        _paced.TryRemove(id, out _);
        await GoOnAsync(id, stop);
    }

    /// <summary>
    /// Two backfills never run one date beside each other: the dates that another one still has to run are refused, or taken over from it.
    /// </summary>
    private Taken TakeOver(Request.StartBackfill wanted, PipelineName pipeline, WriteSession session)
    {
        var dates = wanted.Dates.ToHashSet();
        var shared = session
            .OpenBackfillItems(pipeline)
            .Where(open => dates.Contains(open.Item.LogicalDate) && SameLine(open.Backfill))
            .ToList();
        if (shared.Count == 0)
        {
            return new Taken(0, [], []);
        }

        var backfills = shared.Select(open => open.Backfill).Distinct().ToList();
        if (!wanted.Replace)
        {
            var named = shared.Take(MostNamed).Select(open => NameOf(open.Item));
            throw new RequestRefused(
                $"backfill {string.Join(", ", backfills)} of {pipeline} is under way with {shared.Count} of these dates ({string.Join(", ", named)}{(shared.Count > MostNamed ? ", ..." : "")}); wait for it, cancel it, or take them over with --replace"
            );
        }

        var running = new List<LiveRun>();
        foreach (var (backfill, item) in shared)
        {
            if (item is { State: BackfillItemState.Running, Run: { } run })
            {
                if (Claim(run, session) is { } live)
                {
                    running.Add(live);
                }
            }
            else
            {
                session.EndBackfillItem(backfill, item.Ordinal, BackfillItemState.Skipped, "another backfill took it over");
            }
        }

        return new Taken(shared.Count, backfills, running);

        // A variant publishes to places of its own: its runs are not in the way of the live ones.
        bool SameLine(long backfill) =>
            Request.FromJson(session.Backfill(backfill)!.Spec) is Request.StartBackfill other && other.Variant == wanted.Variant;
    }

    private static string NameOf(BackfillItem item) =>
        item.Partition.Length > 0 ? item.Partition : item.LogicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>What a new backfill takes over from those under way.</summary>
    private sealed record Taken(int Dates, IReadOnlyList<long> Backfills, IReadOnlyList<LiveRun> Running);
}
