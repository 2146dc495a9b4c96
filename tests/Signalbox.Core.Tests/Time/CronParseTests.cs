using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class CronParseTests
{
    [Theory]
    [Trait("Requirement", "S24")]
    [InlineData("15 2 * * *", "15 2 * * *")]
    [InlineData("  15\t2  * * *  ", "15 2 * * *")]
    [InlineData("05 02 1 01 7", "5 2 1 1 0")]
    [InlineData("*/1 */5 ? * ?", "* */5 * * *")]
    [InlineData("30,10,10 5/15 1-31/2 jan-Mar,DEC mon-FRI", "10,30 5-23/15 1-31/2 1-3,12 1-5")]
    [InlineData("5/15 * * * *", "5-59/15 * * * *")]
    [InlineData("10-30/5 * * * *", "10-30/5 * * * *")]
    [InlineData("0 0 l * *", "0 0 L * *")]
    [InlineData("0 0 LW,1,15W * *", "0 0 1,LW,15W * *")]
    [InlineData("0 0 WL * *", "0 0 LW * *")]
    [InlineData("0 0 * * FRI#2,5L", "0 0 * * 5L,5#2")]
    [InlineData("0 0 * * 7#1,SUNL", "0 0 * * 0#1,0L")]
    [InlineData("0 0 * * FRI-SUN", "0 0 * * 5-7")]
    [InlineData("0 0 * * 7-2", "0 0 * * 0-2")]
    [InlineData("0 0 * * MON-SUN", "0 0 * * 1-7")]
    [InlineData("0 0 * * SUN-SUN", "0 0 * * 0")]
    [InlineData("0 0 * * 7-7", "0 0 * * 0")]
    [InlineData("0 0 1,*/2 * *", "0 0 1,1-31/2 * *")]
    [InlineData("0 0 */2,1 * *", "0 0 */2,1 * *")]
    [InlineData("*/2,0 0 * * *", "*/2,0 0 * * *")]
    [InlineData("*/2,0,*/3 0 * * *", "*/2,*/3,0 0 * * *")]
    [InlineData("9-9 23/1 31 12 6/2", "9 23 31 12 6")]
    [InlineData("@hourly", "0 * * * *")]
    [InlineData("@daily", "0 0 * * *")]
    [InlineData("@midnight", "0 0 * * *")]
    [InlineData("@Weekly", "0 0 * * 0")]
    [InlineData("@monthly", "0 0 1 * *")]
    [InlineData("@yearly", "0 0 1 1 *")]
    [InlineData("@annually", "0 0 1 1 *")]
    public void PrintsCanonicalTextThatReadsBackAsTheSame(string text, string canonical)
    {
        var cron = Cron(text);
        Assert.Equal(canonical, cron.ToString());
        Assert.Equal(cron, Cron(cron.ToString()));
    }

    [Theory]
    [Trait("Requirement", "S28")]
    [InlineData("", CronField.Expression, 0, "is empty")]
    [InlineData("15 2 * *", CronField.Expression, 8, "the day of week is missing")]
    [InlineData("0 15 2 * * *", CronField.Expression, 11, "seconds and years are not supported")]
    [InlineData("@reboot", CronField.Expression, 0, "does not start with the server")]
    [InlineData("@every 5m", CronField.Expression, 7, "stands alone")]
    [InlineData("@every", CronField.Expression, 0, "write `every: 10m`")]
    [InlineData("@fortnightly", CronField.Expression, 0, "@weekly")]
    [InlineData("75 2 * * *", CronField.Minute, 0, "75 is out of range; write 0 to 59")]
    [InlineData("-5 2 * * *", CronField.Minute, 0, "negative")]
    [InlineData("*/0 2 * * *", CronField.Minute, 2, "a step of 0")]
    [InlineData("*/60 2 * * *", CronField.Minute, 2, "as large as the field")]
    [InlineData("*/x 2 * * *", CronField.Minute, 2, "`x` is not a step")]
    [InlineData("*/ 2 * * *", CronField.Minute, 2, "`` is not a step")]
    [InlineData("y/x 2 * * *", CronField.Minute, 2, "`x` is not a step")]
    [InlineData("x/0 2 * * *", CronField.Minute, 2, "a step of 0")]
    [InlineData("x/60 2 * * *", CronField.Minute, 2, "as large as the field")]
    [InlineData("/5 2 * * *", CronField.Minute, 0, "write `*/5`")]
    [InlineData("0,,5 2 * * *", CronField.Minute, 2, "entry of the list is empty")]
    [InlineData("0, 2 * * *", CronField.Minute, 2, "entry of the list is empty")]
    [InlineData(",5 2 * * *", CronField.Minute, 0, "entry of the list is empty")]
    [InlineData("4294967301 2 * * *", CronField.Minute, 0, "out of range")]
    [InlineData("? 2 * * *", CronField.Minute, 0, "write `*`")]
    [InlineData("15 24 * * *", CronField.Hour, 3, "24 is out of range; write 0 to 23")]
    [InlineData("*5 2 * * *", CronField.Minute, 0, "`*5` is not a value of this field")]
    [InlineData("15 5-0 * * *", CronField.Hour, 3, "write `5-23,0`")]
    [InlineData("15 22-2 * * *", CronField.Hour, 3, "write `22-23,0-2`")]
    [InlineData("15 9- * * *", CronField.Hour, 4, "has no end")]
    [InlineData("15 9-x * * *", CronField.Hour, 5, "`x` is not a value of this field")]
    [InlineData("15 75-9 * * *", CronField.Hour, 3, "75 is out of range")]
    [InlineData("15 2pm * * *", CronField.Hour, 3, "`2pm` is not a value of this field")]
    [InlineData("15 99999999999999999999 * * *", CronField.Hour, 3, "out of range")]
    [InlineData("15 2 0 * *", CronField.DayOfMonth, 5, "0 is out of range")]
    [InlineData("15 2 L-3 * *", CronField.DayOfMonth, 5, "`L` takes no offset")]
    [InlineData("15 2 W * *", CronField.DayOfMonth, 5, "`W` is not a value of this field")]
    [InlineData("15 2 32W * *", CronField.DayOfMonth, 5, "32 is out of range")]
    [InlineData("15 2 ?/2 * *", CronField.DayOfMonth, 5, "write `*/2`")]
    [InlineData("15 2 * 13 *", CronField.Month, 7, "write 1 to 12 or JAN to DEC")]
    [InlineData("15 2 * March *", CronField.Month, 7, "did you mean `MAR`?")]
    [InlineData("15 2 * NOV-FEB *", CronField.Month, 7, "write `11-12,1-2`")]
    [InlineData("15 2 * * 8", CronField.DayOfWeek, 9, "8 is out of range")]
    [InlineData("15 2 * * FRI-MON", CronField.DayOfWeek, 9, "write `5-6,0-1`")]
    [InlineData("15 2 * * L", CronField.DayOfWeek, 9, "`5L`")]
    [InlineData("15 2 * * FRI#0", CronField.DayOfWeek, 12, "a week that no month has")]
    [InlineData("15 2 * * FRI#6", CronField.DayOfWeek, 12, "a week that no month has")]
    [InlineData("15 2 * * #2", CronField.DayOfWeek, 9, "no day before `#`")]
    [InlineData("0 0 30 2 *", CronField.DayOfMonth, 4, "never fires")]
    [InlineData("0 0 31 4,6,9,11 *", CronField.DayOfMonth, 4, "never fires")]
    [InlineData("0 0 31W 2 *", CronField.DayOfMonth, 4, "never fires")]
    public void NamesTheFieldThePlaceAndTheCure(string text, CronField field, int position, string message)
    {
        var parse = CronExpression.Parse(text);
        Assert.Null(parse.Expression);
        var error = Assert.Single(parse.Errors);
        Assert.Equal((field, position), (error.Field, error.Position));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S28")]
    public void ReportsAllMistakesAtOnceInTheOrderOfTheText()
    {
        var errors = CronExpression.Parse("61 25 1 * MONN").Errors;
        Assert.Equal([CronField.Minute, CronField.Hour, CronField.DayOfWeek], errors.Select(error => error.Field));
        Assert.Equal(
            ["minute: ", "hour: ", "day of week: "],
            errors.Select(error => error.Message[..(error.Message.IndexOf(':', StringComparison.Ordinal) + 2)])
        );
    }

    [Fact]
    [Trait("Requirement", "S28")]
    public void ATextOfAThousandCharactersIsReadAndALongerOneIsNot()
    {
        var longest = $"15 2 * * *{new string(' ', 990)}";
        Assert.NotNull(CronExpression.Parse(longest).Expression);
        var error = Assert.Single(CronExpression.Parse(longest + " ").Errors);
        Assert.Equal((CronField.Expression, 0), (error.Field, error.Position));
        Assert.Contains("has 1001 characters; at most 1000 are read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S28")]
    public void NoTextAtAllIsAMistakeOfTheProgram() => Assert.Throws<ArgumentNullException>(() => CronExpression.Parse(null!));

    [Theory]
    [InlineData("15 2 * * *", true)]
    [InlineData("0,30 1,13 * * 1-5", true)]
    [InlineData("*/30 2 * * *", false)]
    [InlineData("0-30 2 * * *", false)]
    [InlineData("0 * * * *", false)]
    [InlineData("0 9-17 * * *", false)]
    [InlineData("0 */6 * * *", false)]
    public void FixedTimeMeansListsOfNumbersInMinuteAndHour(string text, bool isFixed) => Assert.Equal(isFixed, Cron(text).IsFixedTime);
}
