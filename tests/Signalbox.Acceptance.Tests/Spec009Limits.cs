using System.Globalization;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/009-limits.md</summary>
public sealed class Spec009Limits
{
    // Each task notes when it began and when it ended, so what is counted is what ran, not what was said.
    private const string Body =
        "date +%s.%N > marks/$SIGNALBOX_TASK$SIGNALBOX_MAP_INDEX.$SIGNALBOX_RUN_ID.from; sleep 0.15; date +%s.%N > marks/$SIGNALBOX_TASK$SIGNALBOX_MAP_INDEX.$SIGNALBOX_RUN_ID.to";

    [Theory]
    [Trait("Requirement", "S74")]
    [Trait("Requirement", "S98")]
    [InlineData(1, "", "max_active_tasks: 1\n", "")]
    [InlineData(3, "", "max_active_tasks: 3\n", "")]
    [InlineData(2, "max_active_tasks: 2\n", "", "")]
    [InlineData(2, "pools: { narrow: 4 }\n", "", ", pool: narrow, slots: 2")]
    public async Task No_more_tasks_run_at_one_time_than_the_limits_allow(int most, string project, string pipeline, string task)
    {
        using var folder = new TestProject().Write("signalbox.yaml", project).Write("marks/.keep", "");
        var tasks = string.Concat(Enumerable.Range(0, 9).Select(i => $"  t{i}: {{ run: \"{Body}\"{task} }}\n"));
        folder.Pipeline("wide", $"{pipeline}tasks:\n{tasks}");
        await folder.RunAsync("wide", 0);
        Assert.Equal(most, Most(folder));
    }

    [Fact]
    [Trait("Requirement", "S146")]
    public async Task No_more_instances_run_at_one_time_than_max_parallel()
    {
        using var folder = new TestProject()
            .Write("marks/.keep", "")
            .Pipeline("mapped", $"tasks:\n  each: {{ for_each: \"{{{{ range(8) }}}}\", max_parallel: 2, run: \"{Body}\" }}\n");
        await folder.RunAsync("mapped", 0);
        Assert.Equal(2, Most(folder));
    }

    [Fact]
    [Trait("Requirement", "S140")]
    public async Task Independent_tasks_run_beside_each_other()
    {
        using var folder = new TestProject().Write("marks/.keep", "");
        var tasks = string.Concat(
            Enumerable.Range(0, 10).Select(i => $"  t{i}: {{ run: \"{Body.Replace("0.15", "1", StringComparison.Ordinal)}\" }}\n")
        );
        folder.Pipeline("wide", $"tasks:\n{tasks}");
        var run = await folder.RunAsync("wide", 0);
        Assert.Equal(10, Most(folder));
        Assert.InRange(run.Json.GetProperty("duration_seconds").GetDouble(), 1, 6);
    }

    [Fact]
    [Trait("Requirement", "S69")]
    [Trait("Requirement", "S137")]
    public async Task No_more_runs_of_a_backfill_run_at_one_time_than_it_says()
    {
        using var folder = new TestProject().Write("marks/.keep", "").Pipeline("daily", $"tasks:\n  only: {{ run: \"{Body}\" }}\n");
        (await folder.CallAsync("backfill", "daily", "--from", "2024-01-01", "--to", "2024-01-08", "--max-active", "2", "--json")).Expect(
            0
        );
        Assert.Equal(2, Most(folder));
    }

    [Fact]
    [Trait("Requirement", "S16")]
    public async Task Why_names_the_unmet_upstream_and_the_full_pool()
    {
        using var folder = new TestProject()
            .Write("signalbox.yaml", "pools: { gpu: 1 }\n")
            .Pipeline(
                "busy",
                """
                tasks:
                  first: { run: "touch started; while ! test -e go; do sleep 0.05; done", pool: gpu }
                  second: { run: "true", pool: gpu, priority: -1 }
                  third: { needs: [first], run: "true" }
                """
            );
        await using var server = await TestServer.StartAsync(folder);
        var run = new RunSeen((await folder.CallAsync("run", "busy", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => File.Exists(folder.PathOf("started")), TimeSpan.FromSeconds(20));
        Assert.Contains(
            await ReasonsAsync("third"),
            reason => reason is ("upstream", var message) && message.Contains("first, which is running", StringComparison.Ordinal)
        );
        Assert.Contains(
            await ReasonsAsync("second"),
            reason => reason is ("pool", var message) && message.Contains("gpu: 1 of 1 slot", StringComparison.Ordinal)
        );
        folder.Write("go", "");
        Assert.Equal("success", (await folder.EndedAsync(run.Number)).State);

        async Task<List<(string, string)>> ReasonsAsync(string task)
        {
            var why = (await folder.CallAsync("why", $"{run.Number}", task, "--json")).Expect(0).Json;
            return
            [
                .. why.GetProperty("reasons")
                    .EnumerateArray()
                    .Select(reason => (reason.GetProperty("kind").GetString()!, reason.GetProperty("message").GetString()!)),
            ];
        }
    }

    private static int Most(TestProject folder)
    {
        var marks = Directory
            .EnumerateFiles(folder.PathOf("marks"), "*.from")
            .SelectMany(from => new[] { (At: Time(from), Change: 1), (At: Time(Path.ChangeExtension(from, ".to")), Change: -1) })
            .OrderBy(mark => mark.At)
            .ThenBy(mark => mark.Change);
        var (now, most) = (0, 0);
        foreach (var (_, change) in marks)
        {
            now += change;
            most = Math.Max(most, now);
        }

        return most;
    }

    private static decimal Time(string path) => decimal.Parse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture);
}
