using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private const string TimeOfDay = "HH:mm:ss";

    private static void WriteSla(Utf8JsonWriter json, ImmutableArray<SlaSpec> specs)
    {
        if (specs.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray("sla");
        foreach (var spec in specs)
        {
            json.WriteStartObject();
            switch (spec)
            {
                case SlaSpec.By by:
                    json.WriteString("by", by.Time.ToString(TimeOfDay, CultureInfo.InvariantCulture));
                    Put(json, "time_zone", by.TimeZone);
                    break;
                case SlaSpec.Within within:
                    Put(json, "within", within.Limit);
                    break;
                default:
                    throw new UnreachableException($"unknown kind of deadline {spec.GetType().Name}");
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static ImmutableArray<SlaSpec> ReadSla(JsonElement json) => All(json, "sla", ReadDeadline);

    private static SlaSpec ReadDeadline(JsonElement json) =>
        Text(json, "by") is { } by
            ? new SlaSpec.By(TimeOnly.ParseExact(by, TimeOfDay, CultureInfo.InvariantCulture), Text(json, "time_zone"))
            : new SlaSpec.Within(RequiredSpan(json, "within"));
}
