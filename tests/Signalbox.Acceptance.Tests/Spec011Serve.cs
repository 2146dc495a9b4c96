using System.Diagnostics;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/011-serve.md</summary>
public sealed class Spec011Serve
{
    private const int Commands = 20;

    [Fact]
    public async Task A_server_is_ready_soon_answers_health_and_ends_when_told()
    {
        using var project = new TestProject().Pipeline("any", "tasks:\n  only: { run: \"true\" }\n");
        (await project.CallAsync("db", "migrate")).Expect(0);
        var watch = Stopwatch.StartNew();
        await using var server = await TestServer.StartAsync(project);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        using var http = new HttpClient { BaseAddress = server.Address };
        Assert.Equal("ok", await http.GetStringAsync("/healthz", TestContext.Current.CancellationToken));
        Assert.Equal("127.0.0.1", server.Address.Host);
        Assert.Contains(
            project.Folder,
            await server.SaysAsync(line => line.Contains("serving", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
        var (code, took) = await server.TerminateAsync();
        Assert.Equal(0, code);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_second_server_is_refused_with_the_pid_of_the_first()
    {
        using var project = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        var second = (await project.CallAsync("serve", "--port", "0")).Expect(2);
        Assert.Contains($"pid {server.Pid}", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_mistake_of_the_call()
    {
        using var project = new TestProject();
        using var other = new TestProject();
        await using var server = await TestServer.StartAsync(project);
        var second = (await other.CallAsync("serve", "--port", $"{server.Address.Port}")).Expect(2);
        Assert.Contains("--port", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_sees_the_server_and_when_the_attempt_that_runs_began()
    {
        using var project = new TestProject()
            .Pipeline("idle", "tasks:\n  a: { run: \"true\", timeout: 1m }\n")
            .Pipeline(
                "again",
                """
                tasks:
                  a: { run: "test -e first && { touch second; until test -e go; do sleep 0.1; done; exit; }; touch first; exit 75", retries: 1, retry_delay: 2s }
                """
            );
        await project.RunAsync("idle");
        Assert.Contains("nobody runs the engine", (await project.CallAsync("why", "idle")).Expect(0).Output, StringComparison.Ordinal);
        await using var server = await TestServer.StartAsync(project);
        Assert.DoesNotContain(
            "nobody runs the engine",
            (await project.CallAsync("why", "idle")).Expect(0).Output,
            StringComparison.Ordinal
        );
        (await project.CallAsync("run", "again", "--detach")).Expect(0);
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("second")), TimeSpan.FromSeconds(30));
        var shown = (await project.CallAsync("runs", "show", "last", "--json")).Expect(0).Json;
        var began = shown.GetProperty("run").GetProperty("tasks")[0].GetProperty("attempts")[1].GetProperty("started_at").GetString();
        Assert.Contains(
            $"attempt 2/2 running since {began![..19]}",
            (await project.CallAsync("why", "last", "a")).Expect(0).Output,
            StringComparison.Ordinal
        );
        project.Write("go", "");
    }

    [Fact]
    [Trait("Requirement", "S2")]
    [Trait("Requirement", "S37")]
    public async Task A_schedule_runs_by_itself_and_at_first_the_latest_interval_only()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "schedule: \"15 2 * * *\"\nstart: 2001-01-01\ntasks:\n  only: { run: \"echo {{ ds }} >> dates.txt\" }\n"
        );
        await using var server = await TestServer.StartAsync(project);
        await Eventually.TrueAsync(() => project.Lines("dates.txt").Length > 0, TimeSpan.FromSeconds(20));
        var runs = (await project.CallAsync("runs", "--json")).Expect(0).Json;
        var run = Assert.Single(runs.EnumerateArray());
        Assert.Equal("scheduled", run.GetProperty("trigger").GetString());
        Assert.True(run.GetProperty("data_interval_end").GetDateTimeOffset() <= DateTimeOffset.UtcNow);
        Assert.True(run.GetProperty("data_interval_end").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddDays(-1));
    }

    [Fact]
    public async Task A_change_of_a_file_is_live_soon_and_a_bad_file_is_set_aside_alone()
    {
        using var project = new TestProject().Pipeline("good", "tasks:\n  only: { run: \"true\" }\n");
        await using var server = await TestServer.StartAsync(project);
        await server.SaysAsync(line => line.Contains("good is live", StringComparison.Ordinal));
        project.Pipeline("later", "tasks:\n  only: { run: \"true\" }\n");
        await server.SaysAsync(line => line.Contains("later is live", StringComparison.Ordinal));
        project.Pipeline("bad", "tasks:\n  only: { rnu: \"true\" }\n");
        await server.SaysAsync(line => line.Contains("bad.yaml:3:", StringComparison.Ordinal));
        var run = new RunSeen((await project.CallAsync("run", "later", "--json")).Expect(0).Json);
        Assert.Equal("success", run.State);
        project.Pipeline("good", "tasks:\n  only: { rnu: \"true\" }\n");
        await server.SaysAsync(line => line.Contains("good stays as it was", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => Why().Contains("its file has mistakes", StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        Assert.Contains("good.yaml:3:", Why(), StringComparison.Ordinal);
        project.Pipeline("good", "tasks:\n  only: { run: \"true\" }\n");
        await Eventually.TrueAsync(() => !Why().Contains("its file has mistakes", StringComparison.Ordinal), TimeSpan.FromSeconds(20));

        string Why() => project.CallAsync("why", "good").GetAwaiter().GetResult().Expect(0).Output;
    }

    [Fact]
    public async Task A_paused_pipeline_makes_no_runs_and_why_says_so()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "schedule: \"15 2 * * *\"\ntasks:\n  only: { run: \"echo {{ ds }} >> dates.txt\" }\n"
        );
        (await project.CallAsync("pause", "daily", "--reason", "the source moves")).Expect(0);
        await using (var server = await TestServer.StartAsync(project))
        {
            var why = (await project.CallAsync("why", "daily", "--json")).Expect(0).Json;
            Assert.Contains(
                why.GetProperty("reasons").EnumerateArray(),
                reason =>
                    reason.GetProperty("kind").GetString() == "paused"
                    && reason.GetProperty("message").GetString()!.Contains("the source moves", StringComparison.Ordinal)
            );
            (await project.CallAsync("run", "daily", "--date", "2001-01-05")).Expect(0);
            Assert.Equal(["2001-01-05"], project.Lines("dates.txt"));
        }

        (await project.CallAsync("unpause", "daily")).Expect(0);
        Assert.DoesNotContain("paused", (await project.CallAsync("why", "daily")).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S93")]
    [Trait("Requirement", "S94")]
    public async Task After_kills_of_the_server_every_command_ran_once_and_its_log_is_whole()
    {
        using var project = new TestProject();
        var tasks = string.Concat(
            Enumerable
                .Range(0, Commands)
                .Select(i =>
                    $"  t{i}: {{ run: \"echo $$ >> ran/{i}; for n in $(seq 1 20); do echo line $n; sleep 0.{(i % 4) + 1}; done; echo done\" }}\n"
                )
        );
        project
            .Write("ran/.keep", "")
            .Write("signalbox.yaml", "max_active_tasks: 20\n")
            .Pipeline("many", $"max_active_tasks: 20\ntasks:\n{tasks}");
        var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "many", "--detach", "--json")).Expect(0).Json);
        var random = new Random(20010105);
        for (var kill = 0; kill < 5; kill++)
        {
            await Task.Delay(random.Next(50, 900), TestContext.Current.CancellationToken);
            await server.KillAsync();
            await server.DisposeAsync();
            server = await TestServer.StartAsync(project);
        }

        await using (server)
        {
            var ended = await project.EndedAsync(run.Number, TimeSpan.FromSeconds(90));
            Assert.All(ended.States, task => Assert.Equal("success", task.Value));
        }

        var whole = string.Concat(Enumerable.Range(1, 20).Select(n => $"line {n}\n")) + "done\n";
        for (var i = 0; i < Commands; i++)
        {
            Assert.Single(project.Lines($"ran/{i}"));
            Assert.Equal(whole, (await project.CallAsync("logs", $"{run.Number}", $"t{i}")).Expect(0).Output);
        }
    }

    [Fact]
    public async Task What_ran_when_a_server_was_told_to_end_goes_on_and_the_next_takes_it_over()
    {
        using var project = new TestProject().Pipeline(
            "long",
            "tasks:\n  long: { run: \"echo $$ >> pid.txt; while ! test -e go; do sleep 0.05; done; echo end >> ended.txt\" }\n"
        );
        RunSeen run;
        await using (var first = await TestServer.StartAsync(project))
        {
            run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
            await Eventually.TrueAsync(() => project.Lines("pid.txt").Length > 0, TimeSpan.FromSeconds(20));
        }

        Assert.True(Directory.Exists($"/proc/{project.Lines("pid.txt")[0]}"));
        await using var second = await TestServer.StartAsync(project);
        project.Write("go", "");
        Assert.Equal("success", (await project.EndedAsync(run.Number)).State);
        Assert.Equal(["end"], project.Lines("ended.txt"));
        Assert.Single(project.Lines("pid.txt"));
    }

    [Fact]
    public async Task A_verb_that_waits_takes_over_when_the_server_dies()
    {
        using var project = new TestProject().Pipeline(
            "long",
            "tasks:\n  long: { run: \"touch started; while ! test -e go; do sleep 0.05; done\" }\n  after: { needs: [long], run: \"touch after\" }\n"
        );
        var server = await TestServer.StartAsync(project);
        var waiting = project.CallAsync("run", "long", "--json");
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("started")), TimeSpan.FromSeconds(20));
        await server.KillAsync();
        await server.DisposeAsync();
        project.Write("go", "");
        Assert.Equal("success", new RunSeen((await waiting).Expect(0).Json).State);
        Assert.True(File.Exists(project.PathOf("after")));
    }
}
