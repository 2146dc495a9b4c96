using System.Text.Json.Nodes;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary><c>freshness:</c> of an output: a length of time, or a mapping.</summary>
internal static class FreshnessShape
{
    public static readonly Shape<FreshnessSpec> Freshness = new EitherShape<FreshnessSpec>(
        single: Durations.Positive.To(limit => (FreshnessSpec)new FreshnessSpec.Within(limit)),
        mapping: new MappingShape<Draft>(
            "dataset_freshness",
            "`freshness`",
            () => new Draft(),
            new Field<Draft, TimeSpan>("within", Durations.Positive, (d, v) => d.Within = v, "The last update is never older than that.")
            {
                Examples = ["\"26h\""],
            },
            new Field<Draft, string>(
                "cron",
                Scalars.Text,
                (d, v) => d.Cron = v,
                "At each of these times there was an update since the time before."
            )
            {
                Examples = ["\"0 6 * * 1\""],
            },
            new Field<Draft, string>("timezone", Scalars.Text, (d, v) => d.TimeZone = v, "With `cron`: an IANA time zone.")
            {
                Default = "\"UTC\"",
            }
        )
        {
            Rules = schema =>
            {
                schema["oneOf"] = new JsonArray(
                    new JsonObject { ["required"] = new JsonArray("within") },
                    new JsonObject { ["required"] = new JsonArray("cron") }
                );
                schema["dependentRequired"] = new JsonObject { ["timezone"] = new JsonArray("cron") };
            },
        }.To<FreshnessSpec>(Finish)
    );

    private static FreshnessSpec? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        var (within, cron) = (mapping.Find("within"), mapping.Find("cron"));
        if (within is null == cron is null)
        {
            reading.Error(
                cron?.Key ?? node,
                within is null ? "missing-key" : "two-kinds",
                "`freshness` is `within` a length of time or by the times of `cron`: one of the two"
            );
            return null;
        }

        if (cron is null && mapping.Find("timezone") is { } zone)
        {
            reading.Error(zone.Key, "wrong-key", "`timezone` goes with `cron`, which `freshness` does not have");
            return null;
        }

        // A value that cannot be read has been reported.
        return draft.Cron is { } times ? new FreshnessSpec.By(times, draft.TimeZone)
            : draft.Within is { } limit ? new FreshnessSpec.Within(limit)
            : null;
    }

    private sealed class Draft
    {
        public TimeSpan? Within { get; set; }

        public string? Cron { get; set; }

        public string TimeZone { get; set; } = "UTC";
    }
}
