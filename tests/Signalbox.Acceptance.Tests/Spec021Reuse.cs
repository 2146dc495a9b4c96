namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/021-reuse.md</summary>
public sealed class Spec021Reuse
{
    private const string Days = """
        schedule: "15 2 * * *"
        start: 2001-01-01
        reuse: true
        defaults: { timeout: 1m }
        params: { factor: { type: integer, default: 2 } }
        tasks:
          take:
            run: python3 take.py landing/{{ ds }}.csv {{ outputs.raw }}
            inputs: { landed: "landing/{{ ds }}.csv" }
            outputs: { raw: "out/raw/{{ ds }}.csv" }
          total:
            needs: [take]
            sql: { file: total.sql }
            inputs: { raw: "{{ tasks.take.outputs.raw }}" }
            outputs: { total: "out/total/{{ ds }}.csv" }

        """;

    [Fact]
    [Trait("Requirement", "S97")]
    public async Task A_hit_runs_and_publishes_nothing_and_a_miss_says_why()
    {
        using var project = Made();
        var first = await project.RunAsync("days", 0, "--date", "2001-01-05");
        Assert.Equal(["MISS: it never succeeded before", "MISS: it never succeeded before"], Reasons(first));
        Assert.Equal(["2001-01-05"], project.Lines("calls.txt"));

        var second = await project.RunAsync("days", 0, "--date", "2001-01-05");
        Assert.All(
            Reasons(second),
            reason => Assert.Equal($"HIT: nothing it depends on changed since run {first.Number}, whose outputs stand", reason)
        );
        Assert.Equal(["2001-01-05"], project.Lines("calls.txt"));
        Assert.Equal(["total", "6"], project.Lines("out/total/2001-01-05.csv"));

        project.Write("landing/2001-01-05.csv", "a\n1\n2\n4\n");
        Assert.Equal(
            [
                $"MISS: input landed changed since run {first.Number}",
                $"MISS: input raw changed, upstream take.raw changed since run {first.Number}",
            ],
            Reasons(await project.RunAsync("days", 0, "--date", "2001-01-05"))
        );
        Assert.Equal(["total", "7"], project.Lines("out/total/2001-01-05.csv"));

        project.Write("total.sql", "select sum(a) as total, count(*) as rows from raw");
        var changed = Reasons(await project.RunAsync("days", 0, "--date", "2001-01-05"));
        Assert.StartsWith("HIT", changed[0], StringComparison.Ordinal);
        Assert.StartsWith("MISS: command changed, source total.sql changed since run", changed[1], StringComparison.Ordinal);

        File.Delete(project.PathOf("out/total/2001-01-05.csv"));
        var gone = Reasons(await project.RunAsync("days", 0, "--date", "2001-01-05"));
        Assert.StartsWith("HIT", gone[0], StringComparison.Ordinal);
        Assert.EndsWith("is gone", gone[1], StringComparison.Ordinal);
        Assert.Equal(["total,rows", "7,3"], project.Lines("out/total/2001-01-05.csv"));

        var other = Reasons(await project.RunAsync("days", 0, "--date", "2001-01-05", "--param", "factor=3"));
        Assert.All(other, reason => Assert.StartsWith("MISS: params changed", reason, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Requirement", "S97")]
    public async Task A_backfill_runs_what_is_missing_or_stale_and_nothing_else()
    {
        using var project = Made();
        (await project.CallAsync("backfill", "days", "--from", "2001-01-04", "--to", "2001-01-06")).Expect(0);
        Assert.Empty(await Planned(project, "--stale"));
        Assert.Equal(["2001-01-07"], await Planned(project, "--missing", to: "2001-01-07"));
        Assert.Equal(["2001-01-07"], await Planned(project, "--stale", to: "2001-01-07"));

        project.Write("landing/2001-01-05.csv", "a\n9\n");
        Assert.Equal(["2001-01-05"], await Planned(project, "--stale"));
        var plan = (await project.CallAsync("backfill", "days", "--from", "2001-01-04", "--to", "2001-01-06", "--stale")).Expect(0);
        Assert.Contains("note: 2001-01-05 is stale: the input landed of `take` changed since run", plan.Output, StringComparison.Ordinal);
        Assert.Contains("skipped, current: 2001-01-04, 2001-01-06", plan.Output, StringComparison.Ordinal);
        Assert.Equal(["total", "9"], project.Lines("out/total/2001-01-05.csv"));
        Assert.Empty(await Planned(project, "--stale"));

        project.Pipeline("days", Days + "description: another version\n");
        Assert.Equal(["2001-01-04", "2001-01-05", "2001-01-06"], await Planned(project, "--stale"));
    }

    [Fact]
    [Trait("Requirement", "S97")]
    [Trait("Requirement", "S57")]
    [Trait("Requirement", "S86")]
    public async Task A_seven_day_backfill_is_proven_equal_to_a_fresh_run()
    {
        using var project = Made();
        string[] range = ["--from", "2001-01-01", "--to", "2001-01-07"];
        (await project.CallAsync(["backfill", "days", .. range])).Expect(0);
        var before = project.Lines("calls.txt").Length;
        var equal = (await project.CallAsync(["backfill", "compare", "days", .. range, "--json"])).Expect(0).Json;
        Assert.True(equal.GetProperty("equal").GetBoolean());
        Assert.Equal(7, equal.GetProperty("dates").GetArrayLength());
        Assert.Equal(before, project.Lines("calls.txt").Length);
        Assert.Empty(Directory.EnumerateFileSystemEntries(project.PathOf(".signalbox/namespaces")));

        project.Write("landing/2001-01-03.csv", "a\n5\n");
        var words = (await project.CallAsync(["backfill", "compare", "days", .. range])).Expect(1).Output;
        Assert.Contains("not equal: 1 of 7 dates are not what a fresh run makes", words, StringComparison.Ordinal);
        Assert.Contains("2001-01-03  DIFF  take.raw (out/raw/2001-01-03.csv)", words, StringComparison.Ordinal);
        Assert.Contains("2001-01-04  same  take.raw", words, StringComparison.Ordinal);
    }

    private static TestProject Made()
    {
        var project = new TestProject()
            .Pipeline("days", Days)
            .Write("total.sql", "select sum(a) as total from raw")
            .Write(
                "take.py",
                "import os, shutil, sys\nshutil.copyfile(*sys.argv[1:])\nwith open('calls.txt', 'a') as calls:\n    calls.write(os.environ['SIGNALBOX_DS'] + '\\n')\n"
            );
        for (var day = 1; day <= 7; day++)
        {
            project.Write($"landing/2001-01-{day:00}.csv", "a\n1\n2\n3\n");
        }

        return project;
    }

    private static string[] Reasons(RunSeen run) => [.. run.Tasks.Select(task => task.GetProperty("reason").GetString()!)];

    private static async Task<string[]> Planned(TestProject project, string filter, string to = "2001-01-06")
    {
        var plan = (await project.CallAsync("backfill", "days", "--from", "2001-01-04", "--to", to, filter, "--dry-run", "--json"))
            .Expect(0)
            .Json;
        return [.. plan.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("partition").GetString()!)];
    }
}
