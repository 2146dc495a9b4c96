using System.Collections.Immutable;
using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Storage;
using Spectre.Console;

namespace Signalbox.App.Cli;

/// <summary>Waits for a run, shows how it goes, and says how it ended: what <c>run</c> and <c>rerun</c> do after they asked.</summary>
internal static class RunFollower
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(125);

    // Reading ten thousand tasks again and again must not take the processor from the run itself.
    private const int RestForEachRead = 15;

    /// <summary>Waits for the end of a run.</summary>
    /// <param name="since">When what is waited for was asked: what ended before is no progress.</param>
    /// <param name="interrupts">Listens since before the run was asked for.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> FollowAsync(
        EngineSession engine,
        RunNumber number,
        bool json,
        DateTimeOffset since,
        Interrupts interrupts
    )
    {
        var store = engine.Store;
        var display = DisplayFor(engine, json, since);
        string? said = null;
        engine.Said += line =>
        {
            // A full disk refuses every write, and is told once.
            if (line != said)
            {
                display.Say(said = line);
            }
        };
        interrupts.OnFirst(signal => CancelAsync(engine, number, display, signal));
        try
        {
            using (display)
            {
                await ShowUntilEndAsync(engine, number, display, interrupts.Leaving);
            }
        }
        catch (OperationCanceledException) when (interrupts.Leaving.IsCancellationRequested)
        {
            if (!engine.OwnsEngine || !await engine.HurryAsync(stop => engine.WaitForRunAsync(number, stop)))
            {
                var goesOn = engine.OwnsEngine
                    ? $"what of it still runs, `signalbox serve` takes over, and `signalbox cancel {number}` ends"
                    : "the server goes on with it";
                Console.Error.WriteLine($"signalbox: left run {number} as it is; {goesOn}");
                return ExitCode.WorkFailed;
            }
        }

        if (json)
        {
            CliJson.Print(store.Read(session => RunDocument.Read(session, number)), CliJson.Default.RunDocument);
        }
        else
        {
            Summarise(Console.Out, store, engine.Project, number);
        }

        return store.Read(session => session.Run(number))?.State == RunState.Success ? ExitCode.Done : ExitCode.WorkFailed;
    }

    /// <summary>The display for where standard output goes.</summary>
    private static IRunDisplay DisplayFor(EngineSession engine, bool json, DateTimeOffset since) =>
        json ? new NoDisplay()
        : Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi ? new PlainDisplay(Console.Out, since)
        : new LiveDisplay(new AttemptLogs(engine.Project));

    /// <summary>How a run ended, and what failed.</summary>
    public static void Summarise(TextWriter output, Store store, Project project, RunNumber number)
    {
        var (picture, checks) = store.Read(session => (Read(session, number, pipeline: null)!, session.CheckResults(number)));
        var run = picture.Run;
        var logs = new AttemptLogs(project);
        var spent = Brief.Between(run.StartedAt, run.EndedAt, picture.Now);
        var tasks = picture.Tasks.Where(task => task.MapCount is null or 0);
        output.WriteLine(
            $"run {run.Number} of {run.Pipeline} for {Brief.Slice(run)}: {Names.Of(run.State)}{(spent.Length > 0 ? $" in {spent}" : "")} ({Brief.States(tasks)})"
        );
        foreach (var task in picture.Tasks.Where(task => task is { State: TaskState.Failed, IsExpanded: false }).Take(10))
        {
            output.WriteLine(
                $"  {RunPicture.Title(task)} failed: {(task.Failure is { } failure ? $"{Names.Of(failure.Class)}: {failure.Message}" : task.Reason)}"
            );
            foreach (var line in logs.LastLines(picture, task, most: 5))
            {
                output.WriteLine($"    | {line}");
            }

            output.WriteLine($"    signalbox logs {run.Number} {Quoted(task.Key)}");
        }

        CheckLines.Summarise(output, checks);
        foreach (var task in picture.Tasks.Where(task => task.State == TaskState.Blocked).Take(5))
        {
            output.WriteLine($"  {RunPicture.Title(task)} blocked: {task.Reason}");
        }

        PublishedLines.Write(output, store.Read(session => PublishedDocument.Read(session, number)));
        if (run.State == RunState.Failed)
        {
            output.WriteLine($"  after mending: signalbox rerun {run.Number} --from-failed");
        }
    }

    /// <summary>A run with its tasks in the order of its file.</summary>
    public static RunPicture? Read(ReadSession session, RunNumber number, Pipeline? pipeline)
    {
        if (session.LoadRun(number) is not { } stored)
        {
            return null;
        }

        pipeline ??= session.Definition(stored.Run.Pipeline, stored.Run.Version)!.Pipeline;
        return new RunPicture(pipeline, stored.Run, InOrder(pipeline, stored.Tasks), TimeProvider.System.GetUtcNow());
    }

    /// <summary>Tasks in the order of the file, a mapped task before its instances.</summary>
    public static ImmutableArray<TaskRun> InOrder(Pipeline pipeline, ImmutableArray<TaskRun> tasks)
    {
        var place = new Dictionary<TaskName, int>(pipeline.Tasks.Length);
        foreach (var task in pipeline.Tasks)
        {
            place.TryAdd(task.Name, place.Count);
        }

        return tasks.Sort(
            (a, b) =>
            {
                var byTask = place.GetValueOrDefault(a.Key.Task).CompareTo(place.GetValueOrDefault(b.Key.Task));
                return byTask != 0 ? byTask : a.Key.MapIndex.CompareTo(b.Key.MapIndex);
            }
        );
    }

    private static async Task ShowUntilEndAsync(EngineSession engine, RunNumber number, IRunDisplay display, CancellationToken leaving)
    {
        var ended = engine.WaitForRunAsync(number, leaving);
        if (display is NoDisplay)
        {
            await ended;
            return;
        }

        Pipeline? pipeline = null;
        var seen = long.MinValue;
        while (!ended.IsCompleted)
        {
            var watch = Stopwatch.StartNew();
            var change = engine.Store.ChangeCounter();
            if (display.Ticks || change != seen)
            {
                seen = change;
                Show();
            }

            var rest = watch.Elapsed * RestForEachRead;
            await Task.WhenAny(ended, Task.Delay(rest > Pause ? rest : Pause, CancellationToken.None));
        }

        await ended;
        Show();

        void Show()
        {
            if (engine.Store.Read(session => Read(session, number, pipeline)) is { } picture)
            {
                pipeline = picture.Pipeline;
                display.Show(picture);
            }
        }
    }

    private static async Task CancelAsync(EngineSession engine, RunNumber number, IRunDisplay display, string signal)
    {
        var answer = await engine.AskAsync(new Request.CancelRun(number.Value, signal), CancellationToken.None);
        display.Say($"{answer.Message}; {signal} again {(engine.OwnsEngine ? "kills its commands at once" : "leaves at once")}");
    }

    private static string Quoted(TaskKey key) => key.IsInstance ? $"'{key}'" : key.ToString();
}
