using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Engine.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Scheduling;

/// <summary>Turns the ticks of schedules into runs, each exactly once.</summary>
/// <remarks>
/// A tick, its run and the pipeline's cursor are written in one transaction, and a tick is unique in its schedule: so restarts, clock jumps
/// and a second server create no tick twice and lose none. The decision which ticks are due is Core's (<see cref="Timetable"/>). Pipelines that
/// are due together are decided side by side, each in a transaction of its own that the store commits with the others.
/// </remarks>
internal sealed class Scheduler(EngineParts parts, TickWriter writer, RunDriver driver)
{
    private readonly Lock _guard = new();
    private readonly PriorityQueue<PipelineName, DateTimeOffset> _due = new();
    private readonly Dictionary<PipelineName, Followed> _known = [];

    /// <summary>Told of every tick that became a run, and of every one that did not.</summary>
    public event Action<PipelineName, StoredTick>? Ticked;

    /// <summary>Told when the ticks of a pipeline could not be decided; it is tried again.</summary>
    public event Action<PipelineName, StoreException>? Failed;

    /// <summary>Takes note of the current definition of a pipeline.</summary>
    public void Follow(Pipeline pipeline, VersionHash version)
    {
        lock (_guard)
        {
            // What was due until now was due by the definition that was in force.
            var before = _known.GetValueOrDefault(pipeline.Name);
            _known[pipeline.Name] = new Followed(pipeline, version, Timetable.Of(pipeline), before?.Before ?? before);
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
            parts.SchedulerLooks();
            var now = parts.Time.GetUtcNow();
            var looks = await Task.WhenAll(TakeDue(now).Select(name => LookAsync(name, now, cancellationToken)));
            // With thousands due at one instant, what the first of them do would make the last ones late: they begin when all are made.
            foreach (var run in looks.SelectMany(made => made))
            {
                driver.AdoptIfUnknown(run);
            }

            await Task.Delay(UntilNext(parts.Time.GetUtcNow()), parts.Time, cancellationToken);
        }
    }

    /// <summary>A pipeline, or with null any of them, takes runs again: it is looked at now.</summary>
    public void LookSoon(PipelineName? pipeline)
    {
        lock (_guard)
        {
            foreach (var name in pipeline is { } only ? [only] : _known.Keys.ToList())
            {
                _due.Enqueue(name, DateTimeOffset.MinValue);
            }
        }
    }

    /// <summary>Decides what is due of a pipeline; the runs that were made.</summary>
    private async Task<List<LiveRun>> LookAsync(PipelineName name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Followed? known;
        lock (_guard)
        {
            known = _known.GetValueOrDefault(name);
        }

        var made = new List<LiveRun>();
        if (known is null)
        {
            return made;
        }

        try
        {
            if (known.Before is { } before)
            {
                made.AddRange(await DecideAsync(before, now, cancellationToken));
                lock (_guard)
                {
                    if (_known.GetValueOrDefault(name) == known)
                    {
                        _known[name] = known = known with { Before = null };
                    }
                }
            }

            made.AddRange(await DecideAsync(known, now, cancellationToken));
        }
        catch (StoreException failure)
        {
            Failed?.Invoke(name, failure);
            // The cursor has not moved: the same ticks are decided when the store is back.
            lock (_guard)
            {
                _due.Enqueue(name, now + TimeSpan.FromSeconds(1));
            }

            return made;
        }

        lock (_guard)
        {
            if (known.Times.Next(now) is { } next)
            {
                _due.Enqueue(name, next);
            }
        }

        return made;
    }

    private async Task<List<LiveRun>> DecideAsync(Followed known, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (known.Times.Entries.IsEmpty)
        {
            return [];
        }

        var name = known.Pipeline.Name;
        var written = new WrittenTicks([], []);
        if (
            known.Pipeline.Overlap == OverlapPolicy.CancelRunning
            && parts.Store.Read(session => session.LiveRuns(name)) is { Count: > 0 } others
            && parts.Store.Read(session => writer.HasRuns(session, known.Pipeline, known.Times, now))
        )
        {
            // What cancels the others and the run that takes their place are one transaction.
            await driver.PostAsync(
                others,
                new RunEvent.CancelRequested(now, "a newer tick takes its place (overlap: cancel_running)"),
                session => written = writer.Decide(session, known.Pipeline, known.Version, known.Times, now)
            );
        }
        else
        {
            written = await parts.Store.WriteAsync(
                session => writer.Decide(session, known.Pipeline, known.Version, known.Times, now),
                cancellationToken
            );
        }

        if (written.Ticks.Count > 0)
        {
            FaultPoints.Hit(FaultPoints.AfterTick);
        }

        foreach (var tick in written.Ticks)
        {
            Ticked?.Invoke(name, tick);
        }

        return written.Runs;
    }

    private HashSet<PipelineName> TakeDue(DateTimeOffset now)
    {
        lock (_guard)
        {
            var due = new HashSet<PipelineName>();
            while (_due.TryPeek(out var name, out var at) && at <= now)
            {
                _due.Dequeue();
                due.Add(name);
            }

            return due;
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

    /// <param name="Before">The definition in force before, whose ticks up to the change are still to be decided.</param>
    private sealed record Followed(Pipeline Pipeline, VersionHash Version, Timetable Times, Followed? Before);
}
