using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Mutants;

/// <summary>How long a test takes without a mutant alive, and which mutants it comes by.</summary>
/// <param name="Steps">How often it comes by any mutant.</param>
/// <param name="IsKept">Whether what it makes is kept in static fields.</param>
internal sealed record Habit(string Test, double Milliseconds, long Steps, bool IsKept, int[] Passes)
{
    /// <summary>What comes by mutants more often than this will not end.</summary>
    public long MostSteps => 20 * Steps + 100_000;
}

/// <summary>
/// Another process, so that a mutant that never ends or takes the process with it ends nothing else. Reads numbers of mutants, and says of each which test
/// killed it, or that none did.
/// </summary>
internal sealed class Worker(Target target, string assembly)
{
    // An assembly that was loaded takes memory; the process is begun anew after so many.
    private const int MostLoaded = 30;

    /// <summary>Said once, when all is loaded.</summary>
    public const string Ready = "ready";

    private readonly Dictionary<string, TestCase> _tests = [];
    private readonly Loaded _shared = new(target, assembly);

    /// <summary>Runs every test once and writes what it does into a file.</summary>
    public static void Observe(Target target, string assembly, int mutants, string habits)
    {
        var foreman = Console.Out;
        Console.SetOut(TextWriter.Null);
        var loaded = new Loaded(target, assembly);
        var found = new List<Habit>();
        foreach (var test in TestCase.All(loaded.Tests, target.IsRun).ToList())
        {
            // What is kept in static fields is made once: such a test is always run in an assembly of its own.
            var isKept = test
                .Type.GetFields((System.Reflection.BindingFlags)0x38)
                .Any(field => field.FieldType.Name.StartsWith("Lazy", StringComparison.Ordinal));
            var (at, one) = isKept ? Fresh(target, assembly, test.Name) : (loaded, test);
            var passed = new bool[mutants];
            at.Passed = passed;
            at.Allow(long.MaxValue);
            var watch = Stopwatch.StartNew();
            var problem = Failure(one);
            at.Passed = null;
            if (problem is not null)
            {
                foreman.WriteLine($"left out, for it fails as it is: {test.Name}: {problem.Split('\n')[0]}");
                continue;
            }

            found.Add(
                new Habit(
                    test.Name,
                    watch.Elapsed.TotalMilliseconds,
                    at.Steps,
                    isKept,
                    [.. Enumerable.Range(0, mutants).Where(number => passed[number])]
                )
            );
        }

        File.WriteAllText(habits, JsonSerializer.Serialize(found));
    }

    public void Work(string habitsFile, IReadOnlyDictionary<int, Mutant> mutants)
    {
        var habits = JsonSerializer.Deserialize<List<Habit>>(File.ReadAllText(habitsFile))!;
        foreach (var test in TestCase.All(_shared.Tests, target.IsRun))
        {
            _tests[test.Name] = test;
        }

        // Tests write too; what is said to the foreman has a way of its own.
        var foreman = Console.Out;
        Console.SetOut(TextWriter.Null);
        var loaded = 0;
        foreman.WriteLine(Ready);
        foreman.Flush();
        foreach (var line in Orders().GetConsumingEnumerable())
        {
            var mutant = mutants[int.Parse(line)];
            var by = Killer(habits, mutant, ref loaded);
            foreman.WriteLine(by is null ? "survived" : $"killed {by}");
            foreman.Flush();
            if (loaded > MostLoaded)
            {
                return;
            }
        }
    }

    /// <summary>The lines that come in. When there are no more, or the foreman is gone, this process ends, also in the middle of a mutant that never does.</summary>
    private static BlockingCollection<string> Orders()
    {
        var orders = new BlockingCollection<string>();
        var reader = new Thread(() =>
        {
            while (Console.ReadLine() is { } line)
            {
                orders.Add(line);
            }

            Environment.Exit(0);
        })
        {
            IsBackground = true,
        };
        reader.Start();
        return orders;
    }

    /// <summary>The first test that fails, the quickest first. Where something is kept in static fields, all is loaded anew.</summary>
    private string? Killer(List<Habit> habits, Mutant mutant, ref int loaded)
    {
        var seen = Of(habits, mutant).ToList();
        if (!mutant.IsOfStart)
        {
            _shared.Alive = mutant.Number;
            var by = Killer(_shared, seen.Where(habit => !habit.IsKept), _tests);
            _shared.Alive = -1;
            if (by is not null)
            {
                return by;
            }
        }

        var kept = seen.Where(habit => mutant.IsOfStart || habit.IsKept).ToList();
        if (kept.Count == 0)
        {
            return null;
        }

        loaded++;
        var anew = new Loaded(target, assembly) { Alive = mutant.Number };
        var tests = TestCase.All(anew.Tests, target.IsRun).ToDictionary(test => test.Name);
        return Killer(anew, kept, tests);
    }

    private static string? Killer(Loaded loaded, IEnumerable<Habit> habits, Dictionary<string, TestCase> tests)
    {
        foreach (var habit in habits)
        {
            loaded.Allow(habit.MostSteps);
            if (Failure(tests[habit.Test]) is not null)
            {
                return habit.Test;
            }
        }

        return null;
    }

    /// <summary>The tests that come by a mutant, the quickest first; what an initializer does is seen by any.</summary>
    public static IEnumerable<Habit> Of(IEnumerable<Habit> habits, Mutant mutant) =>
        habits
            .Where(habit => mutant.IsOfStart ? habit.Passes.Length > 0 : habit.Passes.AsSpan().BinarySearch(mutant.Number) >= 0)
            .OrderBy(habit => habit.IsKept)
            .ThenBy(habit => habit.Milliseconds);

    private static (Loaded Loaded, TestCase Test) Fresh(Target target, string assembly, string name)
    {
        var fresh = new Loaded(target, assembly);
        return (fresh, TestCase.All(fresh.Tests, target.IsRun).First(test => test.Name == name));
    }

    private static string? Failure(TestCase test)
    {
        try
        {
            test.Run();
            return null;
        }
        catch (Exception failed)
        {
            return failed.Message;
        }
    }
}
