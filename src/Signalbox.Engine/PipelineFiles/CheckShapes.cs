using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The questions asked of a staged output: <c>checks:</c>.</summary>
internal static class CheckShapes
{
    private static readonly string[] Kinds =
    [
        "row_count",
        "not_null",
        "unique",
        "range",
        "accepted_values",
        "regex",
        "schema",
        "sql",
        "run",
    ];

    private static readonly Shape<string> Severity = Scalars.Choice(typeof(CheckSeverity), i => Names.Of((CheckSeverity)i));

    private static readonly Shape<string[]> Columns = new ListShape<string>(
        Scalars.Text,
        "a column or a list of columns",
        orSingle: true,
        minItems: 1
    );

    private static readonly Shape<string> Bound = new ScalarShape<string>(
        "a number, a date or a text with {{ }} in it",
        () => new JsonObject { ["type"] = new JsonArray("number", "string"), ["minLength"] = 1 },
        scalar => (scalar.Text.Length > 0, scalar.Text)
    );

    private static readonly Shape<string> Count = new ScalarShape<string>(
        "a whole number or a text with {{ }} in it",
        () => new JsonObject { ["type"] = new JsonArray("integer", "string"), ["pattern"] = "^[0-9]+$|\\{\\{" },
        scalar => (long.TryParse(scalar.Text, NumberStyles.None, null, out _) || IsTemplate(scalar.Text), scalar.Text)
    );

    private static readonly Shape<CheckSpec> RowCount = Kind(
        "row_count",
        [
            new Field<Parts, string>("min", Count, (p, v) => p.Min = v, "The fewest rows."),
            new Field<Parts, string>("max", Count, (p, v) => p.Max = v, "The most rows."),
        ],
        p => new CheckSpec.RowCount(p.Min, p.Max),
        oneBound: true
    );

    private static readonly Shape<CheckSpec> Range = Kind(
        "range",
        [
            Column,
            new Field<Parts, string>("min", Bound, (p, v) => p.Min = v, "The least value, which is allowed."),
            new Field<Parts, string>("max", Bound, (p, v) => p.Max = v, "The greatest value, which is allowed."),
        ],
        p => new CheckSpec.Range(p.Column, p.Min, p.Max),
        oneBound: true
    );

    private static readonly Shape<CheckSpec> AcceptedValues = Kind(
        "accepted_values",
        [
            Column,
            new Field<Parts, string[]>(
                "values",
                new ListShape<string>(Scalars.AnyText, "a list of values", minItems: 1),
                (p, v) => p.Values = v,
                "Every value that is allowed."
            )
            {
                Required = true,
            },
        ],
        p => new CheckSpec.AcceptedValues(p.Column, [.. p.Values])
    );

    private static readonly Shape<CheckSpec> Regex = Kind(
        "regex",
        [
            Column,
            new Field<Parts, string>(
                "pattern",
                Scalars.Text,
                (p, v) => p.Text = v,
                "A regular expression (RE2), found anywhere in the value."
            )
            {
                Required = true,
            },
        ],
        p => new CheckSpec.Regex(p.Column, p.Text)
    );

    private static readonly Shape<CheckSpec> Sql = new EitherShape<CheckSpec>(
        single: Scalars.Text.To(text => (CheckSpec)new CheckSpec.Sql(text)),
        mapping: Kind(
            "sql_check",
            [
                new Field<Parts, string>(
                    "query",
                    Scalars.Text,
                    (p, v) => p.Text = v,
                    "A query over {{ staged }} that returns no row when all is well."
                )
                {
                    Required = true,
                },
            ],
            p => new CheckSpec.Sql(p.Text)
        )
    );

    private static readonly Shape<CheckSpec> Schema = new NamesShape<string>(
        Scalars.Text,
        "a mapping from columns to DuckDB types",
        "^.",
        name => name.Length == 0 ? "a column has a name" : null,
        minItems: 1
    ).To(columns => (CheckSpec)new CheckSpec.Schema(NameMaps.Sorted(columns)));

    private static readonly MappingShape<Draft> One = new(
        "check",
        "a check",
        () => new Draft(),
        CheckField("row_count", RowCount, "The number of rows lies between the bounds, both inclusive.", "{\"min\": 1000}"),
        CheckField(
            "not_null",
            Columns.To(c => (CheckSpec)new CheckSpec.NotNull([.. c])),
            "No row is null in any of the columns.",
            "[\"origin\"]"
        ),
        CheckField(
            "unique",
            Columns.To(c => (CheckSpec)new CheckSpec.Unique([.. c])),
            "No two rows agree in all of the columns.",
            "[\"id\"]"
        ),
        CheckField(
            "range",
            Range,
            "Every value of a column that is not null lies between the bounds, both inclusive.",
            "{\"column\": \"delay\", \"min\": -60, \"max\": 600}"
        ),
        CheckField(
            "accepted_values",
            AcceptedValues,
            "Every value of a column that is not null is one of these.",
            "{\"column\": \"state\", \"values\": [\"on\", \"off\"]}"
        ),
        CheckField(
            "regex",
            Regex,
            "Every value of a column that is not null matches a regular expression.",
            "{\"column\": \"origin\", \"pattern\": \"^[A-Z]{3}$\"}"
        ),
        CheckField("schema", Schema, "The file has exactly these columns with these DuckDB types.", "{\"origin\": \"varchar\"}"),
        CheckField(
            "sql",
            Sql,
            "A query over {{ staged }} that returns no row when all is well.",
            "\"select * from {{ staged }} where flights < 0\""
        ),
        CheckField(
            "run",
            Scalars.Text.To(text => (CheckSpec)new CheckSpec.Command(text)),
            "A shell command that sees {{ staged }} and exits 0 when all is well.",
            "\"python3 drift.py {{ staged }}\""
        ),
        new Field<Draft, string>(
            "severity",
            Severity,
            (d, v) => d.Severity = Names.CheckSeverityOf(v),
            "block: nothing is published and the task fails. warn: the result is shown, the output is published."
        )
        {
            Default = "\"block\"",
        }
    )
    {
        Rules = schema =>
            schema["oneOf"] = new JsonArray([.. Kinds.Select(kind => (JsonNode)new JsonObject { ["required"] = new JsonArray(kind) })]),
    };

    public static readonly Shape<CheckSpec[]> List = new ListShape<CheckSpec>(One.To(Finish), "a list of checks");

    private static Field<Parts, string> Column => new("column", Scalars.Text, (p, v) => p.Column = v, "The column.") { Required = true };

    private static CheckSpec? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var written = ((YamlMapping)node).Entries.Where(entry => Kinds.Contains(entry.Key.Text)).ToList();
        switch (written.Count)
        {
            case 0:
                // An unknown key has been reported already, and it is the better message.
                if (((YamlMapping)node).Entries.All(entry => entry.Key.Text == "severity"))
                {
                    reading.Error(node, "missing-key", $"a check needs one of {string.Join(", ", Kinds)}");
                }

                return null;
            case > 1:
                reading.Error(
                    written[1].Key,
                    "two-kinds",
                    $"a check asks one question, and `{written[0].Key.Text}` is one already; begin another item of the list with `- {written[1].Key.Text}:`"
                );
                return null;
            default:
                return draft.Spec is { } spec && draft.Severity is { } severity ? spec with { Severity = severity } : draft.Spec;
        }
    }

    private static Field<Draft, CheckSpec> CheckField(string kind, Shape<CheckSpec> shape, string description, string example) =>
        new(kind, shape, (d, v) => d.Spec = v, description) { Examples = [example] };

    private static Shape<CheckSpec> Kind(string name, Field<Parts>[] fields, Func<Parts, CheckSpec> make, bool oneBound = false) =>
        new MappingShape<Parts>(
            name,
            $"`{name.Replace("_check", "", StringComparison.Ordinal)}`",
            () => new Parts(),
            [
                .. fields,
                new Field<Parts, string>(
                    "severity",
                    Severity,
                    (p, v) => p.Severity = Names.CheckSeverityOf(v)!.Value,
                    "What a failure does."
                )
                {
                    Default = "\"block\"",
                },
            ]
        )
        {
            Rules = schema =>
            {
                if (oneBound)
                {
                    schema["anyOf"] = new JsonArray(
                        new JsonObject { ["required"] = new JsonArray("min") },
                        new JsonObject { ["required"] = new JsonArray("max") }
                    );
                }
            },
        }.To(
            (parts, node, reading) =>
            {
                if (oneBound && ((YamlMapping)node).Find("min") is null && ((YamlMapping)node).Find("max") is null)
                {
                    reading.Error(node, "missing-key", $"`{name}` needs `min` or `max`");
                    return null;
                }

                return make(parts) with
                {
                    Severity = parts.Severity,
                };
            }
        );

    private static bool IsTemplate(string text) => text.Contains("{{", StringComparison.Ordinal);

    private sealed class Draft
    {
        public CheckSpec? Spec { get; set; }

        public CheckSeverity? Severity { get; set; }
    }

    private sealed class Parts
    {
        public string Column { get; set; } = "";

        public string? Min { get; set; }

        public string? Max { get; set; }

        public string Text { get; set; } = "";

        public string[] Values { get; set; } = [];

        public CheckSeverity Severity { get; set; }
    }
}
