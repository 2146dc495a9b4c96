namespace Signalbox.Simulation.Tests;

/// <summary>
/// When a schedule is due, a second time and in another way: minute by minute with the zones of .NET. A time that a day does not have is due
/// at the first minute after the gap; one that it has twice, at the first.
/// </summary>
internal static class Ticks
{
    public static IEnumerable<DateTimeOffset> Of(string pipeline, IReadOnlyList<DayOfWeek>? days, DateTimeOffset from, DateTimeOffset to) =>
        pipeline switch
        {
            "daily" => Fixed("Europe/London", 1, 30, days, from, to),
            "local" => Fixed("America/New_York", 2, 30, days, from, to),
            "often" => Each("Europe/London", time => time is { Minute: 0 } && time.Hour % 8 == 0 && IsOf(time, days), from, to),
            _ => [],
        };

    private static IEnumerable<DateTimeOffset> Fixed(
        string zone,
        int hour,
        int minute,
        IReadOnlyList<DayOfWeek>? days,
        DateTimeOffset from,
        DateTimeOffset to
    )
    {
        var place = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var done = new HashSet<DateOnly>();
        for (var at = Minute(from - TimeSpan.FromDays(2)); at < to; at += TimeSpan.FromMinutes(1))
        {
            var local = TimeZoneInfo.ConvertTime(at, place).DateTime;
            if (
                IsOf(local, days)
                && TimeOnly.FromDateTime(local) >= new TimeOnly(hour, minute)
                && done.Add(DateOnly.FromDateTime(local))
                && at > from
            )
            {
                yield return at;
            }
        }
    }

    private static IEnumerable<DateTimeOffset> Each(string zone, Func<DateTime, bool> matches, DateTimeOffset from, DateTimeOffset to)
    {
        var place = TimeZoneInfo.FindSystemTimeZoneById(zone);
        for (var at = Minute(from) + TimeSpan.FromMinutes(1); at < to; at += TimeSpan.FromMinutes(1))
        {
            if (matches(TimeZoneInfo.ConvertTime(at, place).DateTime))
            {
                yield return at;
            }
        }
    }

    private static bool IsOf(DateTime time, IReadOnlyList<DayOfWeek>? days) => days?.Contains(time.DayOfWeek) ?? true;

    private static DateTimeOffset Minute(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);
}
