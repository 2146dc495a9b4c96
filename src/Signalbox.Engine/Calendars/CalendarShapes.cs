using Signalbox.Core.Time;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.Calendars;

/// <summary>The key <c>calendars</c> of a project.</summary>
internal static class CalendarShapes
{
    private static readonly Shape<CalendarSource> One = new EitherShape<CalendarSource>(
        single: Scalars.Text.To(path => new CalendarSource([], Without: null, path)),
        mapping: new MappingShape<Draft>(
            "calendar_source",
            "a calendar",
            () => new Draft(),
            new Field<Draft, string[]>(
                "weekdays",
                new ListShape<string>(
                    Scalars.Choice(typeof(DayOfWeek), WordOf),
                    "a list of weekdays such as [mon, tue, wed, thu, fri]",
                    minItems: 1
                ),
                (d, v) => d.Weekdays = v,
                "Weekdays that are in it."
            ),
            new Field<Draft, string>(
                "without",
                Scalars.Text,
                (d, v) => d.Without = v,
                "A file of dates that are not in it, whatever their weekday: holidays."
            ),
            new Field<Draft, string>("dates", Scalars.Text, (d, v) => d.Dates = v, "A file of dates that are in it besides.")
        ).To<CalendarSource>(
            (draft, node, reading) =>
            {
                if (draft.Weekdays.Length == 0 && draft.Dates is null)
                {
                    reading.Error(node, "empty-calendar", "a calendar has `weekdays`, `dates`, or both; `without` takes days from it");
                    return null;
                }

                return new CalendarSource(
                    [.. Enum.GetValues<DayOfWeek>().Where(day => draft.Weekdays.Contains(WordOf((int)day)))],
                    draft.Without,
                    draft.Dates
                );
            }
        )
    );

    public static readonly Shape<Named<CalendarSource>[]> All = new NamesShape<CalendarSource>(
        One,
        "a mapping from names of calendars to files, or to their weekdays and files",
        Scalars.SlugPattern,
        Core.Slug.Problem
    );

    private static string WordOf(int day) => ((DayOfWeek)day).ToString()[..3].ToLowerInvariant();

    private sealed class Draft
    {
        public string[] Weekdays { get; set; } = [];

        public string? Without { get; set; }

        public string? Dates { get; set; }
    }
}
