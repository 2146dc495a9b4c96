using System.Security.Cryptography;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/014-the-same-again.md</summary>
public sealed class Spec014TheSameAgain
{
    private const string Daily = """
        schedule: "15 2 * * *"
        tasks:
          write:
            run: seq 1 2000 | sed "s/^/{{ ds }},/" > {{ outputs.rows }}
            timeout: 1m
            outputs: { rows: "data/date={{ ds }}/rows.csv" }
        """;

    [Fact]
    [Trait("Requirement", "S11")]
    [Trait("Requirement", "S100")]
    public async Task Ten_runs_of_a_date_publish_the_bytes_of_one()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        await RunOfAsync(project, "2001-01-05");
        var first = Hashes(project);
        for (var again = 0; again < 9; again++)
        {
            await RunOfAsync(project, "2001-01-05");
            Assert.Equal(first, Hashes(project));
        }
    }

    [Fact]
    [Trait("Requirement", "S31")]
    public async Task A_run_again_replaces_its_own_partition_and_no_other()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        await RunOfAsync(project, "2001-01-04");
        await RunOfAsync(project, "2001-01-05");
        await RunOfAsync(project, "2001-01-06");
        var before = Hashes(project);
        project.Pipeline("daily", Daily.Replace("seq 1 2000", "seq 1 3000", StringComparison.Ordinal));
        await RunOfAsync(project, "2001-01-05");
        var after = Hashes(project);
        Assert.Equal(before.Keys, after.Keys);
        Assert.Equal(["data/date=2001-01-05/rows.csv"], before.Keys.Where(path => before[path] != after[path]));
        Assert.Equal(3000, project.Lines("data/date=2001-01-05/rows.csv").Length);
    }

    [Fact]
    [Trait("Requirement", "S32")]
    [Trait("Requirement", "S95")]
    public async Task An_attempt_that_dies_in_the_middle_of_writing_leaves_no_row_twice()
    {
        using var project = new TestProject().Pipeline(
            "crash",
            """
            tasks:
              write:
                run: |
                  seq 1 800 >> {{ outputs.rows }}/part.csv
                  [ "$SIGNALBOX_ATTEMPT" -gt 1 ] || kill -9 $$
                  seq 801 1000 >> {{ outputs.rows }}/part.csv
                retries: 1
                retry_delay: 100ms
                timeout: 1m
                outputs: { rows: "data/{{ ds }}/" }
            """
        );
        project.Write("data/2001-01-05/part.csv", "the version before\n");
        var run = await RunOfAsync(project, "2001-01-05", "crash");
        Assert.Equal(2, run.Attempts("write").Count);
        Assert.Equal(Enumerable.Range(1, 1000).Select(n => $"{n}"), project.Lines("data/2001-01-05/part.csv"));
        Assert.Equal(["data/2001-01-05/part.csv"], Hashes(project).Keys);
    }

    [Fact]
    [Trait("Requirement", "S4")]
    [Trait("Requirement", "S12")]
    [Trait("Requirement", "S97")]
    public async Task A_range_is_made_anew_with_the_changed_definition_and_each_run_says_which_made_it()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        string[] range = ["backfill", "daily", "--from", "2001-01-01", "--to", "2001-01-03", "--json"];
        (await project.CallAsync(range)).Expect(0);
        var missing = (await project.CallAsync([.. range, "--missing"])).Expect(0);
        Assert.Empty(missing.Json.GetProperty("runs").EnumerateArray());

        project.Pipeline("daily", Daily.Replace("seq 1 2000", "seq 1 2001", StringComparison.Ordinal));
        (await project.CallAsync([.. range, "--all", "--reason", "one row was missing"])).Expect(0);
        var versions = new List<string>();
        for (var run = 1; run <= 6; run++)
        {
            var shown = (await project.CallAsync("runs", "show", $"{run}", "--json")).Expect(0);
            versions.Add(shown.Json.GetProperty("run").GetProperty("version").GetString()!);
        }

        Assert.Single(versions[..3].Distinct());
        Assert.Single(versions[3..].Distinct());
        Assert.NotEqual(versions[0], versions[3]);
        Assert.All(
            Directory.GetFiles(project.PathOf("data"), "rows.csv", SearchOption.AllDirectories),
            file => Assert.Equal(2001, File.ReadLines(file).Count())
        );
    }

    [Fact]
    [Trait("Requirement", "S96")]
    public async Task A_consumer_waits_for_a_late_producer_and_reads_what_it_made()
    {
        using var project = new TestProject()
            .Pipeline(
                "producer",
                "tasks:\n  make: { run: 'sleep 1; echo fresh > {{ outputs.o }}', timeout: 1m, outputs: { o: 'shared/{{ ds }}.txt' } }\n"
            )
            .Pipeline(
                "consumer",
                """
                tasks:
                  arrived: { wait_for: { task: producer.make }, every: 200ms, timeout: 1m }
                  read: { needs: [arrived], run: "cat shared/{{ ds }}.txt > seen.txt", timeout: 1m }
                """
            )
            .Write("shared/2001-01-05.txt", "stale\n");
        var consumer = project.CallAsync("run", "consumer", "--date", "2001-01-05", "--json");
        (await project.CallAsync("run", "producer", "--date", "2001-01-05")).Expect(0);
        (await consumer).Expect(0);
        Assert.Equal(["fresh"], project.Lines("seen.txt"));
    }

    private static async Task<RunSeen> RunOfAsync(TestProject project, string date, string pipeline = "daily") =>
        new((await project.CallAsync("run", pipeline, "--date", date, "--json")).Expect(0).Json);

    /// <summary>What a reader sees: every file below data, by its path, with its SHA-256.</summary>
    private static SortedDictionary<string, string> Hashes(TestProject project)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(project.PathOf("data"), "*", SearchOption.AllDirectories))
        {
            hashes[Path.GetRelativePath(project.Folder, file)] = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        }

        return hashes;
    }
}
