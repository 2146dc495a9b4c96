using Signalbox.Core;

namespace Signalbox.Engine.Driving;

/// <summary>The next instant at which each run wants to be looked at. One entry a run; old entries are passed over when they surface.</summary>
internal sealed class RunTimers
{
    private readonly PriorityQueue<RunNumber, DateTimeOffset> _queue = new();
    private readonly Dictionary<RunNumber, DateTimeOffset> _set = [];

    /// <summary>The earliest instant of all.</summary>
    public DateTimeOffset? Next
    {
        get
        {
            DropOld();
            return _queue.TryPeek(out _, out var at) ? at : null;
        }
    }

    public void Set(RunNumber run, DateTimeOffset? at)
    {
        if (at is not { } instant)
        {
            _set.Remove(run);
        }
        else if (!_set.TryGetValue(run, out var known) || known != instant)
        {
            _set[run] = instant;
            _queue.Enqueue(run, instant);
        }
    }

    public void Remove(RunNumber run) => _set.Remove(run);

    /// <summary>The runs whose instant has come; each has to be set again.</summary>
    public List<RunNumber> TakeDue(DateTimeOffset now)
    {
        var due = new List<RunNumber>();
        DropOld();
        while (_queue.TryPeek(out var run, out var at) && at <= now)
        {
            _queue.Dequeue();
            _set.Remove(run);
            due.Add(run);
            DropOld();
        }

        return due;
    }

    private void DropOld()
    {
        while (_queue.TryPeek(out var run, out var at) && !(_set.TryGetValue(run, out var set) && set == at))
        {
            _queue.Dequeue();
        }
    }
}
