using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class CronExplainTests
{
    [Theory]
    [Trait("Requirement", "S28")]
    [Trait("Requirement", "S54")]
    [InlineData("30 1 * * 1-5", "At 01:30, Monday through Friday")]
    [InlineData("15 2 * * *", "At 02:15, every day")]
    [InlineData("15 2 * * 1-5", "At 02:15, Monday through Friday")]
    [InlineData("30 23 * * 0", "At 23:30, on Sunday")]
    [InlineData("0,30 1,13 * * *", "At 01:00, 01:30, 13:00 and 13:30, every day")]
    [InlineData("0,10,20,30 1,13 * * *", "At minutes 0, 10, 20 and 30 of hours 01 and 13, every day")]
    [InlineData("* * * * *", "Every minute")]
    [InlineData("*/5 * * * *", "Every 5 minutes")]
    [InlineData("*/7 * * * *", "Every 7 minutes, counted from each full hour")]
    [InlineData("10-30/5 * * * *", "Every 5 minutes from minute 10 through 30")]
    [InlineData("@hourly", "Every hour, on the hour")]
    [InlineData("20 * * * *", "At minute 20 of every hour")]
    [InlineData("0 */6 * * *", "At minute 0 of every 6th hour from 00")]
    [InlineData("*/15 9-17 * * MON-FRI", "Every 15 minutes of every hour from 09 through 17, Monday through Friday")]
    [InlineData("* 2 * * *", "Every minute of hour 02")]
    [InlineData("@monthly", "At 00:00, on day 1 of the month")]
    [InlineData("@yearly", "At 00:00, on day 1 of the month, in January")]
    [InlineData("0 0 * 3-5 *", "At 00:00, every day in March through May")]
    [InlineData("0 0 1,15,L * *", "At 00:00, on days 1 and 15 and the last day of the month")]
    [InlineData("0 0 LW * *", "At 00:00, on the last weekday (Monday to Friday) of the month")]
    [InlineData("0 0 15W * *", "At 00:00, on the weekday (Monday to Friday) nearest to day 15 of the month")]
    [InlineData("0 0 * * FRI#2", "At 00:00, on the 2nd Friday of the month")]
    [InlineData("0 0 * * 5L", "At 00:00, on the last Friday of the month")]
    [InlineData("0 0 * * 0,6", "At 00:00, on Saturday and Sunday")]
    [InlineData("0 0 1 * 1", "At 00:00, on day 1 of the month and also on Monday")]
    [InlineData("0 0 */2 * 1", "At 00:00, on every 2nd day of the month from day 1, but only on Monday")]
    [InlineData("0 0 1-7 JAN,JUL *", "At 00:00, on days 1 through 7 of the month, in January and July")]
    public void SaysInPlainEnglishWhatAnExpressionMeans(string cron, string sentence) =>
        Assert.Equal(sentence, CronExplain.Sentence(Cron(cron)));

    [Fact]
    public void EveryExpressionHasASentence()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 2000; i++)
        {
            var sentence = CronExplain.Sentence(Cron(RandomCron.Next(random)));
            Assert.Matches("^(At|Every) [^ ].*[^ ,.]$", sentence);
        }
    }

    [Fact]
    [Trait("Requirement", "S52")]
    public void SaysWhatHappensWhenTheClocksChange()
    {
        Assert.StartsWith("Fixed times", CronExplain.OnClockChange(Zoned("30 1 * * *", "Europe/London")), StringComparison.Ordinal);
        Assert.StartsWith("Repeating", CronExplain.OnClockChange(Zoned("*/30 * * * *", "Europe/London")), StringComparison.Ordinal);
    }
}
