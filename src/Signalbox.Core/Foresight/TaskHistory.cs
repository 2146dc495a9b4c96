namespace Signalbox.Core.Foresight;

/// <summary>One success of a task in a live run.</summary>
/// <param name="StartedAt">When its first attempt began.</param>
/// <param name="EndedAt">When it succeeded; failed attempts and the delays between them are in between.</param>
/// <param name="DueAt">When its run was due by the schedule; null of a run that something else started.</param>
public readonly record struct TaskSample(DateTimeOffset StartedAt, DateTimeOffset EndedAt, DateTimeOffset? DueAt)
{
    /// <summary>Of a mapped task: how many items it had. Null of all others.</summary>
    public int? Items { get; init; }

    /// <summary>Of a mapped task: how long its instances took, added up.</summary>
    public TimeSpan Work { get; init; }
}

/// <summary>How much a forecast rests on.</summary>
public enum ForecastBasis
{
    /// <summary>Nothing: the task never succeeded. Its length counts as none, so that a forecast over it says "at least".</summary>
    None,

    /// <summary>Fewer than <see cref="TaskHistory.Enough"/> successes: the median, and the longest of them in place of the 95th percentile.</summary>
    Few,

    /// <summary>The median and the 95th percentile of the newest successes, interpolated.</summary>
    History,
}

/// <summary>How long a task took in its newest successes, and when after the schedule's tick it was done.</summary>
public sealed class TaskHistory
{
    /// <summary>The most successes that are looked at, the newest.</summary>
    public const int MostSamples = 50;

    /// <summary>With fewer successes, the longest stands for the 95th percentile.</summary>
    public const int Enough = 5;

    private readonly double[] _lengths;
    private readonly double[] _arrivals;
    private readonly double[] _items;
    private readonly double[] _itemLengths;

    /// <param name="samples">In any order.</param>
    public TaskHistory(IReadOnlyCollection<TaskSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        _lengths = [.. samples.Select(sample => Math.Max(0, (sample.EndedAt - sample.StartedAt).TotalMilliseconds)).Order()];
        Arrivals =
        [
            .. samples
                .Where(sample => sample.DueAt is not null)
                .Select(sample => (Due: sample.DueAt!.Value, At: sample.EndedAt))
                .OrderBy(arrival => arrival.Due),
        ];
        _items = [.. samples.Where(sample => sample.Items is not null).Select(sample => (double)sample.Items!.Value).Order()];
        _itemLengths =
        [
            .. samples.Where(sample => sample.Items > 0).Select(sample => sample.Work.TotalMilliseconds / sample.Items!.Value).Order(),
        ];
        _arrivals = [.. Arrivals.Select(arrival => (arrival.At - arrival.Due).TotalMilliseconds).Order()];
    }

    /// <summary>When its runs were due by the schedule, and when it was done in each; the earliest due first.</summary>
    public ImmutableArray<(DateTimeOffset Due, DateTimeOffset At)> Arrivals { get; }

    /// <summary>Of a task that never succeeded.</summary>
    public static TaskHistory Empty { get; } = new([]);

    /// <summary>How many successes there are.</summary>
    public int Count => _lengths.Length;

    /// <summary>How much a forecast rests on.</summary>
    public ForecastBasis Basis =>
        Count == 0 ? ForecastBasis.None
        : Count < Enough ? ForecastBasis.Few
        : ForecastBasis.History;

    /// <summary>A quantile of the number of items of a mapped task, rounded; null when it is none, or none of its lists is known.</summary>
    public int? Items(double fraction) => Value(_items, fraction) is { } count ? (int)Math.Round(count) : null;

    /// <summary>A quantile of how long one item takes, by the mean of each run; zero when no list had any.</summary>
    public TimeSpan ItemLength(double fraction) => Of(_itemLengths, fraction) ?? TimeSpan.Zero;

    /// <summary>A quantile of the length; zero without history.</summary>
    public TimeSpan Length(double fraction) => Of(_lengths, fraction) ?? TimeSpan.Zero;

    /// <summary>
    /// A quantile of the whole length, known that it has taken so long already: of the successes that took longer. None took longer:
    /// it may end at any moment.
    /// </summary>
    public TimeSpan LengthBeyond(TimeSpan elapsed, double fraction)
    {
        var longer = Array.FindIndex(_lengths, length => length > elapsed.TotalMilliseconds);
        return longer < 0 ? elapsed : Of(_lengths.AsSpan(longer), fraction) ?? elapsed;
    }

    /// <summary>
    /// A quantile of the time between the tick of the schedule and the end of the task, for what waits for the world: how long it waits
    /// depends on when it began, not when it ends. Null: no scheduled run of it has succeeded.
    /// </summary>
    public TimeSpan? Arrival(double fraction) => Of(_arrivals, fraction);

    private static TimeSpan? Of(ReadOnlySpan<double> rising, double fraction) =>
        Value(rising, fraction) is { } value ? TimeSpan.FromMilliseconds(value) : null;

    private static double? Value(ReadOnlySpan<double> rising, double fraction) =>
        Quantile.Continuous(rising, rising.Length < Enough && fraction > Quantile.Median ? 1 : fraction);
}
