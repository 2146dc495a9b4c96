using System.Diagnostics;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/005-retries.md</summary>
public sealed class Spec005Retries
{
    [Fact]
    [Trait("Requirement", "S1")]
    [Trait("Requirement", "S5")]
    [Trait("Requirement", "S71")]
    [Trait("Requirement", "S43")]
    public async Task A_task_is_tried_again_after_its_delay_and_the_delay_is_shown()
    {
        using var project = new TestProject().Pipeline(
            "flaky",
            """
            tasks:
              flaky: { run: "echo $SIGNALBOX_ATTEMPT {{ ds }} >> tries.txt; test $SIGNALBOX_ATTEMPT = 3", retries: 2, retry_delay: 500ms }
            """
        );
        var run = await project.RunAsync("flaky", 0, "--date", "2001-01-05");
        Assert.Equal(["1 2001-01-05", "2 2001-01-05", "3 2001-01-05"], project.Lines("tries.txt"));
        var attempts = run.Attempts("flaky");
        Assert.Equal(["failed", "failed", "success"], attempts.Select(attempt => attempt.GetProperty("state").GetString()));
        Assert.Equal([0.5, 0.5], attempts.Take(2).Select(attempt => attempt.GetProperty("next_delay_seconds").GetDouble()));
        for (var i = 1; i < 3; i++)
        {
            var wait = RunSeen.Time(attempts[i], "started_at") - RunSeen.Time(attempts[i - 1], "ended_at");
            Assert.InRange(wait, TimeSpan.FromMilliseconds(499), TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    [Trait("Requirement", "S43")]
    public async Task The_third_failure_of_two_retries_is_final()
    {
        using var project = new TestProject().Pipeline(
            "hopeless",
            "tasks:\n  never: { run: \"echo try >> tries.txt; exit 1\", retries: 2, retry_delay: 50ms }\n"
        );
        var run = await project.RunAsync("hopeless", 1);
        Assert.Equal(3, run.Attempts("never").Count);
        Assert.Equal(3, project.Lines("tries.txt").Length);
    }

    [Fact]
    [Trait("Requirement", "S149")]
    [Trait("Requirement", "S152")]
    [Trait("Requirement", "S60")]
    public async Task What_cannot_be_mended_by_trying_again_is_not_tried_again()
    {
        using var project = new TestProject().Pipeline(
            "classes",
            """
            defaults: { retries: 3, retry_delay: 50ms }
            tasks:
              auth: { run: "echo '{\"class\": \"auth\", \"message\": \"the key is old\"}' > \"$SIGNALBOX_ERROR\"; exit 1" }
              temporary: { run: "test $SIGNALBOX_ATTEMPT = 2 || exit 75" }
              skipped: { run: "exit 99" }
            """
        );
        var run = await project.RunAsync("classes", 1);
        var failure = Assert.Single(run.Attempts("auth")).GetProperty("failure");
        Assert.Equal("auth", failure.GetProperty("class").GetString());
        Assert.Contains("the key is old", failure.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("transient", run.Attempt("temporary", 1).GetProperty("failure").GetProperty("class").GetString());
        Assert.Equal("success", run.States["temporary"]);
        Assert.Equal("skipped", run.States["skipped"]);
    }

    [Fact]
    [Trait("Requirement", "S40")]
    [Trait("Requirement", "S74")]
    public async Task A_time_out_leaves_no_process_of_the_tree_and_counts_as_a_failed_attempt()
    {
        using var project = new TestProject().Pipeline(
            "slow",
            """
            tasks:
              slow:
                run: "sleep 987.5 & setsid sleep 987.5 & trap '' TERM; echo $$ > pid.txt; sleep 987.5 & wait; wait; wait"
                timeout: 700ms
                grace: 300ms
                retries: 1
                retry_delay: 50ms
            """
        );
        var watch = Stopwatch.StartNew();
        var run = await project.RunAsync("slow", 1);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.4), TimeSpan.FromSeconds(20));
        Assert.Equal(
            ["timeout", "timeout"],
            run.Attempts("slow").Select(attempt => attempt.GetProperty("failure").GetProperty("class").GetString())
        );
        Assert.DoesNotContain(
            Processes(),
            line => line.Contains("987.5", StringComparison.Ordinal) && line.Contains(project.Folder, StringComparison.Ordinal)
        );
    }

    /// <summary>Command line and working folder of all processes.</summary>
    private static IEnumerable<string> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string line;
            try
            {
                line = $"{File.ReadAllText($"{folder}/cmdline")} in {new DirectoryInfo($"{folder}/cwd").LinkTarget}";
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return line;
        }
    }
}
