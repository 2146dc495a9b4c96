using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/004-run.md</summary>
public sealed class Spec004Run
{
    [Fact]
    [Trait("Requirement", "S1")]
    [Trait("Requirement", "S8")]
    [Trait("Requirement", "S30")]
    public async Task A_run_prints_one_document_with_every_task_and_attempt()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            """
            tasks:
              extract: { run: "echo {{ ds }} >> order.txt" }
              train: { needs: [extract], run: "echo train >> order.txt" }
            """
        );
        var run = await project.RunAsync("daily", 0, "--date", "2001-01-05");
        Assert.Equal("daily", run.Json.GetProperty("pipeline").GetString());
        Assert.Equal("success", run.State);
        Assert.Equal("2001-01-05T00:00:00Z", run.Json.GetProperty("logical_date").GetString());
        Assert.False(string.IsNullOrEmpty(run.Json.GetProperty("run_id").GetString()));
        Assert.Equal(["extract", "train"], run.Tasks.Select(task => task.GetProperty("task").GetString()));
        Assert.Equal(-1, run.Task("train").GetProperty("map_index").GetInt32());
        var attempt = run.Attempt("train", 1);
        Assert.Equal(1, attempt.GetProperty("number").GetInt32());
        Assert.Equal("success", attempt.GetProperty("state").GetString());
        Assert.Equal(0, attempt.GetProperty("exit_code").GetInt32());
        Assert.True(RunSeen.Time(attempt, "started_at") <= RunSeen.Time(attempt, "ended_at"));
        Assert.Equal(JsonValueKind.Null, attempt.GetProperty("failure").ValueKind);
        Assert.Equal(["2001-01-05", "train"], project.Lines("order.txt"));
    }

    [Fact]
    public async Task A_failed_run_ends_with_code_1_and_says_the_class_and_the_message()
    {
        using var project = new TestProject().Pipeline(
            "bad",
            """
            tasks:
              breaks: { run: "echo it is broken >&2; exit 3" }
              after: { needs: [breaks], run: "true" }
            """
        );
        var run = await project.RunAsync("bad", 1);
        Assert.Equal("failed", run.State);
        Assert.Equal("upstream_failed", run.States["after"]);
        var attempt = run.Attempt("breaks", 1);
        Assert.Equal("failed", attempt.GetProperty("state").GetString());
        Assert.Equal(3, attempt.GetProperty("exit_code").GetInt32());
        var failure = attempt.GetProperty("failure");
        Assert.Equal("transient", failure.GetProperty("class").GetString());
        Assert.NotEmpty(failure.GetProperty("message").GetString()!);
        var words = await project.CallAsync("run", "bad");
        Assert.Contains("breaks failed", words.Expect(1).Output, StringComparison.Ordinal);
        Assert.Contains("| it is broken", words.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S6")]
    [Trait("Requirement", "S70")]
    public async Task Shell_python_sql_and_lists_of_arguments_are_tasks()
    {
        using var project = new TestProject()
            .Write("greet.py", "import sys\nprint('file', sys.argv[1])\n")
            .Pipeline(
                "kinds",
                """
                tasks:
                  shell_line: { run: "echo line > line.txt" }
                  arguments: { run: [python3, greet.py, "it's {{ ds }}"] }
                  inline_python: { python: "import os; print('inline', os.environ['SIGNALBOX_DS'])" }
                  inline_shell: { shell: "echo $SIGNALBOX_TASK $SIGNALBOX_ATTEMPT" }
                  query: { sql: "create table t as select 41 + 1 as answer; copy t to 'answer.csv'" }
                """
            );
        var run = await project.RunAsync("kinds", 0, "--date", "2024-02-29");
        Assert.All(run.States.Values, state => Assert.Equal("success", state));
        Assert.Equal("line\n", project.Read("line.txt"));
        Assert.Equal("answer\n42\n", project.Read("answer.csv"));
        Assert.Equal("file it's 2024-02-29\n", (await project.CallAsync("logs", "last", "arguments")).Expect(0).Output);
        Assert.Equal("inline 2024-02-29\n", (await project.CallAsync("logs", "last", "inline_python")).Expect(0).Output);
        Assert.Equal("inline_shell 1\n", (await project.CallAsync("logs", "last", "inline_shell")).Expect(0).Output);
    }

    [Fact]
    [Trait("Requirement", "S70")]
    public async Task A_pipeline_of_one_line_in_a_file_outside_of_a_project_runs()
    {
        using var project = new TestProject().Write("elsewhere/one.yaml", "pipeline: one\ntasks: { only: { run: echo one } }\n");
        var run = new RunSeen((await project.CallAsync("run", "elsewhere/one.yaml", "--json")).Expect(0).Json);
        Assert.Equal("success", run.State);
    }

    [Fact]
    [Trait("Requirement", "S30")]
    [Trait("Requirement", "S14")]
    public async Task A_command_sees_its_slice_and_never_the_machines_zone_or_environment()
    {
        using var project = new TestProject().Pipeline(
            "sees",
            """
            schedule: { cron: "15 2 * * *", timezone: Europe/Berlin }
            tasks:
              look: { run: "env | sort > env.txt" }
            """
        );
        project.Environment["TZ"] = "Asia/Tokyo";
        project.Environment["UNASKED"] = "not for tasks";
        await project.RunAsync("sees", 0, "--date", "2024-07-01");
        var seen = project.Lines("env.txt");
        Assert.Contains("SIGNALBOX_DS=2024-07-01", seen);
        Assert.Contains("SIGNALBOX_LOGICAL_DATE=2024-07-01T00:15:00Z", seen);
        Assert.Contains("SIGNALBOX_INTERVAL_END=2024-07-02T00:15:00Z", seen);
        Assert.Contains("TZ=UTC", seen);
        Assert.DoesNotContain(seen, line => line.StartsWith("UNASKED", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public async Task Parameters_are_checked_before_the_first_task()
    {
        using var project = new TestProject().Pipeline(
            "asks",
            """
            params:
              rows: { type: integer, minimum: 1 }
              who: { type: string, default: "nobody" }
            tasks:
              use: { run: "echo {{ params.rows }} {{ params.who }} > out.txt" }
            """
        );
        Assert.Contains("--param rows=VALUE", (await project.CallAsync("run", "asks")).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains("rows", (await project.CallAsync("run", "asks", "--param", "rows=0")).Expect(2).Error, StringComparison.Ordinal);
        var unknown = await project.CallAsync("run", "asks", "--param", "rwos=1");
        Assert.Contains("did you mean `rows`?", unknown.Expect(2).Error, StringComparison.Ordinal);
        Assert.Empty(project.Lines("out.txt"));
        await project.RunAsync("asks", 0, "--param", "rows=3", "--param", "who=it's \"me\"; rm -rf x");
        Assert.Equal("3 it's \"me\"; rm -rf x\n", project.Read("out.txt"));
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public async Task A_missing_secret_stops_the_run_before_its_first_task_and_a_given_one_is_never_in_a_log()
    {
        using var project = new TestProject().Pipeline(
            "secretive",
            """
            tasks:
              first: { run: "echo first >> started.txt" }
              second:
                needs: [first]
                env: { TOKEN: "secret:api_token" }
                run: "echo token is $TOKEN; echo $TOKEN >&2; test ${#TOKEN} = 20 && echo long enough"
            """
        );
        var missing = await project.CallAsync("run", "secretive");
        Assert.Contains("api_token", missing.Expect(2).Error, StringComparison.Ordinal);
        Assert.Empty(project.Lines("started.txt"));
        const string value = "s3cr3t-value-0123456";
        project.Environment["SIGNALBOX_SECRET_API_TOKEN"] = value;
        var run = await project.CallAsync("run", "secretive");
        run.Expect(0);
        var logs = (await project.CallAsync("logs", "last", "second")).Expect(0);
        Assert.Contains("token is ***", logs.Output, StringComparison.Ordinal);
        Assert.Contains("long enough", logs.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(value, run.Output + run.Error + logs.Output, StringComparison.Ordinal);
        var files = Directory.EnumerateFiles(project.PathOf(".signalbox"), "*", SearchOption.AllDirectories);
        Assert.DoesNotContain(files, file => File.ReadAllBytes(file).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(value)) >= 0);
    }

    [Fact]
    public async Task On_a_terminal_the_progress_redraws()
    {
        using var project = new TestProject().Pipeline(
            "shown",
            $"defaults: {{ timeout: 1m }}\ntasks:\n  slow: {{ run: \"echo working on it; sleep 1\" }}\n  {new string('n', 80)}_7: {{ needs: [slow], run: \"true\" }}\n"
        );
        // Python's pty gives the program a terminal of its own.
        project.Write("terminal.py", "import pty, sys\nsys.exit(pty.spawn(sys.argv[1:]) >> 8)\n");
        var start = new System.Diagnostics.ProcessStartInfo("python3", ["terminal.py", BuiltProgram.Path, "run", "shown"])
        {
            WorkingDirectory = project.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["TERM"] = "xterm-256color";
        using var terminal = System.Diagnostics.Process.Start(start)!;
        var output = await terminal
            .StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await terminal.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, terminal.ExitCode);
        Assert.Contains("\e[", output, StringComparison.Ordinal);
        Assert.True(output.Split("running").Length > 4, output);
        Assert.Contains("working on it", output, StringComparison.Ordinal);
        Assert.Contains("run 1 of shown", output, StringComparison.Ordinal);
        // A name that is longer than the line loses its middle, and pushes no other column away.
        Assert.Contains("n…n", output, StringComparison.Ordinal);
        Assert.Contains("_7 ", output, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('n', 80), output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S17")]
    public async Task Asking_twice_for_one_run_id_gives_the_same_run()
    {
        using var project = new TestProject().Pipeline("once", "tasks:\n  only: { run: \"echo ran >> ran.txt\" }\n");
        var first = await project.RunAsync("once", 0, "--run-id", "order-17");
        var second = await project.RunAsync("once", 0, "--run-id", "order-17");
        Assert.Equal(first.Number, second.Number);
        Assert.Equal("order-17", second.Json.GetProperty("run_id").GetString());
        Assert.Equal(["ran"], project.Lines("ran.txt"));
    }

    [Theory]
    [InlineData("2021-02-29")]
    [InlineData("yesterday")]
    public async Task A_date_that_is_none_is_refused(string date)
    {
        using var project = new TestProject().Pipeline("any", "tasks:\n  only: { run: \"true\" }\n");
        Assert.Contains(
            $"--date: `{date}`",
            (await project.CallAsync("run", "any", "--date", date)).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S10")]
    [Trait("Requirement", "S64")]
    [Trait("Requirement", "S138")]
    public async Task A_graph_is_drawn_and_a_cycle_is_refused_with_its_path()
    {
        using var project = new TestProject()
            .Pipeline("good", "schedule: \"15 2 * * *\"\ntasks:\n  a: { run: \"true\" }\n  b: { run: \"true\", needs: [a] }\n")
            .Write(
                "cyclic.yaml",
                "pipeline: cyclic\ntasks:\n  a: { run: x, needs: [c] }\n  b: { run: x, needs: [a] }\n  c: { run: x, needs: [b] }\n"
            );
        var drawn = (await project.CallAsync("graph", "good")).Expect(0);
        Assert.StartsWith("Daily at 02:15 UTC: a, then b.", drawn.Output, StringComparison.Ordinal);
        Assert.Contains("[b] run  <- a", drawn.Output, StringComparison.Ordinal);
        var mermaid = (await project.CallAsync("graph", "good", "--mermaid")).Expect(0);
        Assert.StartsWith("graph LR\n", mermaid.Output, StringComparison.Ordinal);
        Assert.Contains("t0 --> t1", mermaid.Output, StringComparison.Ordinal);
        Assert.Contains(
            "a -> b -> c -> a",
            (await project.CallAsync("validate", "cyclic.yaml")).Expect(2).Output,
            StringComparison.Ordinal
        );
        Assert.Contains("a -> b -> c -> a", (await project.CallAsync("run", "cyclic.yaml")).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S7")]
    public async Task A_new_project_has_an_example_that_works_at_once()
    {
        using var project = new TestProject();
        var made = (await project.CallAsync("init", "new one", "--json")).Expect(0);
        Assert.Contains(made.Json.GetProperty("written").EnumerateArray(), file => file.GetString() == "signalbox.yaml");
        var pipeline = Directory.EnumerateFiles(project.PathOf("new one/pipelines")).Single();
        (await project.CallAsync("validate", "--project", "new one")).Expect(0);
        (await project.CallAsync("run", pipeline, "--project", "new one", "--date", "2001-01-05")).Expect(0);
        var again = (await project.CallAsync("init", "new one", "--json")).Expect(0);
        Assert.Empty(again.Json.GetProperty("written").EnumerateArray());
    }
}
