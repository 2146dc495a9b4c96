namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/008-waiting.md</summary>
public sealed class Spec008Waiting
{
    [Fact]
    [Trait("Requirement", "S23")]
    [Trait("Requirement", "S46")]
    [Trait("Requirement", "S115")]
    public async Task A_file_that_still_grows_does_not_pass()
    {
        using var project = new TestProject().Pipeline(
            "waits",
            """
            max_active_tasks: 1
            tasks:
              landed: { wait_for: { file: "landing/{{ ds }}.csv", stable_for: 800ms }, every: 100ms, timeout: 30s }
              beside: { run: "touch beside.txt" }
              read: { needs: [landed], run: "cp landing/{{ ds }}.csv read.csv" }
            """
        );
        await using var server = await TestServer.StartAsync(project);
        var asked = new RunSeen((await project.CallAsync("run", "waits", "--date", "2001-01-05", "--detach", "--json")).Expect(0).Json);
        // The wait holds no slot, so the only one is free for its sibling.
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("beside.txt")), TimeSpan.FromSeconds(20));
        var why = (await project.CallAsync("why", $"{asked.Number}", "landed", "--json")).Expect(0).Json;
        Assert.Contains(why.GetProperty("reasons").EnumerateArray(), reason => reason.GetProperty("kind").GetString() == "waiting");
        Directory.CreateDirectory(project.PathOf("landing"));
        await using (var file = File.Create(project.PathOf("landing/2001-01-05.csv")))
        {
            for (var i = 0; i < 10; i++)
            {
                await file.WriteAsync("row\n"u8.ToArray(), TestContext.Current.CancellationToken);
                await file.FlushAsync(TestContext.Current.CancellationToken);
                // The file is one that is still being written: the pauses are what is tested.
                await Task.Delay(200, TestContext.Current.CancellationToken);
                Assert.False(File.Exists(project.PathOf("read.csv")));
            }
        }

        var run = await project.EndedAsync(asked.Number);
        Assert.Equal("success", run.State);
        Assert.Equal(10, project.Lines("read.csv").Length);
    }

    [Fact]
    [Trait("Requirement", "S45")]
    [Trait("Requirement", "S116")]
    public async Task A_wait_that_lasts_too_long_fails_once_and_is_not_tried_again()
    {
        using var project = new TestProject().Pipeline(
            "waits",
            """
            defaults: { retries: 3, retry_delay: 50ms }
            tasks:
              landed: { wait_for: { file: never.csv }, every: 100ms, timeout: 600ms }
              read: { needs: [landed], run: "true" }
            """
        );
        var run = await project.RunAsync("waits", 1);
        Assert.Equal("failed", run.States["landed"]);
        Assert.Equal("upstream_failed", run.States["read"]);
        Assert.Single(run.Attempts("landed"));
    }

    [Fact]
    [Trait("Requirement", "S77")]
    public async Task A_condition_that_is_false_skips_and_shows_its_values()
    {
        using var project = new TestProject().Pipeline(
            "gate",
            """
            params:
              least: { type: number, default: 0.9 }
            tasks:
              measure: { run: "echo '{\"auc\": 0.75}' > \"$SIGNALBOX_METRICS\"" }
              better: { needs: [measure], when: "{{ tasks.measure.metrics.auc > params.least }}", run: "touch better.txt" }
              after: { needs: [better], run: "touch after.txt" }
              anyway: { needs: [better], trigger_rule: none_failed, run: "touch anyway.txt" }
            """
        );
        var run = await project.RunAsync("gate", 0);
        Assert.Equal("skipped", run.States["better"]);
        Assert.Equal("skipped", run.States["after"]);
        Assert.Equal("success", run.States["anyway"]);
        Assert.Contains("0.75", run.Task("better").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.False(File.Exists(project.PathOf("after.txt")));
        var why = (await project.CallAsync("why", "last", "better", "--json")).Expect(0).Json;
        Assert.Contains(
            why.GetProperty("reasons").EnumerateArray(),
            reason =>
                reason.GetProperty("kind").GetString() == "condition"
                && reason.GetProperty("message").GetString()!.Contains("0.75", StringComparison.Ordinal)
        );
        await project.RunAsync("gate", 0, "--param", "least=0.5");
        Assert.True(File.Exists(project.PathOf("after.txt")));
    }
}
