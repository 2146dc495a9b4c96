using System.Globalization;
using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class RecurrenceRuleTests
{
    private static RecurrenceRule Rule(string text, string start, string zone = "UTC")
    {
        var parse = RecurrenceRuleParser.Parse(text, Label(start), InZone(zone));
        Assert.True(parse.Rule is not null, string.Join("; ", parse.Errors.Select(error => error.Message)));
        return parse.Rule;
    }

    private static DateTime Label(string text) =>
        DateTime.ParseExact(text, ["yyyy-MM-dd", "yyyy-MM-dd HH:mm"], CultureInfo.InvariantCulture);

    private static List<DateTime> First(RecurrenceRule rule, int count)
    {
        var found = new List<DateTime>();
        for (
            var at = rule.FirstAtOrAfter(rule.Start);
            at is { } label && found.Count < count;
            at = rule.FirstAtOrAfter(label.AddMinutes(1))
        )
            found.Add(label);
        return found;
    }

    // What RFC 5545 says of its own examples, section 3.8.5.3, to the minute.
    [Theory]
    [Trait("Requirement", "S19")]
    [InlineData("FREQ=DAILY;COUNT=3", "1997-09-02 09:00", "1997-09-02 09:00 | 1997-09-03 09:00 | 1997-09-04 09:00")]
    [InlineData(
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "1997-09-02 09:00",
        "1997-09-02 09:00 | 1997-09-12 09:00 | 1997-09-22 09:00 | 1997-10-02 09:00 | 1997-10-12 09:00"
    )]
    [InlineData(
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        "1997-09-02 09:00",
        "1997-09-02 09:00 | 1997-09-04 09:00 | 1997-09-09 09:00 | 1997-09-11 09:00 | 1997-09-16 09:00 | 1997-09-18 09:00 | 1997-09-23 09:00 | 1997-09-25 09:00 | 1997-09-30 09:00 | 1997-10-02 09:00"
    )]
    [InlineData(
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997-09-02 09:00",
        "1997-09-02 09:00 | 1997-09-04 09:00 | 1997-09-16 09:00 | 1997-09-18 09:00 | 1997-09-30 09:00 | 1997-10-02 09:00 | 1997-10-14 09:00 | 1997-10-16 09:00"
    )]
    [InlineData(
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997-08-05 09:00",
        "1997-08-05 09:00 | 1997-08-10 09:00 | 1997-08-19 09:00 | 1997-08-24 09:00"
    )]
    [InlineData(
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997-08-05 09:00",
        "1997-08-05 09:00 | 1997-08-17 09:00 | 1997-08-19 09:00 | 1997-08-31 09:00"
    )]
    [InlineData(
        "FREQ=MONTHLY;COUNT=4;BYDAY=1FR",
        "1997-09-05 09:00",
        "1997-09-05 09:00 | 1997-10-03 09:00 | 1997-11-07 09:00 | 1997-12-05 09:00"
    )]
    [InlineData(
        "FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=1SU,-1SU",
        "1997-09-07 09:00",
        "1997-09-07 09:00 | 1997-09-28 09:00 | 1997-11-02 09:00 | 1997-11-30 09:00 | 1998-01-04 09:00 | 1998-01-25 09:00"
    )]
    [InlineData("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "1997-09-22 09:00", "1997-09-22 09:00 | 1997-10-20 09:00 | 1997-11-17 09:00")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "1997-09-28 09:00", "1997-09-28 09:00 | 1997-10-29 09:00 | 1997-11-28 09:00")]
    [InlineData(
        "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1",
        "1997-09-30 09:00",
        "1997-09-30 09:00 | 1997-10-01 09:00 | 1997-10-31 09:00 | 1997-11-01 09:00"
    )]
    [InlineData(
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4",
        "1997-09-02 09:00",
        "1998-02-13 09:00 | 1998-03-13 09:00 | 1998-11-13 09:00 | 1999-08-13 09:00"
    )]
    [InlineData(
        "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "1997-09-04 09:00",
        "1997-09-04 09:00 | 1997-10-07 09:00 | 1997-11-06 09:00"
    )]
    [InlineData(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3",
        "1997-09-29 09:00",
        "1997-09-29 09:00 | 1997-10-30 09:00 | 1997-11-27 09:00"
    )]
    [InlineData(
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007-01-15 09:00",
        "2007-01-15 09:00 | 2007-01-30 09:00 | 2007-02-15 09:00 | 2007-03-15 09:00 | 2007-03-30 09:00"
    )]
    [InlineData(
        "FREQ=YEARLY;COUNT=4;BYMONTH=6,7",
        "1997-06-10 09:00",
        "1997-06-10 09:00 | 1997-07-10 09:00 | 1998-06-10 09:00 | 1998-07-10 09:00"
    )]
    [InlineData("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19 09:00", "1997-05-19 09:00 | 1998-05-18 09:00 | 1999-05-17 09:00")]
    [InlineData(
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4",
        "1997-03-13 09:00",
        "1997-03-13 09:00 | 1997-03-20 09:00 | 1997-03-27 09:00 | 1998-03-05 09:00"
    )]
    [InlineData(
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
        "1996-11-05 09:00",
        "1996-11-05 09:00 | 2000-11-07 09:00 | 2004-11-02 09:00"
    )]
    [InlineData("FREQ=HOURLY;INTERVAL=3;COUNT=3", "1997-09-02 09:00", "1997-09-02 09:00 | 1997-09-02 12:00 | 1997-09-02 15:00")]
    [InlineData(
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        "1997-09-02 09:00",
        "1997-09-02 09:00 | 1997-09-02 10:30 | 1997-09-02 12:00 | 1997-09-02 13:30"
    )]
    [InlineData(
        "RRULE:FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20;COUNT=4",
        "1997-09-02 09:00",
        "1997-09-02 09:00 | 1997-09-02 09:20 | 1997-09-02 10:00 | 1997-09-02 10:20"
    )]
    [InlineData(
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10;COUNT=4",
        "1997-09-02 09:00",
        "1997-09-02 09:00 | 1997-09-02 09:20 | 1997-09-02 09:40 | 1997-09-02 10:00"
    )]
    public void TheExamplesOfTheStandardGiveTheTimesOfTheStandard(string text, string start, string expected)
    {
        var rule = Rule(text, start);
        var times = First(rule, 50);
        Assert.Equal(expected, string.Join(" | ", times.Select(Show)));

        // Backwards the same, and nothing before or after.
        var back = new List<DateTime>();
        for (var at = rule.LastAtOrBefore(DateTime.MaxValue); at is { } label; at = rule.LastAtOrBefore(label.AddMinutes(-1)))
            back.Insert(0, label);
        Assert.Equal(times, back);
    }

    [Fact]
    public void ARuleAroundAClockChangeFollowsTheRuleOfCron()
    {
        var daily = new Schedule.Recurring(Rule("FREQ=DAILY", "2026-03-01 01:30", "Europe/London")) { Zone = InZone("Europe/London") };
        var cron = new Schedule.Cron(Zoned("30 1 * * *", "Europe/London"));
        Assert.Equal(cron.Between(Utc("2026-03-20"), Utc("2026-11-05")), daily.Between(Utc("2026-03-20"), Utc("2026-11-05")));
        Assert.Equal("2026-10-25T01:30", daily.KeyOf(daily.Next(Utc("2026-10-25"))!.Value));

        var often = new Schedule.Recurring(Rule("FREQ=MINUTELY;INTERVAL=30", "2026-03-01 00:00", "Europe/London"))
        {
            Zone = InZone("Europe/London"),
        };
        var half = new Schedule.Cron(Zoned("*/30 * * * *", "Europe/London"));
        Assert.Equal(half.Between(Utc("2026-10-24"), Utc("2026-10-27")), often.Between(Utc("2026-10-24"), Utc("2026-10-27")));
    }

    [Fact]
    public void SearchingAgreesWithListingForRandomRules()
    {
        var random = new Random(20260704);
        string[] frequencies = ["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
        for (var i = 0; i < 300; i++)
        {
            var frequency = frequencies[random.Next(6)];
            var text = $"FREQ={frequency};INTERVAL={(frequency == "MINUTELY" ? random.Next(20, 500) : random.Next(1, 5))}";
            if (random.Next(3) == 0)
                text += $";BYMONTH={random.Next(1, 13)},{random.Next(1, 13)}";
            if (random.Next(3) == 0 && frequency != "WEEKLY")
                text += $";BYMONTHDAY={random.Next(1, 28)},-{random.Next(1, 5)}";
            if (random.Next(3) == 0)
                text += ";BYDAY=MO,WE,SU";
            if (random.Next(3) == 0)
                text += $";BYHOUR={random.Next(24)},{random.Next(24)}";
            if (RecurrenceRuleParser.Parse(text, Label("2024-01-31 09:30"), Zone.Utc).Rule is not { } rule)
                continue;
            var times = First(rule, 40);
            for (var j = 0; j < 20; j++)
            {
                var at = times[0].AddMinutes(random.NextInt64((long)(times[^1] - times[0]).TotalMinutes + 1));
                Assert.Equal(times.Where(time => time >= at).Take(1), rule.FirstAtOrAfter(at) is { } next ? [next] : []);
                Assert.Equal(times.Where(time => time <= at).TakeLast(1), rule.LastAtOrBefore(at) is { } last ? [last] : []);
            }
        }
    }

    [Theory]
    [Trait("Requirement", "S28")]
    [InlineData("FREQ=SECONDLY", "FREQ: SECONDLY is not supported")]
    [InlineData("FREQ=DAILY;BYSECOND=5", "BYSECOND is not supported")]
    [InlineData("FREQ=YEARLY;BYYEARDAY=100", "BYYEARDAY is not supported")]
    [InlineData("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not supported")]
    [InlineData("FREQ=YEARLY;BYEASTER=1", "BYEASTER is not supported")]
    [InlineData("DTSTART:20260101T000000", "DTSTART is not part of the rule here; write it as `anchor`")]
    [InlineData("FREQ=DAILY;EXDATE=20260101", "EXDATE is not supported")]
    [InlineData("FREQ=DAILY;BYDY=MO", "BYDY is no part of a rule; did you mean `BYDAY`?")]
    [InlineData("INTERVAL=2", "FREQ is missing")]
    [InlineData("FREQ=DAILY;INTERVAL=0", "INTERVAL: `0` is no whole number")]
    [InlineData("FREQ=DAILY;COUNT=2;UNTIL=20300101", "COUNT and UNTIL cannot stand together")]
    [InlineData("FREQ=WEEKLY;BYDAY=1MO", "BYDAY: a number before a day")]
    [InlineData("FREQ=MONTHLY;BYDAY=XX", "BYDAY: `XX` is no day")]
    [InlineData("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY: `32` is no number from 1 to 31")]
    [InlineData("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "the rule never occurs")]
    [InlineData("FREQ=DAILY;UNTIL=20200101", "the rule never occurs")]
    [InlineData("FREQ=DAILY;FREQ=DAILY", "FREQ is there twice")]
    [InlineData("", "the rule has an empty part")]
    public void WhatIsNotReadIsRefusedByItsName(string text, string expected) =>
        Assert.StartsWith(
            expected,
            RecurrenceRuleParser.Parse(text, Label("2026-01-01"), Zone.Utc).Errors[0].Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=9;BYMINUTE=30",
        "Every 2 weeks, on Monday and Friday, at 09:30, counted from 2026-01-05 08:00"
    )]
    [InlineData("FREQ=MONTHLY;BYDAY=-1FR", "Every month, on the last Friday, at 08:00")]
    [InlineData("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "Every year, in December, on day 24 of the month, at 08:00")]
    [InlineData("FREQ=HOURLY;BYMINUTE=0,30", "Every hour, at minute 0 and 30")]
    public void ARuleIsSaidInAPlainSentence(string text, string expected) =>
        Assert.Equal(expected, RecurrenceExplain.Sentence(Rule(text, "2026-01-05 08:00")));
}
