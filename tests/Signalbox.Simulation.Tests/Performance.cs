using Signalbox.Core;
using Signalbox.Engine.Projects;
using Signalbox.Storage;
using Signalbox.Storage.Sqlite;
using Promise = Signalbox.Core.Tests.Simulation.Check;

namespace Signalbox.Simulation.Tests;

/// <summary>What came of a performance.</summary>
/// <param name="Failure">The promise that was broken; null when all were kept.</param>
/// <param name="Trace">The hash of all that happened: the same seed, the same hash.</param>
internal sealed record Outcome(
    string? Failure,
    string Trace,
    IReadOnlyList<string> Story,
    IReadOnlyList<Incident> Plot,
    int Steps,
    int Commits,
    int Events
);

/// <summary>
/// Seven days of an engine from one seed: its pipelines, what its machine and its database do to it, what people ask of it. In the end nothing
/// fails any more, and everything must come to an end.
/// </summary>
internal sealed class Performance : IDisposable
{
    public static readonly TimeSpan Length = TimeSpan.FromDays(7);

    // Far more than anything takes that is done at one time.
    private const int MostSteps = 20_000;

    // Each with a change of the clocks on its third day.
    private static readonly DateTimeOffset[] Weeks =
    [
        new(2026, 3, 5, 12, 0, 0, TimeSpan.Zero),
        new(2026, 3, 26, 12, 0, 0, TimeSpan.Zero),
        new(2026, 10, 22, 12, 0, 0, TimeSpan.Zero),
        new(2026, 10, 29, 12, 0, 0, TimeSpan.Zero),
    ];

    private readonly ulong _seed;
    private readonly World _world;
    private readonly Dice _dice;
    private readonly Stage _stage;
    private readonly string _folder;
    private readonly House _house;
    private readonly People _people;
    private readonly Dialect _database;
    private readonly Link _rows;
    private readonly DateTimeOffset _start;
    private readonly DateTimeOffset[] _ticks;
    private readonly Dictionary<string, int> _edits = [];
    private readonly Queue<Incident> _plot;
    private Server _server;
    private int _lives = 1;
    private int? _killAfter;
    private TimeSpan? _restartAt;
    private TimeSpan _busyUntil;
    private bool _isHealed;
    private string? _broken;

    private Performance(ulong seed, IReadOnlyList<Incident>? plot, bool isTold, bool onFile, ISet<string> transitions)
    {
        _seed = seed;
        _world = World.Of(seed);
        _dice = new Dice(seed);
        _start = _dice.Of(Weeks);
        _stage = new Stage(seed, _start, isTold);
        _folder = Scene.NewFolder();
        Directory.CreateDirectory(Path.Combine(_folder, "pipelines"));
        var pipelines = new Dice(seed + 2);
        var most = new Dictionary<string, int>();
        foreach (var name in _world.Names)
        {
            Write(name, Pipelines.Make(pipelines, name, 0, _start, _world.Days, out var mostRuns));
            most[name] = mostRuns;
        }

        (TimeSpan Age, int Runs)? keeps = pipelines.Chance(50)
            ? (TimeSpan.FromHours(pipelines.Between(12, 48)), pipelines.Between(0, 2))
            : null;
        var retention = keeps is { } kept ? $"retention: {{ age: {kept.Age.TotalHours}h, runs: {kept.Runs} }}\n" : "";
        File.WriteAllText(
            Path.Combine(_folder, Project.FileName),
            $"max_active_tasks: {_world.MostAttempts}\npools: {{ gpu: {_world.MostInGpu} }}\n{Pipelines.Targets}{retention}"
        );
        var project = Project.Open(_folder).Project!;
        project.CreateState();
        var file = Path.Combine(project.StateFolder, "signalbox.db");
        if (onFile)
        {
            File.Copy(Scene.Template, file);
        }

        _database = onFile ? new SqliteDialect(file) : new MemoryDatabase(file);
        _rows = _database.Connect(readOnly: true);
        var ledger = new Ledger(_rows, Scene.Transitions, transitions)
        {
            MostAttempts = _world.MostAttempts,
            MostInGpu = _world.MostInGpu,
            Keeps = keeps,
            Now = () => _stage.Now,
        };
        foreach (var (name, mostRuns) in most)
        {
            ledger.MostRuns[name] = mostRuns;
        }

        var machine = new Machine(_stage, seed + 3, (started, running) => Guard(() => ledger.Started(started, running)));
        _house = new House(
            _stage,
            project,
            _database,
            project.OpenPipelines(),
            machine,
            ledger,
            new Trouble(_stage),
            new PlaceTrouble(),
            Committed,
            Guard
        );
        _people = new People(_stage, _world, new FaultyDatabase(_database, trouble: null, Committed));
        _ticks = [.. _world.Names.SelectMany(TicksOf).Distinct().Order()];
        Plot = plot ?? Incident.Plot(new Dice(seed + 4), _world, [.. _ticks.Select(at => at - _start).Where(at => at < Length)]);
        _plot = new Queue<Incident>(Plot);
        _server = new Server(_house, _lives);
    }

    public IReadOnlyList<Incident> Plot { get; }

    /// <summary>Plays a seed.</summary>
    /// <param name="plot">What happens instead of what the seed says. Null: that.</param>
    /// <param name="isTold">Whether the story is kept.</param>
    /// <param name="onFile">Whether the database is a file, to which each link connects anew, as in life: slower, and the same story.</param>
    /// <param name="transitions">Receives the transitions that were seen.</param>
    public static Outcome Play(
        ulong seed,
        ISet<string> transitions,
        IReadOnlyList<Incident>? plot = null,
        bool isTold = false,
        bool onFile = false
    )
    {
        using var performance = new Performance(seed, plot, isTold, onFile, transitions);
        string? failure = null;
        try
        {
            performance.Play();
        }
        catch (BrokenPromiseException broken)
        {
            failure = broken.Message;
        }
        catch (Exception problem)
        {
            failure = problem.ToString();
        }

        var stage = performance._stage;
        var ledger = performance._house.Ledger;
        return new Outcome(failure, stage.Trace(), stage.Story, performance.Plot, stage.Steps, ledger.Commits, ledger.Events);
    }

    public void Dispose()
    {
        _server.Kill();
        _people.Store.Dispose();
        _rows.Dispose();
        (_database as IDisposable)?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Play()
    {
        Until(Length, () => false);
        Heal();
        // What was asked and is not done yet may hold something back.
        Until(_stage.Elapsed + TimeSpan.FromHours(1), () => _people.Waiting == 0);
        // All that was held back goes on, and what was missed is made up for.
        _people.Release();
        Until(_stage.Elapsed + TimeSpan.FromHours(1), () => false);
        _people.PauseSchedules();
        Until(_stage.Elapsed + TimeSpan.FromMinutes(1), () => false);
        var late = _stage.Elapsed + TimeSpan.FromHours(12);
        Until(late, () => _people.Waiting == 0 && _house.Machine.RunningCount == 0 && Ending.IsAtRest(_people.Store));
        // The sweeps come by every few minutes.
        Until(_stage.Elapsed + TimeSpan.FromMinutes(12), () => false);
        Ending.Check(_people, _house, _rows, TicksOf);
    }

    /// <summary>Lets things happen until a time, or until something is so.</summary>
    private void Until(TimeSpan end, Func<bool> isDone)
    {
        while (_stage.Elapsed < end)
        {
            for (var steps = 0; !_stage.IsQuiet; steps++)
            {
                Promise.That(steps < MostSteps, $"liveness: {steps} steps were taken, and no time has passed: the engine runs in circles");
                _stage.Step();
                Guarded();
                if (_killAfter is { } left && (_killAfter = left - 1) < 0)
                {
                    _killAfter = null;
                    Kill(TimeSpan.FromSeconds(_dice.Below(120)));
                }
            }

            _people.Listen();
            if (isDone())
            {
                return;
            }

            if (_server.HasEnded || _server.HasFailed)
            {
                _server.Kill();
                _restartAt ??= _stage.Elapsed + TimeSpan.FromSeconds(_dice.Between(1, 60));
            }

            if (_restartAt is { } at && at <= _stage.Elapsed)
            {
                _restartAt = null;
                _server = new Server(_house, ++_lives);
                _stage.Tell($"server {_lives} starts");
                continue;
            }

            if (_plot.TryPeek(out var incident) && incident.At <= _stage.Elapsed)
            {
                Happen(_plot.Dequeue());
                if (incident.IsUnseen)
                {
                    Leap(end, isWhole: true);
                }

                _busyUntil = _stage.Elapsed + TimeSpan.FromSeconds(6);
                continue;
            }

            SeeEnds();
            Leap(end);
        }
    }

    private void SeeEnds()
    {
        var isServed = !_server.Life.IsOver && !_server.HasEnded && !_server.HasFailed;
        var isSlow = _house.Machine.IsSlow || _house.Place.IsSlow;
        foreach (var process in _house.Machine.LongEnded(isServed && !isSlow && _house.Trouble.IsNone))
        {
            _house.Ledger.Ended(process);
        }
    }

    /// <summary>Time passes: little while much happens, and never past what the world has in store.</summary>
    /// <param name="isWhole">Whether it passes up to that at once.</param>
    private void Leap(TimeSpan end, bool isWhole = false)
    {
        var to = end;
        if (_stage.NextWorldAlarm is { } next && next < to)
        {
            to = next;
        }

        if (_plot.TryPeek(out var incident) && incident.At < to)
        {
            to = incident.At;
        }

        if (_restartAt is { } at && at < to)
        {
            to = at;
        }

        if (NextTick() is { } tick && tick < to)
        {
            to = tick;
        }

        var longest =
            isWhole ? end
            : _stage.Elapsed >= _busyUntil
                ? TimeSpan.FromMinutes(_dice.Between(1, _isHealed ? _world.LongestCalm : _dice.Of(_world.LongestIdle)))
            : _dice.Chance(30) ? (_stage.NextAlarm ?? end) - _stage.Elapsed
            : _dice.Seconds(20);
        var leap = to - _stage.Elapsed < longest ? to - _stage.Elapsed : longest;
        _stage.Pass(leap > TimeSpan.Zero ? leap : TimeSpan.FromMilliseconds(1));
    }

    /// <summary>When a schedule is due next by the clock on the wall; null when the week knows of none.</summary>
    private TimeSpan? NextTick()
    {
        var at = Array.BinarySearch(_ticks, _stage.Now);
        var next = at >= 0 ? at + 1 : ~at;
        return next < _ticks.Length ? _stage.Elapsed + (_ticks[next] - _stage.Now) : null;
    }

    private void Happen(Incident incident)
    {
        _stage.Tell($"{incident.What}");
        var dice = new Dice(incident.Seed);
        var trouble = _house.Trouble;
        var machine = _house.Machine;
        switch (incident.What)
        {
            case What.Kill:
                _killAfter = dice.Below(80);
                break;
            case What.Stop:
                _server.Stop();
                break;
            case What.Reboot:
                machine.Reboot();
                Kill(dice.Seconds(600));
                break;
            case What.DatabaseAway:
                trouble.AwayUntil = _stage.Elapsed + dice.Seconds(300);
                break;
            case What.DiskFull:
                trouble.FullUntil = _stage.Elapsed + dice.Seconds(300);
                break;
            case What.SlowDatabase:
                trouble.SlowUntil = _stage.Elapsed + dice.Seconds(300);
                break;
            case What.CommitFails:
                trouble.CommitsThatFail += dice.Between(1, 3);
                break;
            case What.CommitLies:
                trouble.CommitsThatLie += dice.Between(1, 3);
                break;
            case What.Busy:
                trouble.Busy += dice.Between(1, 4);
                break;
            case What.ClockForward:
                _stage.SetClock(dice.Seconds(12 * 3600));
                break;
            case What.ClockBack:
                _stage.SetClock(-dice.Seconds(12 * 3600));
                break;
            case What.StartsRefused:
                machine.RefusedStarts += dice.Between(1, 3);
                break;
            case What.Misbehaves:
                for (var times = dice.Between(1, 3); times > 0; times--)
                {
                    machine.Next.Enqueue(dice.Of(Enum.GetValues<Behaviour>()));
                }

                break;
            case What.SlowMachine:
                machine.IsSlow = dice.Chance(60);
                break;
            case What.PlaceRefuses:
                _house.Place.Refusals += dice.Between(1, 3);
                break;
            case What.SlowPlace:
                _house.Place.IsSlow = dice.Chance(60);
                break;
            case What.Edit:
                Edit(dice, dice.Of(_world.Names));
                break;
            case What.BreakFile:
                Write(dice.Of(_world.Names), "pipeline: [\n");
                _server.Edited();
                break;
            case What.DeleteFile:
                File.Delete(FileOf(dice.Of(_world.Names)));
                _server.Edited();
                break;
            default:
                _people.Do(incident.What, dice);
                break;
        }
    }

    private void Edit(Dice dice, string name)
    {
        var edit = _edits[name] = _edits.GetValueOrDefault(name) + 1;
        // Runs of both versions are limited by their own: the rows alone do not tell what may be.
        _house.Ledger.MostRuns[name] = 0;
        Write(name, Pipelines.Make(dice, name, edit, _start, _world.Days, out _));
        _server.Edited();
    }

    /// <summary>Nothing fails from now on; whoever was away is back.</summary>
    private void Heal()
    {
        _stage.Tell("all is well from now on");
        _killAfter = null;
        _isHealed = true;
        _house.Trouble.Heal();
        _house.Place.Heal();
        _house.Machine.Heal();
        foreach (var name in _world.Names)
        {
            if (!File.Exists(FileOf(name)) || File.ReadAllText(FileOf(name)).StartsWith("pipeline: [", StringComparison.Ordinal))
            {
                Edit(new Dice(_seed + 5), name);
            }
        }
    }

    private void Kill(TimeSpan away)
    {
        _stage.Tell($"server {_lives} is killed");
        _server.Kill();
        _restartAt = _stage.Elapsed + away;
    }

    private void Committed()
    {
        var before = _house.Ledger.Events;
        Guard(_house.Ledger.Committed);
        if (_house.Ledger.Events > before)
        {
            _busyUntil = _stage.Elapsed + TimeSpan.FromSeconds(6);
        }
    }

    /// <summary>What is found out while the engine acts is told when it has acted: nobody in between may take it for a fault of the world.</summary>
    private void Guard(Action check)
    {
        try
        {
            check();
        }
        catch (BrokenPromiseException broken)
        {
            _broken ??= broken.Message;
        }
    }

    private void Guarded()
    {
        if (_broken is not null)
        {
            throw new BrokenPromiseException(_broken);
        }
    }

    private IEnumerable<DateTimeOffset> TicksOf(string pipeline) => Scene.Ticks(pipeline, _world.Days, _start).Where(at => at > _start);

    private string FileOf(string pipeline) => Path.Combine(_folder, "pipelines", $"{pipeline}.yaml");

    private void Write(string pipeline, string text) => File.WriteAllText(FileOf(pipeline), text);
}
