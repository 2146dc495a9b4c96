using System.Runtime.CompilerServices;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Outbox;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Simulation.Tests;

/// <summary>What a server finds when it starts: what outlives it.</summary>
/// <param name="Committed">Told after every commit.</param>
/// <param name="Guard">Makes a check while the engine acts; what it finds is told afterwards.</param>
internal sealed record House(
    Stage Stage,
    Project Project,
    Dialect Database,
    PipelineFolder Folder,
    Machine Machine,
    Ledger Ledger,
    Trouble Trouble,
    PlaceTrouble Place,
    Action Committed,
    Action<Action> Guard
);

/// <summary>One life of the server: the real engine, from its start to its end or its death.</summary>
internal sealed class Server
{
    private readonly House _house;
    private readonly FaultyDatabase _database;
    private readonly OutboxBell _edited = new();
    private readonly CancellationTokenSource _starting = new();
    private Store? _store;
    private EngineLock? _lock;
    private Replica? _replica;

    public Server(House house, int number)
    {
        _house = house;
        Life = new Life(house.Stage, $"server {number}");
        _database = new FaultyDatabase(house.Database, house.Trouble, house.Committed);
        _ = Life.Begin(StartAsync);
    }

    public Life Life { get; }

    /// <summary>It could not start, as a server that exits with an error: somebody starts another one.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>It has ended by itself.</summary>
    public bool HasEnded { get; private set; }

    public bool Drives(RunNumber run) => _replica?.Drives(run) == true;

    /// <summary>Its files were edited.</summary>
    public void Edited() => _edited.Ring();

    /// <summary><c>kill -9</c>: nothing of it goes on, and what was not committed is gone.</summary>
    public void Kill()
    {
        _house.Stage.End(Life);
        _replica?.LeaveProcess();
        _database.Abandon();
        _lock?.Dispose();
    }

    /// <summary>TERM.</summary>
    public void Stop() => _ = Life.Begin(EndAsync);

    private async Task StartAsync()
    {
        try
        {
            _store = Store.Open(_database, TakeTurn, Life.Time);
            _lock = _store.AcquireEngine();
            var (clock, _) = await EngineClock.StartAsync(_store, Life.Time, boot: "one");
            _replica = Replica.Start(
                _house.Project,
                _store,
                _lock,
                clock,
                new EngineOptions
                {
                    WorkerCommand = ["none"],
                    Time = Life.Time,
                    Begin = Life.Begin,
                    Executor = _ => _house.Machine.HandsOf(Life),
                    Pipelines = FilesAsync,
                    LocalPlace = staging => new WatchedPlace(new LocalPlace(staging), Life, _house),
                }
            );
            _replica.Said += line => _house.Stage.Tell($"{Life.Name}: {line}");
            await _replica.ServeAsync(_starting.Token);
        }
        catch (StoreUnavailable problem)
        {
            _house.Stage.Tell($"{Life.Name} cannot start: {problem.Message}");
            HasFailed = true;
        }
        catch (OperationCanceledException) when (_starting.IsCancellationRequested)
        {
            // It was told to stop before it had begun.
        }
    }

    private async Task EndAsync()
    {
        _starting.Cancel();
        if (_replica is not null)
        {
            await _replica.DisposeAsync();
        }

        _store?.Dispose();
        HasEnded = true;
    }

    private void TakeTurn(Action turn)
    {
        if (_house.Trouble.IsSlow)
        {
            _house.Stage.At(Life, _house.Stage.Elapsed + TimeSpan.FromSeconds(3), turn);
        }
        else
        {
            _house.Stage.Add(Life, _ => turn(), null);
        }
    }

    private async IAsyncEnumerable<PipelineSet> FilesAsync(Project project, [EnumeratorCancellation] CancellationToken stop)
    {
        while (true)
        {
            yield return _house.Folder.Load();
            await _edited.WaitAsync(TimeSpan.FromDays(1), Life.Time, stop);
        }
    }
}
