using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/033-backfill-verbs.md</summary>
public sealed class Spec033BackfillVerbs
{
    private const string Daily = "tasks:\n  only: { run: \"echo {{ ds }} >> dates.txt; test ! -e bad-{{ ds }}\" }\n";

    [Fact]
    [Trait("Requirement", "S131")]
    [Trait("Requirement", "S80")]
    public async Task The_plan_tells_versions_forecast_cost_promotions_and_warns_over_a_limit()
    {
        using var project = new TestProject()
            .Write("signalbox.yaml", "backfills: { warn_runs: 3, warn_duration: 100ms, cost_per_hour: 3600, warn_cost: 0.1 }\n")
            .Pipeline("daily", "tasks:\n  only: { run: sleep 0.2 }\n");
        string[] call = ["backfill", "daily", "--from", "2024-01-01", "--to", "2024-01-04", "--max-active", "2", "--dry-run", "--json"];
        var first = (await project.CallAsync(call)).Expect(0).Json;
        Assert.Equal(JsonValueKind.Null, first.GetProperty("estimated_seconds").ValueKind);
        Assert.Contains("4 runs are more than the 3", Assert.Single(Texts(first, "warnings")), StringComparison.Ordinal);
        (await project.CallAsync("run", "daily", "--date", "2024-01-02")).Expect(0);
        var old = first.GetProperty("version").GetString();

        project.Pipeline(
            "daily",
            """
            tasks:
              only: { run: "echo 1 > $SIGNALBOX_OUTPUT_M", outputs: { m: { path: "out/{{ ds }}.txt", model: m } } }
              champion: { needs: [only], promote: { model: m, alias: champion, in_backfill: approve } }
            """
        );
        var plan = (await project.CallAsync(call)).Expect(0).Json;
        Assert.NotEqual(old, plan.GetProperty("version").GetString());
        Assert.Equal(
            [null, old, null, null],
            plan.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("made_by").GetString())
        );
        var work = plan.GetProperty("estimated_work_seconds").GetDouble();
        // Four runs that take two tenths of a second at least.
        Assert.InRange(work, 0.8, 400);
        Assert.Equal(work / 2, plan.GetProperty("estimated_seconds").GetDouble(), 3);
        Assert.Equal(work, plan.GetProperty("estimated_cost").GetDouble(), 3);
        Assert.Equal(3, Texts(plan, "warnings").Length);
        Assert.Contains("only after review", Assert.Single(Texts(plan, "promotions")), StringComparison.Ordinal);
        var shown = (await project.CallAsync([.. call.SkipLast(1)])).Expect(0).Output;
        Assert.Contains($"1 made by {old}, 3 never made", shown, StringComparison.Ordinal);
        Assert.Contains("warning: a cost of about", shown, StringComparison.Ordinal);
    }

    // From 1 January to 10 February.
    private const int Days = 41;

    [Fact]
    [Trait("Requirement", "S69")]
    [Trait("Requirement", "S137")]
    public async Task A_backfill_keeps_its_limit_beside_a_live_schedule_also_over_a_kill()
    {
        using var project = new TestProject().Pipeline(
            "history",
            """
            schedule: "0 0 * * *"
            start: 2030-01-01
            max_active_runs: 4
            tasks:
              a:
                run: |
                  echo + {{ ds }} >> ledger.txt
                  case {{ ds }} in 2024-02-*) until test -e go; do sleep 0.05; done ;; esac
                  echo - {{ ds }} >> ledger.txt
            """
        );
        long id;
        await using (var server = await TestServer.StartAsync(project))
        {
            var call = await project.CallAsync(
                "backfill",
                "history",
                "--from",
                "2024-01-01",
                "--to",
                "2024-02-10",
                "--max-active",
                "4",
                "--detach",
                "--json"
            );
            id = call.Expect(0).Json.GetProperty("backfill_id").GetInt64();
            await Eventually.TrueAsync(() => project.Lines("ledger.txt").Length > 12, TimeSpan.FromSeconds(60));
            await server.KillAsync();
        }

        await using (await TestServer.StartAsync(project))
        {
            await Eventually.TrueAsync(
                () => project.Lines("ledger.txt").Count(line => line.StartsWith("+ 2024-02-", StringComparison.Ordinal)) == 3,
                TimeSpan.FromSeconds(60)
            );
            // All that the backfill may have is held up, and a live run of the same pipeline has the place that is kept for it.
            Assert.Equal("success", (await project.RunAsync("history", 0, "--date", "2025-06-01")).State);
            Assert.Equal(3, project.Lines("ledger.txt").Count(line => line.StartsWith("+ 2024-02-", StringComparison.Ordinal)));
            project.Write("go", "");
            await Eventually.TrueAsync(
                async () => (await ShowAsync(project, id)).GetProperty("state").GetString() == "success",
                TimeSpan.FromSeconds(120)
            );
        }

        var (active, most) = (0, 0);
        foreach (var line in project.Lines("ledger.txt"))
        {
            active += line[0] == '+' ? 1 : -1;
            most = Math.Max(most, active);
        }

        Assert.InRange(most, 2, 4);
        var begun = project.Lines("ledger.txt").Where(line => line[0] == '+').ToList();
        Assert.Equal(Days + 1, begun.Count);
        Assert.Equal(Days + 1, begun.Distinct().Count());
    }

    [Fact]
    [Trait("Requirement", "S137")]
    public async Task It_is_paused_resumed_and_cancelled_and_shows_how_far_it_is()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "partition: day\ntasks:\n  a: { run: \"echo {{ ds }} >> dates.txt; until test -e go; do sleep 0.05; done\", grace: 1s }\n"
        );
        await using var server = await TestServer.StartAsync(project);
        string[] call =
        [
            "backfill",
            "create",
            "daily",
            "--from",
            "2024-01-01",
            "--to",
            "2024-01-05",
            "--max-active",
            "2",
            "--detach",
            "--json",
        ];
        var id = (await project.CallAsync(call)).Expect(0).Json.GetProperty("backfill_id").GetInt64();
        await Eventually.TrueAsync(() => project.Lines("dates.txt").Length == 2, TimeSpan.FromSeconds(30));
        Assert.Contains("with 5 of these dates", (await project.CallAsync(call)).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains(
            "2 runs go on, 3 dates wait",
            (await project.CallAsync("backfill", "pause", $"{id}")).Expect(0).Output,
            StringComparison.Ordinal
        );
        project.Write("go", "");
        await Eventually.TrueAsync(async () => await ProgressAsync("success") == 2, TimeSpan.FromSeconds(30));
        Assert.Equal(3, await ProgressAsync("pending"));
        Assert.Equal("paused", (await ShowAsync(project, id)).GetProperty("state").GetString());
        File.Delete(project.PathOf("go"));
        (await project.CallAsync("backfill", "resume", $"{id}")).Expect(0);
        await Eventually.TrueAsync(() => project.Lines("dates.txt").Length == 4, TimeSpan.FromSeconds(30));
        (await project.CallAsync("backfill", "cancel", $"{id}", "--reason", "enough")).Expect(0);
        await Eventually.TrueAsync(
            async () => (await ShowAsync(project, id)).GetProperty("state").GetString() == "cancelled",
            TimeSpan.FromSeconds(30)
        );
        Assert.Equal((2, 3), (await ProgressAsync("success"), await ProgressAsync("cancelled")));
        Assert.Contains(
            "has ended already",
            (await project.CallAsync("backfill", "resume", $"{id}")).Expect(2).Error,
            StringComparison.Ordinal
        );

        async Task<int> ProgressAsync(string state) =>
            (await ShowAsync(project, id)).GetProperty("progress").TryGetProperty(state, out var count) ? count.GetInt32() : 0;
    }

    [Fact]
    [Trait("Requirement", "S130")]
    public async Task Airflows_call_is_understood_and_resets_what_is_there()
    {
        using var project = new TestProject().Pipeline("feature_engineering", "params: { factor: 1 }\n" + Daily);
        string[] call =
        [
            "import",
            "airflow-cli",
            "--json",
            "--",
            "dags",
            "backfill",
            "feature_engineering",
            "--start-date",
            "2024-01-01",
            "--end-date",
            "2024-03-01",
        ];
        (await project.CallAsync("run", "feature_engineering", "--date", "2024-01-02")).Expect(0);
        // As Airflow does, a date that has its run is left out, unless it is reset.
        Assert.Equal(60, Count((await project.CallAsync([.. call, "--dry-run"])).Expect(0)));
        var reset = (await project.CallAsync([.. call, "--reset-dagruns", "--dry-run"])).Expect(0);
        Assert.Equal(61, Count(reset));
        Assert.Contains(
            "signalbox backfill feature_engineering --from 2024-01-01 --to 2024-03-01 --all --replace --dry-run",
            reset.Error,
            StringComparison.Ordinal
        );
        string[] two = [.. call.SkipLast(1), "2024-01-02", "--reset-dagruns"];
        Assert.Equal(2, Count((await project.CallAsync(two)).Expect(0)));
        Assert.Equal(["2024-01-01", "2024-01-02", "2024-01-02"], project.Lines("dates.txt").Order());
        var mistake = (await project.CallAsync([.. call, "--reset-dagrun"])).Expect(2).Error;
        Assert.Contains("did you mean `--reset-dagruns`", mistake, StringComparison.Ordinal);

        Assert.Equal(
            "signalbox run feature_engineering --date 2024-01-05 --param factor=2 --run-id mine --detach",
            (
                await project.CallAsync(
                    "import",
                    "airflow-cli",
                    "--print",
                    "--",
                    "airflow",
                    "dags",
                    "trigger",
                    "feature_engineering",
                    "-e",
                    "2024-01-05",
                    "-c",
                    "{\"factor\": 2}",
                    "--run-id=mine"
                )
            )
                .Expect(0)
                .Output.Trim()
        );
        var runs = (await project.CallAsync("import", "airflow-cli", "--", "dags", "list-runs", "-d", "feature_engineering", "-o", "json"))
            .Expect(0)
            .Json;
        Assert.Equal(3, runs.GetArrayLength());
        (await project.CallAsync("import", "airflow-cli", "--", "dags", "pause", "feature_engineering")).Expect(0);
        Assert.Contains(
            "there is nothing here for `dags delete`",
            (await project.CallAsync("import", "airflow-cli", "--", "dags", "delete", "x")).Expect(2).Error,
            StringComparison.Ordinal
        );

        static int Count(Called called) => called.Json.GetProperty("runs").GetArrayLength();
    }

    [Fact]
    [Trait("Requirement", "S139")]
    [Trait("Requirement", "S135")]
    public async Task What_else_a_version_made_is_known_and_the_reason_is_in_the_conf()
    {
        using var project = ExampleFiles.Copy("backfill_strategies");
        (await project.CallAsync("backfill", "feature_engineering", "--from", "2024-02-13", "--to", "2024-02-17")).Expect(0);
        var file = "pipelines/feature_engineering.yaml";
        project.Write(file, project.Read(file).Replace("default: 2", "default: 3", StringComparison.Ordinal));
        var mended = (
            await project.CallAsync(
                "backfill",
                "feature_engineering",
                "--dates",
                "2024-02-14,2024-02-15,2024-02-16",
                "--reason",
                "TZ bug",
                "--json"
            )
        )
            .Expect(0)
            .Json;
        var number = mended.GetProperty("runs")[0].GetProperty("run_number").GetInt64();
        var run = (await project.CallAsync("runs", "show", $"{number}", "--json")).Expect(0).Json.GetProperty("run");
        Assert.Equal("2024-02-14", run.GetProperty("conf").GetProperty("backfill_date").GetString());
        Assert.Equal("TZ bug", run.GetProperty("conf").GetProperty("backfill_reason").GetString());
        Assert.Equal("TZ bug", run.GetProperty("triggered_by").GetProperty("reason").GetString());
        Assert.Contains("(TZ bug)", (await project.CallAsync("runs", "show", $"{number}")).Expect(0).Output, StringComparison.Ordinal);

        var impact = (await project.CallAsync("backfill", "impact", "feature_engineering", "--run", "1", "--json")).Expect(0).Json;
        Assert.False(impact.GetProperty("current").GetBoolean());
        Assert.Equal(
            ["2024-02-13", "2024-02-17"],
            impact.GetProperty("dates").EnumerateArray().Select(date => date.GetProperty("partition").GetString())
        );
        Assert.Equal(["features", "visits"], Texts(impact.GetProperty("dates")[0], "datasets"));
        var version = impact.GetProperty("version").GetString()!;
        var shown = (await project.CallAsync("backfill", "impact", "feature_engineering", "--version", version[..6])).Expect(0).Output;
        Assert.Contains("--dates 2024-02-13,2024-02-17", shown, StringComparison.Ordinal);
        Assert.Contains(
            "no date of feature_engineering stands",
            (await project.CallAsync("backfill", "impact", "feature_engineering", "--version", "zzz")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S65")]
    [Trait("Requirement", "S128")]
    [Trait("Requirement", "S138")]
    public async Task The_three_strategies_of_the_page_fill_what_a_fresh_run_would_make()
    {
        using var project = ExampleFiles.Copy("backfill_strategies");
        (await project.CallAsync("backfill", "feature_engineering", "--partitions", "2024-01-01..2024-01-03")).Expect(0);
        (await project.CallAsync("watermark", "set", "feature_engineering", "2024-01-03", "--reason", "filled by hand")).Expect(0);
        (await project.CallAsync("backfill", "feature_engineering", "--since-watermark", "--to", "2024-01-05")).Expect(0);
        (
            await project.CallAsync(
                "backfill",
                "feature_engineering",
                "--dates",
                "2024-01-02",
                "--reason",
                "TZ bug",
                "--only",
                "new_source"
            )
        ).Expect(0);
        (await project.CallAsync("backfill", "compare", "feature_engineering", "--from", "2024-01-01", "--to", "2024-01-05")).Expect(0);
        (await project.CallAsync("backfill", "feature_engineering", "--last", "2d", "--every", "100ms")).Expect(0);
        Assert.Equal(7, Directory.GetDirectories(project.PathOf("out/features")).Length);
        Assert.Contains(
            "--partitions: `2024-W01` is not a day",
            (await project.CallAsync("backfill", "feature_engineering", "--partitions", "2024-W01")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    [Trait("Requirement", "S63")]
    public async Task A_pipeline_is_tried_on_the_dates_that_pipelines_stumble_over_apart_from_its_outputs()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            """
            schedule: { cron: "0 6 * * *", timezone: Europe/London }
            tasks:
              # A year later by hand: there is no such day after a leap day.
              a:
                run: date -d "$(({{ ds[:4] }} + 1))-{{ ds[5:] }}" > "$SIGNALBOX_OUTPUT_DAY"
                outputs: { day: "out/{{ ds }}.txt" }
            """
        );
        var dates = (await project.CallAsync("test", "daily", "--list", "--json")).Expect(0).Json.GetProperty("dates");
        Assert.Contains(dates.EnumerateArray(), date => date.GetProperty("why").GetString() == "the leap day");
        Assert.Contains(
            dates.EnumerateArray(),
            date => date.GetProperty("why").GetString()!.StartsWith("a day of 23 hours", StringComparison.Ordinal)
        );

        var tried = (await project.CallAsync("test", "daily", "--date", "2024-02-28", "--date", "2024-02-29", "--json")).Expect(1).Json;
        Assert.False(tried.GetProperty("passed").GetBoolean());
        Assert.Equal([true, false], tried.GetProperty("dates").EnumerateArray().Select(date => date.GetProperty("passed").GetBoolean()));
        Assert.False(Directory.Exists(project.PathOf("out")));
        Assert.Contains(
            "February 2021 has 28 days, and 2021 is no leap year",
            (await project.CallAsync("test", "daily", "--date", "2021-02-29")).Expect(2).Error,
            StringComparison.Ordinal
        );
    }

    private static async Task<JsonElement> ShowAsync(TestProject project, long id) =>
        (await project.CallAsync("backfill", "show", $"{id}", "--json")).Expect(0).Json;

    private static string[] Texts(JsonElement json, string name) =>
        [.. json.GetProperty(name).EnumerateArray().Select(each => each.GetString()!)];
}
