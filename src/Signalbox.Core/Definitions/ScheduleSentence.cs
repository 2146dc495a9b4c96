using System.Globalization;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>Schedules in plain English.</summary>
public static class ScheduleSentence
{
    /// <summary>What a schedule means, without its zone and full stop; as it stands where it cannot be read.</summary>
    public static string Of(ScheduleSpec spec) => Times(spec) + Calendar(spec.Calendar) + Jitter(spec.Jitter);

    /// <summary>What all schedules of a pipeline mean, with their zone; <c>by hand</c> without one.</summary>
    public static string Of(Pipeline pipeline) =>
        pipeline.Schedule is null ? "by hand" : $"{string.Join("; ", pipeline.Schedules.Select(Of))} ({pipeline.TimeZone})";

    private static string Times(ScheduleSpec spec)
    {
        if (spec.Cron is { } cron)
            return CronExpression.Parse(cron).Expression is { } expression ? CronExplain.Sentence(expression) : cron;
        var zone = Zone.Find(spec.TimeZone).Zone ?? Zone.Utc;
        var anchor = zone.LabelAt(spec.AnchorIn(zone));
        if (spec.Every is { } every)
            return $"Every {Duration.Print(every)}, counted from {anchor.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}";
        return spec.RRule is { } text && RecurrenceRuleParser.Parse(text, anchor, zone).Rule is { } rule
            ? RecurrenceExplain.Sentence(rule)
            : spec.Text;
    }

    private static string Calendar(CalendarUse? calendar) =>
        calendar switch
        {
            null => "",
            { Mode: CalendarMode.Include } => $", only on days of {calendar.Name}",
            { Mode: CalendarMode.Exclude } => $", but not on days of {calendar.Name}",
            _ => $", moved to the next day of {calendar.Name}",
        };

    private static string Jitter(TimeSpan jitter) => jitter == TimeSpan.Zero ? "" : $", up to {Duration.Print(jitter)} later";
}
