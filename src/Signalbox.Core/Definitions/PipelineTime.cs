using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>The times that a definition means.</summary>
public static class PipelineTime
{
    /// <summary>From where intervals and rules count that name no anchor: a Saturday, midnight in their zone.</summary>
    public static readonly DateTime DefaultAnchor = new(2000, 1, 1);

    /// <summary>
    /// The first schedule, which says what runs that are started by hand and backfills are about; <see cref="Schedule.None"/> for a
    /// pipeline without one. The definition has been checked before.
    /// </summary>
    public static Schedule ScheduleOf(this Pipeline pipeline) => pipeline.Schedule is { } spec ? spec.Schedule() : new Schedule.None();

    /// <summary>The schedule that a specification means, with its calendar; <see cref="Schedule.None"/> where it cannot be read.</summary>
    public static Schedule Schedule(this ScheduleSpec spec)
    {
        var zone = Zone.Find(spec.TimeZone).Zone;
        var times =
            zone is null ? null
            : spec.Cron is { } cron ? Time.Schedule.Parse(cron, spec.TimeZone).Schedule
            : spec.Every is { } every && Time.Schedule.IntervalProblem(every) is null
                ? new Schedule.Every(every, spec.AnchorIn(zone)) { Zone = zone }
            : spec.RRule is { } rule && RecurrenceRuleParser.Parse(rule, zone.LabelAt(spec.AnchorIn(zone)), zone).Rule is { } read
                ? new Schedule.Recurring(read) { Zone = zone }
            : null;
        return times is null ? new Schedule.None()
            : spec.Calendar is { } calendar ? new Schedule.OnCalendar(times, calendar.Days, calendar.Mode)
            : times;
    }

    /// <summary>The instant from which an interval or a rule counts.</summary>
    public static DateTimeOffset AnchorIn(this ScheduleSpec spec, Zone zone) => spec.Anchor ?? zone.FirstInstantOf(DefaultAnchor);

    /// <summary>The name under which the ticks of a schedule are unique in its pipeline.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="index">The place among its schedules, from 0.</param>
    public static string ScheduleName(this Pipeline pipeline, int index) =>
        pipeline.Schedules[index].Name ?? (index == 0 ? "schedule" : $"schedule_{index + 1}");

    /// <summary>The slices that runs of the pipeline are about.</summary>
    public static SliceCalendar CalendarOf(this Pipeline pipeline) => pipeline.CalendarOf(pipeline.ScheduleOf());

    internal static SliceCalendar CalendarOf(this Pipeline pipeline, Schedule schedule) =>
        new(schedule, pipeline.LogicalDate, new PartitionScheme(pipeline.Partition, schedule.Zone, pipeline.WeekStarts));
}
