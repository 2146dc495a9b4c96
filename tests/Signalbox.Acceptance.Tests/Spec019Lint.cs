using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/019-lint.md</summary>
public sealed class Spec019Lint
{
    public static TheoryData<string> Examples => [.. ExampleFiles.Names];

    [Fact]
    [Trait("Requirement", "S42")]
    [Trait("Requirement", "S186")]
    public async Task The_wall_clock_is_found_at_its_place_in_commands_and_in_the_files_they_run()
    {
        using var project = Bad();
        var problems = Problems((await project.CallAsync("lint", "--json")).Expect(0));
        Assert.Contains("pipelines/bad.yaml:4:37 wall-clock-path copy", problems);
        Assert.Contains("jobs/load.py:4:5 wall-clock load", problems);
        Assert.Contains("jobs/clock.py:2:10 wall-clock load", problems);
        Assert.Contains("jobs/rows.sql:2:8 wall-clock rows", problems);
        Assert.DoesNotContain(problems, problem => problem.StartsWith("jobs/load.py:3", StringComparison.Ordinal));

        var words = (await project.CallAsync("lint")).Expect(0).Output;
        Assert.Contains(
            "pipelines/bad.yaml:4:37: warning: the wall clock (`$(date +%F)`) is in the path, so a rerun or a backfill writes to another place; "
                + "use the run date: {{ ds }} or $SIGNALBOX_DS (wall-clock-path)",
            words,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S184")]
    public async Task Appends_are_found_in_shell_python_and_sql()
    {
        using var project = Bad();
        var problems = Problems((await project.CallAsync("lint", "--json")).Expect(0));
        Assert.Equal(
            ["pipelines/bad.yaml:5:19 append log", "jobs/load.py:5:26 append load", "jobs/rows.sql:1:1 append rows"],
            problems.Where(problem => problem.Contains(" append ", StringComparison.Ordinal))
        );
    }

    [Fact]
    [Trait("Requirement", "S142")]
    [Trait("Requirement", "S59")]
    public async Task Names_paths_and_limits_are_looked_at()
    {
        using var project = Bad();
        var problems = Problems((await project.CallAsync("lint", "--json")).Expect(0));
        Assert.Contains("jobs/load.py:6:21 mutable-name load", problems);
        Assert.Contains("pipelines/bad.yaml:9:22 unpartitioned-output rows", problems);
        Assert.Contains("pipelines/bad.yaml:4:3 no-timeout copy", problems);
        Assert.Contains("pipelines/bad.yaml:4:3 no-retries copy", problems);
    }

    [Fact]
    [Trait("Requirement", "S56")]
    public async Task The_checklist_says_pass_or_fail_for_each_item()
    {
        using var project = Bad()
            .Pipeline(
                "good",
                "schedule: { cron: \"30 1 * * 1-5\", means: \"At 01:30, Monday through Friday\" }\ndefaults: { retries: 2, retry_delay: 5m, timeout: 20m }\n"
                    + "tasks:\n  extract: { run: \"echo {{ ds }} > {{ outputs.raw }}\", outputs: { raw: \"raw/{{ ds }}.csv\" } }\n"
            );
        var call = (await project.CallAsync("lint", "--json")).Expect(0);
        var lists = call
            .Json.GetProperty("checklists")
            .EnumerateArray()
            .ToDictionary(
                list => list.GetProperty("pipeline").GetString()!,
                list => list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("passed").GetBoolean()).ToArray()
            );
        Assert.Equal([true, true, true, true, true, true, false], lists["good"]);
        Assert.Equal([false, false, false, false, false, false, false], lists["bad"]);
        var words = (await project.CallAsync("lint", "pipelines/good.yaml")).Expect(0).Output;
        Assert.Contains(
            "  pass  schedule as required              At 01:30, Monday through Friday (UTC), as required\n",
            words,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "  FAIL  idempotency verified              unverified: signalbox verify idempotency good --date D\n",
            words,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_comment_allows_a_line_and_strict_makes_warnings_count()
    {
        using var project = new TestProject().Pipeline(
            "one",
            "partition: none\ntasks:\n  only: { run: echo x >> all.txt, timeout: 1m, retries: 0 }   # signalbox: allow append\n"
        );
        (await project.CallAsync("lint", "--strict")).Expect(0);
        project.Pipeline("one", "partition: none\ntasks:\n  only: { run: echo x >> all.txt, timeout: 1m, retries: 0 }\n");
        (await project.CallAsync("lint")).Expect(0);
        (await project.CallAsync("lint", "--strict")).Expect(1);
        project.Pipeline("one", "tasks:\n  only: { run: echo x, retires: 0 }\n");
        Assert.Contains("did you mean `retries`?", (await project.CallAsync("lint")).Expect(2).Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task The_examples_have_nothing_to_warn_of(string name)
    {
        using var project = ExampleFiles.Copy(name);
        (await project.CallAsync("lint", "--strict")).Expect(0);
    }

    /// <summary>Everything that can be seen without running, in one project.</summary>
    private static TestProject Bad() =>
        new TestProject()
            .Pipeline(
                "bad",
                "schedule: { cron: \"15 2 * * *\", means: \"At 02:15, Monday through Friday\" }\ntasks:\n"
                    + "  copy: { run: cp raw.csv data/date=$(date +%F)/raw.csv }\n"
                    + "  log: { run: 'ls >> out/all.txt', timeout: 1m, retries: 0 }\n"
                    + "  load: { run: python3 jobs/load.py, timeout: 1m, retries: 2, retry_delay: 1m }\n"
                    + "  rows:\n    sql: { file: jobs/rows.sql }\n    outputs: { rows: data/rows.csv }\n    timeout: 1m\n    retries: 2\n"
            )
            .Write(
                "jobs/load.py",
                "import clock\nfrom datetime import datetime\n# datetime.now() is told of here only\nx = datetime.now()\ndf.to_sql('t', database, if_exists='append')\njoblib.dump(model, 'latest.pkl')\n"
            )
            .Write("jobs/clock.py", "import pandas as pd\nnow = pd.Timestamp.now()\n")
            .Write("jobs/rows.sql", "insert into log values (1);\nselect current_date as day from t -- now()\n");

    private static List<string> Problems(Called call) =>
        [
            .. call
                .Json.GetProperty("problems")
                .EnumerateArray()
                .Select(problem =>
                    $"{Text(problem, "file")}:{problem.GetProperty("line")}:{problem.GetProperty("column")} {Text(problem, "code")} {Text(problem, "task")}"
                ),
        ];

    private static string Text(JsonElement problem, string name) => problem.GetProperty(name).GetString() ?? "";
}
