using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Scheduling;

public sealed class HangingSchedulerTests
{
    [Fact]
    public async Task A_scheduler_that_does_not_come_back_hangs_until_it_looks_again()
    {
        var time = new LaterTime();
        await using var house = new House { Time = time };
        house.Pipeline("pipeline: daily\nschedule: \"0 0 * * *\"\nstart: 2024-01-01\ncatchup: latest\nrun: \"true\"\n");
        using var release = new ManualResetEventSlim();
        house.Session.Said += line =>
        {
            // Whoever is told of a tick is told by the scheduler, which goes on when he has heard it.
            if (IsTick(line))
            {
                release.Wait(House.Deadline);
            }
        };
        var serving = Task.Run(house.ServeAsync, House.Cancel);
        await house.UntilAsync(() => house.Said.Any(IsTick), "the tick");
        Assert.False(house.Session.SchedulerHangs);
        time.Later = TimeSpan.FromSeconds(31);
        Assert.True(house.Session.SchedulerHangs);
        release.Set();
        await serving;
        await house.UntilAsync(() => !house.Session.SchedulerHangs, "the next look");
    }

    private static bool IsTick(string line) => line.Contains("for the tick", StringComparison.Ordinal);

    /// <summary>The system's time, but so much more of it has passed.</summary>
    private sealed class LaterTime : TimeProvider
    {
        public TimeSpan Later { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Later.TotalSeconds * TimestampFrequency);
    }
}
