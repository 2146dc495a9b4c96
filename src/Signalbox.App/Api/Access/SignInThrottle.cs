namespace Signalbox.App.Api;

/// <summary>
/// Slows guessing of passwords down: after a few failures for a name, or from an address, each further try has to wait, twice as long each time.
/// </summary>
internal sealed class SignInThrottle(TimeProvider time)
{
    private const int Free = 5;
    private const int MostKept = 10_000;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Failures, DateTimeOffset Until, DateTimeOffset Last)> _failures = new(StringComparer.Ordinal);

    /// <summary>How long the next try has to wait; zero when it need not.</summary>
    public TimeSpan Wait(string name, string address)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var until = new[] { "name " + name, "address " + address }.Max(key =>
                _failures.TryGetValue(key, out var known) ? known.Until : now
            );
            return until > now ? until - now : TimeSpan.Zero;
        }
    }

    public void Failed(string name, string address)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (_failures.Count > MostKept)
            {
                foreach (var old in _failures.Where(entry => entry.Value.Last + Forgotten < now).Select(entry => entry.Key).ToList())
                {
                    _failures.Remove(old);
                }
            }

            foreach (var key in new[] { "name " + name, "address " + address })
            {
                var known = _failures.GetValueOrDefault(key);
                var failures = known.Last + Forgotten < now ? 1 : known.Failures + 1;
                var wait = failures < Free ? TimeSpan.Zero : First * Math.Pow(2, Math.Min(failures - Free, 10));
                _failures[key] = (failures, now + (wait < Longest ? wait : Longest), now);
            }
        }
    }

    public void Succeeded(string name, string address)
    {
        lock (_lock)
        {
            _failures.Remove("name " + name);
            _failures.Remove("address " + address);
        }
    }
}
