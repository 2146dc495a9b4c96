using System.Threading.Channels;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>
/// The one place where runs change: event, decision, commit, deeds.
/// </summary>
/// <remarks>
/// One turn takes everything that has happened since the last, decides it run by run, gives freed slots to ready tasks, commits all of it
/// in one transaction and only then acts. So the commits group themselves: the slower the disk, the more events a turn holds. What is in
/// memory here may be lost at any instant; <see cref="Adopt"/> makes it again from the store.
/// </remarks>
internal sealed partial class RunDriver : IEventSink
{
    private const int MostEventsPerTurn = 4096;

    // A clock may be set, and a machine may sleep: no wait is longer than this, whatever the timers say.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan FirstRefusalPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestRefusalPause = TimeSpan.FromSeconds(2);

    private readonly EngineParts _parts;
    private readonly Deeds _deeds;
    private readonly Dispatcher _dispatcher;
    private readonly BreakerBook _breakers;
    private readonly Dictionary<RunNumber, LiveRun> _runs = [];
    private readonly RunTimers _timers = new();
    private readonly Waiters _waiters = new();
    private TimeSpan _afterRefusal = FirstRefusalPause;
    private volatile bool _holdsSlots;
    private volatile bool _breakersAreOld;

    // The keys of _runs, for other threads.
    private readonly HashSet<RunNumber> _driven = [];

    // Unbounded: what is posted here has happened already and cannot be refused; it never holds more than a few events per live attempt.
    private readonly Channel<Action<RunBatch>> _inbox = Channel.CreateUnbounded<Action<RunBatch>>(
        new UnboundedChannelOptions { SingleReader = true }
    );

    public RunDriver(EngineParts parts, Deeds deeds, Dispatcher dispatcher)
    {
        _parts = parts;
        _deeds = deeds;
        _dispatcher = dispatcher;
        _breakers = new BreakerBook(parts, dispatcher);
        _breakers.Load(parts.Clock.Now);
    }

    /// <summary>Told of every change after it is durable.</summary>
    public event Action<RunSnapshot, Change>? Changed;

    /// <summary>Told when the store could not be written; the engine goes on and tries again.</summary>
    public event Action<StoreException>? StoreFailed;

    /// <summary>Told that the clock on the wall went so far from the time that passed, and that all deadlines have moved with it.</summary>
    public event Action<TimeSpan>? ClockMoved;

    /// <summary>Takes over a run that this engine has claimed, and goes on where its state says it stands.</summary>
    public void Adopt(LiveRun run, bool afterRestart)
    {
        Note(run.Snapshot.Run.Number, isDriven: true);
        _inbox.Writer.TryWrite(_ => TakeOverIfNewer(run, afterRestart));
    }

    /// <summary>
    /// Has nothing begin: until all runs that an engine before this one left are here, for what still runs for them takes up slots and is not
    /// known before; or for good, when this engine is to end.
    /// </summary>
    public void HoldSlots() => _holdsSlots = true;

    /// <summary>The same for all runs that an engine before this one left, at once; from now on slots are given.</summary>
    public void AdoptAll(IReadOnlyList<LiveRun> runs)
    {
        foreach (var run in runs)
        {
            Note(run.Snapshot.Run.Number, isDriven: true);
        }

        _inbox.Writer.TryWrite(_ =>
        {
            foreach (var run in runs)
            {
                TakeOverIfNewer(run, afterRestart: true);
            }

            _holdsSlots = false;
        });
    }

    /// <summary>The same for a run that was just made, unless it is driven already.</summary>
    public void AdoptIfUnknown(LiveRun run)
    {
        // From now on, so that nobody claims it a second time meanwhile.
        Note(run.Snapshot.Run.Number, isDriven: true);
        _inbox.Writer.TryWrite(_ =>
        {
            if (!_runs.ContainsKey(run.Snapshot.Run.Number))
            {
                TakeOver(run, afterRestart: false);
            }
        });
    }

    /// <summary>An alias was moved by hand: the promotions that people are asked about may be about something else now.</summary>
    public void LookAtPromotions() =>
        _inbox.Writer.TryWrite(_ =>
        {
            foreach (var (run, task) in _waiters.Promotions)
            {
                Look(run, task);
            }
        });

    /// <summary>Holds back the queued runs of what is drained, from the next turn on.</summary>
    public void SetDrains(IReadOnlyList<StoredDrain> drains) =>
        _inbox.Writer.TryWrite(_ =>
            _dispatcher.SetDrains(
                drains.Any(drain => drain.Pipeline is null),
                drains.Select(drain => drain.Pipeline).OfType<PipelineName>()
            )
        );

    /// <summary>Somebody closed a circuit breaker by hand: what it held may begin.</summary>
    public void LoadBreakers()
    {
        _breakersAreOld = true;
        _inbox.Writer.TryWrite(_ => { }); // wakes the driver
    }

    /// <summary>A message has come for runs of a pipeline: those of their tasks that wait for one are looked at at once.</summary>
    public void LookAtMessages(PipelineName pipeline) =>
        _inbox.Writer.TryWrite(_ =>
        {
            foreach (var (run, task) in _waiters.Messages(pipeline))
            {
                Look(run, task);
            }
        });

    /// <summary>Whether a run is driven here.</summary>
    public bool Drives(RunNumber run)
    {
        lock (_driven)
        {
            return _driven.Contains(run);
        }
    }

    /// <summary>Why a queued run, or a ready task of a run, has to wait.</summary>
    public async Task<IReadOnlyList<Hindrance>> WhyNotAsync(RunNumber run, TaskKey? task)
    {
        var answer = new TaskCompletionSource<IReadOnlyList<Hindrance>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _inbox.Writer.TryWrite(_ => answer.SetResult(task is { } key ? _dispatcher.WhyNot(run, key) : _dispatcher.WhyNot(run)));
        return await answer.Task;
    }

    /// <summary>Attempts that hold slots, told when what has happened up to now is durable.</summary>
    /// <exception cref="StoreException">It is not.</exception>
    public async Task<int> SlotsInUseAsync()
    {
        var inUse = 0;
        await AskAsync(_ => inUse = _dispatcher.InUse);
        return inUse;
    }

    /// <summary>Turns until the engine stops.</summary>
    public async Task DriveAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await SleepAsync(cancellationToken);
            await ReadFirstAsync(cancellationToken);
            var batch = new RunBatch();
            for (var taken = 0; taken < MostEventsPerTurn && _inbox.Reader.TryRead(out var step); taken++)
            {
                step(batch);
            }

            var now = _parts.Clock.Now;
            foreach (var due in _timers.TakeDue(now))
            {
                Decide(batch, due, new RunEvent.TimerFired(now), write: null);
            }

            if (_breakers.Next <= now)
            {
                _breakers.Pass(now);
            }

            GrantSlots(batch, now);
            if (batch.IsEmpty)
            {
                batch.Kept();
            }
            else
            {
                await CommitAsync(batch, cancellationToken);
            }
        }
    }

    private async Task SleepAsync(CancellationToken cancellationToken)
    {
        if (_inbox.Reader.TryPeek(out _) || _breakersAreOld)
        {
            return;
        }

        var next = _timers.Next is { } timer && !(_breakers.Next < timer) ? timer : _breakers.Next;
        var wait = next is { } at ? at - _parts.Clock.Now : LongestSleep;
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        // It wakes like everything else that happens does: by a step, of which there is nothing to do.
        using var alarm = _parts.Time.CreateTimer(
            _ => _inbox.Writer.TryWrite(static _ => { }),
            state: null,
            wait < LongestSleep ? wait : LongestSleep,
            Timeout.InfiniteTimeSpan
        );
        await _inbox.Reader.WaitToReadAsync(cancellationToken);
    }

    private void Decide(RunBatch batch, RunNumber number, RunEvent happened, Action<WriteSession>? write)
    {
        if (!_runs.TryGetValue(number, out var run))
        {
            return;
        }

        var isCurrent = write is null || IsOfCurrentAttempt(run.Snapshot, happened);
        var decision = RunDecider.Decide(run.Snapshot, happened);
        if (decision.Changes.IsEmpty)
        {
            _timers.Set(number, run.Snapshot.NextTimer);
            return;
        }

        Take(batch, run, decision, isCurrent ? write : null);
    }

    private void Take(RunBatch batch, LiveRun run, Decision decision, Action<WriteSession>? write)
    {
        run.Snapshot.Apply(decision);
        batch.Add(run, decision, RunAlerts.Of(run.Snapshot, decision, _parts.Project.Alerts.TellsRetries), write);
        foreach (var change in decision.Changes)
        {
            _dispatcher.Follow(run.Snapshot, change);
            _breakers.Follow(batch, run.Snapshot, change, _parts.Clock.Now);
            if (change is Change.TaskChanged { After: var task })
            {
                _waiters.Follow(run.Snapshot, task);
            }
        }

        _timers.Set(run.Snapshot.Run.Number, run.Snapshot.NextTimer);
    }

    /// <summary>Has a waiting task looked at out of turn.</summary>
    private void Look(RunNumber number, TaskKey task)
    {
        if (_runs.TryGetValue(number, out var run) && run.Snapshot.LiveAttempts.TryGetValue(task, out var attempt))
        {
            _deeds.Do(run, new RunCommand.Poll(task, attempt.Number, attempt.Token));
        }
    }

    private void GrantSlots(RunBatch batch, DateTimeOffset now)
    {
        if (_holdsSlots)
        {
            return;
        }

        foreach (var admitted in _dispatcher.NextRuns())
        {
            Decide(batch, admitted, Admission(admitted, now), write: null);
        }

        // A run that refuses its slot gives it back, and the next in line gets it.
        for (var seats = _dispatcher.NextTasks(); seats.Count > 0; seats = _dispatcher.NextTasks())
        {
            foreach (var seat in seats)
            {
                var granted = new RunEvent.SlotGranted(now, seat.Task) { Gpus = _dispatcher.DevicesOf(seat) };
                Decide(batch, seat.Run, granted, write: null);
                if (_runs.TryGetValue(seat.Run, out var run))
                {
                    _dispatcher.GiveBack(run.Snapshot, seat.Task);
                }
            }
        }
    }

    /// <summary>
    /// What becomes of a run whose turn it is. Who starts one by hand is told of missing secrets at once; a schedule or a trigger asks nobody, and secrets come
    /// and go while runs wait.
    /// </summary>
    private RunEvent Admission(RunNumber number, DateTimeOffset now)
    {
        var missing = _runs.TryGetValue(number, out var run) ? _parts.Project.MissingSecrets(run.Snapshot.Pipeline) : [];
        return missing.IsEmpty
            ? new RunEvent.RunAdmitted(now)
            : new RunEvent.RunRefused(now, string.Join("; ", missing.Select(problem => $"{problem.Path}: {problem.Message}")));
    }

    private async Task CommitAsync(RunBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await _parts.Store.WriteAsync(
                session =>
                {
                    batch.WriteTo(session);
                    return true;
                },
                cancellationToken
            );
        }
        catch (StoreException failure)
        {
            StoreFailed?.Invoke(failure);
            batch.Lost(failure);
            // A store that refuses every write, as on a full disk, would else be asked without end.
            await Task.Delay(_afterRefusal, _parts.Time, cancellationToken);
            _afterRefusal = _afterRefusal < LongestRefusalPause ? _afterRefusal * 2 : LongestRefusalPause;
            await RereadAsync(batch.Runs, _deeds.Resume, cancellationToken);
            return;
        }

        _afterRefusal = FirstRefusalPause;

        batch.Kept();
        if (batch.HasAlerts)
        {
            _parts.Alerts.Ring();
        }

        foreach (var (run, change) in batch.Changes())
        {
            Changed?.Invoke(run.Snapshot, change);
            foreach (var (waiting, task) in _waiters.Concerned(run.Snapshot, change))
            {
                Look(waiting, task);
            }
        }

        FaultPoints.Hit(FaultPoints.BeforeDeeds);
        foreach (var (run, command) in batch.Deeds())
        {
            _deeds.Do(run, command);
        }

        foreach (var run in batch.Runs)
        {
            if (run.Snapshot.Run.State.IsEnd())
            {
                Forget(run.Snapshot.Run.Number);
            }
        }
    }

    /// <summary>A request may have been about the run meanwhile, and have claimed it after whoever read this, or have gone on under the same claim.</summary>
    private void TakeOverIfNewer(LiveRun run, bool afterRestart)
    {
        if (_runs.GetValueOrDefault(run.Snapshot.Run.Number)?.Fence.Epoch is not { } epoch || epoch < run.Fence.Epoch)
        {
            TakeOver(run, afterRestart);
        }
    }

    private void TakeOver(LiveRun run, bool afterRestart)
    {
        var number = run.Snapshot.Run.Number;
        Forget(number);
        _runs[number] = run;
        Note(number, isDriven: true);
        _dispatcher.Add(run.Snapshot);
        foreach (var task in run.Snapshot.Tasks)
        {
            _waiters.Follow(run.Snapshot, task);
        }

        _timers.Set(number, run.Snapshot.NextTimer);
        if (afterRestart)
        {
            _deeds.Resume(run);
        }
    }

    private void Forget(RunNumber number)
    {
        if (_runs.Remove(number, out var run))
        {
            _dispatcher.Remove(run.Snapshot);
            _waiters.Forget(run.Snapshot);
            _timers.Remove(number);
            Note(number, isDriven: false);
        }
    }

    private void Note(RunNumber run, bool isDriven)
    {
        lock (_driven)
        {
            _ = isDriven ? _driven.Add(run) : _driven.Remove(run);
        }
    }

    /// <summary>
    /// What an attempt that was disowned measured does not count. But what it published is there for all to see: its token was current
    /// when that was decided, and the record says so.
    /// </summary>
    private static bool IsOfCurrentAttempt(RunSnapshot run, RunEvent happened) =>
        happened switch
        {
            RunEvent.AttemptEnded ended => run.LiveAttempts.TryGetValue(ended.Task, out var attempt)
                && attempt.Token == ended.Token
                && (attempt.State == AttemptState.Publishing || run.Find(ended.Task)!.Token == ended.Token),
            RunEvent.NotYet wait => run.Find(wait.Task)?.Token == wait.Token,
            _ => true,
        };
}
