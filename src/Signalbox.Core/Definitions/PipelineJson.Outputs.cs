using System.Diagnostics;
using System.Text.Json;
using Signalbox.Core.Checks;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteOutput(Utf8JsonWriter json, OutputSpec output)
    {
        json.WriteStartObject();
        json.WriteString("name", output.Name);
        json.WriteString("path", output.Path);
        Put(json, "dataset", output.Dataset);
        Put(json, "model", output.Model);
        Put(json, "optional", output.Optional, normal: false);
        Put(json, "keep", output.Keep, OutputSpec.DefaultKeep);
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

        if (!output.Checks.IsDefaultOrEmpty)
        {
            json.WriteStartArray("checks");
            foreach (var check in output.Checks)
            {
                json.WriteStartObject();
                WriteCheck(json, check);
                Put(json, "severity", Names.Of(check.Severity), Names.Of(CheckSeverity.Block));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

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
            Model = Text(json, "model"),
            Optional = Truth(json, "optional", normal: false),
            Keep = Number(json, "keep", OutputSpec.DefaultKeep),
            Idempotency = json.TryGetProperty("idempotency", out var counts) ? ReadIdempotency(counts) : null,
            Compare = json.TryGetProperty("compare", out var compare) ? ReadCompare(compare) : null,
            Checks = All(
                json,
                "checks",
                check => ReadCheck(check) with { Severity = Word(check, "severity", Names.CheckSeverityOf, CheckSeverity.Block) }
            ),
        };

    private static void WriteCheck(Utf8JsonWriter json, CheckSpec check)
    {
        switch (check)
        {
            case CheckSpec.RowCount count:
                json.WriteString("check", "row_count");
                Put(json, "min", count.Min);
                Put(json, "max", count.Max);
                break;
            case CheckSpec.NotNull filled:
                json.WriteString("check", "not_null");
                Put(json, "columns", filled.Columns);
                break;
            case CheckSpec.Unique unique:
                json.WriteString("check", "unique");
                Put(json, "columns", unique.Columns);
                break;
            case CheckSpec.Range range:
                json.WriteString("check", "range");
                json.WriteString("column", range.Column);
                Put(json, "min", range.Min);
                Put(json, "max", range.Max);
                break;
            case CheckSpec.AcceptedValues accepted:
                json.WriteString("check", "accepted_values");
                json.WriteString("column", accepted.Column);
                Put(json, "values", accepted.Values);
                break;
            case CheckSpec.Regex regex:
                json.WriteString("check", "regex");
                json.WriteString("column", regex.Column);
                json.WriteString("pattern", regex.Pattern);
                break;
            case CheckSpec.Schema schema:
                json.WriteString("check", "schema");
                Put(json, "columns", schema.Columns);
                break;
            case CheckSpec.Sql sql:
                json.WriteString("check", "sql");
                json.WriteString("query", sql.Query);
                break;
            case CheckSpec.Command command:
                json.WriteString("check", "run");
                json.WriteString("text", command.Text);
                break;
            default:
                throw new UnreachableException($"unknown check {check.GetType().Name}");
        }
    }

    private static CheckSpec ReadCheck(JsonElement json) =>
        Required(json, "check") switch
        {
            "row_count" => new CheckSpec.RowCount(Text(json, "min"), Text(json, "max")),
            "not_null" => new CheckSpec.NotNull(Texts(json, "columns")),
            "unique" => new CheckSpec.Unique(Texts(json, "columns")),
            "range" => new CheckSpec.Range(Required(json, "column"), Text(json, "min"), Text(json, "max")),
            "accepted_values" => new CheckSpec.AcceptedValues(Required(json, "column"), Texts(json, "values")),
            "regex" => new CheckSpec.Regex(Required(json, "column"), Required(json, "pattern")),
            "schema" => new CheckSpec.Schema(Map(json, "columns")),
            "sql" => new CheckSpec.Sql(Required(json, "query")),
            "run" => new CheckSpec.Command(Required(json, "text")),
            var other => throw new FormatException($"unknown check `{other}`"),
        };
}
