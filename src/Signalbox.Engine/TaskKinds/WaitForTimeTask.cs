using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>wait_for: {time}</c>: never before an instant, or a time of day in the schedule's zone on the day on which the interval ends.</summary>
internal static class WaitForTimeTask
{
    public static Sighting Look(TaskKind.WaitForTime kind, AttemptContext context)
    {
        var due = DueAt(context.Render(kind.Time, "wait_for.time"), context);
        return context.Parts.Time.GetUtcNow() >= due
            ? new Sighting.Satisfied(Result: null)
            : new Sighting.NotYet($"not before {due.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z", due);
    }

    private static DateTimeOffset DueAt(string text, AttemptContext context)
    {
        if (TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            var zone = Zone.Find(context.Pipeline.Schedule?.TimeZone ?? "UTC").Zone ?? Zone.Utc;
            var day = DateOnly.FromDateTime(zone.LabelAt(context.Run.IntervalEnd));
            return zone.FirstInstantOf(day.ToDateTime(time));
        }

        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var instant
        )
            ? instant
            : throw TaskRefused.Because(
                FailureClass.Permanent,
                $"tasks.{context.Node.Name}.wait_for.time: '{text}' is neither a time of day (HH:MM) nor an ISO 8601 instant",
                "template"
            );
    }
}
