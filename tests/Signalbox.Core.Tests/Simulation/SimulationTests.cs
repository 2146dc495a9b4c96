using System.Collections.Concurrent;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Tests.Simulation;

/// <summary>Runs told by chance. A seed that fails is told as a story, and belongs into <c>regressions.txt</c>, whose seeds are played first.</summary>
public sealed class SimulationTests
{
    private const int Usual = 20_000;

    /// <summary>More for a night: <c>SIGNALBOX_SEEDS=1000000</c>.</summary>
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("SIGNALBOX_SEEDS"), out var seeds) ? seeds : Usual;

    private static readonly Lazy<SortedSet<string>> Played = new(Play);

    [Fact]
    [Trait("Requirement", "S8")]
    [Trait("Requirement", "S98")]
    public void No_promise_is_broken_in_twenty_thousand_runs() => Assert.NotEmpty(Played.Value);

    /// <summary>After each step <see cref="Owners"/> asks who moves on what has not ended; here is shown that it has been asked of every state there is.</summary>
    [Fact]
    [Trait("Requirement", "S8")]
    public void Every_state_that_is_no_end_was_met_and_had_an_owner_or_a_deadline_each_time()
    {
        var met = Played.Value.Select(line => (Kind: line[..line.IndexOf(':')], To: line[(line.LastIndexOf(' ') + 1)..])).ToHashSet();
        var open = Enum.GetValues<RunState>()
            .Where(state => !state.IsEnd())
            .Select(state => ("run", Names.Of(state)))
            .Concat(Enum.GetValues<TaskState>().Where(state => !state.IsEnd()).Select(state => ("task", Names.Of(state))))
            .Concat(Enum.GetValues<AttemptState>().Where(state => !state.IsEnd()).Select(state => ("attempt", Names.Of(state))))
            .ToList();
        Assert.Equal(11, open.Count);
        Assert.DoesNotContain(open, state => !met.Contains(state));
    }

    /// <summary><c>SIGNALBOX_WRITE=1</c> writes the page anew.</summary>
    [Fact]
    public void The_page_of_run_states_lists_the_transitions_that_were_taken()
    {
        const string mark = "<!-- Below: made from the simulation. SIGNALBOX_WRITE=1 writes it anew. -->";
        var page = Path.Combine(Folder(), "..", "..", "..", "docs", "run-states.md");
        var text = File.ReadAllText(page);
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        Assert.True(at > 0, $"{page} has no line {mark}");
        var wanted = text[..at] + mark + "\n" + Table(Played.Value);
        if (Environment.GetEnvironmentVariable("SIGNALBOX_WRITE") == "1")
        {
            File.WriteAllText(page, wanted);
            return;
        }

        Assert.True(
            text == wanted,
            "docs/run-states.md is not what the simulation did; read the change, then run this test with SIGNALBOX_WRITE=1 and commit the page"
        );
    }

    private static string Table(SortedSet<string> transitions)
    {
        var table = new System.Text.StringBuilder();
        foreach (var kind in (string[])["run", "task", "attempt"])
        {
            table.Append($"\n## Transitions of {(kind == "attempt" ? "an" : "a")} {kind}\n\n```\n");
            foreach (var line in transitions.Where(line => line.StartsWith(kind + ": ", StringComparison.Ordinal)))
            {
                table.Append(line, kind.Length + 2, line.Length - kind.Length - 2).Append('\n');
            }

            table.Append("```\n");
        }

        return table.ToString();
    }

    private static SortedSet<string> Play()
    {
        foreach (var line in File.ReadLines(Path.Combine(Folder(), "regressions.txt")))
        {
            if (line.Length > 0 && line[0] != '#' && PlayOne(ulong.Parse(line.Split(' ')[0]), new HashSet<string>()) is { } known)
            {
                Assert.Fail(known);
            }
        }

        var all = new ConcurrentBag<HashSet<string>>();
        var failures = new ConcurrentBag<string>();
        Parallel.For(
            0,
            Seeds,
            () => new HashSet<string>(StringComparer.Ordinal),
            (seed, loop, transitions) =>
            {
                if (PlayOne((ulong)seed, seed < Usual ? transitions : []) is { } failure)
                {
                    failures.Add(failure);
                    loop.Stop();
                }

                return transitions;
            },
            all.Add
        );
        if (failures.TryPeek(out var first))
        {
            Assert.Fail(first);
        }

        return new SortedSet<string>(all.SelectMany(set => set), StringComparer.Ordinal);
    }

    /// <summary>Null when every promise was kept, else the story.</summary>
    private static string? PlayOne(ulong seed, ISet<string> transitions)
    {
        try
        {
            Simulator.Play(seed, new Story(isTold: false), transitions);
            return null;
        }
        catch (BrokenPromiseException e)
        {
            return $"seed {seed}: {e.Message}\n{Retell(seed)}";
        }
        catch (Exception e)
        {
            return $"seed {seed}: {e}\n{Retell(seed)}";
        }
    }

    private static string Retell(ulong seed)
    {
        var story = new Story(isTold: true);
        try
        {
            Simulator.Play(seed, story, new HashSet<string>(StringComparer.Ordinal));
            return "(the second time it did not fail: something depends on more than the seed)";
        }
        catch (Exception)
        {
            return story.ToString();
        }
    }

    private static string Folder([System.Runtime.CompilerServices.CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
