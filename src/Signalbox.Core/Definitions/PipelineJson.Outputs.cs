using System.Text.Json;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteOutput(Utf8JsonWriter json, OutputSpec output)
    {
        json.WriteStartObject();
        json.WriteString("name", output.Name);
        json.WriteString("path", output.Path);
        Put(json, "dataset", output.Dataset);
        Put(json, "keys", output.Keys);
        Put(json, "model", output.Model);
        Put(json, "registry", output.Registry);
        Put(json, "optional", output.Optional, normal: false);
        Put(json, "keep", output.Keep, OutputSpec.DefaultKeep);
        if (output.Freshness is { } freshness)
        {
            json.WriteStartObject("freshness");
            switch (freshness)
            {
                case FreshnessSpec.Within { Limit: var limit }:
                    Put(json, "within", (TimeSpan?)limit);
                    break;
                case FreshnessSpec.By { Cron: var cron, TimeZone: var zone }:
                    json.WriteString("cron", cron);
                    Put(json, "timezone", zone, "UTC");
                    break;
            }

            json.WriteEndObject();
        }

        if (output.Compare is { } compare)
        {
            json.WriteStartObject("compare");
            Put(json, "keys", compare.Keys);
            if (!compare.Tolerance.IsEmpty)
            {
                json.WriteStartObject("tolerance");
                foreach (var (column, difference) in compare.Tolerance)
                {
                    json.WriteNumber(column, difference);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        WriteChecks(json, "checks", output.Checks);

        if (output.Idempotency is { } counts)
        {
            json.WriteStartObject("idempotency");
            Put(json, "ignore", counts.Ignore);
            if (!counts.Tolerance.IsEmpty)
            {
                json.WriteStartObject("tolerance");
                foreach (var (column, difference) in counts.Tolerance)
                {
                    json.WriteNumber(column, difference);
                }

                json.WriteEndObject();
            }

            Put(json, "any_order", counts.AnyOrder, normal: false);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static IdempotencySpec ReadIdempotency(JsonElement json) =>
        new()
        {
            Ignore = json.TryGetProperty("ignore", out var ignore)
                ? [.. ignore.EnumerateArray().Select(column => column.GetString()!)]
                : [],
            Tolerance = json.TryGetProperty("tolerance", out var tolerance)
                ? tolerance
                    .EnumerateObject()
                    .ToImmutableSortedDictionary(one => one.Name, one => one.Value.GetDouble(), StringComparer.Ordinal)
                : new IdempotencySpec().Tolerance,
            AnyOrder = Truth(json, "any_order", normal: false),
        };

    private static CompareSpec ReadCompare(JsonElement json) =>
        new()
        {
            Keys = Texts(json, "keys"),
            Tolerance = json.TryGetProperty("tolerance", out var tolerance)
                ? tolerance
                    .EnumerateObject()
                    .ToImmutableSortedDictionary(column => column.Name, column => column.Value.GetDouble(), StringComparer.Ordinal)
                : new CompareSpec().Tolerance,
        };

    private static OutputSpec ReadOutput(JsonElement json) =>
        new()
        {
            Name = Required(json, "name"),
            Path = Required(json, "path"),
            Dataset = Text(json, "dataset"),
            Keys = Map(json, "keys"),
            Model = Text(json, "model"),
            Registry = Text(json, "registry"),
            Optional = Truth(json, "optional", normal: false),
            Keep = Number(json, "keep", OutputSpec.DefaultKeep),
            Idempotency = json.TryGetProperty("idempotency", out var counts) ? ReadIdempotency(counts) : null,
            Freshness = json.TryGetProperty("freshness", out var freshness)
                ? Text(freshness, "cron") is { } cron
                    ? new FreshnessSpec.By(cron, Text(freshness, "timezone") ?? "UTC")
                    : new FreshnessSpec.Within(Span(freshness, "within") ?? throw new FormatException("`freshness` says nothing"))
                : null,
            Compare = json.TryGetProperty("compare", out var compare) ? ReadCompare(compare) : null,
            Checks = ReadChecks(json, "checks"),
        };
}
