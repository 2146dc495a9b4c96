using System.Collections.Concurrent;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Backfills;
using Signalbox.Engine.Control;
using Signalbox.Engine.Deadlines;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outbox;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Scheduling;
using Signalbox.Engine.Telemetry;
using Signalbox.Engine.Triggers;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.Engine;

/// <summary>
/// One replica: everything that acts, wired together. It exists only while the engine lock of the store is held, and may be killed at any
/// instant: the next one goes on from the store.
/// </summary>
internal sealed partial class Replica : IAsyncDisposable
{
    private static readonly TimeSpan InboxPause = TimeSpan.FromMilliseconds(100);

    private readonly Guid _owner = Guid.NewGuid();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private readonly EngineLock _lock;
    private readonly EngineParts _parts;
    private readonly Func<Project, CancellationToken, IAsyncEnumerable<PipelineSet>> _pipelines;
    private readonly RunDriver _driver;
    private readonly Deeds _deeds;
    private readonly AttemptRunner _attempts;
    private readonly VersionChains _versions;
    private readonly RunFactory _factory;
    private readonly BackfillRunner _backfills;
    private readonly Retention _retention;
    private readonly RequestDesk _desk;
    private readonly TickWriter _ticks;
    private readonly ScheduleDesk _schedules;
    private readonly AlertCourier _alerts;
    private readonly InboxDesk _messages;
    private readonly TriggerRunner _triggers;
    private readonly EngineMeter _meter;
    private readonly MetricsBook _metrics;
    private readonly OtlpExporter? _telemetry;

    // Over once the runs of which something still runs are here.
    private Task _whatRuns = Task.CompletedTask;

    // Runs that could not be read, with what is wrong.
    private readonly ConcurrentDictionary<RunNumber, string> _setAside = new();

    private Replica(Project project, Store store, EngineLock held, EngineClock clock, EngineOptions options)
    {
        _lock = held;
        var state = new StateFolder(project.StateFolder);
        var staging = options.Staging(project.StateFolder);
        var instance = AttemptKeys.InstanceOf(store);
        _parts = new EngineParts
        {
            Project = project,
            State = state,
            Store = store,
            Executor = options.Executor(
                new LocalExecutorOptions
                {
                    Instance = instance,
                    Root = state.Root,
                    Time = options.Time,
                    DefaultContainment = options.Containment,
                }
            ),
            Staging = staging,
            Places = Places.Of(project, options, store),
            Time = options.Time,
            Clock = clock,
            Begin = options.Begin,
            WorkerCommand = options.WorkerCommand,
            Instance = instance,
            Lineage = AttemptKeys.LineageOf(store),
            OwnPorts = options.OwnPorts,
        };
        var names = new NamesOfRuns(_parts);
        var children = new ChildWork(_parts.Executor);
        _deeds = new Deeds(names);
        var admission = new Admission(project.MaxActiveTasks, project.Pools, project.Devices);
        _driver = new RunDriver(_parts, _deeds, new Dispatcher(admission, new RunQueue()));
        _versions = new VersionChains(_parts);
        var quarantine = new Quarantine(_parts, names);
        _attempts = new AttemptRunner(
            _parts,
            new Publisher(_parts, names, new Auditor(_parts, children, quarantine), quarantine, _versions),
            children,
            names,
            new Reuse.Reuser(_parts, names),
            _driver
        );
        _deeds.Connect(_attempts, new Evaluation(_parts, names, _driver));
        _pipelines = options.Pipelines;
        _factory = new RunFactory(_parts, _owner);
        _backfills = new BackfillRunner(_parts, _factory, _driver);
        _ticks = new TickWriter(_parts, _factory);
        _schedules = new ScheduleDesk(_parts, _ticks, _driver);
        _schedules.Tell();
        _meter = new EngineMeter(_parts);
        _metrics = new MetricsBook(_meter.Meter);
        _telemetry = options.Telemetry is { } otlp ? new OtlpExporter(otlp, _parts, _metrics, line => Said?.Invoke(line)) : null;
        _alerts = new AlertCourier(_parts, line => Said?.Invoke(line));
        _messages = new InboxDesk(_parts, _factory, _driver, _schedules);
        _triggers = new TriggerRunner(_parts, _messages, Loop);
        Webhooks = new WebhookDesk(_parts, _messages);
        _retention = new Retention(_parts, _versions, line => Said?.Invoke(line));
        _desk = new RequestDesk(
            _parts,
            _factory,
            _driver,
            _backfills,
            _schedules,
            new Rollbacks(_parts, _versions),
            _messages,
            _retention,
            _owner
        );
        _backfills.GoOn += Loop;
        _deeds.RunEnded += OnRunEnded;
    }

    /// <summary>Takes calls of webhooks.</summary>
    public WebhookDesk Webhooks { get; }

    /// <summary>Told of every change of a run after it is durable.</summary>
    public event Action<RunSnapshot, Change>? Changed
    {
        add => _driver.Changed += value;
        remove => _driver.Changed -= value;
    }

    /// <summary>Told of what people who watch the server should see: one line each.</summary>
    public event Action<string>? Said;

    /// <summary>Told when a run has ended.</summary>
    public event Action<Run>? RunEnded;

    /// <summary>Starts driving; takes over nothing yet.</summary>
    public static Replica Start(Project project, Store store, EngineLock held, EngineClock clock, EngineOptions options)
    {
        var engine = new Replica(project, store, held, clock, options);
        engine.Loop("driver", engine._driver.DriveAsync);
        engine.Loop("observer", engine._attempts.ObserveAsync);
        engine.Loop("logs", engine._attempts.KeepLogsAsync);
        engine.Loop("inbox", engine.WatchInboxAsync);
        if (held.CanBeLost)
        {
            engine.Loop("lock", engine.KeepLockAsync);
        }

        engine.Loop("versions", engine._versions.FinishAllAsync);
        engine.Loop("retention", engine._retention.WatchAsync);
        engine._versions.Said += line => engine.Said?.Invoke(line);
        engine.Loop("alerts", engine._alerts.DeliverAsync);
        engine.Loop("outbox", new Courier(engine._parts, line => engine.Said?.Invoke(line)).DeliverAsync);
        engine._attempts.Said += line => engine.Said?.Invoke(line);
        engine._messages.Said += line => engine.Said?.Invoke(line);
        engine._triggers.Said += line => engine.Said?.Invoke(line);
        engine._driver.Changed += engine.OnChanged;
        engine._driver.Changed += engine._meter.Note;
        if (engine._telemetry is { } telemetry)
        {
            engine._driver.Changed += telemetry.Note;
            engine.Loop("spans", telemetry.SendSpansAsync);
            engine.Loop("metrics", telemetry.SendMetricsAsync);
        }

        engine._driver.ClockMoved += by => engine.Said?.Invoke(ClockSaid(by));
        engine._driver.StoreFailed += failure => engine.Said?.Invoke($"store: {failure.Message}");
        return engine;
    }

    /// <summary>What people are told when deadlines were moved.</summary>
    public static string ClockSaid(TimeSpan by) =>
        $"the clock went {Duration.Print(TimeSpan.FromSeconds(Math.Round(by.Duration().TotalSeconds)))} {(by > TimeSpan.Zero ? "forth" : "back")} while no time passed, or the machine slept: time-outs and retries have moved with it";

    /// <summary>Takes over a run that nobody drives: goes on where its rows say it stands. Nothing when this engine drives it.</summary>
    public async Task TakeOverAsync(RunNumber run, CancellationToken cancellationToken)
    {
        // A run that is claimed twice is taken from who had claimed it first, though that is this engine.
        await _whatRuns.WaitAsync(cancellationToken);
        if (_driver.Drives(run))
        {
            return;
        }

        var fence = await _parts.Store.WriteAsync(session => session.ClaimRun(run, _owner), cancellationToken);
        if (_parts.Store.Read(session => LiveRun.Load(session, run, fence)) is { } live)
        {
            _driver.Adopt(live, afterRestart: true);
        }
    }

    /// <summary>
    /// Takes over the runs of which something still runs, for an engine that serves nobody but who started it: what an engine before it left counts
    /// against all limits, and nothing begins before that is known.
    /// </summary>
    public void TakeOverWhatRuns()
    {
        _driver.HoldSlots();
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _whatRuns = taken.Task;
        Loop(
            "what runs",
            async stop =>
            {
                await AdoptAsync(session => session.RunNumbersHoldingSlots(), stop);
                taken.TrySetResult();
            }
        );
    }

    private async Task AdoptAsync(Func<ReadSession, IReadOnlyList<RunNumber>> which, CancellationToken cancellationToken)
    {
        var claims = await _parts.Store.WriteAsync(
            session => which(session).Select(run => (Run: run, Fence: session.ClaimRun(run, _owner))).ToList(),
            cancellationToken
        );
        FaultPoints.Hit(FaultPoints.AfterClaims);
        _driver.AdoptAll(
            _parts.Store.Read(session => claims.Select(claim => LoadOrSetAside(session, claim.Run, claim.Fence)).OfType<LiveRun>().ToList())
        );
        FaultPoints.Hit(FaultPoints.AfterTakeover);
    }

    /// <summary>Takes over a run that was found; one that cannot be read is set aside.</summary>
    private async Task FindAsync(RunNumber run, CancellationToken cancellationToken)
    {
        var fence = await _parts.Store.WriteAsync(session => session.ClaimRun(run, _owner), cancellationToken);
        if (_parts.Store.Read(session => LoadOrSetAside(session, run, fence)) is { } live)
        {
            _driver.Adopt(live, afterRestart: true);
        }
    }

    /// <summary>Reads a run to go on with; one with a row that cannot be read is left as it stands, and holds up no other.</summary>
    private LiveRun? LoadOrSetAside(ReadSession session, RunNumber run, Fence fence)
    {
        try
        {
            return LiveRun.Load(session, run, fence);
        }
        catch (Exception problem) when (problem is not StoreUnavailable)
        {
            if (_setAside.TryAdd(run, problem.Message))
            {
                Said?.Invoke($"run {run} is set aside, and all others go on: {problem.Message}");
            }

            return null;
        }
    }

    /// <summary>Takes over everything that has not ended, and keeps to the schedules of the project's pipelines, until it is disposed.</summary>
    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        _driver.HoldSlots();
        await AdoptAsync(session => session.ActiveRunNumbers(), cancellationToken);

        var strays = new StraySweep(_parts);
        strays.Said += line => Said?.Invoke(line);
        Loop("strays", strays.WatchAsync);
        var foundlings = new Foundlings(_parts, run => _driver.Drives(run) || _setAside.ContainsKey(run), FindAsync);
        foundlings.Said += line => Said?.Invoke(line);
        Loop("foundlings", foundlings.WatchAsync);
        var sweep = new StagingSweep(_parts, _attempts);
        sweep.Said += line => Said?.Invoke(line);
        sweep.SweepHere();
        Loop("staging", sweep.WatchAsync);
        Loop("deadlines", new DeadlineWatch(_parts, line => Said?.Invoke(line)).WatchAsync);
        await _backfills.ResumeAsync(cancellationToken);
        var scheduler = new Scheduler(_parts, _ticks, _driver);
        _schedules.Released += scheduler.LookSoon;
        scheduler.Ticked += (pipeline, tick) =>
            Said?.Invoke(
                tick.Run is { } run
                    ? $"{pipeline}: run {run} for the tick {tick.At:yyyy-MM-dd HH:mm:ss}Z"
                    : $"{pipeline}: tick {tick.At:yyyy-MM-dd HH:mm:ss}Z skipped: {tick.Skipped}"
            );
        scheduler.Failed += (pipeline, failure) => Said?.Invoke($"{pipeline}: its ticks cannot be decided: {failure.Message}");
        var datasets = new DatasetTriggers(_parts, _factory, _driver);
        var freshness = new FreshnessWatch(_parts, line => Said?.Invoke(line));
        datasets.Said += line => Said?.Invoke(line);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop("pipelines", stop => FollowFilesAsync(scheduler, datasets, freshness, first, stop));
        await using (cancellationToken.UnsafeRegister(_ => first.TrySetCanceled(cancellationToken), state: null))
        {
            await first.Task;
        }

        Loop("scheduler", scheduler.WatchAsync);
        Loop("messages", _messages.WatchAsync);
        Loop("old messages", new InboxSweep(_parts, line => Said?.Invoke(line)).WatchAsync);
        Loop("datasets", datasets.WatchAsync);
        Loop("freshness", freshness.WatchAsync);
    }

    /// <summary>Gives no slots any more.</summary>
    public void HoldSlots() => _driver.HoldSlots();

    /// <summary>Attempts that hold slots, after all that has happened so far is durable.</summary>
    public Task<int> SlotsInUseAsync() => _driver.SlotsInUseAsync();

    /// <summary>Takes over a backfill that nobody drives.</summary>
    public Task ResumeBackfillsAsync(CancellationToken cancellationToken) => _backfills.ResumeAsync(cancellationToken);

    /// <summary>A request of this process waits: there is no need for the inbox to be looked at first.</summary>
    public Task CarryOutRequestsAsync(CancellationToken cancellationToken) => _desk.ServeAsync(cancellationToken);

    /// <summary>Since the scheduler last looked for what is due; null when this engine keeps no schedules.</summary>
    public TimeSpan? SchedulerAge => _parts.SchedulerAge;

    /// <summary>The numbers of this engine in Prometheus' text format.</summary>
    public string Metrics() => PrometheusText.Of(_metrics.Read());

    /// <summary>Waits until people have been told what they should be told, or for so long.</summary>
    public Task TellAsync(TimeSpan most) => _alerts.SettleAsync(most);

    /// <summary>Gives no more grace to what is being stopped.</summary>
    public void KillStopping() => _attempts.KillStopping();

    public bool Drives(RunNumber run) => _driver.Drives(run);

    /// <summary>Why a ready task, or a queued run, has to wait.</summary>
    public Task<IReadOnlyList<Hindrance>> WhyNotAsync(RunNumber run, TaskKey? task) => _driver.WhyNotAsync(run, task);

    /// <summary>Stops acting. Commands that run go on, and the next engine adopts them.</summary>
    public async ValueTask DisposeAsync()
    {
        await _attempts.CloseAsync();
        _stop.Cancel();
        await LoopsEndAsync();
        _alerts.Dispose();
        _telemetry?.Dispose();
        LeaveProcess();
        await _parts.Executor.DisposeAsync();
        try
        {
            await _parts.Store.WriteAsync(session => session.ReleaseRuns(_owner), CancellationToken.None);
        }
        catch (StoreUnavailable)
        {
            // The claims stay in the rows; whoever holds the engine lock next claims the runs anew.
        }

        _triggers.Dispose();
        _lock.Dispose();
        _stop.Dispose();
    }

    /// <summary>
    /// Takes back what the runtime keeps of it for as long as the process lives. Alone it is for who ends an engine as the end of its process would,
    /// and lives on.
    /// </summary>
    internal void LeaveProcess()
    {
        _metrics.Dispose();
        _meter.Dispose();
    }

    /// <summary>A duty may begin another one until it ends.</summary>
    private async Task LoopsEndAsync()
    {
        while (true)
        {
            Task[] loops;
            lock (_loops)
            {
                loops = [.. _loops];
                _loops.Clear();
            }

            if (loops.Length == 0)
            {
                return;
            }

            await Task.WhenAll(loops);
        }
    }

    /// <summary>A version of a model that a registry is told of waits in the outbox, or an alias that has moved.</summary>
    private void OnChanged(RunSnapshot run, Change change)
    {
        if (
            change is Change.TaskChanged { After: { State: TaskState.Success } task }
            && run.Pipeline.Tasks[run.Graph.IndexOf(task.Key.Task)] is { } node
            && (node.Kind is TaskKind.Promote || node.Outputs.Any(output => output.Registry is not null))
        )
        {
            _parts.Outbox.Ring();
        }

        if (
            change is Change.TaskChanged { After: { State: TaskState.Success } done }
            && run.Pipeline.Tasks[run.Graph.IndexOf(done.Key.Task)].Outputs.Any(output => output.Dataset is not null)
        )
        {
            _parts.Updates.Ring();
        }
    }

    private void OnRunEnded(Run run)
    {
        // What attempts staged that were told to stop before they published.
        _attempts.Sweep(number => number != run.Number);
        RunEnded?.Invoke(run);
        // What waits for its end, or for that of its backfill.
        _parts.Updates.Ring();
        if (run.Trigger == RunTrigger.Event)
        {
            // There is room for another one.
            _messages.Ring();
        }

        if (run.Backfill is not null)
        {
            Loop($"backfill after run {run.Number}", stop => _backfills.RunEndedAsync(run, stop));
        }
    }

    private async Task WatchInboxAsync(CancellationToken stop)
    {
        // First: what comes while the desk is served is not seen yet.
        var seen = _parts.Store.ChangeCounter();
        await _desk.ServeAsync(stop);
        while (true)
        {
            await Task.Delay(InboxPause, _parts.Time, stop);
            try
            {
                var now = _parts.Store.ChangeCounter();
                if (now != seen)
                {
                    if (_parts.Store.Read(session => session.RequestsWait()))
                    {
                        await _desk.ServeAsync(stop);
                    }

                    // Only now: what could not be served is looked at again.
                    seen = now;
                }
            }
            catch (StoreUnavailable failure)
            {
                Said?.Invoke($"store: {failure.Message}");
                await Task.Delay(TimeSpan.FromSeconds(1), _parts.Time, stop);
            }
        }
    }

    /// <summary>A duty of the engine. One that fails is said and begun again: half an engine would be worse than none.</summary>
    private void Loop(string name, Func<CancellationToken, Task> duty)
    {
        lock (_loops)
        {
            _loops.RemoveAll(loop => loop.IsCompletedSuccessfully);
            _loops.Add(_parts.Begin(() => KeepAsync(name, duty)));
        }
    }

    private async Task KeepAsync(string name, Func<CancellationToken, Task> duty)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await duty(_stop.Token);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                Said?.Invoke($"{name}: {failure.Message}; going on in a second");
                await Task.Delay(TimeSpan.FromSeconds(1), _parts.Time, _stop.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }
    }
}
