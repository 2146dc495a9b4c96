using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;
using Signalbox.Core.Tests.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Tests.Sla;

/// <summary>Deadlines on the clocks of a zone, and what is said of them.</summary>
public sealed class DeadlineRulesTests
{
    [Theory]
    [Trait("Requirement", "S166")]
    [InlineData("2026-01-10T02:15Z", "06:00", "Europe/London", "2026-01-10T06:00Z")]
    [InlineData("2026-07-10T01:15Z", "06:00", "Europe/London", "2026-07-10T05:00Z")]
    [InlineData("2026-07-10T22:30Z", "06:00", "Europe/London", "2026-07-11T05:00Z")]
    [InlineData("2026-07-10T05:00Z", "06:00", "Europe/London", "2026-07-11T05:00Z")]
    [InlineData("2026-03-29T00:15Z", "06:00", "Europe/London", "2026-03-29T05:00Z")]
    [InlineData("2026-10-25T00:15Z", "06:00", "Europe/London", "2026-10-25T06:00Z")]
    [InlineData("2026-03-29T00:15Z", "01:30", "Europe/London", "2026-03-29T01:00Z")]
    [InlineData("2026-10-25T00:00Z", "01:30", "Europe/London", "2026-10-25T00:30Z")]
    [InlineData("2026-10-25T00:45Z", "01:30", "Europe/London", "2026-10-25T01:30Z")]
    [InlineData("2026-06-01T07:00Z", "06:00", null, "2026-06-01T10:00Z")]
    public void A_time_of_day_is_the_first_after_the_run_is_due_on_the_clocks_of_its_zone(
        string due,
        string time,
        string? zone,
        string expected
    )
    {
        var spec = new SlaSpec.By(TimeOnly.ParseExact(time, "HH:mm"), zone);

        Assert.Equal(Instant(expected), spec.DeadlineOf(Instant(due), Zone.Find("America/New_York").Zone!));
    }

    [Fact]
    [Trait("Requirement", "S168")]
    public void A_length_counts_from_when_the_run_is_due_and_that_of_the_last_task_is_for_the_whole_pipeline()
    {
        var pipeline = Made.Pipeline(
            Made.Task("extract") with
            {
                Sla = [new SlaSpec.Within(TimeSpan.FromHours(3))],
            },
            Made.Task("load", "extract") with
            {
                Sla = [new SlaSpec.Within(TimeSpan.FromHours(4))],
            }
        );
        var due = Instant("2026-10-25T00:30Z");

        Assert.Equal(
            [
                new Deadline(new TaskName("extract"), 0, due.AddHours(3), "within 3h"),
                new Deadline(new TaskName("load"), 0, due.AddHours(4), "within 4h"),
            ],
            DeadlineRules.Of(pipeline, due)
        );
    }

    [Fact]
    [Trait("Requirement", "S13")]
    public void A_deadline_is_judged_while_the_run_goes_on_and_a_failure_may_be_repaired_until_then()
    {
        var due = Instant("2026-01-10T06:00Z");
        var (before, after) = (due.AddMinutes(-1), due.AddMinutes(1));

        Assert.Equal(DeadlineState.Open, DeadlineRules.Judge(due, RunState.Running, null, before));
        Assert.Equal(DeadlineState.Open, DeadlineRules.Judge(due, RunState.Failed, before, before));
        Assert.Equal(DeadlineState.Met, DeadlineRules.Judge(due, RunState.Success, before, before));
        Assert.Equal(DeadlineState.Met, DeadlineRules.Judge(due, RunState.Success, due, after));
        Assert.Equal(DeadlineState.Missed, DeadlineRules.Judge(due, RunState.Running, null, after));
        Assert.Equal(DeadlineState.Missed, DeadlineRules.Judge(due, RunState.Queued, null, after));
        Assert.Equal(DeadlineState.Missed, DeadlineRules.Judge(due, RunState.Failed, before, after));
        Assert.Equal(DeadlineState.Missed, DeadlineRules.Judge(due, RunState.Success, after, after));
        Assert.Equal(DeadlineState.Missed, DeadlineRules.Judge(due, (RunState?)null, null, after));
        Assert.Equal(DeadlineState.Met, DeadlineRules.Judge(due, TaskState.Skipped, before, after));
        Assert.Equal(DeadlineState.Missed, DeadlineRules.Judge(due, TaskState.None, null, after));
    }

    [Fact]
    public void Mistakes_in_deadlines_are_told_at_their_fields()
    {
        var pipeline = Made.Pipeline(Made.Task("a") with { Sla = [new SlaSpec.Within(TimeSpan.FromDays(400))] }) with
        {
            Sla = [new SlaSpec.By(new TimeOnly(6, 0), "Europe/Londn"), new SlaSpec.By(new TimeOnly(6, 0), "Europe/Londn")],
        };

        Assert.Equal(
            ["sla[0].timezone bad-timezone", "sla[1].timezone bad-timezone", "sla[1] sla-twice", "tasks.a.sla[0].within out-of-range"],
            Made.Found(pipeline).Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)])
        );
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
