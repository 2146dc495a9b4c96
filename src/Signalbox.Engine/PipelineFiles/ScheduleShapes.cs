using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.Calendars;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What a pipeline file says of when runs are due: <c>schedule:</c> and <c>blackout:</c>.</summary>
internal static class ScheduleShapes
{
    public static readonly Shape<string> Instant = Scalars.Form(
        "a date such as 2001-01-01, or a time such as 2001-01-01T06:00 with or without Z or an offset",
        Instants.Pattern,
        text => Instants.Parse(text, Zone.Utc) is not null
    );

    private static readonly Shape<CalendarDraft> Calendar = new EitherShape<CalendarDraft>(
        single: Scalars.Text.To<CalendarDraft>((name, node, _) => new CalendarDraft(CalendarMode.Include, name, node)),
        mapping: new MappingShape<CalendarModes>(
            "calendar",
            "`calendar`",
            () => new CalendarModes(),
            Mode("include", CalendarMode.Include, "Only ticks on the days of this calendar count."),
            Mode("exclude", CalendarMode.Exclude, "Only ticks on other days count."),
            Mode("shift", CalendarMode.Shift, "Ticks on other days move to the next day of this calendar, at the same time of day.")
        ).To<CalendarDraft>(
            (draft, node, reading) =>
            {
                if (draft.All is [var only])
                {
                    return only;
                }

                reading.Error(node, "calendar-modes", "a calendar is one of `include`, `exclude` and `shift`, with the name of a calendar");
                return null;
            }
        )
    );

    private static readonly Shape<ScheduleDraft> Single = Scalars.Text.To(cron => new ScheduleDraft { Cron = cron });

    private static readonly Shape<ScheduleDraft> Mapping = new MappingShape<ScheduleDraft>(
        "schedule",
        "`schedule`",
        () => new ScheduleDraft(),
        new Field<ScheduleDraft, string>(
            "cron",
            Scalars.Text,
            (d, v) => d.Cron = v,
            "A cron expression of five fields, or @daily and its kin."
        )
        {
            Examples = ["\"15 2 * * *\""],
        },
        new Field<ScheduleDraft, TimeSpan>(
            "every",
            Durations.Positive,
            (d, v) => d.Every = v,
            "A fixed length from tick to tick, whatever the clocks do, counted from `anchor`."
        )
        {
            Examples = ["\"10m\"", "\"PT10M\""],
        },
        new Field<ScheduleDraft, string>(
            "rrule",
            Scalars.Text,
            (d, v) => d.RRule = v,
            "A recurrence rule of RFC 5545, counted from `anchor`, which gives the time of day where the rule has none."
        )
        {
            Examples = ["\"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=9;BYMINUTE=30\""],
        },
        new Field<ScheduleDraft, string>(
            "anchor",
            Instant,
            (d, v) => d.Anchor = v,
            "Any one tick of `every`, or where `rrule` begins, in the zone. Unstated: midnight of 2000-01-01."
        )
        {
            Examples = ["\"2026-01-05T09:30\""],
        },
        new Field<ScheduleDraft, string>("timezone", Scalars.Text, (d, v) => d.TimeZone = v, "An IANA time zone; never the server's.")
        {
            Default = "\"UTC\"",
            Examples = ["\"Europe/London\""],
        },
        new Field<ScheduleDraft, CalendarDraft>(
            "calendar",
            Calendar,
            (d, v) => d.Calendar = v,
            "On which days it may fire: the name of a calendar of the project, or the path of a file with dates or an iCalendar file."
        )
        {
            Examples = ["\"business_days\"", "{\"exclude\": \"calendars/holidays.ics\"}", "{\"shift\": \"business_days\"}"],
        },
        new Field<ScheduleDraft, TimeSpan>(
            "jitter",
            Durations.Any,
            (d, v) => d.Jitter = v,
            "Each tick is acted on up to this much later, always the same for this pipeline."
        )
        {
            Default = "\"0s\"",
        },
        new Field<ScheduleDraft, string>(
            "name",
            Scalars.Slug,
            (d, v) => d.Name = v,
            "Keeps it the same schedule when the list changes. Unstated: schedule, schedule_2 and so on."
        ),
        new Field<ScheduleDraft, string>(
            "means",
            Scalars.Text,
            (d, v) => d.Means = v,
            "What is required of the schedule, in the words of `cron explain`; `lint` warns when `cron` means something else."
        )
        {
            Examples = ["\"At 01:30, Monday through Friday\""],
        }
    );

    /// <summary>A cron expression, a mapping, or a list of these.</summary>
    public static readonly Shape<ScheduleDraft[]> All = new EitherShape<ScheduleDraft[]>(
        single: Single.To(draft => new[] { draft }),
        list: new ListShape<ScheduleDraft>(
            new EitherShape<ScheduleDraft>(Single, mapping: Mapping),
            "a list of schedules, each a cron expression or a mapping",
            minItems: 1
        ),
        mapping: Mapping.To(draft => new[] { draft })
    );

    private static readonly Shape<BlackoutDraft> Blackout = new MappingShape<BlackoutDraft>(
        "blackout",
        "a blackout",
        () => new BlackoutDraft(),
        new Field<BlackoutDraft, string>("from", Instant, (d, v) => d.From = v, "Its first instant, in the zone of the schedule.")
        {
            Examples = ["\"2026-12-24T18:00\""],
        },
        new Field<BlackoutDraft, string>("to", Instant, (d, v) => d.To = v, "The first instant after it."),
        new Field<BlackoutDraft, string>("cron", Scalars.Text, (d, v) => d.Cron = v, "When it begins, each time, when it recurs.")
        {
            Examples = ["\"0 22 * * 5\""],
        },
        new Field<BlackoutDraft, TimeSpan>("for", Durations.Positive, (d, v) => d.For = v, "How long it lasts, when it recurs.")
        {
            Examples = ["\"8h\""],
        },
        new Field<BlackoutDraft, string>("reason", Scalars.Text, (d, v) => d.Reason = v, "Why, for people.")
    );

    public static readonly Shape<BlackoutDraft[]> Blackouts = new EitherShape<BlackoutDraft[]>(
        list: new ListShape<BlackoutDraft>(Blackout, "a list of blackouts"),
        mapping: Blackout.To(draft => new[] { draft })
    );

    private static Field<CalendarModes, CalendarDraft> Mode(string name, CalendarMode mode, string description) =>
        new(
            name,
            Scalars.Text.To<CalendarDraft>((calendar, node, _) => new CalendarDraft(mode, calendar, node)),
            (d, v) => d.All.Add(v),
            description
        );

    /// <param name="Place">Where the name stands.</param>
    internal sealed record CalendarDraft(CalendarMode Mode, string Name, YamlNode Place);

    private sealed class CalendarModes
    {
        public List<CalendarDraft> All { get; } = [];
    }

    internal sealed class ScheduleDraft
    {
        public string? Cron { get; set; }

        public TimeSpan? Every { get; set; }

        public string? RRule { get; set; }

        public string? Anchor { get; set; }

        public string TimeZone { get; set; } = "UTC";

        public CalendarDraft? Calendar { get; set; }

        public TimeSpan Jitter { get; set; }

        public string? Name { get; set; }

        public string? Means { get; set; }

        /// <summary>The schedule, with the days of its calendar as they are now.</summary>
        /// <param name="shelf">The calendars; null when there is no project to have any.</param>
        /// <param name="files">Takes the files that were read.</param>
        public ScheduleSpec Make(CalendarShelf? shelf, Reading reading, HashSet<string> files)
        {
            var zone = Zone.Find(TimeZone).Zone ?? Zone.Utc;
            return new ScheduleSpec(Cron, TimeZone, Means)
            {
                Name = Name,
                Every = Every,
                RRule = RRule,
                Anchor = Anchor is { } anchor ? Instants.Parse(anchor, zone) : null,
                Jitter = Jitter,
                Calendar = Calendar is { } calendar ? Use(calendar, shelf, reading, files) : null,
            };
        }

        private static CalendarUse? Use(CalendarDraft calendar, CalendarShelf? shelf, Reading reading, HashSet<string> files)
        {
            if (shelf is null)
            {
                reading.Error(calendar.Place, "unknown-calendar", $"the calendar `{calendar.Name}` needs a project, whose folder it is in");
                return null;
            }

            var found = shelf.Find(calendar.Name);
            files.UnionWith(found.Files);
            if (found.Problem is { } problem)
            {
                reading.Error(calendar.Place, "unknown-calendar", problem);
            }

            return found.Calendar is { } days ? new CalendarUse(calendar.Name, calendar.Mode, days) : null;
        }
    }

    internal sealed class BlackoutDraft
    {
        public string? From { get; set; }

        public string? To { get; set; }

        public string? Cron { get; set; }

        public TimeSpan? For { get; set; }

        public string? Reason { get; set; }

        public BlackoutSpec Make(Zone zone) =>
            new()
            {
                From = From is { } from ? Instants.Parse(from, zone) : null,
                To = To is { } to ? Instants.Parse(to, zone) : null,
                Cron = Cron,
                For = For,
                Reason = Reason,
            };
    }
}
