using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>By when a dataset must be updated.</summary>
public sealed class FreshnessSpecTests
{
    [Theory]
    [Trait("Requirement", "S48")]
    // Hourly, daily and weekly; an update at the very tick counts for it.
    [InlineData("0 * * * *", "UTC", "2024-03-01T12:10:00Z", "2024-03-01T14:00:00Z")]
    [InlineData("0 * * * *", "UTC", "2024-03-01T12:00:00Z", "2024-03-01T13:00:00Z")]
    [InlineData("0 6 * * *", "UTC", "2024-03-01T05:00:00Z", "2024-03-02T06:00:00Z")]
    [InlineData("0 6 * * 1", "UTC", "2024-03-01T05:00:00Z", "2024-03-11T06:00:00Z")]
    // The clocks go forward on the 31st.
    [InlineData("0 6 * * *", "Europe/London", "2024-03-30T05:00:00Z", "2024-03-31T05:00:00Z")]
    public void By_a_cron_expression_there_is_an_update_between_any_two_ticks(string cron, string zone, string updated, string due) =>
        Assert.Equal(DateTimeOffset.Parse(due), new FreshnessSpec.By(cron, zone).DueAfter(DateTimeOffset.Parse(updated)));

    [Fact]
    [Trait("Requirement", "S48")]
    public void What_is_late_is_late_once_by_its_age_and_at_every_tick_by_an_expression()
    {
        var at = new DateTimeOffset(2024, 3, 1, 6, 0, 0, TimeSpan.Zero);
        var within = new FreshnessSpec.Within(TimeSpan.FromHours(26));
        Assert.Equal(at.AddHours(26), within.DueAfter(at));
        Assert.Null(within.NextAfter(at.AddHours(26)));
        Assert.Equal(at.AddDays(1), new FreshnessSpec.By("0 6 * * *").NextAfter(at));
        Assert.Equal(("within 1d2h", "by 0 6 * * * UTC"), (within.Sentence, new FreshnessSpec.By("0 6 * * *").Sentence));
    }

    [Fact]
    public void Its_mistakes_are_named_with_their_field()
    {
        Assert.Equal(
            [("wrong-key", "tasks.t.outputs.o.freshness"), ("out-of-range", "tasks.t.outputs.o.freshness.within")],
            Check(null, new FreshnessSpec.Within(TimeSpan.FromDays(400)))
        );
        Assert.Equal(
            [("bad-timezone", "tasks.t.outputs.o.freshness.timezone"), ("bad-cron", "tasks.t.outputs.o.freshness.cron")],
            Check("a", new FreshnessSpec.By("0 25 * * *", "Europe/Lundon"))
        );
    }

    private static (string Code, string Path)[] Check(string? dataset, FreshnessSpec freshness) =>
        [
            .. PipelineChecker
                .Check(
                    Pipeline(
                        Task("t") with
                        {
                            Outputs =
                            [
                                new OutputSpec
                                {
                                    Name = "o",
                                    Path = "{{ ds }}",
                                    Dataset = dataset,
                                    Freshness = freshness,
                                },
                            ],
                        }
                    )
                )
                .Where(found => found.Path.Contains("freshness", StringComparison.Ordinal))
                .Select(found => (found.Code, found.Path)),
        ];
}
