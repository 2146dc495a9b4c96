namespace Signalbox.Core;

/// <summary>
/// A 64-bit hash that is the same in every process, on every machine and in every version: FNV-1a over bytes, with a final
/// mix so that its high bits are as good as its low ones. Not for secrets.
/// </summary>
/// <remarks>Start with <see cref="Empty"/> and chain <c>Add</c>; strings are length-prefixed, so ("ab", "c") is not ("a", "bc").</remarks>
public readonly record struct StableHash
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    private readonly ulong _state;

    private StableHash(ulong state) => _state = state;

    /// <summary>The hash of nothing.</summary>
    public static StableHash Empty { get; } = new(Offset);

    /// <summary>The finished hash.</summary>
    public ulong Value
    {
        get
        {
            // The finaliser of MurmurHash3: every input bit changes about half of the output bits.
            var h = _state;
            h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
            h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
            return h ^ h >> 33;
        }
    }

    /// <summary>The hash of one text.</summary>
    public static ulong Of(string text) => Empty.Add(text).Value;

    /// <summary>A duration from zero (included) to <paramref name="max"/> (excluded) in whole milliseconds; the same key always gives the same one.</summary>
    /// <param name="key">What must not move: a pipeline's name, or a run, task and attempt.</param>
    /// <param name="max">Zero or less gives zero.</param>
    public static TimeSpan DeterministicJitter(string key, TimeSpan max) => Empty.Add(key).Jitter(max);

    /// <summary>As <see cref="DeterministicJitter"/>, from what was added so far.</summary>
    public TimeSpan Jitter(TimeSpan max)
    {
        if (max <= TimeSpan.Zero)
            return TimeSpan.Zero;
        var range = (ulong)((max.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);
        return TimeSpan.FromMilliseconds((long)Math.BigMul(Value, range, out _));
    }

    /// <summary>Adds a text, by its UTF-16 code units.</summary>
    public StableHash Add(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var state = Add(text.Length)._state;
        foreach (var c in text)
        {
            state = (state ^ (byte)c) * Prime;
            state = (state ^ (byte)(c >> 8)) * Prime;
        }
        return new StableHash(state);
    }

    /// <summary>Adds a number.</summary>
    public StableHash Add(long number)
    {
        var state = _state;
        for (var shift = 0; shift < 64; shift += 8)
            state = (state ^ (byte)(number >> shift)) * Prime;
        return new StableHash(state);
    }
}
