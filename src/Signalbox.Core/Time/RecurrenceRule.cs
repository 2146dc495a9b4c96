using System.Numerics;

namespace Signalbox.Core.Time;

/// <summary>How often a recurrence rule repeats.</summary>
public enum RecurrenceFrequency
{
    /// <summary>Every so many minutes.</summary>
    Minutely,

    /// <summary>Every so many hours.</summary>
    Hourly,

    /// <summary>Every so many days.</summary>
    Daily,

    /// <summary>Every so many weeks.</summary>
    Weekly,

    /// <summary>Every so many months.</summary>
    Monthly,

    /// <summary>Every so many years.</summary>
    Yearly,
}

/// <summary>A weekday of a rule, or the nth of them in its month or year.</summary>
/// <param name="Day">The weekday.</param>
/// <param name="Nth">1 is the first, -1 the last; 0 is every one.</param>
public readonly record struct RecurrenceDay(DayOfWeek Day, int Nth = 0);

/// <summary>
/// A recurrence rule of RFC 5545, to the minute: the set of wall-clock minutes that it gives from its anchor on. The time of day, and
/// the day where the rule names none, are the anchor's. <see cref="RecurrenceRuleParser"/> makes one from its text.
/// </summary>
/// <remarks>
/// Rules that repeat by days or longer are fixed-time, those by hours or minutes run at each real instant whose wall clock matches; as
/// for cron. The anchor itself is an occurrence only when the rule matches it.
/// </remarks>
public sealed partial class RecurrenceRule : IWallTimes
{
    // As CronExpression: what does not come within 41 years never comes.
    private const int LongestWaitYears = 41;

    private readonly int[] _times;

    internal RecurrenceRule(RecurrenceParts parts, DateTime start)
    {
        Parts = parts;
        Start = new DateTime(start.Ticks - start.Ticks % TimeSpan.TicksPerMinute);
        var hours = parts.Hours.IsEmpty ? [Start.Hour] : parts.Hours;
        var minutes = parts.Minutes.IsEmpty ? [Start.Minute] : parts.Minutes;
        _times = [.. hours.SelectMany(hour => minutes.Select(minute => hour * 60 + minute)).Distinct().Order()];
        Until = parts.Until;
    }

    internal RecurrenceParts Parts { get; }

    /// <summary>The anchor: the wall-clock minute from which periods are counted, and before which nothing occurs.</summary>
    public DateTime Start { get; }

    /// <summary>The last wall-clock minute at which it may occur; null without an end.</summary>
    public DateTime? Until { get; internal set; }

    /// <inheritdoc/>
    public bool IsFixedTime => Parts.Frequency >= RecurrenceFrequency.Daily;

    /// <summary>The first occurrence at or after a wall-clock time, or null when none comes.</summary>
    public DateTime? FirstAtOrAfter(DateTime label)
    {
        label = label < Start ? Start : label;
        var last = label.Year >= 9999 - LongestWaitYears ? DateTime.MaxValue : label.AddYears(LongestWaitYears);
        if (Until is { } until && until < last)
            last = until;
        for (var period = Math.Max(0, PeriodOf(label)); StartOf(period) is { } start && start <= last; period++)
        {
            foreach (var day in DaysOf(period, label))
            {
                foreach (var time in TimesOn(period, day))
                {
                    if (time >= label)
                        return time <= last ? time : null;
                }
            }
            period = Skipped(period, forward: true);
        }
        return null;
    }

    /// <summary>The last occurrence at or before a wall-clock time, or null when there was none.</summary>
    public DateTime? LastAtOrBefore(DateTime label)
    {
        label = Until is { } until && until < label ? until : label;
        var first = label.Year <= LongestWaitYears + 1 ? Start : Later(Start, label.AddYears(-LongestWaitYears));
        for (var period = PeriodOf(label); period >= 0; period--)
        {
            if (EndOf(period) is { } end && end < first)
                return null;
            foreach (var day in DaysOf(period, DateTime.MinValue).Reverse())
            {
                foreach (var time in TimesOn(period, day).Reverse())
                {
                    if (time <= label)
                        return time >= Start ? time : null;
                }
            }
            period = Skipped(period, forward: false);
        }
        return null;
    }

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
