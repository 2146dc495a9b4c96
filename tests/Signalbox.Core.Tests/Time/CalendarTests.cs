using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Time.TimeSamples;

namespace Signalbox.Core.Tests.Time;

public sealed class CalendarTests
{
    private static readonly DayOfWeek[] Workdays =
    [
        DayOfWeek.Monday,
        DayOfWeek.Tuesday,
        DayOfWeek.Wednesday,
        DayOfWeek.Thursday,
        DayOfWeek.Friday,
    ];

    private static readonly BusinessCalendar Business = new(Workdays, [new(2026, 12, 25), new(2026, 12, 28)], []);

    private static IEnumerable<string> Labels(Schedule schedule, string from, string to) =>
        schedule.Between(Utc(from), Utc(to)).Select(tick => Show(tick.Label));

    [Fact]
    public void IncludeKeepsTheDaysOfTheCalendarAndExcludeTheOthers()
    {
        var daily = new Schedule.Cron(Zoned("0 2 * * *"));
        Assert.Equal(
            ["2026-12-24 02:00", "2026-12-29 02:00"],
            Labels(new Schedule.OnCalendar(daily, Business, CalendarMode.Include), "2026-12-24", "2026-12-30")
        );
        Assert.Equal(
            ["2026-12-25 02:00", "2026-12-26 02:00", "2026-12-27 02:00", "2026-12-28 02:00"],
            Labels(new Schedule.OnCalendar(daily, Business, CalendarMode.Exclude), "2026-12-24", "2026-12-30")
        );
        // The interval goes from one tick that counts to the next, so that no day's data is left out.
        var include = new Schedule.OnCalendar(daily, Business, CalendarMode.Include);
        Assert.Equal("2026-12-24 02:00", Show(include.IntervalOf(include.Next(Utc("2026-12-25"))!.Value).Start));
    }

    [Fact]
    public void ShiftMovesToTheNextBusinessDayAndWhatMeetsThereIsOne()
    {
        var first = new Schedule.Cron(Zoned("30 9 1,26 * *"));
        Assert.Equal(
            ["2026-11-02 09:30", "2026-11-26 09:30", "2026-12-01 09:30", "2026-12-29 09:30", "2027-01-01 09:30"],
            Labels(new Schedule.OnCalendar(first, Business, CalendarMode.Shift), "2026-11-01", "2027-01-10")
        );
        var daily = new Schedule.Cron(Zoned("0 2 * * *"));
        Assert.Equal(
            ["2026-12-24 02:00", "2026-12-29 02:00", "2026-12-30 02:00"],
            Labels(new Schedule.OnCalendar(daily, Business, CalendarMode.Shift), "2026-12-24", "2026-12-31")
        );
    }

    /// <summary>All three modes against a list that is made day by day.</summary>
    [Theory]
    [InlineData("UTC")]
    [InlineData("Europe/London")]
    [InlineData("America/Santiago")]
    public void EveryModeAgreesWithGoingThroughTheDaysOneByOne(string zoneId)
    {
        var random = new Random(4711);
        var zone = InZone(zoneId);
        for (var i = 0; i < 60; i++)
        {
            var calendar = new BusinessCalendar(
                random.Next(4) == 0 ? [] : Workdays,
                Enumerable.Range(0, 20).Select(_ => new DateOnly(2026, 1, 1).AddDays(random.Next(365))),
                Enumerable.Range(0, 30).Select(_ => new DateOnly(2026, 1, 1).AddDays(random.Next(365)))
            );
            var mode = (CalendarMode)random.Next(3);
            var cron = $"{random.Next(60)} {random.Next(1, 5)} {(random.Next(2) == 0 ? "*" : $"{random.Next(1, 29)}")} * *";
            var inner = new Schedule.Cron(new ZonedCron(Cron(cron), zone));
            var schedule = new Schedule.OnCalendar(inner, calendar, mode);
            var expected = new SortedSet<(DateTimeOffset, DateTime)>();
            foreach (var tick in inner.Between(Utc("2026-02-01"), Utc("2026-11-01")))
            {
                var day = DateOnly.FromDateTime(tick.Label);
                if (mode != CalendarMode.Shift)
                {
                    if (calendar.Contains(day) == (mode == CalendarMode.Include))
                        expected.Add((tick.Utc, tick.Label));
                    continue;
                }
                while (!calendar.Contains(day) && day.Year == 2026)
                    day = day.AddDays(1);
                var label = day.ToDateTime(TimeOnly.FromDateTime(tick.Label));
                expected.Add((zone.FirstInstantOf(label), label));
            }

            var (from, to) = (Utc("2026-04-01"), Utc("2026-10-01"));
            var wanted = expected.Where(tick => tick.Item1 >= from && tick.Item1 < to).ToList();
            Assert.Equal(wanted, schedule.Between(from, to).Select(tick => (tick.Utc, tick.Label)));
            var back = new List<(DateTimeOffset, DateTime)>();
            for (var tick = schedule.Previous(to); tick is { } found && found.Utc >= from; tick = schedule.Previous(found))
                back.Insert(0, (found.Utc, found.Label));
            Assert.Equal(wanted, back);
        }
    }

    [Fact]
    public void ACalendarThatIsOverHasNoMoreTicks()
    {
        var listed = new BusinessCalendar([], [], [new(2026, 1, 2)]);
        var schedule = new Schedule.OnCalendar(new Schedule.Cron(Zoned("* * * * *")), listed, CalendarMode.Include);
        Assert.Null(schedule.Next(Utc("2026-01-03")));
        Assert.Equal("2026-01-02 23:59", Show(schedule.Previous(Utc("2030-01-01"))!.Value.Label));
        Assert.Null(schedule.Previous(Utc("2026-01-02")));
    }

    [Fact]
    public void AListOfDatesMayHaveWordsForPeople()
    {
        var parse = CalendarText.Parse("# bank holidays\n2026-12-25 Christmas\n\n2026-12-28, Boxing Day (moved)\n");
        Assert.Empty(parse.Errors);
        Assert.Equal([new DateOnly(2026, 12, 25), new DateOnly(2026, 12, 28)], parse.Days);
        Assert.Equal(
            [(2, "`25.12.2026` is no date; write e.g. 2026-12-25")],
            CalendarText.Parse("2026-01-01\n25.12.2026\n").Errors.Select(error => (error.Line, error.Message))
        );
        Assert.Contains("has no day", CalendarText.Parse("# none\n").Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnICalendarFileGivesTheDaysOfItsEvents()
    {
        const string Text = """
            BEGIN:VCALENDAR
            VERSION:2.0
            BEGIN:VEVENT
            UID:a
            DTSTART;VALUE=DATE:20261225
            DTEND;VALUE=DATE:20261227
            SUMMARY:Christmas with a line that is
              folded
            BEGIN:VALARM
            DTSTART;VALUE=DATE:19990101
            END:VALARM
            END:VEVENT
            BEGIN:VEVENT
            DTSTART;TZID=Europe/London:20260501T090000
            DTEND;TZID=Europe/London:20260502T000000
            END:VEVENT
            BEGIN:VEVENT
            DTSTART;VALUE=DATE:20270101
            RRULE:FREQ=YEARLY;COUNT=3
            EXDATE;VALUE=DATE:20280101
            END:VEVENT
            BEGIN:VEVENT
            DTSTART;VALUE=DATE:20300101
            STATUS:CANCELLED
            END:VEVENT
            END:VCALENDAR
            """;
        var parse = CalendarText.Parse(Text.Replace("\n", "\r\n", StringComparison.Ordinal));
        Assert.Empty(parse.Errors);
        Assert.Equal(
            [new(2026, 5, 1), new(2026, 12, 25), new(2026, 12, 26), new(2027, 1, 1), new(2029, 1, 1)],
            parse.Days.Select(day => day)
        );

        var wrong = CalendarText.Parse(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:tomorrow\nRRULE:FREQ=SECONDLY\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\n"
        );
        Assert.Equal([3, 2, 6], wrong.Errors.Select(error => error.Line));
    }
}
