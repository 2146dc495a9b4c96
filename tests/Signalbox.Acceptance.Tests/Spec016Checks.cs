using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/016-checks.md</summary>
public sealed class Spec016Checks
{
    private const string Gate = """
        schedule: "15 2 * * *"
        partition: day
        params: { bad: { type: integer, default: 2 } }
        tasks:
          make:
            sql: "select range as id, case when range < {{ params.bad }} then null else 'n' end as name from range(10)"
            outputs:
              rows:
                path: out/{{ ds }}.csv
                checks:
                  - { not_null: name, severity: quarantine }
                  - row_count: 5..
                  - { regex: { column: name, pattern: "^x" }, severity: warn, name: begins with x }
          use:
            needs: [make]
            run: "true"

        """;

    [Fact]
    [Trait("Requirement", "S161")]
    [Trait("Requirement", "S165")]
    [Trait("Requirement", "S11")]
    public async Task Failing_rows_are_put_aside_the_others_published_and_ten_runs_leave_what_one_does()
    {
        using var project = new TestProject().Pipeline("gate", Gate);
        var run = await project.RunAsync("gate", 0, "--date", "2001-01-05");
        Assert.Equal(["id,name", .. Enumerable.Range(2, 8).Select(i => $"{i},n")], project.Lines("out/2001-01-05.csv"));
        Assert.Contains(
            "2 of 10 rows of `rows` rejected by not_null(name); the others are published",
            run.Task("make").GetProperty("reason").GetString(),
            StringComparison.Ordinal
        );
        await project.RunAsync("gate", 0, "--date", "2001-01-05");
        var rejected = Assert.Single((await project.CallAsync("rejected", "list", "gate", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Equal((2L, 10L), (rejected.GetProperty("rows").GetInt64(), rejected.GetProperty("of").GetInt64()));
        Assert.Equal("2001-01-05", rejected.GetProperty("slice").GetString());
        var id = $"{rejected.GetProperty("id")}";
        var shown = (await project.CallAsync("rejected", "show", id, "--limit", "1", "--json")).Expect(0).Json;
        Assert.Equal(
            """{"id":"0","name":null,"signalbox_reason":"not_null(name)","signalbox_run":2}""",
            string.Concat(Assert.Single(shown.GetProperty("rows").EnumerateArray()).GetRawText().Where(c => !char.IsWhiteSpace(c)))
        );
        Assert.Single(Directory.GetFiles(project.PathOf(".signalbox/rejected"), "*", SearchOption.AllDirectories));

        // A run that rejects nothing leaves nothing.
        await project.RunAsync("gate", 0, "--date", "2001-01-05", "--param", "bad=0");
        Assert.Contains("no rejected rows", (await project.CallAsync("rejected", "list")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(project.PathOf(".signalbox/rejected"), "*", SearchOption.AllDirectories));
        Assert.Contains("a later run", (await project.CallAsync("rejected", "show", id)).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S3")]
    [Trait("Requirement", "S85")]
    public async Task What_checks_saw_is_shown_and_a_failing_one_blocks_what_comes_after()
    {
        using var project = new TestProject().Pipeline("gate", Gate);
        var run = await project.RunAsync("gate", 1, "--param", "bad=6");
        Assert.Equal(("failed", "blocked"), (run.States["make"], run.States["use"]));
        Assert.Single(run.Attempts("make"));
        var checks = run.Task("make").GetProperty("checks").EnumerateArray().ToList();
        Assert.Equal(["not_null(name)", "row_count", "begins with x"], checks.Select(check => Text(check, "name")));
        Assert.Equal(["quarantine", "block", "warn"], checks.Select(check => Text(check, "severity")));
        Assert.Equal(("4", "at least 5 rows"), (Text(checks[1], "observed"), Text(checks[1], "expected")));
        Assert.Equal(6, checks[0].GetProperty("samples").GetArrayLength());
        Assert.False(Directory.Exists(project.PathOf("out")));
        Assert.Equal("[]", (await project.CallAsync("rejected", "list", "--json")).Expect(0).Output.Trim());
        var why = (await project.CallAsync("why", "last", "make")).Expect(0).Output;
        Assert.Contains("row_count: 4 rows, fewer than 5; observed 4, expected at least 5 rows", why, StringComparison.Ordinal);
        var shown = (await project.CallAsync("runs", "show", "last")).Expect(0).Output;
        Assert.Matches("make +1 +rows +begins with x +warning +4 ", shown);
    }

    [Fact]
    [Trait("Requirement", "S3")]
    public async Task An_input_that_fails_a_check_keeps_the_command_from_starting()
    {
        using var project = new TestProject()
            .Write("in.csv", "id,v\n1,2\n1,3\n")
            .Pipeline(
                "reads",
                """
                partition: none
                tasks:
                  read:
                    run: touch started
                    inputs:
                      raw:
                        path: in.csv
                        checks:
                          - unique: id
                          - sql: { query: "select sum(v) from {{ staged }}", expect: "> 100", severity: warn, name: enough }
                  after: { needs: [read], run: "true" }

                """
            );
        var run = await project.RunAsync("reads", 1);
        Assert.Equal(("failed", "blocked"), (run.States["read"], run.States["after"]));
        var failure = run.Attempt("read", 1).GetProperty("failure");
        Assert.Equal("validation", Text(failure, "class"));
        Assert.StartsWith("it was not started: input `raw`: unique(id)", Text(failure, "message"), StringComparison.Ordinal);
        Assert.False(File.Exists(project.PathOf("started")));
        Assert.Equal("inputs.raw", Text(run.Task("read").GetProperty("checks")[0], "subject"));

        project.Write("in.csv", "id,v\n1,2\n2,3\n");
        var mended = await project.RunAsync("reads");
        Assert.True(File.Exists(project.PathOf("started")));
        Assert.Contains(
            "warning: enough: the value is 5, but should be > 100",
            mended.Task("read").GetProperty("reason").GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S161")]
    public async Task What_cannot_tell_rows_cannot_put_them_into_quarantine()
    {
        using var project = new TestProject()
            .Pipeline(
                "a",
                "tasks:\n  t:\n    run: x\n    outputs:\n      o:\n        path: out/{{ ds }}.csv\n        checks:\n          - row_count: 1..\n            severity: quarantine\n          - { drift: v, quarantine: out/aside }\n"
            )
            .Pipeline("b", "tasks:\n  t:\n    run: x\n    inputs: { i: { path: i.csv, checks: [{ unique: id, quarantine: true }] } }\n");
        var said = (await project.CallAsync("validate")).Expect(2);
        var text = said.Output + said.Error;
        Assert.Contains("pipelines/a.yaml:10:23: `row_count` does not say which rows are wrong", text, StringComparison.Ordinal);
        Assert.Contains("`drift` does not say which rows are wrong", text, StringComparison.Ordinal);
        Assert.Contains("rows of an input stay where they are", text, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Requirement", "S95")]
    [Trait("Requirement", "S161")]
    [InlineData("publish-before-intent")]
    [InlineData("publish-after-intent")]
    [InlineData("publish-before-quarantine")]
    [InlineData("publish-after-quarantine")]
    public async Task A_kill_between_the_output_and_its_rejected_rows_is_made_good(string fault)
    {
        // Without a schedule the server starts no run of its own beside it.
        using var project = new TestProject().Pipeline("gate", Gate[(Gate.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        project.Environment["SIGNALBOX_FAULT"] = fault;
        Assert.Equal(137, (await project.CallAsync("run", "gate", "--date", "2001-01-05")).ExitCode);
        project.Environment.Clear();
        await using (await TestServer.StartAsync(project))
        {
            Assert.Equal("success", (await project.EndedAsync(1)).State);
        }

        Assert.Equal(9, project.Lines("out/2001-01-05.csv").Length);
        var rejected = Assert.Single((await project.CallAsync("rejected", "list", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Equal("kept", Text(rejected, "state"));
        Assert.True(File.Exists(Text(rejected, "path")));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(project.PathOf(".signalbox/staging")),
            entry => File.Exists(Path.Combine(entry, ".signalbox-staging"))
        );
    }

    [Fact]
    [Trait("Requirement", "S3")]
    [Trait("Requirement", "S57")]
    [Trait("Requirement", "S85")]
    [Trait("Requirement", "S165")]
    public async Task The_gate_of_the_example_puts_broken_rows_aside_and_stops_wrong_days_before_training()
    {
        using var project = ExampleFiles.Copy("daily_features_gate");
        await project.RunAsync("daily_features", 0, "--date", "2001-01-01");
        await project.RunAsync("daily_features", 0, "--date", "2001-01-02");
        var few = await project.RunAsync("daily_features", 1, "--date", "2001-01-03", "--param", "trouble=few");
        Assert.Equal(["failed", "blocked", "blocked"], few.States.Values);
        Assert.Contains("70.2% below the 997 mean of the last 2 versions", few.Json.GetRawText(), StringComparison.Ordinal);
        var moved = await project.RunAsync("daily_features", 1, "--date", "2001-01-03", "--param", "trouble=shift");
        Assert.Equal(["success", "failed", "blocked"], moved.States.Values);
        var drift = moved.Task("features").GetProperty("checks").EnumerateArray().Single(check => Text(check, "kind") == "drift");
        Assert.Matches("spent: PSI [0-9.]+ is above 0.2.*against run 2, 2001-01-02", Text(drift, "message"));
        Assert.False(Directory.Exists(project.PathOf("out/features/date=2001-01-03")));

        (await project.CallAsync("rejected", "replay", "2", "--to", "mended.csv")).Expect(0);
        var rows = project.Lines("mended.csv");
        Assert.Equal(4, rows.Length);
        project.Write("mended.csv", $"{rows[0]}\n" + "u0007,FR,11,42.49,x\nu0008,GB,27,13.49,x\nu0009,FR,5,10.12,x\n");
        var replay = new RunSeen(
            (await project.CallAsync("rejected", "replay", "2", "--run", "--rows", "mended.csv", "--json")).Expect(0).Json
        );
        Assert.Equal("success", replay.State);
        Assert.Equal("2001-01-02", Text(replay.Json, "partition"));
        Assert.Equal(1001, project.Lines("out/events/date=2001-01-02/events.csv").Length);
        var left = (await project.CallAsync("rejected", "list", "--json")).Expect(0).Json.EnumerateArray();
        Assert.Equal(["2001-01-03", "2001-01-01"], left.Select(row => Text(row, "slice")));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
