using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/024-datasets.md</summary>
public sealed class Spec024Datasets
{
    private const string Daily = """
        schedule: "15 2 * * *"
        partition: day
        start: 2001-01-01
        params: { v: { type: string, default: "1" } }
        tasks:
          raw:
            run: for i in 1 2 3; do echo {{ params.v }} > {{ outputs.parts }}/$i; done
            outputs: { parts: { path: "data/raw/{{ ds }}/", dataset: raw } }
          table:
            needs: [raw]
            run: |
              printf 'n,v\n1,{{ params.v }}\n2,{{ params.v }}\n' > {{ outputs.csv }}
            inputs: { parts: "data/raw/{{ ds }}/" }
            outputs: { csv: { path: "data/table/{{ ds }}.csv", dataset: flights/table, checks: [{ row_count: { min: 1 } }] } }
        """;

    [Fact]
    [Trait("Requirement", "S31")]
    [Trait("Requirement", "S90")]
    [Trait("Requirement", "S183")]
    public async Task Every_publication_is_a_version_that_can_be_shown_found_and_brought_back()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        Assert.Contains("no datasets", (await project.CallAsync("datasets")).Expect(0).Output, StringComparison.Ordinal);
        await project.RunAsync("daily", 0, "--date", "2001-01-05", "--param", "v=1");
        var second = await project.RunAsync("daily", 0, "--date", "2001-01-05", "--param", "v=2");
        await project.RunAsync("daily", 0, "--date", "2001-01-06", "--param", "v=3");

        // The run says what it published, in both ways.
        var published = second.Json.GetProperty("published").EnumerateArray().ToList();
        Assert.Equal(["raw", "flights/table"], published.Select(each => each.GetProperty("dataset").GetString()));
        Assert.Equal(2, published[1].GetProperty("rows").GetInt64());
        var shown = (await project.CallAsync("runs", "show", $"{second.Number}")).Expect(0).Output;
        Assert.Contains(
            $"published flights/table version 4, 2 rows, sha256 {published[1].GetProperty("sha256").GetString()![..12]}",
            shown,
            StringComparison.Ordinal
        );

        var list = (await project.CallAsync("datasets", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(["flights/table", "raw"], list.Select(each => each.GetProperty("dataset").GetString()));
        Assert.Equal(2, list[0].GetProperty("partitions").GetInt32());
        Assert.Equal(4, list[0].GetProperty("rows").GetInt64());
        Assert.Equal("daily.table", list[0].GetProperty("task").GetString());

        var show = await ShowAsync(project, "flights/table", "--partition", "2001-01-05");
        var versions = show.GetProperty("versions").EnumerateArray().ToList();
        Assert.Equal([4, 2], versions.Select(each => each.GetProperty("version").GetInt64()));
        Assert.Equal([true, false], versions.Select(each => each.GetProperty("current").GetBoolean()));
        Assert.All(versions, each => Assert.True(each.GetProperty("kept").GetBoolean()));
        Assert.Equal(second.Number, versions[0].GetProperty("run").GetInt64());
        Assert.Equal(2, versions[0].GetProperty("rows").GetInt64());
        Assert.True(versions[0].GetProperty("columns").TryGetProperty("v", out _));
        var input = Assert.Single(versions[0].GetProperty("inputs").EnumerateArray());
        Assert.Equal(("parts", 3), (input.GetProperty("name").GetString(), input.GetProperty("publication").GetInt64()));
        var lines = (await project.CallAsync("datasets", "show", "flights/table")).Expect(0).Output;
        Assert.Contains("parts version 3", lines, StringComparison.Ordinal);

        // Back: that partition alone, without a run, and it says who and why.
        var other = project.Read("data/table/2001-01-06.csv");
        var back = (
            await project.CallAsync(
                "datasets",
                "rollback",
                "flights/table",
                "--partition",
                "2001-01-05",
                "--reason",
                "wrong rates",
                "--json"
            )
        ).Expect(0);
        Assert.Equal(2, Assert.Single(back.Json.GetProperty("switched").EnumerateArray()).GetProperty("to").GetInt64());
        Assert.Equal("n,v\n1,1\n2,1\n", project.Read("data/table/2001-01-05.csv"));
        Assert.Equal(other, project.Read("data/table/2001-01-06.csv"));
        var made = (await ShowAsync(project, "flights/table", "--partition", "2001-01-05")).GetProperty("switches")[0];
        Assert.Equal(("wrong rates", 4, 2), (made.GetProperty("reason").GetString(), Number(made, "from"), Number(made, "to")));
        Assert.Equal(3, (await project.CallAsync("runs", "--json")).Expect(0).Json.GetArrayLength());

        // Found: a path a line, and nothing else.
        var resolved = (await project.CallAsync("datasets", "resolve", "flights/table", "--partition", "2001-01-05")).Expect(0).Output;
        Assert.Equal(project.PathOf("data/table/2001-01-05.csv") + "\n", resolved);
        var both = (await project.CallAsync("datasets", "resolve", "flights/table", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal([2, 6], both.Select(each => each.GetProperty("version").GetInt64()));
        Assert.Equal([2, 2], both.Select(each => each.GetProperty("rows").GetInt64()));

        // A later run publishes as usual, and backfills find the dates that are there.
        await project.RunAsync("daily", 0, "--date", "2001-01-05", "--param", "v=4");
        Assert.Equal("n,v\n1,4\n2,4\n", project.Read("data/table/2001-01-05.csv"));
        var plan = (
            await project.CallAsync("backfill", "daily", "--from", "2001-01-05", "--to", "2001-01-07", "--missing", "--dry-run")
        ).Expect(0);
        Assert.Contains("succeeded before: 2001-01-05, 2001-01-06", plan.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_are_named_with_the_way_out()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        await project.RunAsync("daily", 0, "--date", "2001-01-05");
        await project.RunAsync("daily", 0, "--date", "2001-01-06");
        await RefusedAsync("did you mean `raw`?", "datasets", "show", "rwa");
        await RefusedAsync(
            "has no partition `2001-01-07`; it has 2001-01-05, 2001-01-06",
            "datasets",
            "resolve",
            "raw",
            "--partition",
            "2001-01-07"
        );
        await RefusedAsync("--reason", "datasets", "rollback", "raw", "--partition", "2001-01-05");
        await RefusedAsync("say which with --partition", "datasets", "rollback", "raw", "--reason", "x");
        await RefusedAsync("no version before", "datasets", "rollback", "raw", "--partition", "2001-01-05", "--reason", "x");
        await RefusedAsync(
            "there is no version 99",
            "datasets",
            "rollback",
            "raw",
            "--partition",
            "2001-01-05",
            "--to",
            "99",
            "--reason",
            "x"
        );
        Assert.Contains("Example", (await project.CallAsync("datasets", "rollback", "--help")).Expect(0).Output, StringComparison.Ordinal);

        async Task RefusedAsync(string why, params string[] call)
        {
            var called = (await project.CallAsync(call)).Expect(2);
            Assert.Contains(why, called.Error, StringComparison.Ordinal);
            Assert.Empty(called.Output);
        }
    }

    [Fact]
    public async Task A_rollback_goes_through_the_server_when_there_is_one()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        await project.RunAsync("daily", 0, "--date", "2001-01-05", "--param", "v=1");
        await project.RunAsync("daily", 0, "--date", "2001-01-05", "--param", "v=2");
        // Yesterday, which the schedule would have the server do, is not what this is about.
        (await project.CallAsync("pause", "daily")).Expect(0);
        await using var server = await TestServer.StartAsync(project);
        (await project.CallAsync("datasets", "rollback", "raw", "--reason", "x")).Expect(0);
        Assert.Equal("1\n", project.Read("data/raw/2001-01-05/1"));
    }

    [Fact]
    [Trait("Requirement", "S207")]
    public async Task Feature_store_has_a_partition_a_day_offline_and_the_newest_online()
    {
        using var project = ExampleFiles.Copy("feature_store");
        foreach (var day in (string[])["2024-03-01", "2024-03-02", "2024-03-03"])
        {
            await project.RunAsync("user_features", 0, "--date", day);
        }

        var online = await OnlineAsync();
        Assert.Equal(["1 2024-03-03 3 35.0", "2 2024-03-03 2 10.0", "3 2024-03-03 3 9.0"], online);
        var offline = (await project.CallAsync("datasets", "resolve", "features/user", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal([2, 3, 3], offline.Select(each => Number(each, "rows")));
        var others = (string[])[offline[0].GetProperty("location").GetString()!, offline[2].GetProperty("location").GetString()!];
        var before = others.Select(File.ReadAllBytes).ToList();

        // The past made anew with other events replaces its own partition, and not what is newer online.
        project.Write("events.csv", project.Read("events.csv").Replace("20.0", "30.0", StringComparison.Ordinal));
        await project.RunAsync("user_features", 0, "--date", "2024-03-02");
        Assert.Equal(online, await OnlineAsync());
        Assert.Equal(before, others.Select(File.ReadAllBytes));
        var versions = (await ShowAsync(project, "features/user", "--partition", "2024-03-02")).GetProperty("versions");
        Assert.Equal([true, false], versions.EnumerateArray().Select(each => each.GetProperty("current").GetBoolean()));
        (
            await project.CallAsync("datasets", "rollback", "features/user", "--partition", "2024-03-02", "--reason", "it was right before")
        ).Expect(0);
        var again = (await project.CallAsync("datasets", "resolve", "features/user", "--partition", "2024-03-02", "--json")).Expect(0).Json;
        Assert.Equal(offline[1].GetProperty("sha256").GetString(), again[0].GetProperty("sha256").GetString());

        async Task<string[]> OnlineAsync()
        {
            using var python = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo(
                    "python3",
                    [
                        "-c",
                        "import sqlite3\nfor row in sqlite3.connect('online.db').execute('select user_id, feature_date, events, spent from user_features order by 1'): print(*row)",
                    ]
                )
                {
                    WorkingDirectory = project.Folder,
                    RedirectStandardOutput = true,
                    UseShellExecute = false,
                }
            )!;
            var lines = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await python.WaitForExitAsync(TestContext.Current.CancellationToken);
            return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private static async Task<JsonElement> ShowAsync(TestProject project, string name, params string[] more) =>
        (await project.CallAsync(["datasets", "show", name, "--json", .. more])).Expect(0).Json;
}
