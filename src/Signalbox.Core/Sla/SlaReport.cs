using Signalbox.Core.Foresight;

namespace Signalbox.Core.Sla;

/// <summary>How one run, due by a schedule, kept its deadlines.</summary>
/// <param name="DueAt">When it was due.</param>
/// <param name="IsOnTime">Whether all its deadlines were met.</param>
/// <param name="Minutes">From when it was due to its end; null when it has not succeeded.</param>
/// <param name="LimitMinutes">From when it was due to the earliest deadline of the run; of a run without, of its tasks.</param>
public readonly record struct SlaSample(DateTimeOffset DueAt, bool IsOnTime, double? Minutes, double LimitMinutes);

/// <summary>How a pipeline kept its deadlines over some days.</summary>
/// <param name="TotalRuns">Runs whose deadlines are judged, and ticks that became no run.</param>
/// <param name="OnTimeRuns">Those that met all their deadlines.</param>
/// <param name="AverageMinutes">From due to done, over the runs that succeeded, also the late ones; null without any.</param>
/// <param name="P95Minutes">The 95th percentile of the same, interpolated as PERCENTILE_CONT(0.95).</param>
/// <param name="LimitMinutes">What the newest run was given; null without runs.</param>
/// <param name="Trend">Where it is going; null with fewer than <see cref="SlaTrend.Fewest"/> runs.</param>
public sealed record SlaReport(
    PipelineName Pipeline,
    int TotalRuns,
    int OnTimeRuns,
    double? AverageMinutes,
    double? P95Minutes,
    double? LimitMinutes,
    SlaTrend? Trend
)
{
    /// <summary>On time in percent, from 0 to 100; null without runs.</summary>
    public double? ComplianceRate => TotalRuns == 0 ? null : 100.0 * OnTimeRuns / TotalRuns;

    /// <summary>The report of a pipeline over its runs, in any order.</summary>
    public static SlaReport Of(PipelineName pipeline, IReadOnlyCollection<SlaSample> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        double[] minutes = [.. samples.Where(sample => sample.Minutes is not null).Select(sample => sample.Minutes!.Value).Order()];
        double? limit = samples.Count == 0 ? null : samples.MaxBy(sample => sample.DueAt).LimitMinutes;
        return new SlaReport(
            pipeline,
            samples.Count,
            samples.Count(sample => sample.IsOnTime),
            minutes.Length == 0 ? null : minutes.Average(),
            Quantile.Continuous(minutes, Quantile.Late),
            limit,
            limit is { } known ? SlaTrend.Of([.. samples.Where(sample => sample.Minutes is not null)], known) : null
        );
    }
}

/// <summary>Where the time from due to done is going, so that a deadline in danger is seen before it is missed.</summary>
/// <param name="SlopeMinutesPerDay">The slope of the straight line with the least squares (PostgreSQL's REGR_SLOPE) through minutes over days.</param>
/// <param name="P95ShareOfLimit">The 95th percentile over the limit: 1 is the deadline itself.</param>
/// <param name="DaysToLimit">In how many days after the newest run the line reaches the limit; null when it does not rise, or not within <see cref="Horizon"/> days.</param>
/// <param name="Warning">A sentence when something should be done; null when not.</param>
public sealed record SlaTrend(double SlopeMinutesPerDay, double P95ShareOfLimit, double? DaysToLimit, string? Warning)
{
    /// <summary>With fewer runs nothing is said.</summary>
    public const int Fewest = 5;

    /// <summary>A 95th percentile from this share of the limit on is near it.</summary>
    public const double NearLimit = 0.8;

    /// <summary>How many days ahead the line is followed.</summary>
    public const double Horizon = 60;

    // Below it the line explains less than a quarter of what varies: chance, not growth.
    private const double LeastCorrelation = 0.5;

    internal static SlaTrend? Of(IReadOnlyList<SlaSample> samples, double limit)
    {
        if (samples.Count < Fewest || limit <= 0)
        {
            return null;
        }

        var first = samples.Min(sample => sample.DueAt);
        var last = (samples.Max(sample => sample.DueAt) - first).TotalDays;
        var points = samples.Select(sample => (X: (sample.DueAt - first).TotalDays, Y: sample.Minutes!.Value)).ToList();
        var (meanX, meanY) = (points.Average(point => point.X), points.Average(point => point.Y));
        var xx = points.Sum(point => (point.X - meanX) * (point.X - meanX));
        var xy = points.Sum(point => (point.X - meanX) * (point.Y - meanY));
        var yy = points.Sum(point => (point.Y - meanY) * (point.Y - meanY));
        if (xx <= 0)
        {
            return null;
        }

        var slope = xy / xx;
        var correlation = yy > 0 ? xy / Math.Sqrt(xx * yy) : 0;
        var atLast = meanY + (slope * (last - meanX));
        double? days = slope > 0 && correlation >= LeastCorrelation ? Math.Max(0, (limit - atLast) / slope) : null;
        days = days <= Horizon ? days : null;
        double[] rising = [.. points.Select(point => point.Y).Order()];
        var share = Quantile.Continuous(rising, Quantile.Late)!.Value / limit;
        var words = new List<string>();
        if (days is { } left)
        {
            words.Add(
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"it takes {slope:0.0#} minutes longer every day and reaches its limit of {limit:0.#} minutes in {left:0.#} days"
                )
            );
        }

        if (share >= NearLimit)
        {
            words.Add(
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"its 95th percentile is {100 * share:0} % of its limit of {limit:0.#} minutes"
                )
            );
        }

        return new SlaTrend(slope, share, days, words.Count == 0 ? null : string.Join("; ", words));
    }
}
