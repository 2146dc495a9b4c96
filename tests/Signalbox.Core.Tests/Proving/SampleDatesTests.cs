using Signalbox.Core.Definitions;
using Signalbox.Core.Proving;
using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Proving;

/// <summary>The dates that date arithmetic stumbles over.</summary>
public sealed class SampleDatesTests
{
    private static readonly DateOnly Today = new(2026, 11, 28);

    [Fact]
    [Trait("Requirement", "S63")]
    public void Leap_day_month_ends_and_changes_of_the_clocks_are_among_them()
    {
        var samples = Of("0 6 * * *", "Europe/London");
        var dates = samples.Select(sample => sample.Slice.LogicalDate.ToOffset(TimeSpan.FromHours(1)).ToString("yyyy-MM-dd")).ToList();
        Assert.Equal(
            [
                "2024-02-28",
                "2024-02-29",
                "2024-03-01",
                "2024-12-31",
                "2025-01-31",
                "2025-02-28",
                "2025-03-30",
                "2025-04-30",
                "2025-10-26",
                "2025-12-31",
                "2026-01-01",
                "2026-11-27",
            ],
            dates
        );
        Assert.Contains(samples, sample => sample.Why == "a day of 23 hours in Europe/London");
        Assert.Contains(samples, sample => sample.Why == "a day of 25 hours in Europe/London");
    }

    [Fact]
    [Trait("Requirement", "S63")]
    public void A_schedule_without_a_run_on_such_a_day_has_the_one_before_it_and_none_twice()
    {
        var samples = Of("0 6 1 * *", "UTC");
        Assert.Equal(samples.Length, samples.Select(sample => sample.Slice.LogicalDate).Distinct().Count());
        Assert.Contains(samples, sample => sample.Slice.LogicalDate == new DateTimeOffset(2024, 2, 1, 6, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    [Trait("Requirement", "S63")]
    public void Of_an_hourly_schedule_the_hours_of_the_change_are_there()
    {
        var day = new DateTimeOffset(2025, 10, 25, 23, 0, 0, TimeSpan.Zero);
        var hours = Of("0 * * * *", "Europe/London")
            .Where(sample => sample.Slice.LogicalDate >= day && sample.Slice.LogicalDate < day.AddDays(1));
        Assert.Equal([day, day.AddHours(1)], hours.Select(sample => sample.Slice.LogicalDate));
    }

    private static System.Collections.Immutable.ImmutableArray<SampleDate> Of(string cron, string zone) =>
        SampleDates.Of((Pipeline() with { Schedule = new ScheduleSpec(cron, zone) }).CalendarOf(), Today);
}
