using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/010-backfill.md</summary>
public sealed class Spec010Backfill
{
    private const string Daily = "tasks:\n  only: { run: \"echo {{ ds }} >> dates.txt; test ! -e bad-{{ ds }}\" }\n";

    [Fact]
    [Trait("Requirement", "S129")]
    [Trait("Requirement", "S130")]
    [Trait("Requirement", "S131")]
    public async Task A_range_includes_both_ends()
    {
        using var project = new TestProject().Pipeline("feature_engineering", Daily);
        var plan = (
            await project.CallAsync("backfill", "feature_engineering", "--from", "2024-01-01", "--to", "2024-03-01", "--dry-run", "--json")
        )
            .Expect(0)
            .Json;
        Assert.Equal(JsonValueKind.Null, plan.GetProperty("backfill_id").ValueKind);
        Assert.Equal(61, plan.GetProperty("runs").GetArrayLength());
        Assert.Empty(project.Lines("dates.txt"));
        var done = (await project.CallAsync("backfill", "feature_engineering", "--from", "2024-01-01", "--to", "2024-03-01", "--json"))
            .Expect(0)
            .Json;
        Assert.True(done.GetProperty("backfill_id").GetInt64() > 0);
        var runs = done.GetProperty("runs").EnumerateArray().ToList();
        Assert.Equal(61, runs.Count);
        Assert.All(runs, run => Assert.Equal("success", run.GetProperty("state").GetString()));
        Assert.Equal("2024-01-01T00:00:00Z", runs[0].GetProperty("logical_date").GetString());
        Assert.Equal("2024-03-01T00:00:00Z", runs[^1].GetProperty("logical_date").GetString());
        Assert.Equal(61, project.Lines("dates.txt").Distinct().Count());
        var estimated = (
            await project.CallAsync("backfill", "feature_engineering", "--from", "2024-01-01", "--to", "2024-01-02", "--dry-run")
        ).Expect(0);
        Assert.Contains("estimated: about", estimated.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S12")]
    [Trait("Requirement", "S18")]
    [Trait("Requirement", "S73")]
    [Trait("Requirement", "S128")]
    public async Task Missing_failed_and_all_are_different_sets_of_dates()
    {
        using var project = new TestProject().Pipeline("daily", Daily).Write("bad-2024-01-02", "");
        string[] range = ["--from", "2024-01-01", "--to", "2024-01-04"];
        var first = (await project.CallAsync(["backfill", "daily", "--from", "2024-01-01", "--to", "2024-01-03", "--json"])).Expect(1).Json;
        Assert.Equal("failed", first.GetProperty("state").GetString());
        Assert.Equal(
            ["success", "failed", "success"],
            first.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("state").GetString())
        );
        Assert.Equal(["2024-01-02", "2024-01-04"], await PlannedAsync(project, [.. range, "--missing"]));
        Assert.Equal(["2024-01-02"], await PlannedAsync(project, [.. range, "--failed"]));
        Assert.Equal(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"], await PlannedAsync(project, [.. range, "--all"]));
        Assert.Equal(["2024-01-04", "2024-01-03", "2024-01-02", "2024-01-01"], await PlannedAsync(project, [.. range, "--reverse"]));
        File.Delete(project.PathOf("bad-2024-01-02"));
        File.Delete(project.PathOf("dates.txt"));
        (await project.CallAsync(["backfill", "daily", .. range, "--missing"])).Expect(0);
        Assert.Equal(["2024-01-02", "2024-01-04"], project.Lines("dates.txt").Order());
    }

    [Fact]
    [Trait("Requirement", "S135")]
    [Trait("Requirement", "S136")]
    public async Task Chosen_dates_carry_their_reason_on_each_run()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        var done = (
            await project.CallAsync(
                "backfill",
                "daily",
                "--dates",
                "2024-02-14,2024-02-15,2024-02-16",
                "--reason",
                "TZ bug in the source",
                "--json"
            )
        )
            .Expect(0)
            .Json;
        Assert.Equal(["2024-02-14", "2024-02-15", "2024-02-16"], project.Lines("dates.txt").Order());
        foreach (var run in done.GetProperty("runs").EnumerateArray())
        {
            var date = run.GetProperty("logical_date").GetString()![..10];
            Assert.StartsWith($"selective_backfill_{date}_", run.GetProperty("run_id").GetString(), StringComparison.Ordinal);
        }

        var shown = (await project.CallAsync("backfill", "show", $"{done.GetProperty("backfill_id")}", "--json")).Expect(0).Json;
        Assert.Equal("TZ bug in the source", shown.GetProperty("reason").GetString());
        Assert.Contains("TZ bug in the source", (await project.CallAsync("backfill", "list")).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S65")]
    public async Task Last_takes_the_latest_days_that_are_over()
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        var today = DateOnly.FromDateTime(DateTime.UtcNow);
        var expected = Enumerable.Range(1, 7).Select(back => today.AddDays(-back).ToString("yyyy-MM-dd")).Reverse();
        Assert.Equal(expected, await PlannedAsync(project, "--last", "7d"));
        Assert.Equal(expected, await PlannedAsync(project, "--last", "7"));
        (await project.CallAsync("backfill", "daily", "--last", "3d")).Expect(0);
        Assert.Equal(expected.TakeLast(3), project.Lines("dates.txt").Order());
    }

    [Fact]
    [Trait("Requirement", "S132")]
    [Trait("Requirement", "S133")]
    [Trait("Requirement", "S134")]
    public async Task The_watermark_moves_over_unbroken_success_only_and_can_be_set_by_hand()
    {
        using var project = new TestProject().Pipeline("daily", Daily).Write("bad-2024-01-04", "");
        var set = (await project.CallAsync("watermark", "set", "daily", "2024-01-01", "--reason", "restored", "--json")).Expect(0).Json;
        Assert.Equal("2024-01-01", set.GetProperty("processed_date").GetString());
        var call = await project.CallAsync("backfill", "daily", "--since-watermark", "--to", "2024-01-05", "--max-active", "1");
        Assert.Contains("corrections to earlier dates are not covered", call.Expect(1).Output, StringComparison.Ordinal);
        Assert.Equal(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], project.Lines("dates.txt").Order());
        Assert.Equal("2024-01-03", await MarkAsync());
        File.Delete(project.PathOf("bad-2024-01-04"));
        File.Delete(project.PathOf("dates.txt"));
        (await project.CallAsync("backfill", "daily", "--since-watermark", "--to", "2024-01-05")).Expect(0);
        Assert.Equal(["2024-01-04", "2024-01-05"], project.Lines("dates.txt").Order());
        Assert.Equal("2024-01-05", await MarkAsync());
        var nothing = (await project.CallAsync("backfill", "daily", "--since-watermark", "--to", "2024-01-05", "--json")).Expect(0).Json;
        Assert.Equal(0, nothing.GetProperty("runs").GetArrayLength());
        Assert.Contains("restored", (await project.CallAsync("watermark", "show", "daily")).Expect(0).Output, StringComparison.Ordinal);

        async Task<string?> MarkAsync() =>
            (await project.CallAsync("watermark", "show", "daily", "--json")).Expect(0).Json.GetProperty("processed_date").GetString();
    }

    [Fact]
    [Trait("Requirement", "S128")]
    public async Task Only_a_new_task_of_an_existing_pipeline_runs()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            """
            tasks:
              old: { run: "echo old >> ran.txt" }
              new: { needs: [old], run: "echo new >> ran.txt" }
              newer: { needs: [new], run: "echo newer >> ran.txt" }
            """
        );
        (await project.CallAsync("backfill", "daily", "--from", "2024-01-01", "--to", "2024-01-02", "--only", "new")).Expect(0);
        Assert.Equal(["new", "new"], project.Lines("ran.txt"));
    }

    [Theory]
    [InlineData("--to is missing", "--from", "2024-01-01")]
    [InlineData("is later than", "--from", "2024-02-01", "--to", "2024-01-01")]
    [InlineData("no date of the calendar", "--from", "2023-02-29", "--to", "2023-03-01")]
    [InlineData("say which dates")]
    [InlineData("say which dates", "--last", "7", "--dates", "2024-01-01")]
    [InlineData("exclude each other", "--last", "7", "--missing", "--failed")]
    [InlineData("moves the watermark over what is wholly done", "--since-watermark", "--failed")]
    [InlineData("it is 1 to 10000, not 0", "--last", "7", "--max-active", "0")]
    public async Task A_backfill_that_says_too_little_or_too_much_is_refused(string told, params string[] how)
    {
        using var project = new TestProject().Pipeline("daily", Daily);
        Assert.Contains(told, (await project.CallAsync(["backfill", "daily", .. how])).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dates_of_a_schedule_are_its_own()
    {
        using var project = new TestProject().Pipeline("weekdays", $"schedule: \"30 1 * * 1-5\"\n{Daily}");
        Assert.Equal(
            ["2024-01-05", "2024-01-08", "2024-01-09"],
            await PlannedAsync(project, "weekdays", ["--from", "2024-01-05", "--to", "2024-01-09"])
        );
    }

    private static Task<string[]> PlannedAsync(TestProject project, params string[] how) => PlannedAsync(project, "daily", how);

    private static async Task<string[]> PlannedAsync(TestProject project, string pipeline, string[] how)
    {
        var plan = (await project.CallAsync(["backfill", pipeline, "--dry-run", "--json", .. how])).Expect(0).Json;
        return [.. plan.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("logical_date").GetString()![..10])];
    }
}
