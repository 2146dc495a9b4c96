using System.Collections.Concurrent;

namespace Signalbox.Simulation.Tests;

/// <summary>
/// The engine, told by chance. A seed that fails is told as its shortest story, and belongs into <c>regressions.txt</c>, whose seeds are played
/// first. <c>bench/simulate --seeds N</c> plays more of them.
/// </summary>
public sealed class SimulationTests
{
    private const int Usual = 5000;
    private const int Twice = 100;

    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("SIGNALBOX_SEEDS"), out var seeds) ? seeds : Usual;
    private static readonly ulong From = ulong.TryParse(Environment.GetEnvironmentVariable("SIGNALBOX_FROM"), out var from) ? from : 0;

    /// <summary>Tells the whole story of the seed <c>SIGNALBOX_TELL</c>.</summary>
    [Fact]
    public void A_seed_is_told_from_beginning_to_end()
    {
        var seed = ulong.TryParse(Environment.GetEnvironmentVariable("SIGNALBOX_TELL"), out var asked) ? asked : 0;
        var outcome = Performance.Play(seed, new HashSet<string>(), isTold: true);
        Assert.NotEmpty(outcome.Story);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"seed {seed}: {outcome.Steps} steps, {outcome.Commits} commits, {outcome.Events} events: {outcome.Failure ?? "every promise was kept"}"
        );
        if (Environment.GetEnvironmentVariable("SIGNALBOX_TELL") is not null)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', outcome.Story));
        }
    }

    // Whoever plants a fault wants to know that it is noticed, and not how.
    private static readonly bool IsBrief = Environment.GetEnvironmentVariable("SIGNALBOX_BRIEF") == "1";

    private static readonly bool JoinsRegressions = Environment.GetEnvironmentVariable("SIGNALBOX_WRITE") == "1";

    [Fact]
    [Trait("Requirement", "S8")]
    [Trait("Requirement", "S93")]
    [Trait("Requirement", "S94")]
    public void No_promise_is_broken_in_any_week()
    {
        var known = Regressions.All;
        var failures = new ConcurrentQueue<string>();
        var (steps, commits, events) = (0L, 0L, 0L);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var all = known.Concat(Enumerable.Range(0, Seeds).Select(seed => From + (ulong)seed));
        Parallel.ForEach(
            Partitioner.Create(all, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            (seed, loop) =>
            {
                var outcome = Performance.Play(seed, new HashSet<string>());
                Interlocked.Add(ref steps, outcome.Steps);
                Interlocked.Add(ref commits, outcome.Commits);
                Interlocked.Add(ref events, outcome.Events);
                if (
                    outcome.Failure is null
                    && seed % Twice == 0
                    && Performance.Play(seed, new HashSet<string>(), onFile: true).Trace != outcome.Trace
                )
                {
                    outcome = outcome with
                    {
                        Failure = "the same seed told two stories: something depends on more than the seed, or on the database",
                    };
                }

                if (outcome.Failure is not null)
                {
                    if (JoinsRegressions)
                    {
                        Regressions.Add(seed, outcome.Failure);
                    }

                    failures.Enqueue(IsBrief ? $"seed {seed}: {outcome.Failure}" : Story.Of(seed, outcome));
                    loop.Stop();
                }
            }
        );
        if (failures.TryPeek(out var first))
        {
            Assert.Fail(first);
        }

        var took = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Seeds} weeks in {took.TotalSeconds:0} s, {self.TotalProcessorTime.TotalSeconds:0} s of processors: {steps} steps, {commits} commits, {events} events, {GC.CollectionCount(0)} collections"
        );
    }
}

/// <summary>The seeds that once failed.</summary>
internal static class Regressions
{
    private static readonly string File = Path.Combine(Scene.Folder(), "regressions.txt");

    public static IReadOnlyList<ulong> All { get; } =
    [.. System.IO.File.ReadLines(File).Where(line => line.Length > 0 && line[0] != '#').Select(line => ulong.Parse(line.Split(' ')[0]))];

    public static void Add(ulong seed, string failure)
    {
        if (!All.Contains(seed))
        {
            System.IO.File.AppendAllText(File, $"{seed} {failure.Split('\n')[0]}\n");
        }
    }
}

/// <summary>What is told of a seed that failed.</summary>
internal static class Story
{
    private const int LastLines = 120;
    private const int MostTries = 60;

    public static string Of(ulong seed, Outcome outcome)
    {
        var plot = Shortest(seed, outcome);
        var told = Performance.Play(seed, new HashSet<string>(), plot, isTold: true);
        return $"seed {seed}: {told.Failure ?? outcome.Failure}\n"
            + $"what had to happen for it ({plot.Count} of {outcome.Plot.Count}):\n  {string.Join("\n  ", plot)}\n"
            + $"the last of its story:\n{string.Join('\n', told.Story.TakeLast(LastLines))}\n";
    }

    /// <summary>Leaves out of what happened whatever the failure does not need: halves first, then one by one.</summary>
    private static IReadOnlyList<Incident> Shortest(ulong seed, Outcome outcome)
    {
        var plot = outcome.Plot.ToList();
        var tries = 0;
        for (var size = Math.Max(1, plot.Count / 2); size >= 1; size /= 2)
        {
            for (var at = 0; at < plot.Count && tries < MostTries; )
            {
                tries++;
                var less = plot.Take(at).Concat(plot.Skip(at + size)).ToList();
                if (Performance.Play(seed, new HashSet<string>(), less).Failure is { } other && Kind(other) == Kind(outcome.Failure!))
                {
                    plot = less;
                }
                else
                {
                    at += size;
                }
            }
        }

        return plot;
    }

    private static string Kind(string failure) => failure[..Math.Min(failure.Length, failure.IndexOf(':') is > 0 and var at ? at : 8)];
}
