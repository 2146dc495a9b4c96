using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>What has happened to runs, and what people and programs ask of them.</summary>
internal sealed partial class RunDriver
{
    public void Post(RunNumber run, RunEvent happened, Action<WriteSession>? write = null)
    {
        var timely = Timely(happened);
        _inbox.Writer.TryWrite(batch => Decide(batch, run, timely(), write));
    }

    /// <summary>Reports what a person or a program decided, with the rows that answer for it; completes when both are durable.</summary>
    /// <param name="read">The run as its rows said, under a fence of this engine: it is taken over when it is not driven.</param>
    /// <exception cref="StoreException">Neither is.</exception>
    public Task PostAsync(LiveRun read, RunEvent happened, Action<WriteSession> write)
    {
        var timely = Timely(happened);
        return AskAsync(batch =>
        {
            var live = Driven(read) ?? throw new StoreConflict($"run {read.Snapshot.Run.Number} is driven by another engine");
            Take(batch, live, RunDecider.Decide(live.Snapshot, timely()), write);
        });
    }

    /// <summary>The same for many runs, in one transaction. Those that another engine drives by now are left out.</summary>
    public Task PostAsync(IReadOnlyList<LiveRun> read, RunEvent happened, Action<WriteSession> write)
    {
        var timely = Timely(happened);
        return AskAsync(batch =>
        {
            // All of them first: when one cannot be read, none is told.
            foreach (var live in read.Select(Driven).OfType<LiveRun>().ToList())
            {
                Take(batch, live, RunDecider.Decide(live.Snapshot, timely()), write: null);
            }

            batch.Add(write);
        });
    }

    /// <summary>The same for many runs, in one transaction. Runs that have ended meanwhile are left out.</summary>
    public Task PostAsync(IReadOnlyList<RunNumber> runs, RunEvent happened, Action<WriteSession> write)
    {
        var timely = Timely(happened);
        return AskAsync(batch =>
        {
            foreach (var run in runs)
            {
                if (_runs.TryGetValue(run, out var live))
                {
                    Take(batch, live, RunDecider.Decide(live.Snapshot, timely()), write: null);
                }
            }

            batch.Add(write);
        });
    }

    /// <summary>An event as it is to be decided: by then somebody may have set the clock, and moved all deadlines with it.</summary>
    private Func<RunEvent> Timely(RunEvent happened)
    {
        var offset = _parts.Clock.Offset;
        return () => _parts.Clock.InRows(happened, offset);
    }

    private Task AskAsync(Action<RunBatch> step)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Writer.TryWrite(batch =>
        {
            try
            {
                step(batch);
                batch.Tell(asked);
            }
            catch (StoreException problem)
            {
                asked.SetException(problem);
            }
        });
        return asked.Task;
    }

    /// <summary>
    /// A run that somebody has read, as it is driven. When it is not, it is taken over as its rows say now: it may have been driven here when it
    /// was read, and have ended since; or another duty of this engine may have claimed it since.
    /// </summary>
    private LiveRun? Driven(LiveRun read)
    {
        var number = read.Snapshot.Run.Number;
        if (
            !_runs.TryGetValue(number, out var live)
            && (live = _parts.Store.Read(session => LiveRun.Load(session, number, read.Fence.Owner))) is not null
        )
        {
            TakeOver(live, afterRestart: true);
        }

        return live;
    }
}
