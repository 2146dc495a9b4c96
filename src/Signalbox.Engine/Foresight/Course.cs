using System.Collections.Immutable;
using Signalbox.Core.Foresight;

namespace Signalbox.Engine.Foresight;

/// <summary>What is expected of the runs of a plan; played again when there are more of them.</summary>
internal sealed class Course
{
    private readonly List<PlannedRun> _runs;
    private readonly DateTimeOffset _from;
    private readonly DateTimeOffset _to;

    public Course(List<PlannedRun> runs, ForecastLimits limits, DateTimeOffset now, DateTimeOffset from, DateTimeOffset to)
    {
        (_runs, Limits, Now, _from, _to) = (runs, limits, now, from, to);
        (Forecast, Pools) = Play();
    }

    public IReadOnlyList<PlannedRun> Runs => _runs;

    public ForecastLimits Limits { get; }

    /// <summary>What runs now cannot have ended before.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The first instant after the window.</summary>
    public DateTimeOffset To => _to;

    public Forecast Forecast { get; private set; }

    public ImmutableSortedDictionary<string, (int Slots, ImmutableArray<PoolLoad> Load)> Pools { get; private set; }

    public void Add(IReadOnlyCollection<PlannedRun> more)
    {
        if (more.Count > 0)
        {
            _runs.AddRange(more);
            (Forecast, Pools) = Play();
        }
    }

    private (Forecast Forecast, ImmutableSortedDictionary<string, (int Slots, ImmutableArray<PoolLoad> Load)> Pools) Play() =>
        Forecast.Of(_runs, Limits, Now, _from, _to, StepOf(_to - _from));

    /// <summary>Stretches that are few enough to read.</summary>
    private static TimeSpan StepOf(TimeSpan window) =>
        window <= TimeSpan.FromHours(6) ? TimeSpan.FromMinutes(15)
        : window <= TimeSpan.FromDays(3) ? TimeSpan.FromHours(1)
        : TimeSpan.FromDays(1);
}
