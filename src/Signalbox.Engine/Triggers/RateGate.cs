namespace Signalbox.Engine.Triggers;

/// <summary>Lets so many a minute through, for each place apart: a minute's worth may come at once, then they come at their rate.</summary>
internal sealed class RateGate(TimeProvider time)
{
    private readonly Lock _guard = new();
    private readonly Dictionary<string, (double Left, DateTimeOffset At)> _places = new(StringComparer.Ordinal);

    /// <summary>Lets one through.</summary>
    /// <returns>How long to wait instead; null when it is through.</returns>
    public TimeSpan? Pass(string place, int perMinute) => Ask(place, perMinute, take: 1);

    /// <summary>How long nobody gets through; null when somebody would.</summary>
    public TimeSpan? IsShut(string place, int perMinute) => Ask(place, perMinute, take: 0);

    private TimeSpan? Ask(string place, int perMinute, int take)
    {
        lock (_guard)
        {
            var now = time.GetUtcNow();
            var (left, at) = _places.GetValueOrDefault(place, (perMinute, now));
            // A clock that is set back gives nothing and takes nothing.
            left = Math.Min(perMinute, left + (Math.Max(0, (now - at).TotalMinutes) * perMinute));
            if (left < 1)
            {
                _places[place] = (left, now);
                return TimeSpan.FromMinutes((1 - left) / perMinute);
            }

            _places[place] = (left - take, now);
            return null;
        }
    }
}
