using Signalbox.Core.Sla;

namespace Signalbox.Core.Tests.Sla;

/// <summary>What a report says of few, many and slowly worsening runs.</summary>
public sealed class SlaReportTests
{
    private static readonly DateTimeOffset First = new(2026, 3, 1, 2, 15, 0, TimeSpan.Zero);

    [Fact]
    [Trait("Requirement", "S169")]
    public void No_runs_give_an_empty_report()
    {
        var report = SlaReport.Of(new PipelineName("p"), []);

        Assert.Equal((0, 0), (report.TotalRuns, report.OnTimeRuns));
        Assert.Null(report.ComplianceRate);
        Assert.Null(report.AverageMinutes);
        Assert.Null(report.P95Minutes);
        Assert.Null(report.Trend);
    }

    [Fact]
    [Trait("Requirement", "S169")]
    [Trait("Requirement", "S171")]
    public void Runs_are_counted_and_minutes_are_interpolated()
    {
        var report = SlaReport.Of(
            new PipelineName("p"),
            [.. new double?[] { 30, 10, null, 20 }.Select((minutes, day) => Sample(day, minutes, limit: 25))]
        );

        Assert.Equal((4, 2), (report.TotalRuns, report.OnTimeRuns));
        Assert.Equal(50, report.ComplianceRate);
        Assert.Equal(20, report.AverageMinutes);
        // 0.95 of the way over two gaps lies at 1.9: nine tenths from 20 to 30.
        Assert.Equal(29, report.P95Minutes!.Value, 10);
    }

    [Fact]
    [Trait("Requirement", "S170")]
    public void A_pipeline_that_gets_slower_is_warned_of_before_any_miss()
    {
        var report = SlaReport.Of(new PipelineName("p"), [.. Enumerable.Range(0, 20).Select(day => Sample(day, 20 + day, limit: 60))]);

        Assert.Equal(100, report.ComplianceRate);
        Assert.Equal(1, report.Trend!.SlopeMinutesPerDay, 10);
        Assert.Equal(21, report.Trend.DaysToLimit!.Value, 6);
        Assert.Equal("it takes 1.0 minutes longer every day and reaches its limit of 60 minutes in 21 days", report.Trend.Warning);
    }

    [Fact]
    [Trait("Requirement", "S170")]
    public void A_95th_percentile_near_the_limit_is_warned_of_and_mere_chance_is_not()
    {
        var near = SlaReport.Of(new PipelineName("p"), [.. Enumerable.Range(0, 10).Select(day => Sample(day, day % 2 == 0 ? 49 : 51, 60))]);
        var noisy = SlaReport.Of(new PipelineName("p"), [.. Enumerable.Range(0, 30).Select(day => Sample(day, 20 + (day * 7 % 11), 60))]);

        Assert.Equal("its 95th percentile is 85 % of its limit of 60 minutes", near.Trend!.Warning);
        Assert.Null(noisy.Trend!.Warning);
    }

    private static SlaSample Sample(int day, double? minutes, double limit) => new(First.AddDays(day), minutes <= limit, minutes, limit);
}
