using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>The slice of time that a scheduled run is about: from the previous tick (included) to its own tick (excluded), when it fires.</summary>
/// <param name="Previous">The tick at which the slice begins.</param>
/// <param name="Tick">The tick that fires at its end.</param>
public readonly record struct DataInterval(Tick Previous, Tick Tick)
{
    /// <summary>First instant of the slice.</summary>
    public DateTimeOffset Start => Previous.Utc;

    /// <summary>First instant after the slice; equal to <see cref="Start"/> only between two labels in one gap.</summary>
    public DateTimeOffset End => Tick.Utc;

    /// <summary>The date that names the run.</summary>
    public LogicalDate LogicalDate(LogicalDateMode mode)
    {
        var tick = mode == LogicalDateMode.FireTime ? Tick : Previous;
        return new LogicalDate(tick.Utc, tick.Label);
    }
}

/// <summary>What names a run in time. It does not change on retry, re-run or backfill.</summary>
/// <param name="Instant">The instant, UTC.</param>
/// <param name="Label">
/// The wall clock of the schedule's own zone there. For a tick that a gap shifted it is the label that was skipped, so that every
/// date has its run and its partition.
/// </param>
public readonly record struct LogicalDate(DateTimeOffset Instant, DateTime Label)
{
    /// <summary>The calendar date in the schedule's zone.</summary>
    public DateOnly Date => DateOnly.FromDateTime(Label);

    /// <summary><see cref="Date"/> as <c>2001-01-05</c>: what <c>{{ ds }}</c> renders.</summary>
    public string Ds => Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
