using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>One slice of data: an hour, a day, a week or a month of a zone's calendar, or everything.</summary>
/// <remarks>Made by <see cref="PartitionScheme"/>. Equal when the scheme and the first label are.</remarks>
public sealed record Partition : IComparable<Partition>
{
    internal Partition(PartitionScheme scheme, DateTime label)
    {
        Scheme = scheme;
        Label = label;
    }

    /// <summary>How the data is cut.</summary>
    public PartitionScheme Scheme { get; }

    /// <summary>The first wall-clock minute of the slice; the start of the calendar for the one partition of <see cref="PartitionKind.None"/>.</summary>
    public DateTime Label { get; }

    /// <summary>The first wall-clock minute after the slice.</summary>
    public DateTime EndLabel =>
        Scheme.Kind switch
        {
            PartitionKind.Hour => Label.AddHours(1),
            PartitionKind.Day => Label.AddDays(1),
            PartitionKind.Week => Label.AddDays(7),
            PartitionKind.Month => Label.AddMonths(1),
            _ => DateTime.MaxValue,
        };

    /// <summary>First instant of the slice.</summary>
    public DateTimeOffset Start => Scheme.Kind == PartitionKind.None ? DateTimeOffset.MinValue : Scheme.Zone.FirstInstantOf(Label);

    /// <summary>
    /// First instant after the slice. An hour that the clocks show twice is one slice of two hours; a day that a zone left out is
    /// an empty slice.
    /// </summary>
    public DateTimeOffset End => Scheme.Kind == PartitionKind.None ? DateTimeOffset.MaxValue : Scheme.Zone.FirstInstantOf(EndLabel);

    /// <summary>The text that names the slice in paths and commands: <c>2001-01-05T13</c>, <c>2001-01-05</c>, <c>2001-W01</c>, <c>2001-01</c>, or nothing.</summary>
    public string Key =>
        Scheme.Kind switch
        {
            PartitionKind.Hour => Label.ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture),
            PartitionKind.Day => DateOnly.FromDateTime(Label).ToString("O", CultureInfo.InvariantCulture),
            PartitionKind.Week => PartitionWeek.KeyOf(Label),
            PartitionKind.Month => Label.ToString("yyyy-MM", CultureInfo.InvariantCulture),
            _ => "",
        };

    /// <summary>
    /// The daily partitions of this slice, oldest first: seven of a week, one of a day or of an hour (the day that holds it). The whole
    /// calendar is not cut into days: for <see cref="PartitionKind.None"/> the list is empty.
    /// </summary>
    public ImmutableArray<Partition> Days()
    {
        if (Scheme.Kind == PartitionKind.None)
            return [];
        var days = Scheme with { Kind = PartitionKind.Day };
        var list = ImmutableArray.CreateBuilder<Partition>();
        for (var day = Label.Date; day < EndLabel; day = day.AddDays(1))
            list.Add(new Partition(days, day));
        return list.ToImmutable();
    }

    /// <summary>By time; partitions of different schemes by their first label.</summary>
    public int CompareTo(Partition? other) => other is null ? 1 : Label.CompareTo(other.Label);

    /// <summary>The key.</summary>
    public override string ToString() => Key;
}

/// <summary>Either a partition, or a sentence that says what is wrong with the key.</summary>
/// <param name="Partition">The partition, or null.</param>
/// <param name="Error">What is wrong and how to mend it, or null.</param>
public sealed record PartitionParse(Partition? Partition, string? Error);

/// <summary>How data is cut into partitions along the calendar of a zone.</summary>
/// <param name="Kind">How long a slice is.</param>
/// <param name="Zone">Whose calendar; the schedule's zone.</param>
/// <param name="FirstDayOfWeek">
/// Where weeks begin; default Monday, as ISO 8601 has it. A week belongs to the year that has its fourth day, and weeks are counted
/// from 1, so Monday gives ISO week numbers.
/// </param>
public sealed record PartitionScheme(PartitionKind Kind, Zone Zone, DayOfWeek FirstDayOfWeek = DayOfWeek.Monday)
{
    // Far enough from the ends of the calendar for every slice to lie inside of it.
    private static readonly DateTime Earliest = new(1000, 1, 1);
    private static readonly DateTime Latest = new(9000, 1, 1);

    /// <summary>The partition that holds an instant.</summary>
    public Partition PartitionOf(DateTimeOffset instant) => PartitionOf(Zone.LabelAt(instant));

    /// <summary>The partition of a run.</summary>
    public Partition PartitionOf(LogicalDate date) => PartitionOf(date.Label);

    /// <summary>The partition that holds a wall-clock time of the zone; years before 1000 and from 9000 count as those.</summary>
    public Partition PartitionOf(DateTime label)
    {
        label =
            label < Earliest ? Earliest
            : label > Latest ? Latest
            : label;
        var first = Kind switch
        {
            PartitionKind.Hour => label.Date.AddHours(label.Hour),
            PartitionKind.Day => label.Date,
            PartitionKind.Week => label.Date.AddDays(-(((int)label.DayOfWeek - (int)FirstDayOfWeek + 7) % 7)),
            PartitionKind.Month => new DateTime(label.Year, label.Month, 1),
            _ => DateTime.MinValue,
        };
        return new Partition(this, DateTime.SpecifyKind(first, DateTimeKind.Unspecified));
    }

    /// <summary>
    /// The partitions that overlap the time from one instant (included) to another (excluded), oldest first, computed while they are
    /// read. Hours that a clock change skips are left out: nothing can be in them. A left-out day is there, because a
    /// fixed-time schedule runs for it.
    /// </summary>
    public IEnumerable<Partition> Range(DateTimeOffset from, DateTimeOffset to) =>
        from >= to ? [] : Upwards(PartitionOf(from), p => p.Start < to);

    /// <summary>The partitions from one to another, both included, by the rule of <see cref="Range(DateTimeOffset, DateTimeOffset)"/>.</summary>
    public IEnumerable<Partition> Range(Partition first, Partition last)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(last);
        return first.Label > last.Label ? [] : Upwards(PartitionOf(first.Label), p => p.Label <= last.Label);
    }

    /// <summary>The partition after one.</summary>
    public Partition Next(Partition partition)
    {
        ArgumentNullException.ThrowIfNull(partition);
        return PartitionOf(partition.EndLabel);
    }

    /// <summary>The partition before one.</summary>
    public Partition Previous(Partition partition)
    {
        ArgumentNullException.ThrowIfNull(partition);
        return Kind == PartitionKind.None ? partition : PartitionOf(partition.Label.AddTicks(-1));
    }

    /// <summary>Reads a key; it must be one that <see cref="Partition.Key"/> can print.</summary>
    public PartitionParse Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Kind == PartitionKind.None)
            return key.Length == 0
                ? new PartitionParse(PartitionOf(DateTime.MinValue), Error: null)
                : Fail($"`{Shown(key)}` is not a partition: the data has only one, without a key");
        var (format, name, example) = Kind switch
        {
            PartitionKind.Hour => ("yyyy-MM-dd'T'HH", "an hour", "2001-01-05T13"),
            PartitionKind.Month => ("yyyy-MM", "a month", "2001-01"),
            PartitionKind.Week => ("", "a week", "2001-W01"),
            _ => ("yyyy-MM-dd", "a day", "2001-01-05"),
        };
        DateTime label;
        if (Kind == PartitionKind.Week)
        {
            if (PartitionWeek.Parse(key, FirstDayOfWeek) is not { } week)
                return Fail($"`{Shown(key)}` is not a week; write the year and its week, 01 to 52 or 53, e.g. `{example}`");
            label = week;
        }
        else if (!DateTime.TryParseExact(key, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out label))
            return Fail($"`{Shown(key)}` is not {name}; write e.g. `{example}`");
        return label < Earliest || label >= Latest
            ? Fail($"`{Shown(key)}` is not {name} of the years 1000 to 8999")
            : new PartitionParse(PartitionOf(label), Error: null);
    }

    private IEnumerable<Partition> Upwards(Partition first, Func<Partition, bool> isInside)
    {
        for (var partition = first; isInside(partition); partition = Next(partition))
        {
            if (Kind != PartitionKind.Hour || partition.Start < partition.End)
                yield return partition;
            if (Kind == PartitionKind.None || partition.Label >= Latest)
                yield break;
        }
    }

    private static string Shown(string key) => key.Length > 40 ? string.Concat(key.AsSpan(0, 40), "...") : key;

    private static PartitionParse Fail(string message) => new(Partition: null, message);
}

/// <summary>Week keys: the year and the number that the fourth day of the week gives.</summary>
internal static class PartitionWeek
{
    public static string KeyOf(DateTime firstDay)
    {
        var fourth = firstDay.AddDays(3);
        return $"{fourth.Year:0000}-W{(fourth.DayOfYear - 1) / 7 + 1:00}";
    }

    public static DateTime? Parse(string key, DayOfWeek firstDayOfWeek)
    {
        if (key.Length != 8 || key[4] != '-' || key[5] != 'W')
            return null;
        if (
            !int.TryParse(key.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year)
            || !int.TryParse(key.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var week)
            || year is < 2 or > 9990
            || week is < 1 or > 53
        )
            return null;
        // 4 January is the latest day that can be the fourth of week 1 counted back, so its week is the first.
        var fourthOfJanuary = new DateTime(year, 1, 4);
        var first = fourthOfJanuary.AddDays(-(((int)fourthOfJanuary.DayOfWeek - (int)firstDayOfWeek + 7) % 7)).AddDays(7 * (week - 1));
        return first.AddDays(3).Year == year ? first : null;
    }
}
