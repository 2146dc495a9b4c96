using System.Diagnostics;
using System.Text.Json;

namespace Mutants;

/// <summary>Has each mutant of a target tried, by several workers at one time.</summary>
internal sealed class Foreman(Target target, string folder)
{
    // What never ends is mostly noticed by its steps. This is for loops that come by no mutant: so much of a processor, so that a busy machine kills none.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // For what only waits, as many times as long.
    private const int Slowness = 10;

    private string Assembly => Path.Combine(folder, target.Of + ".dll");

    private string Habits => Path.Combine(folder, "habits.json");

    private string Mutants => Path.Combine(folder, "mutants.json");

    public List<Verdict> Try(int workers)
    {
        Copy(target.BuiltTests, target.TestBin);
        var mutants = new Workshop(target).Build(Assembly);
        File.WriteAllText(Mutants, JsonSerializer.Serialize(mutants));
        var watch = Stopwatch.StartNew();
        using (var observer = Start("observe", $"{mutants.Max(mutant => mutant.Number) + 1}"))
        {
            Console.Error.Write(observer.StandardOutput.ReadToEnd());
            observer.WaitForExit();
            if (observer.ExitCode != 0)
            {
                throw new InvalidOperationException($"the tests of {target.Name} could not be run");
            }
        }

        var habits = JsonSerializer.Deserialize<List<Habit>>(File.ReadAllText(Habits))!;
        Console.Error.WriteLine($"{target.Name}: {mutants.Count} mutants, {habits.Count} tests in {watch.Elapsed.TotalSeconds:0} s");
        var queue = new System.Collections.Concurrent.ConcurrentQueue<Mutant>(mutants);
        var verdicts = new System.Collections.Concurrent.ConcurrentBag<Verdict>();
        var lanes = Enumerable.Range(0, workers).Select(_ => new Thread(() => Lane(queue, habits, verdicts))).ToList();
        lanes.ForEach(lane => lane.Start());
        lanes.ForEach(lane => lane.Join());
        return [.. verdicts.OrderBy(verdict => verdict.Mutant.Number)];
    }

    private void Lane(
        System.Collections.Concurrent.ConcurrentQueue<Mutant> queue,
        List<Habit> habits,
        System.Collections.Concurrent.ConcurrentBag<Verdict> verdicts
    )
    {
        Process? worker = null;
        while (queue.TryDequeue(out var mutant))
        {
            var tests = Worker.Of(habits, mutant).ToList();
            if (tests.Count == 0)
            {
                verdicts.Add(Told(new Verdict(mutant, Fate.Unseen, null)));
                continue;
            }

            if (worker is null || worker.WaitForExit(0))
            {
                worker?.Dispose();
                worker = Start("work");
                if (worker.StandardOutput.ReadLine() != Worker.Ready)
                {
                    throw new InvalidOperationException($"no worker for {target.Name} could be started");
                }
            }

            worker.StandardInput.WriteLine(mutant.Number);
            worker.StandardInput.Flush();
            var answer = worker.StandardOutput.ReadLineAsync();
            var limit = Patience + TimeSpan.FromMilliseconds(5 * tests.Sum(habit => habit.Milliseconds));
            var said = Waits(answer, worker, limit) ? answer.Result : null;
            verdicts.Add(
                Told(
                    said switch
                    {
                        "survived" => new Verdict(mutant, Fate.Survived, null),
                        not null when said.StartsWith("killed ", StringComparison.Ordinal) => new Verdict(
                            mutant,
                            Fate.Killed,
                            said["killed ".Length..]
                        ),
                        not null => throw new InvalidOperationException($"a worker said: {said}"),
                        _ => new Verdict(
                            mutant,
                            answer.IsCompleted ? Fate.Killed : Fate.TimedOut,
                            answer.IsCompleted ? "the process, which it ended" : null
                        ),
                    }
                )
            );
            if (said is null)
            {
                worker.Kill(entireProcessTree: true);
                worker.WaitForExit();
                worker.Dispose();
                worker = null;
            }
        }

        worker?.StandardInput.Close();
        worker?.WaitForExit();
        worker?.Dispose();
    }

    private static bool Waits(Task<string?> answer, Process worker, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        var before = Used(worker);
        while (!answer.Wait(TimeSpan.FromMilliseconds(50)))
        {
            if (Used(worker) - before > limit || watch.Elapsed > Slowness * limit)
            {
                return answer.IsCompleted;
            }
        }

        return true;
    }

    private static TimeSpan Used(Process worker)
    {
        try
        {
            worker.Refresh();
            return worker.TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            // It has ended, which the answer tells.
            return TimeSpan.Zero;
        }
    }

    /// <summary>The tests may be built anew meanwhile.</summary>
    private static void Copy(string from, string to)
    {
        if (Directory.Exists(to))
        {
            Directory.Delete(to, recursive: true);
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static Verdict Told(Verdict verdict)
    {
        if (verdict.Fate is Fate.Survived or Fate.Unseen)
        {
            Console.WriteLine(
                $"{verdict.Fate}: {verdict.Mutant.File}:{verdict.Mutant.Line}: {verdict.Mutant.Before} => {verdict.Mutant.After}"
            );
        }

        return verdict;
    }

    /// <summary>This program in another role.</summary>
    private Process Start(string role, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
            // The simulation plays as many runs as are worth while for every mutant.
            Environment = { ["SIGNALBOX_SEEDS"] = "300" },
        };
        // By name of the library: tests that start themselves again look at what the process is.
        foreach (
            var argument in (string[])["exec", typeof(Foreman).Assembly.Location, role, target.Name, Assembly, Habits, Mutants, .. more]
        )
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
