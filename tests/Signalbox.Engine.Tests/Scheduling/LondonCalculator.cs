namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>Which minutes of 2026 are ticks, found minute by minute with nothing but the two clock changes of London: no code of the product.</summary>
internal static class LondonCalculator
{
    private static readonly DateTimeOffset Spring = new(2026, 3, 29, 1, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Autumn = new(2026, 10, 25, 1, 0, 0, TimeSpan.Zero);

    /// <summary><c>30 1,13 * * *</c>: there is no 01:30 on 29 March, so it is the change itself; on 25 October there are two, and the first counts.</summary>
    public static List<DateTimeOffset> HalfPastOne(DateTimeOffset after, DateTimeOffset end) =>
        Minutes(after, end, (at, clock) => (clock is { Minute: 30, Hour: 1 or 13 } && at != Autumn.AddMinutes(30)) || at == Spring);

    /// <summary><c>15 */hours * * *</c>: every real instant at which the clock shows it.</summary>
    public static List<DateTimeOffset> QuarterPast(int hours, DateTimeOffset after, DateTimeOffset end) =>
        Minutes(after, end, (_, clock) => clock.Minute == 15 && clock.Hour % hours == 0);

    private static List<DateTimeOffset> Minutes(DateTimeOffset after, DateTimeOffset end, Func<DateTimeOffset, DateTime, bool> matches)
    {
        var found = new List<DateTimeOffset>();
        for (var at = after.AddMinutes(1); at <= end; at = at.AddMinutes(1))
        {
            if (matches(at, at.UtcDateTime.AddHours(at >= Spring && at < Autumn ? 1 : 0)))
            {
                found.Add(at);
            }
        }

        return found;
    }
}
