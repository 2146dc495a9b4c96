using Signalbox.Core;
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

    [Fact]
    [Trait("Requirement", "S66")]
    public void What_is_published_starts_its_consumers_where_it_is_expected_to_be_published()
    {
        var raw = Publishing("raw", "schedule: \"0 2 * * *\"\n", "raw");
        var side = Publishing("side", "schedule: \"0 4 * * *\"\n", "side");
        var sums = Publishing("sums", "partition: day\ntriggers: [{ datasets: raw }]\n", "sums");
        var report = Publishing("report", "partition: day\ntriggers: [{ datasets: { all: [sums, side] } }]\n", "report");
        var weekly = Publishing("weekly", "partition: week\ntriggers: [{ datasets: raw }]\n", "weekly");
        // Two days before a Monday, for the week of which only those days are there.
        var plan = Made([weekly, report, side, sums, raw], Instant("2026-05-30T00:00Z"), Instant("2026-06-02T00:00Z"));

        Assert.Equal(
            [
                "sums 2026-05-29 2026-05-30 02:00",
                "report 2026-05-29 2026-05-30 04:00",
                "sums 2026-05-30 2026-05-31 02:00",
                "report 2026-05-30 2026-05-31 04:00",
                "sums 2026-05-31 2026-06-01 02:00",
                "report 2026-05-31 2026-06-01 04:00",
            ],
            plan.Consumers.Select(each => plan.Forecast.PlannedOf(each.Run))
                .Select(run => $"{run.Model.Pipeline.Name} {run.Partition} {run.CreatedAt:yyyy-MM-dd HH:mm}")
        );
        Assert.Equal(
            ["side", "sums"],
            plan.Forecast.PlannedOf(plan.Consumers[1].Run).Cause!.Updates.Select(each => each.Update.Dataset).Order()
        );
    }

    [Theory]
    [Trait("Requirement", "S58")]
    [InlineData("a: { run: \"true\" }", 0, 0)]
    [InlineData("a: { run: \"true\" }", 3, 6)]
    [InlineData("a: { wait_for: { dataset: raw } }", 3, 0)]
    [InlineData("a: { wait_for: { time: \"02:30\" } }", 3, 6)]
    public void A_schedule_that_reads_before_what_it_reads_was_ever_made_is_found(string before, int hours, int early)
    {
        var raw = Publishing("raw", "schedule: \"0 1 * * *\"\n", "raw");
        var reader = Yaml.Good(
            $"pipeline: reader\nschedule: \"0 2 * * *\"\ntasks:\n  {before}\n  use:\n    needs: a\n    run: \"true\"\n    inputs: {{ it: \"raw/{{{{ partition }}}}.txt\" }}\n"
        );
        var (from, to) = (Instant("2026-06-01T00:00Z"), Instant("2026-06-07T00:00Z"));
        var samples = Enumerable.Range(0, 5).Select(_ => new TaskSample(from, from.AddHours(hours), from)).ToList();
        var model = new PipelineModel(raw, new Dictionary<TaskName, TaskHistory> { [new("make")] = new(samples) });
        var runs = Forecaster
            .Runs(model, from, to)
            .Concat(Forecaster.Runs(new PipelineModel(reader, new Dictionary<TaskName, TaskHistory>()), from, to))
            .ToList();
        var pools = new Dictionary<string, int> { ["default"] = 100 };
        var found = EarlyReads.Find([raw, reader], Forecast.Of(runs, new ForecastLimits(100, pools), from));

        Assert.Equal(
            early > 0 ? [(early, 6, "raw", "use")] : [],
            found.Select(each => (each.Early, each.Runs, each.Dataset, each.Task.Value))
        );
    }

    private static Pipeline Publishing(string name, string when, string dataset) =>
        Yaml.Good(
            $"pipeline: {name}\n{when}{(when.Contains("partition", StringComparison.Ordinal) ? "" : "partition: day\n")}tasks:\n  make:\n    run: \"true\"\n"
                + $"    outputs: {{ it: {{ path: \"{dataset}/{{{{ partition }}}}.txt\", dataset: {dataset} }} }}\n"
        );

    private static IReadOnlyList<PlanTick> Ticks(string schedule, string from, string to) =>
        Made(Yaml.Good($"pipeline: p\n{schedule}tasks:\n  a: {{ run: \"true\" }}\n"), Instant(from), Instant(to)).Ticks;

    private static Plan Made(Pipeline pipeline, DateTimeOffset from, DateTimeOffset to) => Made([pipeline], from, to);

    private static Plan Made(IReadOnlyList<Pipeline> pipelines, DateTimeOffset from, DateTimeOffset to) =>
        Plan.Make(session: null, Project.Open(Path.GetTempPath()).Project!, pipelines, from, to, from);

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
