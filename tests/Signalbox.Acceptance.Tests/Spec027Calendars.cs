namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/027-calendars.md</summary>
public sealed class Spec027Calendars
{
    private static readonly string[] Holidays = ["01-01", "12-25", "12-26"];

    [Fact]
    public async Task The_example_runs_on_business_days_only()
    {
        using var project = ExampleFiles.Copy("business_days");
        (await project.CallAsync("validate")).Expect(0);
        var shown = (await project.CallAsync("pipelines", "show", "settlement", "--json")).Expect(0).Json;
        Assert.Contains("only on days of business_days", shown.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        foreach (var tick in shown.GetProperty("next_ticks").EnumerateArray())
        {
            var local = tick.GetProperty("local").GetDateTimeOffset();
            Assert.True(local.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday), $"{local}");
            Assert.DoesNotContain($"{local:MM-dd}", Holidays);
            Assert.Equal((7, 30), (local.Hour, local.Minute));
        }

        var ends = (await project.CallAsync("pipelines", "show", "month_end", "--json")).Expect(0).Json.GetProperty("next_ticks");
        Assert.All(
            ends.EnumerateArray(),
            tick => Assert.True(tick.GetProperty("local").GetDateTimeOffset().DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
        );

        // The run that is named by a Thursday is about all until the next business day.
        await project.RunAsync("settlement", 0, "--date", "2026-12-24");
        Assert.Contains("2026-12-29", Assert.Single(project.Lines("out/settled-2026-12-24.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_the_calendar_is_live_at_once_and_a_mistake_in_it_has_its_line()
    {
        using var project = new TestProject()
            .Write("days.txt", "2040-01-02 the only day\n")
            .Pipeline("rare", "schedule: { cron: \"0 2 * * *\", calendar: days.txt }\ntasks:\n  a: { run: \"true\", timeout: 1m }\n");
        await using var server = await TestServer.StartAsync(project);
        await server.SaysAsync(line => line.Contains("rare is live", StringComparison.Ordinal));
        project.Write("days.txt", "2040-01-02 the only day\n2041-01-02 another\n");
        await Eventually.TrueAsync(
            () => server.Lines.Count(line => line.Contains("rare is live", StringComparison.Ordinal)) == 2,
            TimeSpan.FromSeconds(30)
        );
        Assert.Contains("2040-01-02", (await project.CallAsync("why", "rare")).Expect(0).Output, StringComparison.Ordinal);

        project.Write("days.txt", "2040-01-02\nsoon\n");
        var refused = (await project.CallAsync("validate")).Expect(2);
        Assert.Contains("rare.yaml:2:42: days.txt:2: `soon` is no date", refused.Output, StringComparison.Ordinal);
    }
}
