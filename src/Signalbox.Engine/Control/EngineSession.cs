using System.Security.Cryptography;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Pools;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Processes;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Telemetry;
using Signalbox.Engine.Triggers;
using Signalbox.Engine.Upkeep;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>
/// A project opened to ask things of its engine, whoever runs it: another process that holds the store's engine lock, or, when nobody does,
/// this one.
/// </summary>
/// <remarks>
/// Asking writes a row and waits for its answer, so it makes no difference where the engine is. When the process that ran the engine dies
/// in between, this one takes over what it waits for.
/// </remarks>
public sealed class EngineSession : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    // How often a process that waits for another's engine looks whether it is still there.
    private static readonly TimeSpan TakeOverPause = TimeSpan.FromMilliseconds(500);

    // Killing takes milliseconds; whoever hurries is not to wait for what cannot be killed.
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(3);

    // People are told in that time, or by the next engine.
    private static readonly TimeSpan TellTime = TimeSpan.FromSeconds(3);

    private readonly EngineOptions _options;
    private Replica? _engine;
    private bool _serves;

    private EngineSession(Project project, Store store, EngineOptions options)
    {
        Project = project;
        Store = store;
        _options = options;
    }

    public Project Project { get; }

    public Store Store { get; }

    /// <summary>Whether this process runs the engine.</summary>
    public bool OwnsEngine => _engine is not null;

    /// <summary>Told of what people who watch a server should see: one line each.</summary>
    public event Action<string>? Said;

    /// <summary>Told of every change of a run after it is durable; only when this process runs the engine.</summary>
    public event Action<RunSnapshot, Change>? Changed;

    /// <summary>Opens the project's state and store; makes them where there are none.</summary>
    /// <exception cref="StoreException">The store cannot be opened.</exception>
    public static EngineSession Open(Project project, EngineOptions options)
    {
        project.CreateState();
        return new EngineSession(project, Store.Open(project.Database.Value, options.Time), options);
    }

    /// <summary>Tells that this process listens at a port of the machine, so that no task asks it.</summary>
    public void ListensAt(int port) => _options.OwnPorts[port] = true;

    /// <summary>Runs the engine in this process until it is disposed, with schedules, watching the project's files.</summary>
    /// <remarks>On PostgreSQL it stands by while another process runs it, and takes over when that is gone.</remarks>
    /// <exception cref="StoreRefused">Another process runs it, on SQLite; the message names its pid.</exception>
    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        await BecomeAsync(await AcquireAsync(cancellationToken));
        _serves = true;
        await _engine!.ServeAsync(cancellationToken);
    }

    /// <summary>
    /// Completes when another process has the engine's lock though this one did not give it back, as it can on PostgreSQL when a connection broke:
    /// this one begins nothing more and is to end. Only when this process serves the project.
    /// </summary>
    public Task LockLost => _engine!.LockLost;

    /// <summary>Whether the engine of this process begins nothing more.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>
    /// Begins nothing more, and waits until nothing holds a slot: what ran has ended and is published. What waits for slots, for people or for
    /// the world is left to the next engine. Only when this process serves the project.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        IsDraining = true;
        _engine!.HoldSlots();
        while (await SlotsInUseAsync(_engine) > 0)
        {
            await Task.Delay(Pause, _options.Time, cancellationToken);
        }
    }

    private static async Task<int> SlotsInUseAsync(Replica engine)
    {
        try
        {
            return await engine.SlotsInUseAsync();
        }
        catch (StoreException)
        {
            return 1; // what has ended is not on record yet: the engine is at it, and says why
        }
    }

    private async Task<EngineLock> AcquireAsync(CancellationToken cancellationToken)
    {
        for (var standsBy = false; ; standsBy = true)
        {
            try
            {
                return Store.AcquireEngine();
            }
            catch (StoreRefused other) when (Project.Database.IsPostgres)
            {
                if (!standsBy)
                {
                    Said?.Invoke($"standing by: {other.Message}");
                }
            }
            catch (StoreUnavailable failure) when (standsBy)
            {
                Said?.Invoke($"standing by: {failure.Message}");
            }

            await Task.Delay(TakeOverPause, _options.Time, cancellationToken);
        }
    }

    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="sender">Who asks. Null: whoever runs this process.</param>
    public async Task<Answer> AskAsync(Request request, CancellationToken cancellationToken, string? sender = null)
    {
        var id = await Store.WriteAsync(
            session => session.AddRequest(request.Kind, request.ToJson(), sender ?? _options.Sender, _options.Time.GetUtcNow()),
            cancellationToken
        );
        return await AnswerAsync(id, cancellationToken);
    }

    /// <summary>
    /// Asks once for each key of a sender, and waits for the answer: asking again under the same key within <paramref name="keep"/> gives
    /// the answer of the first time. A key whose request was refused may be used anew.
    /// </summary>
    /// <param name="asked">What was asked, in the words of who asks: what tells whether it is the same.</param>
    /// <returns>The answer; null when something else was asked under that key before.</returns>
    public async Task<Answer?> AskOnceAsync(
        Request request,
        string asked,
        string sender,
        string key,
        TimeSpan keep,
        CancellationToken cancellationToken
    )
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(asked)));
        var keyed = await Store.WriteAsync(
            session => session.AddRequestOnce(key, hash, request.Kind, request.ToJson(), sender, _options.Time.GetUtcNow(), keep),
            cancellationToken
        );
        if (!keyed.IsSame)
        {
            return null;
        }

        var answer = await AnswerAsync(keyed.Request, cancellationToken);
        if (!answer.Done)
        {
            await Store.WriteAsync(session => session.ForgetKey(key, sender, keyed.Request), cancellationToken);
        }

        return answer;
    }

    private async Task<Answer> AnswerAsync(long id, CancellationToken cancellationToken)
    {
        await TryBecomeAsync();
        if (_engine is { } mine)
        {
            await mine.CarryOutRequestsAsync(cancellationToken);
        }

        return await UntilAsync(
            () => Store.Read(session => session.Request(id)) is { Answer: { } answer } ? Answer.FromJson(answer) : null,
            () => _engine!.CarryOutRequestsAsync(cancellationToken),
            cancellationToken
        );
    }

    /// <summary>Takes a call of a webhook; only when this process serves the project.</summary>
    /// <exception cref="StoreException">Nothing is kept; the sender is to try again.</exception>
    public Task<WebhookAnswer> ReceiveAsync(WebhookCall call, CancellationToken cancellationToken) =>
        _engine!.Webhooks.ReceiveAsync(call, cancellationToken);

    /// <summary>Waits until a run has ended.</summary>
    public async Task<Run> WaitForRunAsync(RunNumber number, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnEnded(Run run)
        {
            if (run.Number == number)
            {
                ended.TrySetResult();
            }
        }

        if (_engine is { } mine)
        {
            mine.RunEnded += OnEnded;
            if (!mine.Drives(number) && Read() is null)
            {
                await mine.TakeOverAsync(number, cancellationToken);
            }
        }

        try
        {
            return await UntilAsync(Read, () => _engine!.TakeOverAsync(number, cancellationToken), cancellationToken, ended.Task);
        }
        finally
        {
            if (_engine is { } still)
            {
                still.RunEnded -= OnEnded;
            }
        }

        Run? Read() => Store.Read(session => session.Run(number)) is { } run && run.State.IsEnd() ? run : null;
    }

    /// <summary>Waits until a backfill has ended.</summary>
    public async Task<StoredBackfill> WaitForBackfillAsync(long id, CancellationToken cancellationToken)
    {
        return await UntilAsync(
            () => Store.Read(session => session.Backfill(id)) is { EndedAt: not null } backfill ? backfill : null,
            () => TakeOverBackfillAsync(id, cancellationToken),
            cancellationToken
        );
    }

    /// <summary>Kills what is being stopped, without more grace, and waits a little for the end of what was cancelled.</summary>
    /// <param name="end">Completes when what was cancelled has ended.</param>
    /// <returns>Whether it has ended.</returns>
    public async Task<bool> HurryAsync(Func<CancellationToken, Task> end)
    {
        using var late = new CancellationTokenSource(KillTime, _options.Time);
        var ended = end(late.Token);
        while (!ended.IsCompleted)
        {
            // Again and again: an attempt may have been told to stop only now.
            _engine!.KillStopping();
            await Task.WhenAny(ended, Task.Delay(TakeOverPause / 5, _options.Time, CancellationToken.None));
        }

        try
        {
            await ended;
            return true;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Why a ready task, or a queued run, has to wait for a slot; empty when this process does not run the engine.</summary>
    public async Task<IReadOnlyList<Hindrance>> WhyNotAsync(RunNumber run, TaskKey? task) =>
        _engine is { } mine ? await mine.WhyNotAsync(run, task) : [];

    /// <summary>The content type of <see cref="Metrics"/>.</summary>
    public const string MetricsContentType = PrometheusText.ContentType;

    /// <summary>The numbers of the engine in Prometheus' text format; null when this process does not run it.</summary>
    public string? Metrics() => _engine?.Metrics();

    /// <summary>Since the scheduler last looked for what is due, which it does at least each second; null when this process does not serve.</summary>
    public TimeSpan? SchedulerAge => _engine?.SchedulerAge;

    /// <summary>Whether the scheduler has not looked for what is due for so long that it never will.</summary>
    public bool SchedulerHangs => SchedulerAge > OldestLook;

    // It looks each second; on a machine with too much to do it may be late.
    private static readonly TimeSpan OldestLook = TimeSpan.FromSeconds(30);

    public async ValueTask DisposeAsync()
    {
        if (_engine is { } mine)
        {
            if (!_serves)
            {
                // Who runs one thing and ends has nobody behind it who would tell people soon.
                await mine.TellAsync(TellTime);
            }

            await mine.DisposeAsync();
        }

        await Store.DisposeAsync();
    }

    private async Task TakeOverBackfillAsync(long id, CancellationToken cancellationToken)
    {
        foreach (var item in Store.Read(session => session.BackfillItems(id)))
        {
            if (item is { State: BackfillItemState.Running, Run: { } run } && !_engine!.Drives(run))
            {
                await _engine.TakeOverAsync(run, cancellationToken);
            }
        }

        await _engine!.ResumeBackfillsAsync(cancellationToken);
    }

    /// <summary>Looks again and again; becomes the engine when the one that was waited for is gone.</summary>
    private async Task<T> UntilAsync<T>(Func<T?> look, Func<Task> takeOver, CancellationToken cancellationToken, Task? signal = null)
        where T : class
    {
        var nextTakeOver = _options.Time.GetUtcNow() + TakeOverPause;
        while (true)
        {
            if (look() is { } found)
            {
                return found;
            }

            if (_engine is null && _options.Time.GetUtcNow() >= nextTakeOver)
            {
                nextTakeOver = _options.Time.GetUtcNow() + TakeOverPause;
                if (await TryBecomeAsync())
                {
                    await takeOver();
                }
            }

            // Whoever is told of the end need not look for it often.
            var isTold = _engine is not null && signal is { IsCompleted: false };
            var pause = Task.Delay(isTold ? 10 * Pause : Pause, _options.Time, cancellationToken);
            await (isTold ? Task.WhenAny(pause, signal!) : pause);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> TryBecomeAsync()
    {
        if (_engine is not null)
        {
            return false;
        }

        try
        {
            await BecomeAsync(Store.AcquireEngine());
            _engine!.TakeOverWhatRuns();
            return true;
        }
        catch (StoreRefused)
        {
            // Somebody else runs the engine, and answers.
            return false;
        }
    }

    private async Task BecomeAsync(EngineLock held)
    {
        try
        {
            _engine = await BeginAsync(held);
        }
        catch
        {
            // Whoever tries again, here or in another process, finds it free.
            held.Dispose();
            throw;
        }

        _engine.Said += line => Said?.Invoke(line);
        _engine.Changed += (run, change) => Changed?.Invoke(run, change);
    }

    private async Task<Replica> BeginAsync(EngineLock held)
    {
        if (Restoration.Finish(new StateFolder(Project.StateFolder), Store, _options.Time.GetUtcNow()) is { } aside)
        {
            Said?.Invoke($"the database was put back to an earlier state; what attempts left since then is in {aside}");
        }

        var (clock, moved) = await EngineClock.StartAsync(Store, _options.Time, ProcessTable.BootId);
        if (moved != TimeSpan.Zero)
        {
            Said?.Invoke(Replica.ClockSaid(moved));
        }

        return Replica.Start(Project, Store, held, clock, _options);
    }
}
