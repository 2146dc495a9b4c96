using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Scheduling;

/// <summary>Turns the ticks of schedules into runs, each exactly once.</summary>
/// <remarks>
/// A tick, its run and the pipeline's cursor are written in one transaction, and a tick is unique in its pipeline: so restarts, clock jumps
/// and a second server create no tick twice and lose none. The decision which ticks are due is Core's (<see cref="DueTicks"/>).
/// </remarks>
internal sealed class Scheduler(EngineParts parts, RunFactory factory, RunDriver driver)
{
    private const string OnlySchedule = "schedule";

    private readonly Lock _guard = new();
    private readonly PriorityQueue<PipelineName, DateTimeOffset> _due = new();
    private readonly Dictionary<PipelineName, (Pipeline Pipeline, VersionHash Version, Schedule Schedule)> _known = [];

    /// <summary>Told of every tick that became a run, and of every one that did not.</summary>
    public event Action<PipelineName, StoredTick>? Ticked;

    /// <summary>Told when the ticks of a pipeline could not be decided; it is tried again.</summary>
    public event Action<PipelineName, StoreException>? Failed;

    /// <summary>Takes note of the current definition of a pipeline.</summary>
    public void Follow(Pipeline pipeline, VersionHash version)
    {
        lock (_guard)
        {
            var schedule = pipeline.ScheduleOf();
            _known[pipeline.Name] = (pipeline, version, schedule);
            // Looked at once right away: what was missed while nobody looked is decided then.
            _due.Enqueue(pipeline.Name, DateTimeOffset.MinValue);
        }
    }

    /// <summary>The file of a pipeline is gone: it has no more ticks.</summary>
    public void Drop(PipelineName pipeline)
    {
        lock (_guard)
        {
            _known.Remove(pipeline);
        }
    }

    /// <summary>Looks at the clock until the engine stops. Waits are short, so that a clock that is set, or a machine that slept, is noticed.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var now = parts.Time.GetUtcNow();
            foreach (var name in TakeDue(now))
            {
                await LookAsync(name, now, cancellationToken);
            }

            await Task.Delay(UntilNext(parts.Time.GetUtcNow()), parts.Time, cancellationToken);
        }
    }

    /// <summary>A pipeline was unpaused, or its cursor was moved: look at it now.</summary>
    public void LookSoon(PipelineName pipeline)
    {
        lock (_guard)
        {
            _due.Enqueue(pipeline, DateTimeOffset.MinValue);
        }
    }

    private async Task LookAsync(PipelineName name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (Pipeline Pipeline, VersionHash Version, Schedule Schedule) known;
        lock (_guard)
        {
            if (!_known.TryGetValue(name, out known))
            {
                return;
            }
        }

        if (known.Schedule is not Schedule.None)
        {
            try
            {
                var (runs, ticks) = await parts.Store.WriteAsync(
                    session => Decide(known.Pipeline, known.Version, known.Schedule, now, session),
                    cancellationToken
                );
                foreach (var run in runs)
                {
                    driver.Adopt(run, afterRestart: false);
                }

                foreach (var tick in ticks)
                {
                    Ticked?.Invoke(name, tick);
                }
            }
            catch (StoreException failure)
            {
                Failed?.Invoke(name, failure);
                // The cursor has not moved: the same ticks are decided when the store is back.
                lock (_guard)
                {
                    _due.Enqueue(name, now + TimeSpan.FromSeconds(1));
                }

                return;
            }
        }

        lock (_guard)
        {
            if (known.Schedule.Next(now) is { } next)
            {
                _due.Enqueue(name, next.Utc);
            }
        }
    }

    private (List<LiveRun> Runs, List<StoredTick> Ticks) Decide(
        Pipeline pipeline,
        VersionHash version,
        Schedule schedule,
        DateTimeOffset now,
        WriteSession session
    )
    {
        var runs = new List<LiveRun>();
        var ticks = new List<StoredTick>();
        var row = session.Pipeline(pipeline.Name);
        if (row is null || row.Paused)
        {
            return (runs, ticks);
        }

        var plan = DueTicks.Find(schedule, row.Cursor, now, pipeline.Start, pipeline.End, pipeline.CatchUp, pipeline.MaxCatchUp);
        if (plan.OlderSkipped is { } older)
        {
            // Too many to list: one line says it of all of them.
            var from = older.From.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            var to = older.To.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            Keep(
                new StoredTick(
                    pipeline.Name,
                    OnlySchedule,
                    $"{from}/{to}",
                    older.To,
                    null,
                    $"all from {from} to {to} skipped: {older.Reason}",
                    now
                )
            );
        }

        foreach (var skipped in plan.Skipped)
        {
            Record(skipped.Tick, run: null, skipped.Reason);
        }

        var calendar = pipeline.CalendarOf();
        var variants = plan.Due.IsEmpty ? [] : session.Variants(pipeline.Name);
        foreach (var interval in plan.Due)
        {
            var label = schedule.KeyOf(interval.Tick);
            if (session.HasTick(pipeline.Name, OnlySchedule, label))
            {
                continue;
            }

            var slice = calendar.Of(interval);
            if (session.Run(pipeline.Name, RunFactory.ScheduledName(slice.LogicalDate)) is { Trigger: RunTrigger.Scheduled } there)
            {
                // After a gap in the local time, or an edit of the file, two ticks may be about one date. It must not hold up the next.
                Record(interval.Tick, run: null, $"run {there.Number} is about the same logical date already");
                continue;
            }

            var parameters = ParamChecker.Check(pipeline, "{}");
            if (parameters.Json is null)
            {
                Record(
                    interval.Tick,
                    run: null,
                    $"a scheduled run has no parameters: {string.Join("; ", parameters.Problems.Select(problem => problem.Message))}"
                );
                continue;
            }

            var run = factory.Create(
                session,
                new NewRun(pipeline, version, slice, RunTrigger.Scheduled, RunId: null, parameters.Json, Reason: null, Backfill: null, [])
            );
            Record(interval.Tick, run.Snapshot.Run.Number, skipped: null);
            runs.Add(run);
            runs.AddRange(variants.Select(variant => VariantRun(variant, interval, session)));
        }

        session.AdvanceCursor(pipeline.Name, plan.Cursor);
        return (runs, ticks);

        void Record(Tick tick, RunNumber? run, string? skipped) =>
            Keep(new StoredTick(pipeline.Name, OnlySchedule, schedule.KeyOf(tick), tick.Utc, run, skipped, now));

        void Keep(StoredTick tick)
        {
            if (!session.HasTick(pipeline.Name, OnlySchedule, tick.Label))
            {
                session.RecordTick(tick);
                ticks.Add(tick);
            }
        }
    }

    /// <summary>The run of a variant for a tick of the live pipeline: the same tick, in the same transaction, into its own namespace.</summary>
    private LiveRun VariantRun(Variant variant, DataInterval interval, WriteSession session)
    {
        var pipeline = session.Definition(variant.Pipeline, variant.Version)!.Pipeline;
        var parameters = ParamChecker.Check(pipeline, "{}");
        return factory.Create(
            session,
            new NewRun(
                pipeline,
                variant.Version,
                pipeline.CalendarOf().Of(interval),
                RunTrigger.Scheduled,
                RunId: null,
                parameters.Json ?? throw new StoreCorrupt($"variant {variant.Name} of {variant.Pipeline} cannot run without parameters"),
                Reason: null,
                Backfill: null,
                [],
                variant.Name
            )
        );
    }

    private List<PipelineName> TakeDue(DateTimeOffset now)
    {
        lock (_guard)
        {
            var due = new HashSet<PipelineName>();
            while (_due.TryPeek(out var name, out var at) && at <= now)
            {
                _due.Dequeue();
                due.Add(name);
            }

            return [.. due];
        }
    }

    private TimeSpan UntilNext(DateTimeOffset now)
    {
        var longest = TimeSpan.FromSeconds(1);
        lock (_guard)
        {
            return !_due.TryPeek(out _, out var at) || at - now > longest ? longest
                : at > now ? at - now
                : TimeSpan.Zero;
        }
    }
}
