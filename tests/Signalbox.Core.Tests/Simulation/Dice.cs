namespace Signalbox.Core.Tests.Simulation;

/// <summary>Chance from a seed (SplitMix64): the same seed gives the same story on every machine.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed * 0x9e3779b97f4a7c15 + 0x1234567;

    public ulong Next()
    {
        _state += 0x9e3779b97f4a7c15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 up to, but not, <paramref name="below"/>.</summary>
    public int Below(int below) => (int)(Next() % (ulong)below);

    public int Between(int least, int most) => least + Below(most - least + 1);

    public bool Chance(int percent) => Below(100) < percent;

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public TimeSpan Seconds(int most) => TimeSpan.FromMilliseconds(Below(most * 1000));
}
