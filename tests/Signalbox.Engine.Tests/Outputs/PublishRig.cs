using System.Collections.Concurrent;
using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>
/// A publisher without an engine around it: a store, files, and attempts that have just ended well. No process is started: a command of a check passes when
/// its text is <c>pass</c>.
/// </summary>
internal sealed class PublishRig : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Guid _owner = Guid.NewGuid();
    private readonly NamesOfRuns _names;
    private readonly Dictionary<RunNumber, (RunSnapshot Snapshot, Fence Fence)> _runs = [];

    public PublishRig(string pipeline, string settings = "")
    {
        _folder.Write(Project.FileName, settings);
        _folder.Write("pipelines/p.yaml", pipeline);
        var project = Project.Open(_folder.Path).Project!;
        var set = project.OpenPipelines().Load();
        Assert.Empty(set.Problems.Where(problem => problem.Severity == Severity.Error).Select(problem => problem.ToString()));
        Pipeline = Assert.Single(set.Pipelines).Pipeline;
        project.CreateState();
        Store = Store.Open(project.Database.Value);
        var staging = new Staging(project.StateFolder);
        Place = new WatchedPlace(new LocalPlace(staging));
        Parts = new EngineParts
        {
            Project = project,
            State = new StateFolder(project.StateFolder),
            Store = Store,
            Executor = Commands,
            Staging = staging,
            Places = new Places(Place, (TableName.Scheme, new PaperTables())),
            Time = Time,
            Clock = EngineClock.StartAsync(Store, Time, "a boot").GetAwaiter().GetResult().Clock,
            Begin = Task.Run,
            WorkerCommand = [],
            Instance = "abcdef01",
            Lineage = "abcdef01",
            OwnPorts = new ConcurrentDictionary<int, bool>(),
        };
        _names = new NamesOfRuns(Parts);
        Quarantine = new Quarantine(Parts, _names);
        Versions = new VersionChains(Parts);
        Versions.Said += Said.Add;
        Publisher = new Publisher(Parts, _names, new Auditor(Parts, new ChildWork(Commands), Quarantine), Quarantine, Versions);
    }

    public ManualTime Time { get; } = new(new DateTimeOffset(2001, 1, 6, 2, 15, 0, TimeSpan.Zero));

    public Pipeline Pipeline { get; }

    public EngineParts Parts { get; }

    public Store Store { get; }

    public WatchedPlace Place { get; }

    public ScriptedCommands Commands { get; } = new();

    public Quarantine Quarantine { get; }

    public VersionChains Versions { get; }

    public Publisher Publisher { get; }

    public List<string> Said { get; } = [];

    public string Path(string name) => System.IO.Path.Combine(_folder.Path, name);

    public string? Read(string name) => File.Exists(Path(name)) ? File.ReadAllText(Path(name)) : null;

    public IReadOnlyList<Publication> Publications(LiveAttempt attempt) => Store.Read(session => session.Publications(attempt.Run.Number));

    public Task WriteAsync(Action<WriteSession> write) => Store.WriteAsync(write, CancellationToken.None);

    /// <summary>An attempt of a task in a run of its own.</summary>
    public async Task<LiveAttempt> BeginAsync(string task = "make", Func<Run, Run>? change = null)
    {
        var run = new Run
        {
            Number = default,
            Id = new RunId($"manual__{_runs.Count}"),
            Pipeline = Pipeline.Name,
            Version = default,
            LogicalDate = new DateTimeOffset(2001, 1, 5, 0, 0, 0, TimeSpan.Zero),
            IntervalStart = new DateTimeOffset(2001, 1, 5, 0, 0, 0, TimeSpan.Zero),
            IntervalEnd = new DateTimeOffset(2001, 1, 6, 0, 0, 0, TimeSpan.Zero),
            Partition = "2001-01-05",
            Trigger = RunTrigger.Manual,
            State = RunState.Queued,
            CreatedAt = Time.GetUtcNow(),
            Revision = 1,
        };
        run = change?.Invoke(run) ?? run;
        var (created, fence) = await Store.WriteAsync(
            session =>
            {
                var version = session.SaveCurrentDefinition(Pipeline, "", "pipelines/p.yaml", Time.GetUtcNow());
                var made = run with { Number = session.NextRunNumber(), Version = version };
                return (made, session.CreateRun(RunDecider.Create(Pipeline, made), _owner)!.Value);
            },
            CancellationToken.None
        );
        _runs[created.Number] = (RunSnapshot.Create(Pipeline, created), fence);
        await OnAsync(created.Number, new RunEvent.RunAdmitted(Time.GetUtcNow()));
        return await BeginAsync(created.Number, task);
    }

    /// <summary>The next attempt of a task of a run that goes on.</summary>
    public async Task<LiveAttempt> BeginAsync(RunNumber run, string task)
    {
        var key = new TaskKey(new TaskName(task));
        await OnAsync(run, new RunEvent.SlotGranted(Time.GetUtcNow(), key));
        var (snapshot, fence) = _runs[run];
        await OnAsync(run, new RunEvent.AttemptStarted(Time.GetUtcNow(), key, snapshot.Find(key)!.Token, new ProcessFacts("1")));
        var row = snapshot.Find(key)!;
        var node = Pipeline.Tasks.First(node => node.Name == key.Task);
        var attempt = new LiveAttempt
        {
            Pipeline = Pipeline,
            Run = snapshot.Run,
            Fence = fence,
            Node = node,
            Task = row,
            Number = row.TryNumber,
            Token = row.Token,
            Ref = new AttemptRef(
                AttemptKeys.Of(Parts.Lineage, run, Pipeline.Tasks.IndexOf(node), -1, row.TryNumber),
                Parts.State.Attempt(run, key, row.TryNumber)
            ),
        };
        Directory.CreateDirectory(attempt.Ref.Directory);
        Publisher.Stage(attempt);
        return attempt;
    }

    public async Task OnAsync(RunNumber run, RunEvent e)
    {
        var (snapshot, fence) = _runs[run];
        var decision = RunDecider.Decide(snapshot, e);
        await WriteAsync(session => session.Apply(run, fence, decision));
        snapshot.Apply(decision);
    }

    /// <summary>What the command of an attempt writes.</summary>
    public void Stage(LiveAttempt attempt, string text, string output = "out")
    {
        var staged = Publisher.Locate(attempt).First(staged => staged.Output == output);
        File.WriteAllText(staged.IsFolder ? System.IO.Path.Combine(staged.Path, "part") : staged.Path, text);
    }

    public void Report(LiveAttempt attempt, string file, string json) =>
        File.WriteAllText(System.IO.Path.Combine(attempt.Ref.Directory, file), json);

    public AttemptContext ContextOf(LiveAttempt attempt)
    {
        var run = _names.Of(attempt.Pipeline, attempt.Run);
        var inputs = run.Inputs(attempt.Node, attempt.Task, attempt.Number);
        var staged = Publisher.Locate(attempt);
        return new AttemptContext
        {
            Parts = Parts,
            Pipeline = attempt.Pipeline,
            Run = attempt.Run,
            Node = attempt.Node,
            Task = attempt.Task,
            Number = attempt.Number,
            Token = attempt.Token,
            Key = attempt.Ref.Key,
            Folder = attempt.Ref.Directory,
            Outputs = staged,
            Inputs = inputs,
            Scope = run.Scope(
                attempt.Node,
                attempt.Task,
                attempt.Number,
                inputs,
                staged.ToDictionary(output => output.Output, output => output.Path, StringComparer.Ordinal)
            ),
        };
    }

    /// <summary>Publishes what an attempt staged, and ends it as the engine does: the rows are written in the transaction of its end.</summary>
    public async Task<Outcome> PublishAsync(LiveAttempt attempt)
    {
        var (outcome, write) = await AskAsync(attempt);
        if (write is not null)
        {
            await WriteAsync(write);
        }

        return outcome;
    }

    /// <summary>Publishes what an attempt staged; the engine dies before it writes the end.</summary>
    /// <param name="isStopping">Whether the engine is told to end before it begins.</param>
    public Task<(Outcome Outcome, Action<WriteSession>? Write)> AskAsync(LiveAttempt attempt, bool isStopping = false) =>
        Publisher.PublishAsync(attempt, ContextOf(attempt), new CancellationToken(isStopping));

    /// <summary>A version of what stands at the path of a task's output.</summary>
    public async Task<LiveAttempt> PublishedAsync(string text, string task = "make", string output = "out", Func<Run, Run>? change = null)
    {
        var attempt = await BeginAsync(task, change);
        Stage(attempt, text, output);
        Assert.IsType<Outcome.Succeeded>(await PublishAsync(attempt));
        return attempt;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>Tables that take everything, and say that they keep it.</summary>
internal sealed class PaperTables : IPlace
{
    public PublicationKind KindOf(StagedOutput staged) => PublicationKind.Table;

    public Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken) =>
        Task.FromResult(new Placed(placing.Replaced is { } replaced ? $"rows of {replaced.Id}" : null));

    public Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task ForgetAsync(Publication version, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>The place of this machine, which counts what it is asked for and refuses what a test wants refused.</summary>
internal sealed class WatchedPlace(LocalPlace real) : IPlace
{
    public List<Placing> Placed { get; } = [];

    public List<long> Forgotten { get; } = [];

    public List<(long? From, long To)> Switched { get; } = [];

    public Func<Publication, Exception?> OnPublish { get; set; } = _ => null;

    public Func<Publication, Exception?> OnSwitch { get; set; } = _ => null;

    public Func<Publication, Exception?> OnForget { get; set; } = _ => null;

    public PublicationKind KindOf(StagedOutput staged) => real.KindOf(staged);

    public Task<Placed> PublishAsync(Placing placing, CancellationToken cancellationToken)
    {
        if (OnPublish(placing.Intent) is { } problem)
        {
            throw problem;
        }

        Placed.Add(placing);
        return real.PublishAsync(placing, cancellationToken);
    }

    public Task<Placed> SwitchAsync(Publication? current, Publication wanted, CancellationToken cancellationToken)
    {
        if (OnSwitch(wanted) is { } problem)
        {
            throw problem;
        }

        Switched.Add((current?.Id, wanted.Id));
        return real.SwitchAsync(current, wanted, cancellationToken);
    }

    public Task ForgetAsync(Publication version, CancellationToken cancellationToken)
    {
        if (OnForget(version) is { } problem)
        {
            throw problem;
        }

        Forgotten.Add(version.Id);
        return real.ForgetAsync(version, cancellationToken);
    }

    public Task SweepAsync(Func<string, bool> isOver, CancellationToken cancellationToken) => Task.CompletedTask;
}
