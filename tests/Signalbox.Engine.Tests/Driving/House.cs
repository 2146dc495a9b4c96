using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.PipelineFiles;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>A project in a folder of its own with a real store, and an engine that is opened, closed and opened again.</summary>
internal sealed class House : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private EngineSession? _session;

    public House(string? settings = null)
    {
        if (settings is not null)
        {
            Write(Project.FileName, settings);
        }
    }

    public string Folder => _folder.Path;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Changes how the engine is run: places of outputs that fail or wait where a test wants it.</summary>
    public Func<EngineOptions, EngineOptions> With { get; init; } = options => options;

    /// <summary>What the engine said, and what it reported of runs.</summary>
    public ConcurrentQueue<string> Said { get; } = new();

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public EngineSession Session => _session ??= Open();

    public Store Store => Session.Store;

    public string Write(string name, string text) => _folder.Write(name, text);

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public string Read(string name) => File.ReadAllText(Path(name));

    public string[] Lines(string name) => File.Exists(Path(name)) ? File.ReadAllLines(Path(name)) : [];

    public string Pipeline(string text)
    {
        var name = text.AsSpan(text.IndexOf("pipeline:", StringComparison.Ordinal) + 9);
        name = name[..name.IndexOf('\n')].Trim();
        Write($"pipelines/{name}.yaml", text);
        return name.ToString();
    }

    /// <summary>Stores the pipelines as their files now are.</summary>
    public async Task SaveAsync()
    {
        var set = Session.Project.OpenPipelines().Load();
        Assert.Empty(
            set.Problems.Where(problem => problem.Severity == Core.Definitions.Severity.Error).Select(problem => problem.ToString())
        );
        foreach (var loaded in set.Pipelines)
        {
            await Store.WriteAsync(session => session.SaveCurrentDefinition(loaded.Pipeline, "", loaded.File, Time.GetUtcNow()), Cancel);
        }
    }

    public Task ServeAsync() => Session.ServeAsync(Cancel);

    public async Task<Answer> AskAsync(Request request) => await Session.AskAsync(request, Cancel).WaitAsync(Deadline, Cancel);

    public async Task<RunNumber> StartAsync(string pipeline, string date = "2024-03-01", string parameters = "{}")
    {
        await SaveAsync();
        var answer = await AskAsync(new Request.StartRun(pipeline, null, date, parameters, null, null));
        Assert.True(answer.Done, answer.Message);
        return new RunNumber(answer.Number!.Value);
    }

    public async Task<Run> EndAsync(RunNumber run) => await Session.WaitForRunAsync(run, Cancel).WaitAsync(Deadline, Cancel);

    public async Task<Run> RunAsync(string pipeline, string date = "2024-03-01", string parameters = "{}") =>
        await EndAsync(await StartAsync(pipeline, date, parameters));

    public ImmutableArray<TaskRun> Tasks(RunNumber run) => Store.Read(session => session.Tasks(run));

    public TaskRun Task(RunNumber run, string task, int item = -1) =>
        Store.Read(session => session.Task(run, new TaskKey(new TaskName(task), item)))!;

    public IReadOnlyList<Attempt> Attempts(RunNumber run) => Store.Read(session => session.Attempts(run));

    public IReadOnlyList<Publication> Publications(RunNumber run) => Store.Read(session => session.Publications(run));

    public string AttemptFolder(RunNumber run, string task, int number = 1) =>
        new StateFolder(Session.Project.StateFolder).Attempt(run, new TaskKey(new TaskName(task)), number);

    /// <summary>Whatever attempts left in the staging place under the state folder.</summary>
    public string[] Staged() =>
        Directory.Exists(Path(".signalbox/staging"))
            ? [.. Directory.EnumerateDirectories(Path(".signalbox/staging")).Select(path => System.IO.Path.GetFileName(path)!)]
            : [];

    public Task UntilAsync(Func<bool> condition, string what) =>
        Until(condition, () => $"{what}; said: {string.Join(" | ", Said.Take(20))}");

    public Task UntilStateAsync(RunNumber run, string task, TaskState state) =>
        Until(
            () => Task(run, task).State == state,
            () => $"{task} {state}, it is {Task(run, task)}; said: {string.Join(" | ", Said.Take(20))}"
        );

    public Task UntilAttemptAsync(RunNumber run, string task, AttemptState state) =>
        Until(
            () => Task(run, task).Attempt == state,
            () => $"{task} {state}, it is {Task(run, task)}; said: {string.Join(" | ", Said.Take(20))}"
        );

    private static async Task Until(Func<bool> condition, Func<string> what)
    {
        var late = DateTime.UtcNow + Deadline;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < late, $"waited in vain for {what()}");
            await System.Threading.Tasks.Task.Delay(5, Cancel);
        }
    }

    /// <summary>Changes the database behind the engine's back.</summary>
    public async Task AlterAsync(params string[] statements)
    {
        const string program =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None); "
            + "c.execute('pragma legacy_alter_table=on'); [c.execute(s) for s in sys.argv[2:]]";
        using var python = Process.Start("python3", ["-c", program, Path(".signalbox/signalbox.db"), .. statements]);
        await python.WaitForExitAsync(Cancel).WaitAsync(Deadline, Cancel);
        Assert.Equal(0, python.ExitCode);
    }

    /// <summary>Ends the engine as a server that is told to stop does; what runs goes on.</summary>
    public async Task CloseAsync()
    {
        if (_session is { } open)
        {
            _session = null;
            await open.DisposeAsync().AsTask().WaitAsync(Deadline, Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private EngineSession Open()
    {
        var opened = Project.Open(Folder);
        Assert.Empty(opened.Problems);
        var session = EngineSession.Open(opened.Project!, With(Options(Time)));
        session.Said += Said.Enqueue;
        return session;
    }

    public static EngineOptions Options(TimeProvider time) => new() { WorkerCommand = Children.Command(Children.Worker), Time = time };
}
