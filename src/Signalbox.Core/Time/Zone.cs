using System.Collections.Concurrent;

namespace Signalbox.Core.Time;

/// <summary>An IANA time zone with our own mapping from wall clock to instant. The server's own zone is never one of them by accident.</summary>
/// <remarks>
/// The platform's conversion throws for a wall-clock time that a spring change skips and picks the second of two in autumn;
/// here both answers are data (<see cref="WallClock"/>) and the caller chooses. Only the offset at an instant is asked of the
/// platform.
/// </remarks>
public sealed class Zone : IEquatable<Zone>
{
    // Wider than any offset that was ever in use (Manila's local mean time was UTC-15:56), so all instants that may show a label are inside.
    private const long WidestOffset = 16 * TimeSpan.TicksPerHour;

    // The shortest time after which a zone ever took back a change is 95 h 40 min (Freetown, 1939): within three days the offset changes once at most.
    private const long Probe = 3 * TimeSpan.TicksPerDay;

    // Two days from the ends of the calendar no offset can carry a date over its edge.
    private const long Earliest = 2 * TimeSpan.TicksPerDay;
    private static readonly long Latest = DateTime.MaxValue.Ticks - 4 * TimeSpan.TicksPerDay;

    // The platform copies all rules of a zone for whoever asks whether it has any, so each zone is made once.
    private static readonly ConcurrentDictionary<string, Zone> Found = new(StringComparer.Ordinal);

    private readonly TimeZoneInfo _info;
    private readonly bool _isFixed;

    private Zone(string id, TimeZoneInfo info)
    {
        Id = id;
        _info = info;
        _isFixed = info.GetAdjustmentRules().Length == 0;
    }

    /// <summary>Coordinated universal time, the default everywhere.</summary>
    public static Zone Utc { get; } = new("UTC", TimeZoneInfo.Utc);

    /// <summary>The IANA name as it was asked for.</summary>
    public string Id { get; }

    /// <summary>Looks up a zone by its IANA name, e.g. <c>Europe/London</c>.</summary>
    public static ZoneLookup Find(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id is "UTC" or "Etc/UTC" or "Z" or "Zulu" or "Etc/Zulu" or "UCT" or "Etc/UCT" or "Universal" or "Etc/Universal")
            return new ZoneLookup(string.Equals(id, "UTC", StringComparison.Ordinal) ? Utc : new Zone(id, TimeZoneInfo.Utc), Error: null);
        if (Found.TryGetValue(id, out var known))
            return new ZoneLookup(known, Error: null);
        return ZoneNames.IsPlausible(id) && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var info) && info.HasIanaId
            ? new ZoneLookup(Found.GetOrAdd(id, new Zone(id, info)), Error: null)
            : new ZoneLookup(Zone: null, ZoneNames.Refusal(id));
    }

    /// <summary>The difference between wall clock and UTC at an instant.</summary>
    public TimeSpan OffsetAt(DateTimeOffset instant) => OffsetAt(instant.UtcTicks);

    /// <summary>What the clocks of the zone show at an instant.</summary>
    public DateTime LabelAt(DateTimeOffset instant)
    {
        var utc = Clamp(instant.UtcTicks);
        return new DateTime(utc + OffsetTicks(utc));
    }

    /// <summary>The instant or instants at which the clocks of the zone show a label. Never throws.</summary>
    /// <param name="label">Wall-clock date and time; its <see cref="DateTime.Kind"/> is ignored.</param>
    public WallClock At(DateTime label)
    {
        var local = Clamp(label.Ticks);
        if (_isFixed)
            return Once(local - OffsetTicks(local));
        var low = Clamp(local - WidestOffset);
        var high = Clamp(local + WidestOffset);
        var before = OffsetTicks(low);
        var after = OffsetTicks(high);
        if (before == after)
            return Once(local - before);
        var change = ChangeBetween(low, high);
        if (local < change + Math.Min(before, after))
            return Once(local - before);
        if (local >= change + Math.Max(before, after))
            return Once(local - after);
        return after > before
            ? new WallClock(WallClockKind.Skipped, Instant(change), Instant(change))
            : new WallClock(WallClockKind.Twice, Instant(local - before), Instant(local - after));
    }

    /// <summary>The first instant of a date in this zone: midnight, or the first instant after midnight was skipped.</summary>
    public DateTimeOffset StartOf(DateOnly date) => At(date.ToDateTime(TimeOnly.MinValue)).First;

    /// <summary>The instant at which a label comes round first, or the first instant after a gap that skips it.</summary>
    public DateTimeOffset FirstInstantOf(DateTime label) => At(label).First;

    /// <summary>A stretch around an instant in which the offset does not change; up to three days long, endless for a fixed zone.</summary>
    internal ZoneSpan SpanFrom(long utc)
    {
        utc = Clamp(utc);
        var offset = OffsetTicks(utc);
        if (_isFixed)
            return new ZoneSpan(long.MaxValue, offset);
        var end = utc + Probe;
        return new ZoneSpan(OffsetTicks(Clamp(end)) == offset ? end : ChangeBetween(utc, Clamp(end)), offset);
    }

    /// <summary>Where the stretch of equal offset that ends just before an instant begins; looks back three days at most.</summary>
    internal ZoneSpan SpanUntil(long utc)
    {
        utc = Clamp(utc);
        var offset = OffsetTicks(utc - 1);
        if (_isFixed)
            return new ZoneSpan(long.MinValue, offset);
        var start = utc - Probe;
        return new ZoneSpan(OffsetTicks(Clamp(start)) == offset ? start : ChangeBetween(Clamp(start), utc - 1), offset);
    }

    /// <inheritdoc/>
    public bool Equals(Zone? other) => other is not null && string.Equals(Id, other.Id, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Zone);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Id);

    /// <summary>The IANA name.</summary>
    public override string ToString() => Id;

    internal static DateTimeOffset Instant(long utc) => new(utc, TimeSpan.Zero);

    internal static long Clamp(long ticks) => Math.Clamp(ticks, Earliest, Latest);

    private static WallClock Once(long utc) => new(WallClockKind.Once, Instant(utc), Instant(utc));

    /// <summary>Whether no label that is shown in [from, to), a stretch of one offset, is shown a second time outside of it.</summary>
    internal bool IsClearOfFolds(long from, long to, long offset) =>
        _isFixed || (OffsetTicks(Clamp(from - 2 * WidestOffset)) == offset && OffsetTicks(Clamp(to + 2 * WidestOffset)) == offset);

    private TimeSpan OffsetAt(long utc) => _info.GetUtcOffset(new DateTime(Clamp(utc), DateTimeKind.Utc));

    private long OffsetTicks(long utc) => OffsetAt(utc).Ticks;

    /// <summary>The instant in (low, high] from which the offset is that of <paramref name="high"/>; changes fall on whole seconds.</summary>
    private long ChangeBetween(long low, long high)
    {
        var target = OffsetTicks(high);
        low -= low % TimeSpan.TicksPerSecond;
        high += (TimeSpan.TicksPerSecond - high % TimeSpan.TicksPerSecond) % TimeSpan.TicksPerSecond;
        while (high - low > TimeSpan.TicksPerSecond)
        {
            var middle = low + (high - low) / (2 * TimeSpan.TicksPerSecond) * TimeSpan.TicksPerSecond;
            if (OffsetTicks(middle) == target)
                high = middle;
            else
                low = middle;
        }
        return high;
    }
}

/// <summary>Either a zone, or a sentence that says why there is none and which one may be meant.</summary>
/// <param name="Zone">The zone, or null.</param>
/// <param name="Error">What is wrong, or null.</param>
public sealed record ZoneLookup(Zone? Zone, string? Error);

/// <summary>How often the clocks of a zone show a label.</summary>
public enum WallClockKind
{
    /// <summary>Once, as on nearly every day.</summary>
    Once,

    /// <summary>Never: the clocks go forward over it. Both instants are the first one after the gap.</summary>
    Skipped,

    /// <summary>Twice: the clocks go back over it.</summary>
    Twice,
}

/// <summary>Where a wall-clock label lies on the time line.</summary>
/// <param name="Kind">How often it is shown.</param>
/// <param name="First">The first instant that shows it, or the first instant after the gap.</param>
/// <param name="Last">The last instant that shows it; differs from <paramref name="First"/> for <see cref="WallClockKind.Twice"/> only.</param>
public readonly record struct WallClock(WallClockKind Kind, DateTimeOffset First, DateTimeOffset Last);

/// <summary>A stretch of one offset, in ticks.</summary>
/// <param name="Edge">Its far end: the end when looking forward, the start when looking back.</param>
/// <param name="Offset">Wall clock minus UTC.</param>
internal readonly record struct ZoneSpan(long Edge, long Offset);
