using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>The times that a definition means.</summary>
public static class PipelineTime
{
    /// <summary>The schedule; <see cref="Schedule.None"/> for a pipeline without one. The definition has been checked before.</summary>
    public static Schedule ScheduleOf(this Pipeline pipeline) =>
        pipeline.Schedule is { } spec && Schedule.Parse(spec.Cron, spec.TimeZone) is { Schedule: { } schedule }
            ? schedule
            : new Schedule.None();

    /// <summary>The slices that runs of the pipeline are about.</summary>
    public static SliceCalendar CalendarOf(this Pipeline pipeline)
    {
        var schedule = pipeline.ScheduleOf();
        return new SliceCalendar(schedule, pipeline.LogicalDate, new PartitionScheme(pipeline.Partition, schedule.Zone));
    }
}
