using System.Diagnostics;
using System.Text.Json;
using Signalbox.Core.Checks;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteInputChecks(Utf8JsonWriter json, TaskNode task)
    {
        if (task.InputChecks.IsEmpty)
        {
            return;
        }

        json.WriteStartObject("input_checks");
        foreach (var (input, checks) in task.InputChecks)
        {
            WriteChecks(json, input, checks);
        }

        json.WriteEndObject();
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<CheckSpec>> ReadInputChecks(JsonElement json)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<CheckSpec>>(StringComparer.Ordinal);
        if (json.TryGetProperty("input_checks", out var map))
        {
            foreach (var entry in map.EnumerateObject())
            {
                values[entry.Name] = ReadChecks(map, entry.Name);
            }
        }

        return values.ToImmutable();
    }

    private static void WriteChecks(Utf8JsonWriter json, string name, ImmutableArray<CheckSpec> checks)
    {
        if (checks.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var check in checks)
        {
            json.WriteStartObject();
            WriteCheck(json, check);
            Put(json, "name", check.Name);
            Put(json, "severity", Names.Of(check.Severity), Names.Of(CheckSeverity.Block));
            Put(json, "quarantine", check.QuarantineFolder);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static ImmutableArray<CheckSpec> ReadChecks(JsonElement json, string name) =>
        All(
            json,
            name,
            check =>
                ReadCheck(check) with
                {
                    Name = Text(check, "name"),
                    Severity = Word(check, "severity", Names.CheckSeverityOf, CheckSeverity.Block),
                    QuarantineFolder = Text(check, "quarantine"),
                }
        );

    private static void WriteCheck(Utf8JsonWriter json, CheckSpec check)
    {
        switch (check)
        {
            case CheckSpec.RowCount count:
                json.WriteString("check", "row_count");
                Put(json, "min", count.Min);
                Put(json, "max", count.Max);
                if (count.Change is { } change)
                {
                    json.WriteStartObject("change");
                    json.WriteNumber("max", change.Max);
                    Put(json, "versions", change.Versions, RowCountChange.DefaultVersions);
                    json.WriteEndObject();
                }

                break;
            case CheckSpec.NotNull filled:
                json.WriteString("check", "not_null");
                Put(json, "columns", filled.Columns);
                Put(json, "tolerate", filled.Tolerate, normal: 0);
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
                Put(json, "at_least", schema.AtLeast, normal: false);
                break;
            case CheckSpec.Freshness fresh:
                json.WriteString("check", "freshness");
                json.WriteString("column", fresh.Column);
                Put(json, "max_age", fresh.MaxAge);
                break;
            case CheckSpec.Referential other:
                json.WriteString("check", "referential");
                json.WriteString("column", other.Column);
                Put(json, "in", other.Path);
                Put(json, "dataset", other.Dataset);
                Put(json, "key", other.Key);
                break;
            case CheckSpec.Drift drift:
                json.WriteString("check", "drift");
                Put(json, "columns", drift.Columns);
                Put(json, "threshold", drift.Threshold, CheckSpec.Drift.DefaultThreshold);
                Put(json, "bins", drift.Bins, CheckSpec.Drift.DefaultBins);
                break;
            case CheckSpec.Sql sql:
                json.WriteString("check", "sql");
                json.WriteString("query", sql.Query);
                Put(json, "expect", sql.Expect?.ToString());
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
            "row_count" => new CheckSpec.RowCount(Text(json, "min"), Text(json, "max"))
            {
                Change = json.TryGetProperty("change", out var change)
                    ? new(Real(change, "max") ?? 0, Number(change, "versions", RowCountChange.DefaultVersions))
                    : null,
            },
            "not_null" => new CheckSpec.NotNull(Texts(json, "columns")) { Tolerate = Real(json, "tolerate") ?? 0 },
            "unique" => new CheckSpec.Unique(Texts(json, "columns")),
            "range" => new CheckSpec.Range(Required(json, "column"), Text(json, "min"), Text(json, "max")),
            "accepted_values" => new CheckSpec.AcceptedValues(Required(json, "column"), Texts(json, "values")),
            "regex" => new CheckSpec.Regex(Required(json, "column"), Required(json, "pattern")),
            "schema" => new CheckSpec.Schema(Map(json, "columns")) { AtLeast = Truth(json, "at_least", normal: false) },
            "freshness" => new CheckSpec.Freshness(Required(json, "column"), RequiredSpan(json, "max_age")),
            "referential" => new CheckSpec.Referential(Required(json, "column"))
            {
                Path = Text(json, "in"),
                Dataset = Text(json, "dataset"),
                Key = Text(json, "key"),
            },
            "drift" => new CheckSpec.Drift(Texts(json, "columns"))
            {
                Threshold = Real(json, "threshold") ?? CheckSpec.Drift.DefaultThreshold,
                Bins = Number(json, "bins", CheckSpec.Drift.DefaultBins),
            },
            "sql" => new CheckSpec.Sql(Required(json, "query"))
            {
                Expect = Text(json, "expect") is { } expect ? ValueComparison.Parse(expect) : null,
            },
            "run" => new CheckSpec.Command(Required(json, "text")),
            var other => throw new FormatException($"unknown check `{other}`"),
        };
}
