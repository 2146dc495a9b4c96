using Signalbox.Core.Time;

namespace Signalbox.Core.Proving;

/// <summary>A date that pipelines stumble over, and why it is one.</summary>
public sealed record SampleDate(Slice Slice, string Why);

/// <summary>
/// The dates on which date arithmetic goes wrong: the leap day and its neighbours, ends of months and of the year, and the days on which the
/// clocks of a schedule's zone change.
/// </summary>
public static class SampleDates
{
    private const int LongestStep = 40;

    /// <summary>The sample of a pipeline, oldest first; each slice once, with all reasons for it.</summary>
    /// <param name="calendar">The slices of the pipeline.</param>
    /// <param name="today">No date from this one on is in it.</param>
    public static ImmutableArray<SampleDate> Of(SliceCalendar calendar, DateOnly today)
    {
        var found = new SortedDictionary<DateTimeOffset, SampleDate>();
        foreach (var (date, why) in Days(calendar, today).Where(day => day.Date < today))
        {
            foreach (var slice in Slices(calendar, date))
            {
                found[slice.LogicalDate] = found.TryGetValue(slice.LogicalDate, out var known)
                    ? known with
                    {
                        Why = known.Why.Contains(why, StringComparison.Ordinal) ? known.Why : $"{known.Why}, {why}",
                    }
                    : new SampleDate(slice, why);
            }
        }

        return [.. found.Values];
    }

    private static IEnumerable<(DateOnly Date, string Why)> Days(SliceCalendar calendar, DateOnly today)
    {
        var leap = today.Year;
        while (!DateTime.IsLeapYear(leap) || new DateOnly(leap, 2, 29) >= today)
        {
            leap--;
        }

        yield return (new DateOnly(leap, 2, 28), "the day before the leap day");
        yield return (new DateOnly(leap, 2, 29), "the leap day");
        yield return (new DateOnly(leap, 3, 1), "the day after the leap day");
        yield return (new DateOnly(leap, 12, 31), "the 366th day of a year");
        var common = today.Year - 1;
        while (DateTime.IsLeapYear(common))
        {
            common--;
        }

        yield return (new DateOnly(common, 2, 28), "the end of a short February");
        yield return (new DateOnly(common, 1, 31), "the end of a month of 31 days");
        yield return (new DateOnly(common, 4, 30), "the end of a month of 30 days");
        yield return (new DateOnly(common, 12, 31), "the end of a year");
        yield return (new DateOnly(common + 1, 1, 1), "the first day of a year");
        foreach (var (date, hours) in Changes(calendar.Schedule.Zone, common))
        {
            yield return (date, $"a day of {hours:0.##} hours in {calendar.Schedule.Zone}");
        }

        yield return (today.AddDays(-1), "yesterday");
    }

    /// <summary>The days of a year that are not as long as others.</summary>
    private static IEnumerable<(DateOnly Date, double Hours)> Changes(Zone zone, int year)
    {
        for (var date = new DateOnly(year, 1, 1); date.Year == year; date = date.AddDays(1))
        {
            var hours = (zone.StartOf(date.AddDays(1)) - zone.StartOf(date)).TotalHours;
            if (hours != 24)
            {
                yield return (date, hours);
            }
        }
    }

    /// <summary>The first slice of a day, and those in which the clocks change; where the day has none, the latest before it.</summary>
    private static IEnumerable<Slice> Slices(SliceCalendar calendar, DateOnly date)
    {
        var day = calendar.Between(date, date).ToList();
        if (day.Count == 0)
        {
            return calendar.Between(date.AddDays(-LongestStep), date).TakeLast(1);
        }

        var zone = calendar.Schedule.Zone;
        return day.Where((slice, i) => i == 0 || zone.OffsetAt(slice.Start) != zone.OffsetAt(slice.End));
    }
}
