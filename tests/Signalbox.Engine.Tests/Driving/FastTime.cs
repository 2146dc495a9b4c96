namespace Signalbox.Engine.Tests.Driving;

/// <summary>A clock that runs so many times as fast as the real one, its timers too: what waits for minutes is over in seconds, and real commands keep up.</summary>
internal sealed class FastTime(int times) : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => _start + ((System.GetUtcNow() - _start) * times);

    public override long GetTimestamp() => System.GetTimestamp() * times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Alarm(System.CreateTimer(callback, state, Slow(dueTime), Slow(period)), Slow);

    // Negative is "never".
    private TimeSpan Slow(TimeSpan time) => time < TimeSpan.Zero ? time : time / times;

    private sealed class Alarm(ITimer timer, Func<TimeSpan, TimeSpan> slow) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(slow(dueTime), slow(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
