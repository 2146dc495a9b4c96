using System.Text.Json;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/035-sla.md</summary>
public sealed class Spec035Sla
{
    [Fact]
    [Trait("Requirement", "S13")]
    [Trait("Requirement", "S16")]
    [Trait("Requirement", "S167")]
    [Trait("Requirement", "S168")]
    public async Task A_miss_is_one_event_while_the_run_goes_on_also_over_a_kill()
    {
        using var project = new TestProject().Pipeline(
            "slow",
            "schedule: \"* * * * *\"\nmax_active_runs: 1\nsla: { within: 2s }\ntasks:\n"
                + "  landed: { wait_for: { file: never.csv }, every: 1s, timeout: 1h, sla: { within: 1h } }\n"
        );
        long run;
        await using (var server = await TestServer.StartAsync(project))
        {
            await server.SaysAsync(line => line.Contains("was missed", StringComparison.Ordinal));
            run = (await project.CallAsync("runs", "--json"))
                .Expect(0)
                .Json.EnumerateArray()
                .Min(each => each.GetProperty("number").GetInt64());
            await server.KillAsync();
        }

        await using (var server = await TestServer.StartAsync(project))
        {
            // When another miss is told, all deadlines have been looked at.
            project.Pipeline(
                "probe",
                "schedule: \"* * * * *\"\nsla: { within: 1s }\ntasks:\n  landed: { wait_for: { file: never.csv }, timeout: 1h }\n"
            );
            await server.SaysAsync(line =>
                line.Contains("probe", StringComparison.Ordinal) && line.Contains("was missed", StringComparison.Ordinal)
            );
            var detail = (await project.CallAsync("runs", "show", $"{run}", "--json")).Expect(0).Json;
            Assert.Equal("running", detail.GetProperty("run").GetProperty("state").GetString());
            Assert.Single(detail.GetProperty("history").EnumerateArray(), line => line.GetProperty("event").GetString() == "sla_missed");
            var deadlines = detail.GetProperty("run").GetProperty("deadlines").EnumerateArray().ToList();
            Assert.Equal(["missed", "open"], deadlines.Select(each => each.GetProperty("state").GetString()));
            Assert.Equal(["within 2s", "within 1h"], deadlines.Select(each => each.GetProperty("rule").GetString()));
            Assert.Contains("missed", (await project.CallAsync("runs")).Expect(0).Output, StringComparison.Ordinal);
            Assert.Contains("within 2s", (await project.CallAsync("runs", "show", $"{run}")).Expect(0).Output, StringComparison.Ordinal);
            Assert.Contains("was missed", (await project.CallAsync("why", $"{run}")).Expect(0).Output, StringComparison.Ordinal);
        }

        var report = (await project.CallAsync("sla", "report", "--pipeline", "slow", "--json")).Expect(0).Json[0];
        Assert.True(report.GetProperty("total_runs").GetInt32() >= 1);
        Assert.Equal((0, 0), (report.GetProperty("on_time_runs").GetInt32(), report.GetProperty("compliance_rate").GetDouble()));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("p95_minutes").ValueKind);
    }

    [Fact]
    [Trait("Requirement", "S169")]
    [Trait("Requirement", "S166")]
    public async Task A_report_without_runs_has_dashes_and_one_with_runs_in_time_has_its_numbers()
    {
        using var project = new TestProject().Pipeline(
            "quick",
            "schedule: \"* * * * *\"\nsla: { within: 1h }\ntasks:\n  a: { run: \"true\" }\n"
        );
        Assert.Equal(0, (await project.CallAsync("sla", "report", "--json")).Expect(0).Json.GetArrayLength());
        await project.RunAsync("quick");
        var empty = (await project.CallAsync("sla", "report", "--json")).Expect(0).Json[0];
        Assert.Equal(0, empty.GetProperty("total_runs").GetInt32());
        Assert.Equal(JsonValueKind.Null, empty.GetProperty("compliance_rate").ValueKind);
        Assert.Matches(@"quick +0 +0 +- +- +- +- +-", (await project.CallAsync("sla", "report")).Expect(0).Output);
        await using (await TestServer.StartAsync(project))
        {
            await Eventually.TrueAsync(
                () =>
                    project.CallAsync("sla", "report", "--json").GetAwaiter().GetResult().Json[0].GetProperty("total_runs").GetInt32() > 0,
                TimeSpan.FromSeconds(60)
            );
        }

        var report = (await project.CallAsync("sla", "report", "--days", "1", "--pipeline", "quick", "--json")).Expect(0).Json[0];
        Assert.Equal(100, report.GetProperty("compliance_rate").GetDouble());
        Assert.True(report.GetProperty("avg_minutes").GetDouble() > 0);
        Assert.Equal(60, report.GetProperty("limit_minutes").GetDouble());
        Assert.Contains(
            "no pipeline `quik`",
            (await project.CallAsync("sla", "report", "--pipeline", "quik")).Expect(2).Error,
            StringComparison.Ordinal
        );
        Assert.Contains("--days", (await project.CallAsync("sla", "report", "--days", "0")).Expect(2).Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S166")]
    [Trait("Requirement", "S52")]
    public async Task The_example_has_its_deadline_at_six_in_London_in_summer_and_in_winter()
    {
        using var project = ExampleFiles.Copy("sla");
        (await project.CallAsync("validate")).Expect(0);
        Assert.Equal("success", (await project.RunAsync("morning_features", 0, "--date", "2001-01-05")).State);
        foreach (
            var (from, to, expected) in new[]
            {
                ("2026-03-28", "2026-03-30", new[] { "2026-03-28T06:00:00Z", "2026-03-29T05:00:00Z" }),
                ("2026-10-24", "2026-10-26", ["2026-10-24T05:00:00Z", "2026-10-25T06:00:00Z"]),
            }
        )
        {
            var plan = (await project.CallAsync("plan", "--from", from, "--to", to, "--json")).Expect(0).Json;
            var deadlines = plan.GetProperty("ticks").EnumerateArray().Select(tick => tick.GetProperty("deadlines")[0]).ToList();
            Assert.Equal(expected, deadlines.Select(deadline => deadline.GetProperty("due_at").GetString()));
            Assert.All(deadlines, deadline => Assert.Equal("on_time", deadline.GetProperty("outlook").GetString()));
        }
    }

    [Fact]
    public async Task Mistakes_in_deadlines_are_told_at_their_places()
    {
        using var project = new TestProject().Pipeline(
            "wrong",
            "sla:\n  - { by: \"25:00\" }\n  - { within: 1h, by: \"06:00\" }\ntasks:\n  a: { run: \"true\", sla: { timezone: UTC } }\n"
        );
        var told = (await project.CallAsync("validate")).Expect(2).Output;
        Assert.Contains("wrong.yaml:3:11: `by` must be a time of day", told, StringComparison.Ordinal);
        Assert.Contains("wrong.yaml:4:7: a deadline is `by` a time of day or `within`", told, StringComparison.Ordinal);
        Assert.Contains("wrong.yaml:6:26: a deadline is `by` a time of day or `within`", told, StringComparison.Ordinal);
    }
}
