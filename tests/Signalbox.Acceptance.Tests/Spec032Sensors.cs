namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/032-sensors.md</summary>
public sealed class Spec032Sensors
{
    [Fact]
    [Trait("Requirement", "S115")]
    [Trait("Requirement", "S117")]
    public async Task A_message_ends_a_wait_whose_looks_are_counted()
    {
        using var project = new TestProject().Pipeline(
            "waits",
            """
            max_active_tasks: 1
            tasks:
              labels: { wait_for: { message: labels_ready }, every: 50ms, timeout: 5m }
              read: { needs: [labels], run: "echo '{{ tasks.labels.result.data.rows }}' > rows.txt" }
            """
        );
        await using var server = await TestServer.StartAsync(project);
        var asked = new RunSeen((await project.CallAsync("run", "waits", "--date", "2001-01-05", "--detach", "--json")).Expect(0).Json);
        RunSeen seen = asked;
        await Eventually.TrueAsync(
            async () =>
            {
                seen = new RunSeen(
                    (await project.CallAsync("runs", "show", $"{asked.Number}", "--json")).Expect(0).Json.GetProperty("run")
                );
                return seen.Task("labels").GetProperty("polls") is { ValueKind: System.Text.Json.JsonValueKind.Number } polls
                    && polls.GetInt32() > 1;
            },
            TimeSpan.FromSeconds(30)
        );
        Assert.Equal("up_for_reschedule", seen.States["labels"]);
        Assert.Equal(0, seen.Task("labels").GetProperty("failed_polls").GetInt32());
        var why = (await project.CallAsync("why", $"{asked.Number}", "labels")).Expect(0).Output;
        Assert.Contains("no message `labels_ready` yet", why, StringComparison.Ordinal);
        Assert.Matches(@"looked \d+ times", why);
        Assert.Contains(
            "say for which date",
            (await project.CallAsync("signal", "waits", "labels_ready")).Expect(2).Error,
            StringComparison.Ordinal
        );
        var sent = (await project.CallAsync("signal", $"{asked.Number}", "labels_ready", "--data", "{\"rows\": 7}", "--json")).Expect(0);
        Assert.True(sent.Json.GetProperty("done").GetBoolean());
        Assert.Equal("success", (await project.EndedAsync(asked.Number)).State);
        Assert.Equal(["7"], project.Lines("rows.txt"));
        Assert.Contains(
            "has ended already",
            (await project.CallAsync("signal", $"{asked.Number}", "labels_ready")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S113")]
    [Trait("Requirement", "S114")]
    public async Task A_wait_that_can_never_be_over_is_refused_at_its_place_with_what_to_write()
    {
        using var project = new TestProject()
            .Pipeline("extract", "schedule: \"0 2 * * *\"\ntasks:\n  load: { run: \"true\" }\n")
            .Pipeline(
                "train",
                "schedule: \"0 6 * * *\"\ntasks:\n  ready:\n    wait_for: { task: { pipeline: extract, task: load, match: identity } }\n"
            );
        var mistake = (await project.CallAsync("validate")).Expect(2).Output;
        Assert.Contains("pipelines/train.yaml:5:63: ", mistake, StringComparison.Ordinal);
        Assert.Contains("`match: offset` with `offset: -4h`", mistake, StringComparison.Ordinal);
        Assert.Contains("ever has the logical date", (await project.CallAsync("run", "train")).Expect(2).Error, StringComparison.Ordinal);

        project.Write(
            "pipelines/train.yaml",
            project.Read("pipelines/train.yaml").Replace("match: identity", "match: offset, offset: -4h", StringComparison.Ordinal)
        );
        (await project.CallAsync("validate")).Expect(0);
        (await project.CallAsync("run", "extract", "--date", "2001-01-05")).Expect(0);
        (await project.CallAsync("run", "train", "--date", "2001-01-05")).Expect(0);

        project.Write(
            "pipelines/train.yaml",
            project.Read("pipelines/train.yaml").Replace("task: load", "task: laod", StringComparison.Ordinal)
        );
        Assert.Contains("did you mean `load`", (await project.CallAsync("validate")).Expect(2).Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S44")]
    [Trait("Requirement", "S46")]
    public async Task The_example_waits_for_file_query_message_and_another_pipeline()
    {
        using var project = ExampleFiles.Copy("sensors").Write("landing/2001-01-05.csv", "id,amount\n1,20\n2,22\n");
        (
            await project.CallAsync("signal", "nightly_orders", "prices_checked", "--date", "2001-01-05", "--data", "{\"by\": \"ann\"}")
        ).Expect(0);
        var run = await project.RunAsync("nightly_orders", 0, "--date", "2001-01-05");
        Assert.Equal("skipped", run.States["raise_alarm"]);
        var report = await project.RunAsync("morning_report", 0, "--date", "2001-01-05");
        Assert.Equal("success", report.States["orders"]);
        Assert.Equal(["orders,amount", "2,42"], project.Lines("out/report-2001-01-05.csv"));
    }

    [Fact]
    [Trait("Requirement", "S45")]
    [Trait("Requirement", "S47")]
    public async Task The_example_fails_and_raises_the_alarm_once_when_nothing_comes()
    {
        using var project = ExampleFiles.Copy("sensors");
        var file = "pipelines/nightly_orders.yaml";
        project.Write(file, project.Read(file).Replace("timeout: 1h                       #", "timeout: 1s #", StringComparison.Ordinal));
        var run = await project.RunAsync("nightly_orders", 1, "--date", "2001-01-05");
        Assert.Equal("failed", run.States["landed"]);
        Assert.Single(run.Attempts("landed"));
        Assert.Equal("upstream_failed", run.States["totals"]);
        Assert.Equal(["no orders for 2001-01-05"], project.Lines("out/alarms.txt"));
    }
}
