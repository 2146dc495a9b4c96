namespace Signalbox.Core.Foresight;

/// <summary>How full a pool is expected to be in a stretch of time.</summary>
/// <param name="Peak">The most slots in use at one instant.</param>
/// <param name="Average">Slots in use, averaged over the stretch.</param>
/// <param name="Waiting">The most tasks that waited for slots at one instant.</param>
public sealed record PoolLoad(DateTimeOffset From, DateTimeOffset To, int Peak, double Average, int Waiting);

/// <summary>Adds up the load of one pool while a course is foretold.</summary>
internal sealed class PoolMeter
{
    private readonly long _from;
    private readonly long _to;
    private readonly long _step;
    private readonly int[] _peak;
    private readonly long[] _area;
    private readonly int[] _waiting;
    private long _since;
    private int _used;
    private int _queued;

    /// <param name="from">Begin of the first stretch, in milliseconds; nothing before it counts.</param>
    /// <param name="to">End of the last one.</param>
    /// <param name="step">Length of a stretch; the last may be shorter.</param>
    public PoolMeter(long from, long to, long step)
    {
        (_from, _to, _step, _since) = (from, to, step, from);
        var count = to <= from ? 0 : (int)((to - from + step - 1) / step);
        (_peak, _area, _waiting) = (new int[count], new long[count], new int[count]);
    }

    /// <summary>From an instant on so many slots are in use, and so many tasks wait.</summary>
    public void Set(long at, int used, int waiting)
    {
        Advance(at);
        (_used, _queued) = (used, waiting);
        if (at >= _from && at < _to)
        {
            var now = (int)((at - _from) / _step);
            _peak[now] = Math.Max(_peak[now], used);
            _waiting[now] = Math.Max(_waiting[now], waiting);
        }
    }

    public ImmutableArray<PoolLoad> Finish()
    {
        Advance(_to);
        var found = ImmutableArray.CreateBuilder<PoolLoad>(_peak.Length);
        for (var i = 0; i < _peak.Length; i++)
        {
            var begin = _from + (i * _step);
            var end = Math.Min(_to, begin + _step);
            found.Add(new PoolLoad(At(begin), At(end), _peak[i], (double)_area[i] / (end - begin), _waiting[i]));
        }

        return found.MoveToImmutable();
    }

    private static DateTimeOffset At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);

    private void Advance(long at)
    {
        at = Math.Min(at, _to);
        if (_used == 0 && _queued == 0)
        {
            _since = Math.Max(_since, at);
            return;
        }

        while (_since < at)
        {
            var bucket = (int)((_since - _from) / _step);
            var end = Math.Min(at, _from + ((bucket + 1L) * _step));
            _peak[bucket] = Math.Max(_peak[bucket], _used);
            _waiting[bucket] = Math.Max(_waiting[bucket], _queued);
            _area[bucket] += _used * (end - _since);
            _since = end;
        }
    }
}
