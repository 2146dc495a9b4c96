using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

/// <summary>The first and the last of everything: days of a month, minutes of a day, sides of a clock change, years of the calendar.</summary>
public sealed class CronEdgeTests
{
    [Theory]
    [InlineData("0 0 31W * *", "2026-04-01 00:00", "2026-05-29 00:00")]
    [InlineData("0 0 31W 4 1", "2026-04-27 00:00", "2027-04-05 00:00")]
    [InlineData("0 0 * * FRI#5", "2026-07-30 00:00", "2026-07-31 00:00")]
    public void AMonthThatHasNoSuchDayIsPassedOverAndItsLastDayCounts(string cron, string after, string expected) =>
        Assert.Equal(expected, Show(Zoned(cron).Next(Utc(after))!.Value.Utc));

    [Fact]
    public void TheCalendarsFirstAndLastYearsAreSearched()
    {
        var newYear = Cron("0 0 1 1 *");
        Assert.Equal(new DateTime(1, 1, 1), newYear.LastAtOrBefore(new DateTime(1, 6, 1)));
        Assert.Null(Cron("0 0 1 6 *").LastAtOrBefore(new DateTime(1, 3, 1)));
        Assert.Equal(new DateTime(9999, 12, 31), Cron("0 0 31 12 *").FirstAtOrAfter(new DateTime(9999, 6, 1)));
        Assert.Null(newYear.FirstAtOrAfter(new DateTime(9999, 6, 1)));
        var lastMinute = new DateTime(9999, 12, 31, 23, 59, 0);
        Assert.Equal(lastMinute, Cron("* * * * *").FirstAtOrAfter(lastMinute));
        Assert.Null(Cron("* * * * *").FirstAtOrAfter(DateTime.MaxValue));
    }

    [Fact]
    public void ExpressionsAreEqualWhenTheirCanonicalTextsAre()
    {
        var cron = Cron("0 0 * * MON");
        Assert.True(cron.Equals(Cron("00 0 * * 1")));
        Assert.True(cron.Equals((object)Cron("00 0 * * 1")));
        Assert.False(cron.Equals(Cron("0 0 * * TUE")));
        Assert.False(cron.Equals((object)"0 0 * * 1"));
        Assert.False(cron.Equals(null));
    }

    [Theory]
    [InlineData("0 * * * *")]
    [InlineData("0 1 * * *")]
    public void BetweenBeginsWithTheInstantItselfAndNotBeforeIt(string cron)
    {
        var zoned = Zoned(cron);
        var hour = Utc("2026-05-01 01:00");
        Assert.Equal(hour, zoned.Between(hour, hour.AddMinutes(1)).Single().Utc);
        Assert.Empty(zoned.Between(hour.AddTicks(1), hour.AddMinutes(1)));
    }

    [Fact]
    public void LabelsThatFollowEachOtherByAMinuteAreAllFoundAlsoAfterAFold()
    {
        var daily = Zoned("0,59 1,2 * * *", "Europe/London");
        Assert.Equal(
            ["2026-05-01 01:59", "2026-05-01 02:00"],
            daily.Between(Utc("2026-05-01 00:30"), Utc("2026-05-01 01:30")).Select(tick => Show(tick.Label))
        );
        // The clock shows 01:15 for the second time: 01:59 has been, 02:00 has not.
        var second = Utc("2026-10-25 01:15");
        Assert.Equal("2026-10-25 02:00Z = 2026-10-25 02:00", Show(daily.Next(second)!.Value));
        Assert.Equal("2026-10-25 00:59Z = 2026-10-25 01:59 FirstOfFold", Show(daily.Previous(second)!.Value));
    }

    [Theory]
    [InlineData("*/59 * * * *", null)]
    [InlineData("*/60 * * * *", "as large as the field (60 values); write 1 to 59")]
    [InlineData("0 0 */30 * *", null)]
    [InlineData("0 0 */31 * *", "as large as the field (31 values); write 1 to 30")]
    [InlineData("0 0 1 */11 *", null)]
    [InlineData("0 0 1 */12 *", "as large as the field (12 values); write 1 to 11")]
    public void AStepIsSmallerThanItsField(string text, string? refusal)
    {
        var error = CronExpression.Parse(text).Errors.SingleOrDefault();
        Assert.Equal(refusal is null, error is null);
        Assert.Contains(refusal ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }
}
