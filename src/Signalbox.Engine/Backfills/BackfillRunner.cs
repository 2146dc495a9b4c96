using System.Collections.Concurrent;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Backfills;

/// <summary>
/// Runs history again: the finite list of dates is stored first, then at most so many runs of it are active at one time, in order,
/// until every date has ended.
/// </summary>
/// <remarks>
/// A backfill is rows only: each date's run is created in the transaction that marks the date as running, so a crash neither loses a
/// date nor runs it twice, and whoever owns the store goes on with it.
/// </remarks>
internal sealed partial class BackfillRunner(EngineParts parts, RunFactory factory, RunDriver driver)
{
    private readonly ConcurrentDictionary<RunNumber, long> _runs = new();

    /// <summary>Has something done that must be done, also when the store is not there at first.</summary>
    public event Action<string, Func<CancellationToken, Task>>? GoOn;

    /// <summary>Writes a backfill with all its dates.</summary>
    public Deed Start(Request.StartBackfill wanted, WriteSession session)
    {
        var name = new PipelineName(wanted.Pipeline);
        if (wanted is { Watermark: true, Variant: not null })
        {
            throw new RequestRefused(
                "a backfill of a variant does not go by the watermark, which is that of the live version; name the dates"
            );
        }

        if (wanted is { Downstream: true, Variant: not null })
        {
            throw new RequestRefused("what a variant publishes beside the live version starts no consumer, so it has no downstream");
        }

        var wish =
            wanted.Version is { } named ? new VersionHash(named)
            : wanted.Variant is { } variant ? VariantDesk.Known(session, name, variant).Version
            : session.Pipeline(name)?.Version;
        if (wish is not { } version || session.Definition(name, version) is not { Pipeline: { } pipeline })
        {
            throw new RequestRefused($"there is no pipeline `{wanted.Pipeline}`");
        }

        var parameters = ParamChecker.Check(pipeline, wanted.Params);
        if (parameters.Json is null)
        {
            throw new RequestRefused(string.Join("; ", parameters.Problems.Select(problem => $"{problem.Path}: {problem.Message}")));
        }

        if (wanted.Dates.IsEmpty)
        {
            return new Deed(new Answer(Done: true, Number: null, "nothing to do: no date is left"));
        }

        if (wanted.Every is { } pace && pace < TimeSpan.Zero)
        {
            throw new RequestRefused("the time between two runs of a backfill is not negative");
        }

        var taken = TakeOver(wanted, name, session);
        var calendar = pipeline.CalendarOf();
        var items = wanted.Dates.Select((date, ordinal) => new BackfillItem(ordinal, date, SliceOf(calendar, date).Partition)).ToList();
        var spec = wanted with { Dates = [], Params = parameters.Json, Version = version.Value };
        var id = session.CreateBackfill(name, spec.ToJson(), items, wanted.Reason, parts.Time.GetUtcNow());
        var told = new Answer(
            Done: true,
            id,
            $"backfill {id} of {wanted.Pipeline}: {items.Count} runs"
                + (taken.Dates > 0 ? $"; {taken.Dates} dates are taken over from backfill {string.Join(", ", taken.Backfills)}" : "")
        );
        return taken.Running.Count == 0
            ? new Deed(told, Then: Begin)
            : new Deed(
                told,
                Happened: new RunEvent.CancelRequested(parts.Time.GetUtcNow(), $"backfill {id} took its date over"),
                Runs: taken.Running,
                Then: Begin
            );

        void Begin()
        {
            foreach (var backfill in taken.Backfills.Append(id))
            {
                GoOn?.Invoke($"backfill {backfill}", stop => GoOnAsync(backfill, stop));
            }
        }
    }

    /// <summary>Ends a backfill: what has not begun never will, and what runs is cancelled.</summary>
    public Deed Cancel(Request.CancelBackfill wanted, WriteSession session)
    {
        var backfill = session.Backfill(wanted.Backfill) ?? throw new RequestRefused($"there is no backfill {wanted.Backfill}");
        if (backfill.EndedAt is not null)
        {
            throw new RequestRefused($"backfill {wanted.Backfill} has ended already");
        }

        var running = new List<LiveRun>();
        foreach (var item in session.BackfillItems(wanted.Backfill))
        {
            // Its runs may have been begun by an engine that is gone: what nobody drives is taken over, to be stopped.
            if (item is { State: BackfillItemState.Running, Run: { } run } && Claim(run, session) is { } live)
            {
                running.Add(live);
            }
            else if (item.State == BackfillItemState.Pending)
            {
                session.EndBackfillItem(wanted.Backfill, item.Ordinal, BackfillItemState.Cancelled, wanted.Reason);
            }
        }

        var answer = new Answer(Done: true, wanted.Backfill, $"backfill {wanted.Backfill} is being cancelled");
        if (running.Count > 0)
        {
            if (backfill.State == BackfillState.Paused)
            {
                // Only one that runs is ended when the last of its runs has.
                session.SetBackfillState(wanted.Backfill, BackfillState.Running, backfill.Reason, parts.Time.GetUtcNow());
            }

            // The answer is written with what the runs are told: an engine that dies before that finds the request unanswered.
            return new Deed(answer, Happened: new RunEvent.CancelRequested(parts.Time.GetUtcNow(), wanted.Reason), Runs: running);
        }

        session.SetBackfillState(wanted.Backfill, BackfillState.Cancelled, wanted.Reason, parts.Time.GetUtcNow());
        return new Deed(answer);
    }

    private LiveRun? Claim(RunNumber run, WriteSession session)
    {
        if (session.LoadRun(run) is not { Run.State: var state } rows || state.IsEnd())
        {
            return null;
        }

        var fence = rows.Fence is { } held && held.Owner == factory.Owner ? held : session.ClaimRun(run, factory.Owner);
        return LiveRun.Load(session, run, fence);
    }

    /// <summary>After a restart: goes on with every backfill that has not ended.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var backfill in parts.Store.Read(session => session.Backfills(activeOnly: true, limit: int.MaxValue)))
        {
            foreach (var item in parts.Store.Read(session => session.BackfillItems(backfill.Id)))
            {
                if (item is { State: BackfillItemState.Running, Run: { } run })
                {
                    _runs[run] = backfill.Id;
                    if (parts.Store.Read(session => session.Run(run)) is { } row && row.State.IsEnd())
                    {
                        await RunEndedAsync(row, cancellationToken);
                    }
                }
            }

            try
            {
                await GoOnAsync(backfill.Id, cancellationToken);
            }
            catch (StoreException failure) when (failure is not StoreUnavailable)
            {
                // One that cannot go on holds up neither the others nor the engine: it is said, and tried again.
                GoOn?.Invoke($"backfill {backfill.Id}", stop => GoOnAsync(backfill.Id, stop));
            }
        }
    }

    /// <summary>A run has ended: its date has, too, and the next one may begin.</summary>
    public async Task RunEndedAsync(Run run, CancellationToken cancellationToken)
    {
        if (run.Backfill is not { } backfill)
        {
            return;
        }

        _runs.TryRemove(run.Number, out _);
        var state = run.State switch
        {
            RunState.Success => BackfillItemState.Success,
            RunState.Cancelled => BackfillItemState.Cancelled,
            _ => BackfillItemState.Failed,
        };
        await parts.Store.WriteAsync(session => session.EndBackfillItemOf(run.Number, state, run.Reason), cancellationToken);
        await GoOnAsync(backfill, cancellationToken);
    }

    private async Task GoOnAsync(long id, CancellationToken cancellationToken)
    {
        var started = await parts.Store.WriteAsync(session => Step(id, session), cancellationToken);
        foreach (var run in started)
        {
            _runs[run.Snapshot.Run.Number] = id;
            driver.Adopt(run, afterRestart: false);
        }

        Pace(id);
    }

    /// <summary>Begins as many dates as may be active, or ends the backfill when none is left.</summary>
    private List<LiveRun> Step(long id, WriteSession session)
    {
        var started = new List<LiveRun>();
        if (session.Backfill(id) is not { State: BackfillState.Running } backfill)
        {
            return started;
        }

        var wanted = (Request.StartBackfill)Request.FromJson(backfill.Spec);
        if (wanted.Watermark)
        {
            MoveWatermark(backfill, PipelineOf(backfill, wanted, session), session);
        }

        var progress = session.BackfillProgress(id);
        var active = progress.GetValueOrDefault(BackfillItemState.Running);
        if (active == 0 && progress.GetValueOrDefault(BackfillItemState.Pending) == 0)
        {
            End(backfill, wanted, progress, session);
            return started;
        }

        var room = Math.Max(0, wanted.MaxActive - active);
        var next = session.PendingBackfillItems(id, wanted.Every is null ? room : Math.Min(room, MayBegin(backfill, wanted, session)));

        if (next.Count == 0)
        {
            return started;
        }

        var pipeline = PipelineOf(backfill, wanted, session);
        var calendar = pipeline.CalendarOf();
        foreach (var item in next)
        {
            var slice = SliceOf(calendar, item.LogicalDate);
            var run = factory.Create(
                session,
                new NewRun(
                    pipeline,
                    new VersionHash(wanted.Version!),
                    slice,
                    RunTrigger.Backfill,
                    wanted is { Selective: true, Variant: null } ? SelectiveName(session, pipeline, slice, backfill) : null,
                    wanted.Params,
                    wanted.Reason,
                    id,
                    [.. wanted.OnlyTasks.Select(task => new TaskName(task))],
                    wanted.Variant is { } variant ? new RunNamespace(variant) : null
                )
                {
                    Author = wanted.Author,
                    Downstream = wanted.Downstream,
                }
            );
            session.StartBackfillItem(id, item.Ordinal, run.Snapshot.Run.Number);
            started.Add(run);
        }

        return started;
    }

    private void End(
        StoredBackfill backfill,
        Request.StartBackfill wanted,
        IReadOnlyDictionary<BackfillItemState, int> progress,
        WriteSession session
    )
    {
        var failed = progress.GetValueOrDefault(BackfillItemState.Failed);
        var cancelled = progress.GetValueOrDefault(BackfillItemState.Cancelled) + progress.GetValueOrDefault(BackfillItemState.Skipped);
        var state =
            failed > 0 ? BackfillState.Failed
            : cancelled > 0 ? BackfillState.Cancelled
            : BackfillState.Success;
        var now = parts.Time.GetUtcNow();
        session.SetBackfillState(backfill.Id, state, wanted.Reason, now);
        var key = $"{backfill.Pipeline}/backfill/{backfill.Id}";
        session.AddAlert(
            new Alert
            {
                Kind = AlertKind.BackfillFinished,
                Severity = failed > 0 ? AlertSeverity.Error : AlertSeverity.Info,
                DedupKey = key,
                OnceKey = key,
                Pipeline = backfill.Pipeline,
                Tags = PipelineOf(backfill, wanted, session).Tags,
                Message =
                    $"backfill {backfill.Id} of {backfill.Pipeline} has ended: {progress.GetValueOrDefault(BackfillItemState.Success)} dates succeeded, {failed} failed, {cancelled} were cancelled ({wanted.Reason})",
                At = now,
            }
        );
    }

    /// <summary>
    /// The watermark moves over unbroken success only: to the last day before the first one of which a date did not succeed. Where somebody has
    /// set it since the backfill began, it stays where they set it.
    /// </summary>
    private void MoveWatermark(StoredBackfill backfill, Pipeline pipeline, WriteSession session)
    {
        var zone = pipeline.ScheduleOf().Zone;
        DateOnly? reached = null;
        foreach (
            var day in session
                .BackfillItems(backfill.Id)
                .GroupBy(item => DateOnly.FromDateTime(zone.LabelAt(item.LogicalDate)))
                .OrderBy(day => day.Key)
        )
        {
            if (day.Any(item => item.State != BackfillItemState.Success))
            {
                break;
            }

            reached = day.Key;
        }

        var reason = $"backfill {backfill.Id}";
        var mark = session.Watermark(backfill.Pipeline);
        var isTheirs = mark is not null && mark.UpdatedAt > backfill.CreatedAt && mark.Reason != reason;
        if (reached is { } date && !isTheirs && !(mark?.Processed >= date))
        {
            session.SetWatermark(backfill.Pipeline, date, reason, parts.Time.GetUtcNow());
        }
    }

    /// <summary>
    /// <c>selective_backfill_{date}_{epoch}</c>, of the date in the schedule's zone. A day may have several dates, and a second several backfills:
    /// from the second run of a name on it has a number.
    /// </summary>
    private static string SelectiveName(ReadSession session, Pipeline pipeline, Slice slice, StoredBackfill backfill)
    {
        var day = pipeline.ScheduleOf().Zone.LabelAt(slice.LogicalDate);
        var name = $"selective_backfill_{day:yyyy-MM-dd}_{backfill.CreatedAt.ToUnixTimeSeconds()}";
        var free = name;
        for (var number = 2; session.RunsNamed(new RunId(free)).Any(run => run.Pipeline == pipeline.Name); number++)
        {
            free = $"{name}_{number}";
        }

        return free;
    }

    /// <summary>The definition that the backfill began with: a file that is changed meanwhile makes no half of it different.</summary>
    private static Pipeline PipelineOf(StoredBackfill backfill, Request.StartBackfill wanted, WriteSession session) =>
        wanted.Version is { } version && session.Definition(backfill.Pipeline, new VersionHash(version)) is { } definition
            ? definition.Pipeline
            : throw new StoreCorrupt($"backfill {backfill.Id}: the definition {wanted.Version} that it began with is missing");

    private static Slice SliceOf(SliceCalendar calendar, DateTimeOffset logicalDate)
    {
        var found = calendar.Find(logicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"));
        return found.Slice ?? throw new RequestRefused(found.Error!);
    }
}
