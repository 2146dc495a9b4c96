using Signalbox.Core;
using Signalbox.Core.Time;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>Every tick exactly once, over restarts and clocks that jump by days, against a calculator that knows only the clocks of London.</summary>
public sealed class ExactlyOnceTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 27, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [Trait("Requirement", "S9")]
    [Trait("Requirement", "S52")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_tick_is_decided_once_over_restarts_and_jumps_of_up_to_three_days_both_ways(int seed)
    {
        var random = new Random(seed);
        var time = new ManualTime(Start);
        await using var house = new House { Time = time };
        house.Pipeline(
            "pipeline: fixed\nschedule: { cron: \"30 1,13 * * *\", timezone: Europe/London }\ncatchup: all\ntasks:\n  a: { noop: }\n"
        );
        house.Pipeline("pipeline: often\nschedule: { cron: \"15 */4 * * *\", timezone: Europe/London }\ntasks:\n  a: { noop: }\n");
        await house.ServeAsync();
        await house.UntilAsync(
            () => Passed(time) && Cursor(house, "fixed") is not null && Cursor(house, "often") is not null,
            "the first look"
        );
        var latest = time.GetUtcNow();
        for (var step = 0; step < 12; step++)
        {
            switch (random.Next(4))
            {
                case 0:
                    await house.CloseAsync();
                    time.Pass(TimeSpan.FromHours(random.Next(30)));
                    await house.ServeAsync();
                    break;
                case 1:
                    time.Set(time.GetUtcNow().AddHours(-random.Next(1, 73)));
                    break;
                case 2:
                    time.Set(time.GetUtcNow().AddHours(random.Next(1, 73)));
                    break;
                default:
                    time.Pass(TimeSpan.FromHours(random.Next(1, 8)));
                    break;
            }

            latest = time.GetUtcNow() > latest ? time.GetUtcNow() : latest;
            var until = time.GetUtcNow().AddSeconds(3);
            await house.UntilAsync(() => Passed(time) && time.GetUtcNow() >= until, "the clock");
        }

        // Whatever the clock shows in the end, time goes on past all that was seen.
        time.Set(latest.AddHours(5));
        var end = time.GetUtcNow();
        foreach (var name in new[] { "fixed", "often" })
        {
            await house.UntilAsync(() => Passed(time) && Cursor(house, name) >= Calculated(name, end).Max(), $"the last tick of {name}");
            var ticks = house.Store.Read(session => session.Ticks(new PipelineName(name), 10_000)).Where(tick => tick.At > Start).ToList();
            Assert.Equal(Calculated(name, end), ticks.Where(tick => tick.At <= end).Select(tick => tick.At).Order());
            Assert.All(ticks, tick => Assert.True(tick.Run is not null || tick.Skip == SkipReason.CatchUp));
            var runs = ticks.Select(tick => tick.Run).OfType<RunNumber>().ToList();
            Assert.Equal(runs.Count, runs.Distinct().Count());
            if (name == "fixed")
            {
                Assert.Equal(ticks.Count, runs.Count);
            }
        }
    }

    private static List<DateTimeOffset> Calculated(string pipeline, DateTimeOffset end) =>
        pipeline == "fixed" ? LondonCalculator.HalfPastOne(Start, end) : LondonCalculator.QuarterPast(4, Start, end);

    private static DateTimeOffset? Cursor(House house, string pipeline) =>
        house.Store.Read(session => session.Pipeline(new PipelineName(pipeline)))?.Cursor;

    private static bool Passed(ManualTime time)
    {
        time.Pass(TimeSpan.FromMilliseconds(200));
        return true;
    }
}
