using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>sla:</c> of a pipeline or of a task.</summary>
internal static class SlaShape
{
    private static readonly string[] TimesOfDay = ["HH:mm", "HH:mm:ss"];

    private static readonly Shape<string> TimeOfDay = Scalars.Form(
        "a time of day such as \"06:00\" or \"23:30\"",
        "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
        text => TimeOf(text) is not null
    );

    private static readonly Shape<SlaSpec> Mapping = new MappingShape<Draft>(
        "sla",
        "a deadline",
        () => new Draft(),
        new Field<Draft, string>(
            "by",
            TimeOfDay,
            (d, v) => d.By = TimeOf(v),
            "A time of day: the deadline is the first time that the clocks show it after the run is due."
        )
        {
            Examples = ["\"06:00\""],
        },
        new Field<Draft, string>(
            "timezone",
            Scalars.Text,
            (d, v) => d.TimeZone = v,
            "With `by`: an IANA time zone; unstated: the schedule's."
        )
        {
            Examples = ["\"Europe/London\""],
        },
        new Field<Draft, TimeSpan>("within", Durations.Positive, (d, v) => d.Within = v, "A length of time after the run is due.")
        {
            Examples = ["\"3h\""],
        }
    )
    {
        Rules = schema =>
        {
            schema["oneOf"] = new JsonArray(
                new JsonObject { ["required"] = new JsonArray("by") },
                new JsonObject { ["required"] = new JsonArray("within") }
            );
            schema["dependentRequired"] = new JsonObject { ["timezone"] = new JsonArray("by") };
        },
    }.To<SlaSpec>(Finish);

    /// <summary>One deadline or a list of them.</summary>
    public static readonly Shape<SlaSpec[]> List = new EitherShape<SlaSpec[]>(
        list: new ListShape<SlaSpec>(Mapping, "a list of deadlines"),
        mapping: Mapping.To(one => new[] { one })
    );

    private static TimeOnly? TimeOf(string text) =>
        TimeOnly.TryParseExact(text, TimesOfDay, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    private static SlaSpec? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        var (by, within) = (mapping.Find("by"), mapping.Find("within"));
        if (by is null == within is null)
        {
            reading.Error(
                within?.Key ?? node,
                by is null ? "missing-key" : "two-kinds",
                "a deadline is `by` a time of day or `within` a length of time after the run is due: one of the two"
            );
            return null;
        }

        if (by is null && mapping.Find("timezone") is { } zone)
        {
            reading.Error(zone.Key, "wrong-key", "`timezone` goes with `by`, which the deadline does not have");
            return null;
        }

        // A value that cannot be read has been reported.
        return draft.By is { } time ? new SlaSpec.By(time, draft.TimeZone)
            : draft.Within is { } limit ? new SlaSpec.Within(limit)
            : null;
    }

    private sealed class Draft
    {
        public TimeOnly? By { get; set; }

        public string? TimeZone { get; set; }

        public TimeSpan? Within { get; set; }
    }
}
