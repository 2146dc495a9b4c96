using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>What a run is about: its logical date, the data interval, and the partition.</summary>
/// <param name="LogicalDate">The instant that names the run, UTC.</param>
/// <param name="Start">First instant of the data interval.</param>
/// <param name="End">First instant after it; when a scheduled run is due.</param>
/// <param name="Partition">Key of the partition; empty where the data has only one.</param>
public sealed record Slice(DateTimeOffset LogicalDate, DateTimeOffset Start, DateTimeOffset End, string Partition);

/// <summary>Either a slice, or what is wrong with the text that asked for it.</summary>
public sealed record SliceParse(Slice? Slice, string? Error);

/// <summary>Which slices a pipeline has: those of its schedule, and without one those of its partitions.</summary>
/// <param name="Schedule">The schedule, <see cref="Schedule.None"/> for a pipeline that is only started by hand.</param>
/// <param name="Mode">Which instant of an interval names it.</param>
/// <param name="Partitions">How the data is cut.</param>
/// <remarks>A run started by hand for a date gets the slice that the schedule has, or would have had, for it: so all runs of one date share one identity.</remarks>
public sealed record SliceCalendar(Schedule Schedule, LogicalDateMode Mode, PartitionScheme Partitions)
{
    private static readonly string[] InstantFormats =
    [
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd HH:mm:ssK",
    ];

    private Zone Zone => Schedule.Zone;

    // Without partitions the calendar still has days.
    private PartitionScheme Calendar => Partitions.Kind == PartitionKind.None ? Partitions with { Kind = PartitionKind.Day } : Partitions;

    /// <summary>The slice of a scheduled tick.</summary>
    public Slice Of(DataInterval interval)
    {
        var date = interval.LogicalDate(Mode);
        return new Slice(date.Instant, interval.Start, interval.End, Partitions.PartitionOf(date).Key);
    }

    /// <summary>
    /// The slice that a text asks for: a date (<c>2001-01-05</c>), an instant (<c>2001-01-05T02:15:00Z</c>; without an offset it is
    /// in the schedule's zone), or the key of a partition (<c>2001-W01</c>).
    /// </summary>
    public SliceParse Find(string text)
    {
        text = text.Trim();
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return new SliceParse(OfDate(date), Error: null);
        }

        if (DateTime.TryParseExact(text, InstantFormats, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time))
        {
            var instant =
                time.Kind == DateTimeKind.Unspecified
                    ? Zone.FirstInstantOf(time)
                    : new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero);
            return new SliceParse(OfInstant(instant), Error: null);
        }

        return Calendar.Parse(text) is { Partition: { } partition }
            ? new SliceParse(OfPartition(partition), Error: null)
            : new SliceParse(
                Slice: null,
                $"`{text}` is no logical date: write a date (2001-01-05), an instant (2001-01-05T02:15:00Z) or a partition ({Calendar.PartitionOf(new DateTime(2001, 1, 5)).Key})"
            );
    }

    /// <summary>The slices whose logical date lies on one of the days from one to another, both included, oldest first.</summary>
    public IEnumerable<Slice> Between(DateOnly first, DateOnly last)
    {
        if (first > last)
        {
            return [];
        }

        if (Schedule is Schedule.None)
        {
            var from = Calendar.PartitionOf(first.ToDateTime(TimeOnly.MinValue));
            var to = Calendar.PartitionOf(last.ToDateTime(new TimeOnly(23, 59)));
            return Calendar.Range(from, to).Select(OfPartition);
        }

        return Intervals(first, last).Select(Of);
    }

    private IEnumerable<DataInterval> Intervals(DateOnly first, DateOnly last)
    {
        // A tick that a gap shifted may stand on the day after its label.
        var from = Zone.StartOf(first).AddDays(-1);
        var to = Zone.StartOf(last).AddDays(2);
        var intervals =
            Mode == LogicalDateMode.FireTime
                ? Schedule.Between(from, to).Select(Schedule.IntervalOf)
                : Schedule.IntervalsStarting(from, to);
        return intervals.Where(interval => interval.LogicalDate(Mode).Date is var date && date >= first && date <= last);
    }

    private Slice OfDate(DateOnly date)
    {
        foreach (var interval in Intervals(date, date))
        {
            return Of(interval);
        }

        var partition = Calendar.PartitionOf(date.ToDateTime(TimeOnly.MinValue));
        return OfPartition(partition) with { LogicalDate = Zone.StartOf(date) };
    }

    private Slice OfInstant(DateTimeOffset instant)
    {
        var intervals =
            Mode == LogicalDateMode.FireTime
                ? Schedule.Between(instant, instant.AddTicks(1)).Select(Schedule.IntervalOf)
                : Schedule.IntervalsStarting(instant, instant.AddTicks(1));
        foreach (var interval in intervals)
        {
            return Of(interval);
        }

        return OfPartition(Calendar.PartitionOf(instant)) with
        {
            LogicalDate = instant,
        };
    }

    private Slice OfPartition(Partition partition) =>
        new(partition.Start, partition.Start, partition.End, Partitions.Kind == PartitionKind.None ? "" : partition.Key);
}
