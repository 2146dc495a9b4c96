using System.Diagnostics;
using System.Text;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/006-rerun.md</summary>
public sealed class Spec006Rerun
{
    [Fact]
    [Trait("Requirement", "S89")]
    public async Task After_the_mend_of_step_7_of_12_only_7_to_12_run()
    {
        using var project = new TestProject().Pipeline("twelve", Steps(12, "test -e mended", broken: 7));
        var failed = await project.RunAsync("twelve", 1);
        Assert.Equal("failed", failed.States["s7"]);
        Assert.Equal(Numbers(1, 7), project.Lines("order.txt"));
        var preview = (await project.CallAsync("rerun", $"{failed.Number}", "--from-failed", "--dry-run", "--json")).Expect(0);
        Assert.Equal(
            Numbers(7, 12).Select(n => $"s{n}"),
            preview.Json.GetProperty("tasks").EnumerateArray().Select(task => task.GetString())
        );
        project.Write("mended", "").Write("order.txt", "");
        var mended = await project.RerunAsync(failed.Number, 0, "--from-failed");
        Assert.Equal(failed.Number, mended.Number);
        Assert.Equal("success", mended.State);
        Assert.Equal(Numbers(7, 12), project.Lines("order.txt"));
        Assert.Single(mended.Attempts("s6"));
        Assert.Equal(2, mended.Attempts("s7").Count);
    }

    [Fact]
    public async Task The_progress_of_a_rerun_tells_of_what_runs_again_and_of_nothing_else()
    {
        using var project = new TestProject().Pipeline("steps", Steps(4, "test -e mended", broken: 3));
        var failed = await project.RunAsync("steps", 1);
        project.Write("mended", "");
        var told = (await project.CallAsync("rerun", $"{failed.Number}", "--from-failed")).Expect(0).Output;
        Assert.Contains("s3 success", told, StringComparison.Ordinal);
        Assert.DoesNotContain("s2 success", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task From_runs_a_task_and_all_after_it_and_only_runs_it_alone()
    {
        using var project = new TestProject().Pipeline("steps", Steps(4, "true", broken: 0));
        var run = await project.RunAsync("steps", 0);
        project.Write("order.txt", "");
        await project.RerunAsync(run.Number, 0, "--from", "s3");
        Assert.Equal(["3", "4"], project.Lines("order.txt"));
        project.Write("order.txt", "");
        await project.RerunAsync(run.Number, 0, "--only", "s2");
        Assert.Equal(["2"], project.Lines("order.txt"));
    }

    [Fact]
    [Trait("Requirement", "S89")]
    public async Task Another_version_and_other_parameters_run_what_failed_in_a_new_run_of_the_same_date()
    {
        const string definition = """
            params: { rows: { type: integer, default: 1 }, kind: { type: string, default: a } }
            tasks:
              first: { run: "echo first >> order.txt; echo {{ params.rows }} > {{ outputs.made }}", outputs: { made: { path: "data/{{ ds }}.txt" } } }
              second: { needs: [first], run: "echo second {{ params.rows }} {{ params.kind }} >> order.txt; test {{ params.rows }} -gt 5" }
              last: { needs: [second], run: "echo last >> order.txt" }
            """;
        using var project = new TestProject().Pipeline("daily", definition);
        var failed = await project.RunAsync("daily", 1, "--date", "2001-01-05", "--param", "kind=b");
        project.Write("order.txt", "");

        // The same version with another parameter: the run itself stays as it was.
        string[] again = ["rerun", $"{failed.Number}", "--from-failed"];
        var preview = (await project.CallAsync([.. again, "--param", "rows=7", "--dry-run", "--json"])).Expect(0).Json;
        Assert.True(preview.GetProperty("new_run").GetBoolean());
        Assert.Equal(["second", "last"], preview.GetProperty("tasks").EnumerateArray().Select(task => task.GetString()));
        Assert.Empty(project.Lines("order.txt"));
        var edited = new RunSeen((await project.CallAsync([.. again, "--param", "rows=7", "--json"])).Expect(0).Json);
        Assert.NotEqual(failed.Number, edited.Number);
        Assert.Equal(["second 7 b", "last"], project.Lines("order.txt"));
        Assert.Equal("success", edited.States["first"]);
        Assert.Equal("failed", (await project.EndedAsync(failed.Number)).State);

        // The newest version: what it has and the run had not runs, too.
        project.Pipeline(
            "daily",
            definition.Replace("test {{ params.rows }} -gt 5", "true", StringComparison.Ordinal)
                + "\n  added: { run: \"echo added >> order.txt\" }"
        );
        project.Write("order.txt", "");
        var newest = (await project.CallAsync([.. again, "--with-version", "newest", "--dry-run", "--json"])).Expect(0).Json;
        Assert.Equal(["second", "last", "added"], newest.GetProperty("tasks").EnumerateArray().Select(task => task.GetString()));
        Assert.Equal($"{failed.Json.GetProperty("version").GetString()}\n", await LiveVersionAsync(project));
        var told = (await project.CallAsync([.. again, "--with-version", "newest", "--reason", "mended"])).Expect(0).Output;
        Assert.Contains("second", told, StringComparison.Ordinal);
        Assert.Equal(["added", "last", "second 1 b"], project.Lines("order.txt").Order(StringComparer.Ordinal));

        Assert.Contains(
            "has no version `f00`",
            (await project.CallAsync([.. again, "--with-version", "f00"])).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains("rows", (await project.CallAsync([.. again, "--param", "rows=many"])).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains(
            "no parameter `row`",
            (await project.CallAsync([.. again, "--param", "row=1"])).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    /// <summary>What a schedule would run: no verb tells it without reading the file, which makes it live.</summary>
    private static async Task<string> LiveVersionAsync(TestProject project)
    {
        using var python = Process.Start(
            new ProcessStartInfo(
                "python3",
                [
                    "-c",
                    "import sqlite3, glob; print(*sqlite3.connect(glob.glob('.signalbox/*.db')[0]).execute('select version from pipelines').fetchone())",
                ]
            )
            {
                WorkingDirectory = project.Folder,
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        return await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("did you mean `s3`?", "--from", "s33")]
    [InlineData("nothing that failed", "--from-failed")]
    [InlineData("one of --from-failed, --from TASK and --only TASK")]
    [InlineData("one of --from-failed, --from TASK and --only TASK", "--from-failed", "--only", "s1")]
    public async Task A_rerun_that_says_too_little_or_too_much_is_refused(string told, params string[] how)
    {
        using var project = new TestProject().Pipeline("steps", Steps(3, "true", broken: 0));
        var run = await project.RunAsync("steps", 0);
        var refused = (await project.CallAsync(["rerun", $"{run.Number}", .. how])).Expect(2);
        Assert.Contains(told, refused.Error, StringComparison.Ordinal);
        Assert.Equal(3, project.Lines("order.txt").Length);
    }

    [Fact]
    public async Task A_marked_task_lets_the_run_go_on_from_there()
    {
        using var project = new TestProject().Pipeline("twelve", Steps(4, "false", broken: 2));
        var failed = await project.RunAsync("twelve", 1);
        project.Write("order.txt", "");
        (await project.CallAsync("mark", $"{failed.Number}", "s2", "success", "--reason", "done by hand")).Expect(0);
        var run = await project.RerunAsync(failed.Number, 0, "--from", "s3");
        Assert.Equal("success", run.States["s2"]);
        Assert.Equal("success", run.State);
        Assert.Contains("3", project.Lines("order.txt"));
        Assert.DoesNotContain("2", project.Lines("order.txt"));
    }

    [Fact]
    public async Task Each_run_records_the_definition_that_it_executed()
    {
        using var project = new TestProject().Pipeline("steps", Steps(1, "true", broken: 0));
        var first = await project.RunAsync("steps", 0);
        project.Pipeline("steps", Steps(2, "true", broken: 0));
        var second = await project.RunAsync("steps", 0);
        Assert.NotEqual(first.Json.GetProperty("version").GetString(), second.Json.GetProperty("version").GetString());
        var again = await project.RerunAsync(first.Number, 0, "--from", "s1");
        Assert.Equal(["s1"], again.States.Keys);
        Assert.Equal(first.Json.GetProperty("version").GetString(), again.Json.GetProperty("version").GetString());
    }

    [Fact]
    public async Task Cancelling_stops_what_runs_and_nothing_waits_any_more()
    {
        using var project = new TestProject().Pipeline(
            "long",
            "tasks:\n  long: { run: \"echo $$ > pid.txt; exec sleep 600\", grace: 1s }\n  after: { needs: [long], run: \"touch after.txt\" }\n"
        );
        await using var server = await TestServer.StartAsync(project);
        var run = new RunSeen((await project.CallAsync("run", "long", "--detach", "--json")).Expect(0).Json);
        await Eventually.TrueAsync(() => project.Lines("pid.txt").Length > 0, TimeSpan.FromSeconds(20));
        (await project.CallAsync("cancel", $"{run.Number}", "--reason", "not needed")).Expect(0);
        var ended = await project.EndedAsync(run.Number);
        Assert.Equal("cancelled", ended.State);
        Assert.False(Directory.Exists($"/proc/{project.Lines("pid.txt")[0]}"));
        Assert.False(File.Exists(project.PathOf("after.txt")));
        Assert.Contains(
            "has ended already",
            (await project.CallAsync("cancel", $"{run.Number}")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_a_server_cancel_stays_until_nothing_of_the_run_is_left()
    {
        using var project = new TestProject().Pipeline(
            "stubborn",
            "tasks:\n  stubborn: { run: \"trap '' TERM; echo $$ > pid.txt; sleep 600; sleep 600\", grace: 1s }\n"
        );
        using var waiting = BuiltProgram.Start(project.Folder, project.Environment, "run", "stubborn");
        await Eventually.TrueAsync(() => project.Lines("pid.txt").Length > 0, TimeSpan.FromSeconds(20));
        waiting.Kill();
        await waiting.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(Directory.Exists($"/proc/{project.Lines("pid.txt")[0]}"));
        Assert.Contains("cancelled", (await project.CallAsync("cancel", "last")).Expect(0).Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/proc/{project.Lines("pid.txt")[0]}"));
    }

    private static string[] Numbers(int from, int to) => [.. Enumerable.Range(from, to - from + 1).Select(n => $"{n}")];

    private static string Steps(int count, string test, int broken)
    {
        var text = new StringBuilder("tasks:\n");
        for (var i = 1; i <= count; i++)
        {
            var needs = i == 1 ? "" : $", needs: [s{i - 1}]";
            var then = i == broken ? $" && {test}" : "";
            text.Append($"  s{i}: {{ run: \"echo {i} >> order.txt{then}\"{needs} }}\n");
        }

        return text.ToString();
    }
}
