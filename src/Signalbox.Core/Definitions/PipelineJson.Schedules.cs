using System.Globalization;
using System.Text.Json;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private const string DayFormat = "yyyy-MM-dd";

    /// <summary>One schedule is written as it always was; further ones beside it.</summary>
    private static void WriteSchedules(Utf8JsonWriter json, ImmutableArray<ScheduleSpec> schedules)
    {
        if (schedules.IsDefaultOrEmpty)
        {
            return;
        }

        json.WritePropertyName("schedule");
        WriteSchedule(json, schedules[0]);
        if (schedules.Length > 1)
        {
            json.WriteStartArray("more_schedules");
            foreach (var schedule in schedules[1..])
            {
                WriteSchedule(json, schedule);
            }

            json.WriteEndArray();
        }
    }

    private static void WriteSchedule(Utf8JsonWriter json, ScheduleSpec schedule)
    {
        json.WriteStartObject();
        Put(json, "cron", schedule.Cron);
        Put(json, "time_zone", schedule.TimeZone == "UTC" ? null : schedule.TimeZone);
        Put(json, "means", schedule.Means);
        Put(json, "name", schedule.Name);
        Put(json, "every", schedule.Every);
        Put(json, "rrule", schedule.RRule);
        Put(json, "anchor", schedule.Anchor);
        Put(json, "jitter", schedule.Jitter, TimeSpan.Zero);
        if (schedule.Calendar is { } calendar)
        {
            json.WriteStartObject("calendar");
            json.WriteString("name", calendar.Name);
            json.WriteString("mode", Names.Of(calendar.Mode));
            Put(json, "weekdays", [.. calendar.Days.Weekdays.Select(day => day.ToString().ToLowerInvariant())]);
            Put(json, "without", Days(calendar.Days.Without));
            Put(json, "dates", Days(calendar.Days.Dates));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static ImmutableArray<ScheduleSpec> ReadSchedules(JsonElement json) =>
        json.TryGetProperty("schedule", out var first) ? [ReadSchedule(first), .. All(json, "more_schedules", ReadSchedule)] : [];

    private static ScheduleSpec ReadSchedule(JsonElement json) =>
        new(Text(json, "cron"), Text(json, "time_zone") ?? "UTC", Text(json, "means"))
        {
            Name = Text(json, "name"),
            Every = Span(json, "every"),
            RRule = Text(json, "rrule"),
            Anchor = Instant(json, "anchor"),
            Jitter = Span(json, "jitter") ?? TimeSpan.Zero,
            Calendar = json.TryGetProperty("calendar", out var calendar)
                ? new CalendarUse(
                    Required(calendar, "name"),
                    Word(calendar.GetProperty("mode"), Names.CalendarModeOf),
                    new BusinessCalendar(
                        Texts(calendar, "weekdays").Select(day => Enum.Parse<DayOfWeek>(day, ignoreCase: true)),
                        Days(calendar, "without"),
                        Days(calendar, "dates")
                    )
                )
                : null,
        };

    private static void WriteBlackouts(Utf8JsonWriter json, ImmutableArray<BlackoutSpec> blackouts)
    {
        if (blackouts.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray("blackouts");
        foreach (var blackout in blackouts)
        {
            json.WriteStartObject();
            Put(json, "from", blackout.From);
            Put(json, "to", blackout.To);
            Put(json, "cron", blackout.Cron);
            Put(json, "for", blackout.For);
            Put(json, "reason", blackout.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static BlackoutSpec ReadBlackout(JsonElement json) =>
        new()
        {
            From = Instant(json, "from"),
            To = Instant(json, "to"),
            Cron = Text(json, "cron"),
            For = Span(json, "for"),
            Reason = Text(json, "reason"),
        };

    private static ImmutableArray<string> Days(ImmutableArray<DateOnly> days) =>
        [.. days.Select(day => day.ToString(DayFormat, CultureInfo.InvariantCulture))];

    private static IEnumerable<DateOnly> Days(JsonElement json, string name) =>
        Texts(json, name).Select(day => DateOnly.ParseExact(day, DayFormat, CultureInfo.InvariantCulture));
}
