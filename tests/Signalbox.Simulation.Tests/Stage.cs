using System.Security.Cryptography;
using System.Text;

namespace Signalbox.Simulation.Tests;

/// <summary>
/// The one thread on which everything happens, and its clocks. What could go on now waits in a list, of which chance takes the next; time
/// passes only when that is decided, in leaps: a timer that is due within a leap rings at its end, as on a machine that was busy or asleep.
/// </summary>
internal sealed class Stage
{
    private readonly ulong _seed;
    private readonly Dice _order;
    private readonly List<Call> _ready = [];
    private readonly List<Alarm> _alarms = [];
    private readonly IncrementalHash _trace = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<string>? _story;
    private long _made;

    public Stage(ulong seed, DateTimeOffset start, bool isTold)
    {
        _seed = seed;
        _order = new Dice(seed + 1);
        Now = start;
        _story = isTold ? [] : null;
    }

    /// <summary>What a clock on the wall shows; it may be set.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Time that has passed; it only grows.</summary>
    public TimeSpan Elapsed { get; private set; }

    public int Steps { get; private set; }

    public bool IsQuiet => _ready.Count == 0;

    /// <summary>When the next timer is due; null when there is none.</summary>
    public TimeSpan? NextAlarm => _alarms.Count == 0 ? null : _alarms.Min(alarm => alarm.Due);

    /// <summary>The same of what nobody's life depends on: the ends of commands.</summary>
    public TimeSpan? NextWorldAlarm => _alarms.Where(alarm => alarm.Life is null).Select(alarm => (TimeSpan?)alarm.Due).Min();

    public IReadOnlyList<string> Story => _story ?? [];

    /// <summary>Writes a line of the story; all lines together are what makes two performances the same.</summary>
    public void Tell(string line)
    {
        var told = $"{Elapsed.TotalSeconds:0.000} {Now.UtcDateTime:MM-dd HH:mm:ss} {line}";
        _trace.AppendData(Encoding.UTF8.GetBytes(told));
        _story?.Add(told);
    }

    /// <summary>The hash of what was told so far.</summary>
    public string Trace() => Convert.ToHexStringLower(_trace.GetCurrentHash());

    /// <summary>Has something happen as soon as chance lets it.</summary>
    public void Add(Life? life, SendOrPostCallback call, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            // What another thread does is not decided by the seed.
            Environment.FailFast($"seed {_seed}: the engine left the stage: {Environment.StackTrace}");
        }

        if (life is not { IsOver: true })
        {
            _ready.Add(new Call(life, call, state));
        }
    }

    /// <summary>Has something happen at a time.</summary>
    public Alarm At(Life? life, TimeSpan due, Action ring)
    {
        var alarm = new Alarm(this, life, ring, _made++);
        alarm.Set(due);
        return alarm;
    }

    /// <summary>Lets one thing happen that can.</summary>
    public void Step()
    {
        Steps++;
        var at = _order.Below(_ready.Count);
        var call = _ready[at];
        _ready[at] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        SynchronizationContext.SetSynchronizationContext(call.Life);
        try
        {
            call.Callback(call.State);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    /// <summary>Time passes, and what was due rings.</summary>
    public void Pass(TimeSpan time)
    {
        Elapsed += time;
        Now += time;
        foreach (
            var alarm in _alarms.Where(alarm => alarm.Due <= Elapsed).OrderBy(alarm => alarm.Due).ThenBy(alarm => alarm.Order).ToList()
        )
        {
            _alarms.Remove(alarm);
            Add(alarm.Life, _ => alarm.Ring(), null);
        }
    }

    /// <summary>Somebody sets the clock on the wall.</summary>
    public void SetClock(TimeSpan by) => Now += by;

    /// <summary>A life ends at once: nothing of it goes on.</summary>
    public void End(Life life)
    {
        life.IsOver = true;
        _ready.RemoveAll(call => call.Life == life);
        _alarms.RemoveAll(alarm => alarm.Life == life);
    }

    private sealed record Call(Life? Life, SendOrPostCallback Callback, object? State);

    /// <summary>Something that happens at its time, unless it is put off.</summary>
    internal sealed class Alarm(Stage stage, Life? life, Action ring, long order)
    {
        public Life? Life => life;

        public long Order => order;

        public TimeSpan Due { get; private set; }

        public void Ring() => ring();

        public void Set(TimeSpan due)
        {
            Drop();
            if (life is not { IsOver: true })
            {
                Due = due;
                stage._alarms.Add(this);
            }
        }

        public void Drop() => stage._alarms.Remove(this);
    }
}

/// <summary>One life of a process, from its start to its end: what it awaits goes on here and nowhere else, and nothing after its end.</summary>
internal sealed class Life(Stage stage, string name) : SynchronizationContext
{
    private TimeProvider? _time;

    public string Name => name;

    public bool IsOver { get; set; }

    public Stage Stage => stage;

    /// <summary>The clock of this life: its timers die with it.</summary>
    public TimeProvider Time => _time ??= new Clock(stage, this);

    public override void Post(SendOrPostCallback d, object? state) => stage.Add(this, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    /// <summary>Begins a work of this life.</summary>
    public Task Begin(Func<Task> work)
    {
        var done = new TaskCompletionSource();
        stage.Add(this, _ => _ = RunAsync(), null);
        return done.Task;

        async Task RunAsync()
        {
            try
            {
                await work();
                done.SetResult();
            }
            catch (Exception problem)
            {
                done.SetException(problem);
            }
        }
    }

    private sealed class Clock(Stage stage, Life life) : TimeProvider
    {
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => stage.Now;

        public override long GetTimestamp() => stage.Elapsed.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(stage, life, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    private sealed class Timer : ITimer
    {
        private readonly Stage _stage;
        private readonly Stage.Alarm _alarm;
        private bool _isOver;

        public Timer(Stage stage, Life life, TimerCallback callback, object? state)
        {
            _stage = stage;
            _alarm = stage.At(
                life,
                TimeSpan.MaxValue,
                () =>
                {
                    if (!_isOver)
                    {
                        callback(state);
                    }
                }
            );
            _alarm.Drop();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period > TimeSpan.Zero)
            {
                throw new NotSupportedException("nothing here rings again and again");
            }

            _alarm.Drop();
            if (dueTime >= TimeSpan.Zero)
            {
                _alarm.Set(_stage.Elapsed + dueTime);
            }

            return true;
        }

        public void Dispose()
        {
            _isOver = true;
            _alarm.Drop();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
