using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/023-models.md</summary>
public sealed class Spec023Models
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    [Trait("Requirement", "S83")]
    [Trait("Requirement", "S206")]
    public async Task A_promotion_keeps_the_numbers_of_both_versions_and_moves_only_for_the_better()
    {
        using var project = Trains("promote: { model: delay, alias: champion, higher: auc }");
        await TrainAsync(project, 1, "0.75");
        var better = await TrainAsync(project, 2, "0.8");
        var worse = await TrainAsync(project, 3, "0.7");
        Assert.Equal(("success", "skipped"), (better.States["better"], worse.States["better"]));
        Assert.Contains(
            "not better than champion of delay 2 -> 3: auc 0.7 (now 0.8, -0.1)",
            worse.Task("better").GetProperty("reason").GetString(),
            StringComparison.Ordinal
        );
        var model = await ShowAsync(project, "delay");
        Assert.Equal(2, model.GetProperty("aliases").GetProperty("champion").GetInt32());
        var move = model.GetProperty("moves")[0];
        Assert.Equal((0.75, 0.8), (Auc(move, "from_metrics"), Auc(move, "to_metrics")));
        Assert.Equal(better.Number, move.GetProperty("run").GetInt64());
        var latest = model.GetProperty("versions")[0];
        Assert.Equal(worse.Json.GetProperty("version").GetString(), latest.GetProperty("definition").GetString());
        var input = Assert.Single(latest.GetProperty("inputs").EnumerateArray());
        Assert.Equal("rows", input.GetProperty("name").GetString());
        Assert.True(input.GetProperty("publication").GetInt64() > 0);
        var comparison = (await project.CallAsync("models", "compare", "delay", "--json")).Expect(0).Json;
        Assert.Equal((2, 3), (comparison.GetProperty("first").GetInt32(), comparison.GetProperty("second").GetInt32()));
        Assert.Equal(-0.1, comparison.GetProperty("metrics")[0].GetProperty("difference").GetDouble(), 6);
    }

    [Fact]
    [Trait("Requirement", "S206")]
    public async Task What_a_version_holds_never_changes_and_a_change_is_seen()
    {
        using var project = Trains("promote: { model: delay, alias: champion }");
        await TrainAsync(project, 1, "0.75");
        var first = (await ShowAsync(project, "delay")).GetProperty("versions")[0];
        var path = first.GetProperty("path").GetString()!;
        var content = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await TrainAsync(project, 2, "0.8");
        Assert.NotEqual(content, project.Read("models/delay.txt"));
        Assert.Equal(content, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        var again = (await ShowAsync(project, "delay", "--verify")).GetProperty("versions");
        Assert.All(again.EnumerateArray(), version => Assert.True(version.GetProperty("intact").GetBoolean()));
        Assert.Equal(first.GetProperty("sha256").GetString(), again[1].GetProperty("sha256").GetString());
        await File.AppendAllTextAsync(path, "x", TestContext.Current.CancellationToken);
        var changed = (await project.CallAsync("models", "show", "delay", "--verify")).Expect(1);
        Assert.Contains("CHANGED", changed.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S206")]
    public async Task People_move_aliases_for_a_reason_and_back_again()
    {
        using var project = Trains("promote: { model: delay, alias: champion }");
        for (var day = 1; day <= 3; day++)
        {
            await TrainAsync(project, day, $"0.{day}");
        }

        Assert.Equal(2, (await project.CallAsync("models", "rollback", "delay", "--alias", "champion")).ExitCode);
        await MoveAsync(project, "rollback", "delay", "--alias", "champion", "--reason", "wrong", "--as", "alice");
        Assert.Equal(2, await ChampionAsync(project));
        await MoveAsync(project, "rollback", "delay", "--alias", "champion", "--reason", "wrong, too");
        Assert.Equal(1, await ChampionAsync(project));
        var none = (await project.CallAsync("models", "rollback", "delay", "--alias", "champion", "--reason", "x")).Expect(2);
        Assert.Contains("pointed to no other version before", none.Error, StringComparison.Ordinal);
        await MoveAsync(project, "promote", "delay", "3", "--alias", "challenger", "--reason", "to be watched");
        var never = (await project.CallAsync("models", "rollback", "delay", "--alias", "champion", "--to", "9", "--reason", "x")).Expect(2);
        Assert.Contains("never pointed to version 9", never.Error, StringComparison.Ordinal);
        Assert.Contains(
            "no version 9; its versions are 1 to 3",
            (await project.CallAsync("models", "promote", "delay", "9", "--alias", "champion", "--reason", "x")).Expect(2).Error,
            StringComparison.Ordinal
        );
        var move = (await ShowAsync(project, "delay"))
            .GetProperty("moves")
            .EnumerateArray()
            .First(move => move.GetProperty("who").GetString() == "alice");
        Assert.Equal(
            (3, 2, "wrong"),
            (move.GetProperty("from").GetInt32(), move.GetProperty("to").GetInt32(), move.GetProperty("reason").GetString())
        );
        var line = Assert.Single((await project.CallAsync("models", "list", "--json")).Expect(0).Json.EnumerateArray());
        Assert.Equal(
            (3, 3),
            (line.GetProperty("latest_version").GetInt32(), line.GetProperty("aliases").GetProperty("challenger").GetInt32())
        );
    }

    [Fact]
    [Trait("Requirement", "S83")]
    public async Task A_promotion_that_asks_moves_after_the_approval_of_what_was_shown_and_is_asked_anew_when_that_changed()
    {
        using var project = Trains("promote: { model: delay, alias: champion, approval: { who: [alice, bob] } }, timeout: 1h");
        await using var server = await TestServer.StartAsync(project);
        var first = await AskAsync(project, 1, "0.7");
        Assert.Equal("champion of delay 1: auc 0.7", Assert.Single(await OpenAsync(project, 1)).GetProperty("message").GetString());
        await ApproveAsync(project, first);
        await project.EndedAsync(first);
        var second = await AskAsync(project, 2, "0.8");
        var third = await AskAsync(project, 3, "0.75");
        Assert.Equal(
            ["champion of delay 1 -> 2: auc 0.8 (now 0.7, +0.1)", "champion of delay 1 -> 3: auc 0.75 (now 0.7, +0.05)"],
            (await OpenAsync(project, 2)).Select(asked => asked.GetProperty("message").GetString())
        );
        Assert.Equal(1, await ChampionAsync(project));
        await ApproveAsync(project, second);
        await project.EndedAsync(second);
        await UntilAskedAsync(project, "champion of delay 2 -> 3: auc 0.75 (now 0.8, -0.05)");
        await MoveAsync(project, "promote", "delay", "1", "--alias", "champion", "--reason", "by hand", "--as", "carol");
        await UntilAskedAsync(project, "champion of delay 1 -> 3: auc 0.75 (now 0.7, +0.05)");
        Assert.Equal(3, Assert.Single(await OpenAsync(project, 1)).GetProperty("round").GetInt32());
        (await project.CallAsync("approvals", "reject", $"{third}", "better", "--as", "bob", "--reason", "no")).Expect(0);
        Assert.Equal("failed", (await project.EndedAsync(third)).States["better"]);
        Assert.Equal(1, await ChampionAsync(project));
        var moves = (await ShowAsync(project, "delay")).GetProperty("moves").EnumerateArray().ToList();
        Assert.Equal(["carol", "alice", "alice"], moves.Select(move => move.GetProperty("who").GetString()));
        Assert.Equal((0.7, 0.8), (Auc(moves[1], "from_metrics"), Auc(moves[1], "to_metrics")));
    }

    [Theory]
    [InlineData("skip", "skipped", 1)]
    [InlineData("allow", "success", 2)]
    [InlineData("approve", "success", 2)]
    [Trait("Requirement", "S84")]
    public async Task A_backfill_never_overwrites_what_people_chose_unless_it_is_told_to(string inBackfill, string state, int champion)
    {
        using var project = Trains($"promote: {{ model: delay, alias: champion, in_backfill: {inBackfill} }}, timeout: 1h");
        await TrainAsync(project, 1, "0.7");
        await using var server = await TestServer.StartAsync(project);
        (await project.CallAsync("backfill", "train", "--dates", "2001-01-02", "--param", "auc=0.6", "--detach")).Expect(0);
        if (inBackfill == "approve")
        {
            var asked = Assert.Single(await OpenAsync(project, 1));
            Assert.Equal(1, await ChampionAsync(project));
            await ApproveAsync(project, asked.GetProperty("run").GetInt64());
        }

        var run = await project.EndedAsync(2);
        Assert.Equal(state, run.States["better"]);
        Assert.Equal(champion, await ChampionAsync(project));
    }

    [Fact]
    [Trait("Requirement", "S75")]
    [Trait("Requirement", "S80")]
    [Trait("Requirement", "S82")]
    [Trait("Requirement", "S84")]
    [Trait("Requirement", "S145")]
    public async Task Weekly_retraining_registers_all_models_once_and_its_backfill_of_eight_weeks_waits_for_review()
    {
        using var project = ExampleFiles.Copy("weekly_retraining");
        var ticks = (
            await project.CallAsync("cron", "next", "30 23 * * 0", "--tz", "Europe/London", "--from", "2024-03-20", "-n", "2", "--json")
        )
            .Expect(0)
            .Json.EnumerateArray()
            .Select(tick => tick.GetString());
        Assert.Equal(["2024-03-24T23:30:00Z", "2024-03-31T22:30:00Z"], ticks);
        var first = await project.RunAsync("weekly_retraining", 0, "--date", "2024-02-04");
        Assert.Equal("2024-W05", first.Json.GetProperty("partition").GetString());
        Assert.Equal(5, first.States.Count(task => task.Key.StartsWith("train[", StringComparison.Ordinal)));
        string[] models = ["churn/casual", "churn/dormant", "churn/new", "churn/power", "churn/regular"];
        var listed = (await project.CallAsync("models", "list", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(models, listed.Select(model => model.GetProperty("name").GetString()));
        Assert.All(listed, model => Assert.Equal((1, 1), (model.GetProperty("latest_version").GetInt32(), Champion(model))));

        // The week that is over today is not what this is about.
        (await project.CallAsync("pause", "weekly_retraining")).Expect(0);
        await using var server = await TestServer.StartAsync(project);
        string[] range = ["--from", "2024-02-11", "--to", "2024-03-31", "--max-active", "8"];
        var plan = (await project.CallAsync(["backfill", "weekly_retraining", .. range, "--dry-run", "--json"])).Expect(0).Json;
        Assert.Equal(
            Enumerable.Range(6, 8).Select(week => $"2024-W{week:00}"),
            plan.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("partition").GetString())
        );
        (await project.CallAsync(["backfill", "weekly_retraining", .. range, "--detach"])).Expect(0);
        var ended = 0;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        JsonElement[] open;
        do
        {
            // A week in which no model is better has nothing to ask.
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(240), "the weeks are not asked about");
            open = await ListAsync(project);
            ended =
                (await project.CallAsync("runs", "--json"))
                    .Expect(0)
                    .Json.EnumerateArray()
                    .Count(run => run.GetProperty("state").GetString() == "success") - 1;
        } while (open.Length + ended < 8);

        Assert.True(open.Length >= 2, $"{open.Length} weeks have a better model");
        listed = [.. (await project.CallAsync("models", "list", "--json")).Expect(0).Json.EnumerateArray()];
        Assert.All(listed, model => Assert.Equal((9, 1), (model.GetProperty("latest_version").GetInt32(), Champion(model))));
        var rejected = open[0].GetProperty("run").GetInt64();
        (
            await project.CallAsync(
                "approvals",
                "reject",
                $"{rejected}",
                "register_all_models",
                "--as",
                "bob",
                "--reason",
                "the week of the outage"
            )
        ).Expect(0);
        var approved = open[1].GetProperty("run").GetInt64();
        var moved = open[1].GetProperty("about").GetProperty("models").EnumerateArray().ToList();
        (await project.CallAsync("approvals", "approve", $"{approved}", "register_all_models", "--as", "alice")).Expect(0);
        Assert.Equal("success", (await project.EndedAsync(approved, TimeSpan.FromSeconds(90))).State);
        Assert.Equal("skipped", (await project.EndedAsync(rejected, TimeSpan.FromSeconds(90))).States["register_all_models"]);
        listed = [.. (await project.CallAsync("models", "list", "--json")).Expect(0).Json.EnumerateArray()];
        foreach (var model in listed)
        {
            var step = moved.Find(one => one.GetProperty("model").GetString() == model.GetProperty("name").GetString());
            Assert.Equal(step.ValueKind == JsonValueKind.Undefined ? 1 : step.GetProperty("version").GetInt32(), Champion(model));
        }
    }

    private static TestProject Trains(string promote) =>
        new TestProject().Pipeline(
            "train",
            $$$"""
            params: { auc: { type: number } }
            max_active_runs: 8
            tasks:
              rows: { run: "echo {{ ds }} > {{ outputs.rows }}", outputs: { rows: "data/{{ ds }}.txt" }, timeout: 1m }
              fit:
                needs: [rows]
                run: "cat {{ inputs.rows }} > {{ outputs.model }}; echo '{\"auc\": '{{ params.auc }}'}' > \"$SIGNALBOX_METRICS\""
                inputs: { rows: "{{ tasks.rows.outputs.rows }}" }
                outputs: { model: { path: models/delay.txt, model: delay } }
                timeout: 1m
              better: { needs: [fit], {{{promote}}} }
            """
        );

    private static Task<RunSeen> TrainAsync(TestProject project, int day, string auc) =>
        project.RunAsync("train", 0, "--date", $"2001-01-0{day}", "--param", $"auc={auc}");

    private static async Task<long> AskAsync(TestProject project, int day, string auc)
    {
        string[] call = ["run", "train", "--date", $"2001-01-0{day}", "--param", $"auc={auc}", "--detach", "--json"];
        var run = new RunSeen((await project.CallAsync(call)).Expect(0).Json).Number;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!(await ListAsync(project)).Any(asked => asked.GetProperty("run").GetInt64() == run))
        {
            Assert.True(watch.Elapsed < Deadline, $"run {run} does not ask");
        }

        return run;
    }

    private static async Task UntilAskedAsync(TestProject project, string message)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!(await ListAsync(project)).Any(asked => asked.GetProperty("message").GetString() == message))
        {
            Assert.True(watch.Elapsed < Deadline, $"nobody asks: {message}");
        }
    }

    private static async Task<JsonElement[]> OpenAsync(TestProject project, int count)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var open = await ListAsync(project);
            if (open.Length == count)
            {
                return open;
            }

            Assert.True(watch.Elapsed < Deadline, $"{open.Length} questions are open, not {count}");
        }
    }

    private static async Task<JsonElement[]> ListAsync(TestProject project) =>
        [.. (await project.CallAsync("approvals", "list", "--json")).Expect(0).Json.EnumerateArray()];

    private static async Task ApproveAsync(TestProject project, long run) =>
        (await project.CallAsync("approvals", "approve", $"{run}", "better", "--as", "alice")).Expect(0);

    private static async Task MoveAsync(TestProject project, params string[] how) =>
        (await project.CallAsync(["models", .. how])).Expect(0);

    private static async Task<JsonElement> ShowAsync(TestProject project, string model, params string[] more) =>
        (await project.CallAsync(["models", "show", model, "--json", .. more])).Expect(0).Json;

    private static async Task<int> ChampionAsync(TestProject project) =>
        (await ShowAsync(project, "delay")).GetProperty("aliases").GetProperty("champion").GetInt32();

    private static int Champion(JsonElement model) => model.GetProperty("aliases").GetProperty("champion").GetInt32();

    private static double Auc(JsonElement move, string which) => move.GetProperty(which).GetProperty("auc").GetDouble();
}
