namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/012-looking.md</summary>
public sealed class Spec012Looking
{
    [Fact]
    [Trait("Requirement", "S8")]
    [Trait("Requirement", "S1")]
    public async Task Runs_are_listed_newest_first_and_filtered()
    {
        using var project = new TestProject()
            .Pipeline("good", "tasks:\n  only: { run: \"true\" }\n")
            .Pipeline("bad", "tasks:\n  only: { run: \"false\" }\n");
        Assert.Equal("[]", (await project.CallAsync("runs", "--json")).Expect(0).Output.Trim());
        await project.RunAsync("good", 0, "--reason", "to see it");
        await project.RunAsync("bad", 1);
        var all = (await project.CallAsync("runs", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(["bad", "good"], all.Select(run => run.GetProperty("pipeline").GetString()));
        var failed = (await project.CallAsync("runs", "--state", "failed", "--json")).Expect(0).Json;
        Assert.Equal("bad", Assert.Single(failed.EnumerateArray()).GetProperty("pipeline").GetString());
        var good = (await project.CallAsync("runs", "--pipeline", "good", "--json")).Expect(0).Json;
        Assert.Single(good.EnumerateArray());
        var shown = (await project.CallAsync("runs", "show", "last", "--history")).Expect(0).Output;
        Assert.Contains("run 2 of bad: failed", shown, StringComparison.Ordinal);
        Assert.Contains("attempt_ended", shown, StringComparison.Ordinal);
        Assert.Contains(
            "no state of a run",
            (await project.CallAsync("runs", "--state", "faild")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S38")]
    [Trait("Requirement", "S79")]
    [Trait("Requirement", "S81")]
    public async Task Pipelines_are_listed_and_one_shows_the_policies_of_all_its_tasks_in_one_table()
    {
        using var project = new TestProject()
            .Pipeline(
                "weekly",
                "schedule: { cron: \"30 23 * * 0\", timezone: Europe/London }\ntags: [training]\ndefaults: { retries: 2, retry_delay: 1m, backoff: exponential }\n"
                    + "tasks:\n  train: { run: \"true\", timeout: 20m, pool: gpu, slots: 2 }\n  tell: { run: \"true\", needs: [train], retries: 0, trigger_rule: all_done }\n"
            )
            .Pipeline("by_hand", "tasks:\n  only: { run: \"true\" }\n");
        await project.RunAsync("by_hand", 0);
        var all = (await project.CallAsync("pipelines", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(["by_hand", "weekly"], all.Select(one => one.GetProperty("pipeline").GetString()));
        Assert.Equal("success", all[0].GetProperty("last_run").GetProperty("state").GetString());
        var tagged = (await project.CallAsync("pipelines", "--tag", "training")).Expect(0).Output;
        Assert.Contains("30 23 * * 0 Europe/London", tagged, StringComparison.Ordinal);
        Assert.DoesNotContain("by_hand", tagged, StringComparison.Ordinal);

        var shown = (await project.CallAsync("pipelines", "show", "weekly", "--json")).Expect(0).Json;
        var policies = shown.GetProperty("policies").EnumerateArray().ToList();
        Assert.Equal([3, 1], policies.Select(policy => policy.GetProperty("max_attempts").GetInt32()));
        Assert.Equal(1200, policies[0].GetProperty("timeout").GetDouble());
        Assert.Equal("all_done", policies[1].GetProperty("trigger_rule").GetString());
        foreach (var tick in shown.GetProperty("next_ticks").EnumerateArray())
        {
            var local = tick.GetProperty("local").GetDateTimeOffset();
            Assert.Equal((DayOfWeek.Sunday, 23, 30), (local.DayOfWeek, local.Hour, local.Minute));
            Assert.Equal(tick.GetProperty("utc").GetDateTimeOffset(), local);
        }

        var table = (await project.CallAsync("pipelines", "show", "weekly")).Expect(0).Output;
        Assert.Contains("3 (2 retries)", table, StringComparison.Ordinal);
        Assert.Contains("gpu x2", table, StringComparison.Ordinal);
        Assert.Contains("23:30 Europe/London", table, StringComparison.Ordinal);
        Assert.Contains(
            "did you mean `weekly`?",
            (await project.CallAsync("pipelines", "show", "weakly")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Logs_are_kept_for_each_attempt_and_stream_byte_for_byte()
    {
        using var project = new TestProject().Pipeline(
            "talks",
            "tasks:\n  talks: { run: \"printf 'out %s\\\\001' $SIGNALBOX_ATTEMPT; echo err $SIGNALBOX_ATTEMPT >&2; test $SIGNALBOX_ATTEMPT = 2\", retries: 1, retry_delay: 50ms }\n"
        );
        var run = await project.RunAsync("talks", 0);
        Assert.Equal("out 2\u0001err 2\n", (await project.CallAsync("logs", "last", "talks")).Expect(0).Output);
        Assert.Equal(
            "out 1\u0001",
            (await project.CallAsync("logs", $"{run.Number}", "talks", "--attempt", "1", "--stream", "stdout")).Expect(0).Output
        );
        Assert.Equal(
            "err 1\n",
            (await project.CallAsync("logs", $"{run.Number}", "talks", "--attempt", "1", "--stream", "stderr")).Expect(0).Output
        );
        Assert.Contains(
            "1 to 2",
            (await project.CallAsync("logs", "last", "talks", "--attempt", "3")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "did you mean `talks`?",
            (await project.CallAsync("logs", "last", "talk")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Following_a_log_goes_on_until_the_task_ends()
    {
        using var project = new TestProject().Pipeline(
            "talks",
            "tasks:\n  talks: { run: \"echo begun; touch begun; while ! test -e go; do sleep 0.05; done; echo ended\" }\n"
        );
        await using var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "talks", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("begun")), TimeSpan.FromSeconds(20));
        var following = project.CallAsync("logs", $"{run.Number}", "talks", "-f");
        project.Write("go", "");
        Assert.Equal("begun\nended\n", (await following).Expect(0).Output);
    }

    [Fact]
    public async Task A_secret_is_masked_in_a_log_that_is_still_written()
    {
        using var project = new TestProject().Pipeline(
            "talks",
            "tasks:\n  talks: { env: { TOKEN: \"secret:token\" }, run: \"echo it is $TOKEN; touch begun; while ! test -e go; do sleep 0.05; done\" }\n"
        );
        project.Environment["SIGNALBOX_SECRET_TOKEN"] = "open-sesame-77";
        await using var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "talks", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("begun")), TimeSpan.FromSeconds(20));
        Assert.Equal("it is ***\n", (await project.CallAsync("logs", $"{run.Number}", "talks")).Expect(0).Output);
        project.Write("go", "");
        Assert.Equal("success", (await project.EndedAsync(run.Number)).State);
        Assert.Equal("it is ***\n", (await project.CallAsync("logs", $"{run.Number}", "talks")).Expect(0).Output);
    }

    [Fact]
    [Trait("Requirement", "S3")]
    [Trait("Requirement", "S72")]
    public async Task A_failed_check_blocks_what_needs_the_task_and_why_says_which()
    {
        using var project = new TestProject().Pipeline(
            "checked",
            """
            tasks:
              features:
                run: "printf 'origin,delay\\nAMS,1\\n' > {{ outputs.rows }}"
                outputs:
                  rows: { path: "data/{{ ds }}.csv", checks: [{ row_count: { min: 10 } }] }
              train: { needs: [features], run: "touch trained" }
            """
        );
        var run = await project.RunAsync("checked", 1, "--date", "2001-01-05");
        Assert.Equal("failed", run.States["features"]);
        Assert.Equal("blocked", run.States["train"]);
        Assert.False(File.Exists(project.PathOf("data/2001-01-05.csv")));
        Assert.False(File.Exists(project.PathOf("trained")));
        var why = (await project.CallAsync("why", "last", "train", "--json")).Expect(0).Json;
        Assert.Equal("blocked", why.GetProperty("state").GetString());
        Assert.Contains(
            why.GetProperty("reasons").EnumerateArray(),
            reason => reason.GetProperty("message").GetString()!.Contains("features", StringComparison.Ordinal)
        );
        var message = run.Attempt("features", 1).GetProperty("failure").GetProperty("message").GetString();
        Assert.Contains("row_count", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_and_db_look_over_what_the_program_stands_on()
    {
        using var project = new TestProject().Pipeline("good", "tasks:\n  only: { run: \"true\" }\n");
        await project.RunAsync("good", 0);
        var lines = (await project.CallAsync("doctor", "--json"))
            .Expect(0)
            .Json.EnumerateArray()
            .ToDictionary(line => line.GetProperty("subject").GetString()!, line => line);
        Assert.Contains("SQLite 3.", lines["database"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("ok", lines["duckdb"].GetProperty("state").GetString());
        Assert.Empty((await project.CallAsync("db", "check", "--json")).Expect(0).Json.GetProperty("problems").EnumerateArray());
        (await project.CallAsync("db", "migrate")).Expect(0);
    }

    [Theory]
    [InlineData("nothing ever ran", "why", "1")]
    [InlineData("there is no such folder", "runs", "--project", "nowhere")]
    public async Task What_is_not_there_is_told_with_what_to_do(string told, params string[] arguments)
    {
        using var project = new TestProject();
        Assert.Contains(told, (await project.CallAsync(arguments)).Expect(2).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(project.PathOf(".signalbox")));
    }
}
