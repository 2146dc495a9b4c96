using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/034-plan.md</summary>
public sealed class Spec034Plan
{
    [Fact]
    [Trait("Requirement", "S75")]
    [Trait("Requirement", "S15")]
    public async Task Both_clock_changes_of_London_are_shown_with_local_and_UTC_time()
    {
        using var project = new TestProject().Pipeline(
            "weekly_retraining",
            "schedule: { cron: \"30 23 * * 0\", timezone: Europe/London }\ntasks:\n  train: { run: \"true\" }\n"
        );
        var spring = (await project.CallAsync("plan", "--from", "2026-03-22", "--to", "2026-04-05")).Expect(0).Output;
        Assert.Contains("2026-03-22 23:30  Sun 2026-03-22 23:30 +00:00", spring, StringComparison.Ordinal);
        Assert.Contains("2026-03-29 22:30  Sun 2026-03-29 23:30 +01:00", spring, StringComparison.Ordinal);
        var autumn = (await project.CallAsync("plan", "--from", "2026-10-18", "--to", "2026-11-01")).Expect(0).Output;
        Assert.Contains("2026-10-18 22:30  Sun 2026-10-18 23:30 +01:00", autumn, StringComparison.Ordinal);
        Assert.Contains("2026-10-25 23:30  Sun 2026-10-25 23:30 +00:00", autumn, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S54")]
    [Trait("Requirement", "S52")]
    public async Task Weekdays_over_two_weeks_and_marks_of_clock_changes_in_JSON()
    {
        using var project = new TestProject()
            .Pipeline("weekdays", "schedule: \"30 1 * * 1-5\"\ntasks:\n  a: { run: \"true\" }\n")
            .Pipeline("local", "schedule: { cron: \"30 1 * * *\", timezone: Europe/London }\ntasks:\n  a: { run: \"true\" }\n");
        var two = await TicksAsync(project, "--from", "2026-06-01", "--to", "2026-06-15", "--pipeline", "weekdays");
        Assert.Equal(10, two.Count);
        Assert.All(two, tick => Assert.EndsWith("T01:30:00Z", tick.GetProperty("at").GetString(), StringComparison.Ordinal));
        Assert.Equal(
            ["2026-03-28T01:30:00Z ", "2026-03-29T01:00:00Z shifted_by_gap", "2026-03-30T00:30:00Z "],
            Marks(await TicksAsync(project, "--from", "2026-03-28", "--to", "2026-03-31", "--pipeline", "local"))
        );
        Assert.Equal(
            ["2026-10-24T00:30:00Z ", "2026-10-25T00:30:00Z first_of_fold", "2026-10-26T01:30:00Z "],
            Marks(await TicksAsync(project, "--from", "2026-10-24", "--to", "2026-10-27", "--pipeline", "local"))
        );
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public async Task Each_task_of_a_run_to_come_has_its_expected_start_and_end_from_history()
    {
        using var project = new TestProject().Pipeline(
            "daily",
            "schedule: \"0 2 * * *\"\ntasks:\n  slow: { run: \"sleep 0.3\" }\n  fast: { needs: slow, run: \"true\" }\n  never: { needs: fast, when: \"{{ false }}\", run: \"true\" }\n"
        );
        foreach (var date in new[] { "2024-01-01", "2024-01-02", "2024-01-03" })
        {
            await project.RunAsync("daily", 0, "--date", date);
        }

        var tick = Assert.Single(await TicksAsync(project, "--from", "2030-01-01", "--to", "2030-01-02"));
        var tasks = tick.GetProperty("tasks").EnumerateArray().ToDictionary(task => task.GetProperty("task").GetString()!);
        Assert.Equal((3, "few"), (tasks["slow"].GetProperty("samples").GetInt32(), tasks["slow"].GetProperty("basis").GetString()));
        Assert.Equal((0, "none"), (tasks["never"].GetProperty("samples").GetInt32(), tasks["never"].GetProperty("basis").GetString()));
        Assert.False(tick.GetProperty("complete").GetBoolean());
        Assert.Equal("2030-01-01T02:00:00Z", tasks["slow"].GetProperty("expected_start").GetString());
        var text = (await project.CallAsync("plan", "--from", "2030-01-01", "--to", "2030-01-02", "--pipeline", "daily")).Expect(0).Output;
        Assert.Contains("3 successes", text, StringComparison.Ordinal);
        Assert.Contains("medians of the newest 50", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S15")]
    public async Task A_changed_file_is_compared_and_mistakes_name_what_is_wrong()
    {
        const string now = "schedule: \"0 2 * * *\"\ntasks:\n  a: { run: \"true\" }\n";
        using var project = new TestProject()
            .Pipeline("daily", now)
            .Write("changed.yaml", "pipeline: daily\nschedule: \"30 3 * * *\"\ntasks:\n  a: { run: \"true\" }\n  b: { run: \"true\" }\n")
            .Write("other.yaml", "pipeline: other\ntasks:\n  a: { run: \"true\" }\n");
        var document = (await project.CallAsync("plan", "--diff", "changed.yaml", "--from", "2026-06-01", "--to", "2026-06-08", "--json"))
            .Expect(0)
            .Json;
        var ticks = document.GetProperty("ticks").EnumerateArray().ToList();
        Assert.Equal(7, ticks.Count);
        Assert.All(ticks, tick => Assert.Equal("moved", tick.GetProperty("change").GetString()));
        Assert.Equal("2026-06-01T03:30:00Z", ticks[0].GetProperty("after").GetString());
        Assert.Equal(["b"], document.GetProperty("tasks_added").EnumerateArray().Select(task => task.GetString()));
        var text = (await project.CallAsync("plan", "--diff", "changed.yaml", "--from", "2026-06-01", "--to", "2026-06-08"))
            .Expect(0)
            .Output;
        Assert.Contains("0 added, 0 removed, 7 moved, 0 the same", text, StringComparison.Ordinal);

        Assert.Contains(
            "nothing to compare",
            (await project.CallAsync("plan", "--diff", "other.yaml")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "did you mean `daily`",
            (await project.CallAsync("plan", "--pipeline", "dayly")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "--to",
            (await project.CallAsync("plan", "--from", "2026-06-02", "--to", "2026-06-01")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains("no date", (await project.CallAsync("plan", "--from", "soon")).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S49")]
    public async Task Arrivals_of_what_is_waited_for_come_from_scheduled_runs()
    {
        using var project = new TestProject().Pipeline(
            "waiting",
            "schedule: \"* * * * *\"\ntasks:\n  landed: { wait_for: { file: landing.csv }, every: 100ms }\n"
        );
        var before = (await project.CallAsync("plan", "arrivals", "--json")).Expect(0).Json[0];
        Assert.Equal(0, before.GetProperty("samples").GetInt32());
        Assert.Equal(JsonValueKind.Null, before.GetProperty("usual_seconds").ValueKind);
        await using (await TestServer.StartAsync(project))
        {
            project.Write("landing.csv", "1\n");
            await Eventually.TrueAsync(
                () => ProjectRuns(project).Any(run => run.GetProperty("state").GetString() == "success"),
                TimeSpan.FromSeconds(60)
            );
        }

        var after = (await project.CallAsync("plan", "arrivals", "--pipeline", "waiting", "--json")).Expect(0).Json[0];
        Assert.True(after.GetProperty("samples").GetInt32() > 0);
        Assert.True(after.GetProperty("usual_seconds").GetDouble() > 0);
        Assert.True(after.GetProperty("arrivals").GetArrayLength() > 0);
        Assert.Contains("landed", (await project.CallAsync("plan", "arrivals")).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S49")]
    public async Task Arrivals_of_a_dataset_are_counted_from_the_end_of_its_partitions_whoever_published_them()
    {
        using var project = new TestProject()
            .Pipeline(
                "reader",
                "schedule: \"0 2 * * *\"\npartition: day\ntasks:\n  there: { wait_for: { dataset: shop/rates }, timeout: 1h }\n"
            )
            .Pipeline("started", "partition: day\ntriggers: [{ datasets: shop/rates }]\ntasks:\n  a: { noop: {} }\n");
        var days = Enumerable.Range(2, 6).Select(day => DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-day)).ToList();
        project.Write("days.jsonl", string.Concat(days.Select(day => $"{{\"partition\": \"{day:yyyy-MM-dd}\"}}\n")));
        (await project.CallAsync("datasets", "update", "shop/rates", "--file", "days.jsonl")).Expect(0);

        var found = (await project.CallAsync("plan", "arrivals", "--json")).Expect(0).Json.EnumerateArray().ToList();
        Assert.Equal(
            ["reader task there", "reader dataset shop/rates", "started dataset shop/rates"],
            found.Select(each =>
                each.GetProperty("task").GetString() is { } task
                    ? $"{each.GetProperty("pipeline").GetString()} task {task}"
                    : $"{each.GetProperty("pipeline").GetString()} dataset {each.GetProperty("dataset").GetString()}"
            )
        );
        var rates = found[1];
        Assert.Equal(6, rates.GetProperty("samples").GetInt32());
        Assert.Equal($"{days[^1].AddDays(1):yyyy-MM-dd}T00:00:00Z", rates.GetProperty("arrivals")[0].GetProperty("due_at").GetString());
        // The median of six that came at one moment, due a day after the other.
        Assert.InRange(rates.GetProperty("usual_seconds").GetDouble(), 3.5 * 86400, 4.6 * 86400);
        Assert.Contains(
            "after the end of a partition would find it in 19 of 20",
            rates.GetProperty("suggestion").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(JsonValueKind.Null, found[2].GetProperty("suggestion").ValueKind);
        Assert.Contains(
            "dataset shop/rates",
            (await project.CallAsync("plan", "arrivals", "--pipeline", "reader")).Expect(0).Output,
            StringComparison.Ordinal
        );
    }

    private static List<JsonElement> ProjectRuns(TestProject project) =>
        [.. project.CallAsync("runs", "--json").GetAwaiter().GetResult().Expect(0).Json.EnumerateArray()];

    private static async Task<List<JsonElement>> TicksAsync(TestProject project, params string[] arguments) =>
        [.. (await project.CallAsync(["plan", "--json", .. arguments])).Expect(0).Json.GetProperty("ticks").EnumerateArray()];

    private static IEnumerable<string> Marks(IEnumerable<JsonElement> ticks) =>
        ticks.Select(tick => $"{tick.GetProperty("at").GetString()} {tick.GetProperty("dst").GetString()}");
}
