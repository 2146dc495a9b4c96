namespace Signalbox.Engine.Tests.Scheduling;

/// <summary>A clock that a test sets, forwards and backwards; timers ring when their instant on it has come.</summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _guard = new();
    private readonly List<Alarm> _alarms = [];
    private DateTimeOffset _now = start;
    private TimeSpan _elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_guard)
        {
            return _now;
        }
    }

    public override long GetTimestamp()
    {
        lock (_guard)
        {
            return _elapsed.Ticks;
        }
    }

    /// <summary>Time passes.</summary>
    public void Pass(TimeSpan time)
    {
        List<Alarm> due;
        lock (_guard)
        {
            _now += time;
            _elapsed += time;
            due = _alarms.FindAll(alarm => alarm.At <= _elapsed);
            _alarms.RemoveAll(due.Contains);
        }

        due.ForEach(alarm => alarm.Ring());
    }

    /// <summary>Somebody sets the clock: no time passes.</summary>
    public void Set(DateTimeOffset now)
    {
        lock (_guard)
        {
            _now = now;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Alarm(this, callback, state, dueTime, period);

    private sealed class Alarm : ITimer
    {
        private readonly ManualTime _time;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private TimeSpan _period;

        public Alarm(ManualTime time, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (_time, _callback, _state) = (time, callback, state);
            Change(dueTime, period);
        }

        public TimeSpan At { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_time._guard)
            {
                _time._alarms.Remove(this);
                _period = period;
                if (dueTime >= TimeSpan.Zero)
                {
                    At = _time._elapsed + dueTime;
                    _time._alarms.Add(this);
                }
            }

            return true;
        }

        public void Ring()
        {
            if (_period > TimeSpan.Zero)
            {
                Change(_period, _period);
            }

            _callback(_state);
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
