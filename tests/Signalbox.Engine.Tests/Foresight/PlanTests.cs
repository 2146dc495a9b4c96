using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Time;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Tests.PipelineFiles;

namespace Signalbox.Engine.Tests.Foresight;

/// <summary>The schedules of a project played forward.</summary>
public sealed class PlanTests
{
    [Fact]
    [Trait("Requirement", "S75")]
    public void Sunday_half_past_eleven_in_London_is_shown_over_both_clock_changes()
    {
        const string text = "schedule: { cron: \"30 23 * * 0\", timezone: Europe/London }\n";

        Assert.Equal(
            ["03-22 23:30", "03-29 22:30", "04-05 22:30"],
            Ticks(text, "2026-03-22T00:00Z", "2026-04-06T00:00Z").Select(tick => $"{tick.Tick.Tick.Utc:MM-dd HH:mm}")
        );
        Assert.Equal(
            ["10-18 22:30", "10-25 23:30", "11-01 23:30"],
            Ticks(text, "2026-10-18T00:00Z", "2026-11-02T00:00Z").Select(tick => $"{tick.Tick.Tick.Utc:MM-dd HH:mm}")
        );
        Assert.All(
            Ticks(text, "2026-03-22T00:00Z", "2026-11-02T00:00Z"),
            tick => Assert.Equal(new TimeSpan(23, 30, 0), tick.Tick.Tick.Label.TimeOfDay)
        );
    }

    [Fact]
    [Trait("Requirement", "S54")]
    public void Half_past_one_on_weekdays_is_shown_over_two_weeks()
    {
        var ticks = Ticks("schedule: \"30 1 * * 1-5\"\n", "2026-06-01T00:00Z", "2026-06-15T00:00Z");

        Assert.Equal([1, 2, 3, 4, 5, 8, 9, 10, 11, 12], ticks.Select(tick => tick.Tick.Tick.Utc.Day));
        Assert.All(ticks, tick => Assert.Equal(new TimeSpan(1, 30, 0), tick.Tick.Tick.Utc.TimeOfDay));
    }

    [Theory]
    [Trait("Requirement", "S52")]
    [InlineData("0 0 * * *", "2026-03-07", "2026-03-10", new[] { "03-07 05:00 None", "03-08 05:00 None", "03-09 04:00 None" })]
    [InlineData("0 0 * * *", "2026-10-31", "2026-11-03", new[] { "10-31 04:00 None", "11-01 04:00 None", "11-02 05:00 None" })]
    [InlineData("30 2 * * *", "2026-03-08", "2026-03-09", new[] { "03-08 07:00 ShiftedByGap" })]
    [InlineData("30 1 * * *", "2026-11-01", "2026-11-02", new[] { "11-01 05:30 FirstOfFold" })]
    public void Days_of_23_and_25_hours_in_New_York_have_one_run_and_clock_changes_are_marked(
        string cron,
        string from,
        string to,
        string[] expected
    ) =>
        Assert.Equal(
            expected,
            Ticks($"schedule: {{ cron: \"{cron}\", timezone: America/New_York }}\n", $"{from}T00:00Z", $"{to}T00:00Z")
                .Select(tick => $"{tick.Tick.Tick.Utc:MM-dd HH:mm} {tick.Tick.Tick.Dst}")
        );

    [Fact]
    public void What_a_blackout_holds_is_shown_as_skipped_with_its_reason()
    {
        var pipeline = Yaml.Good("pipeline: p\nschedule: \"0 2 * * *\"\ntasks:\n  a: { run: \"true\" }\n") with
        {
            Blackouts =
            [
                new BlackoutSpec
                {
                    From = Instant("2026-06-02T00:00Z"),
                    To = Instant("2026-06-03T00:00Z"),
                    Reason = "migration",
                },
            ],
        };
        var ticks = Made(pipeline, Instant("2026-06-01T00:00Z"), Instant("2026-06-04T00:00Z")).Ticks;

        Assert.Equal([null, SkipReason.Blackout, null], ticks.Select(tick => tick.Skip));
        Assert.Contains("migration", ticks[1].Reason);
    }

    [Fact]
    [Trait("Requirement", "S15")]
    public void A_changed_definition_is_compared_by_what_its_runs_are_about()
    {
        var before = Yaml.Good("pipeline: p\nschedule: \"0 2 * * *\"\ntasks:\n  a: { run: \"true\" }\n  b: { run: \"true\" }\n");
        var after = Yaml.Good("pipeline: p\nschedule: \"30 3 * * 1-5\"\ntasks:\n  a: { run: \"true\" }\n  c: { run: \"true\" }\n");
        // 2026-06-01 is a Monday.
        var (from, to) = (Instant("2026-06-02T00:00Z"), Instant("2026-06-08T00:00Z"));
        var difference = PlanDifference.Of(Made(before, from, to), before, Made(after, from, to), after);

        Assert.Equal(4, difference.Ticks.Count(each => each.Change == TickChange.Moved));
        Assert.Equal(2, difference.Ticks.Count(each => each.Change == TickChange.Removed));
        Assert.DoesNotContain(difference.Ticks, each => each.Change == TickChange.Added);
        Assert.Equal(0, difference.Same);
        Assert.Equal(["c"], difference.Tasks.Added);
        Assert.Equal(["b"], difference.Tasks.Removed);
        Assert.Equal(6, PlanDifference.Of(Made(before, from, to), before, Made(before, from, to), before).Same);
    }

    private static IReadOnlyList<PlanTick> Ticks(string schedule, string from, string to) =>
        Made(Yaml.Good($"pipeline: p\n{schedule}tasks:\n  a: {{ run: \"true\" }}\n"), Instant(from), Instant(to)).Ticks;

    private static Plan Made(Pipeline pipeline, DateTimeOffset from, DateTimeOffset to) =>
        Plan.Make(session: null, Project.Open(Path.GetTempPath()).Project!, [pipeline], from, to, from);

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
