using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The questions asked of an output or an input: <c>checks:</c>.</summary>
internal static class CheckShapes
{
    private static readonly MappingShape<Draft> One = new(
        "check",
        "a check",
        () => new Draft(),
        [
            CheckField(
                "row_count",
                CheckKindShapes.RowCount,
                "The number of rows lies between the bounds, both inclusive: 1000.., ..5000, 10..20; with `change` it is near that of earlier versions.",
                "\"1000..\"",
                "{\"min\": 1000, \"change\": 0.5}"
            ),
            CheckField("not_null", CheckKindShapes.NotNull, "No row is null in any of the columns.", "[\"origin\"]"),
            CheckField("unique", CheckKindShapes.Unique, "No two rows agree in all of the columns.", "[\"id\"]"),
            CheckField(
                "range",
                CheckKindShapes.Range,
                "Every value of a column that is not null lies between the bounds, both inclusive.",
                "{\"column\": \"delay\", \"min\": -60, \"max\": 600}"
            ),
            CheckField(
                "accepted_values",
                CheckKindShapes.AcceptedValues,
                "Every value of a column that is not null is one of these.",
                "{\"column\": \"state\", \"values\": [\"on\", \"off\"]}"
            ),
            CheckField(
                "regex",
                CheckKindShapes.Regex,
                "Every value of a column that is not null matches a regular expression.",
                "{\"column\": \"origin\", \"pattern\": \"^[A-Z]{3}$\"}"
            ),
            CheckField(
                "schema",
                CheckKindShapes.Schema,
                "The file has exactly these columns with these DuckDB types; beside it `at_least: true` allows others.",
                "{\"origin\": \"varchar\"}"
            ),
            CheckField(
                "freshness",
                CheckKindShapes.Freshness,
                "The newest value of a date or timestamp column is no older than this before the end of the run's data interval.",
                "{\"column\": \"updated_at\", \"max_age\": \"6h\"}"
            ),
            CheckField(
                "referential",
                CheckKindShapes.Referential,
                "Every value of a column that is not null is found in a column of another file or dataset.",
                "{\"column\": \"origin\", \"in\": \"data/airports.csv\", \"key\": \"code\"}"
            ),
            CheckField(
                "drift",
                CheckKindShapes.Drift,
                "The values of the columns are distributed as in the last good version (population stability index).",
                "[\"mean_delay\"]",
                "{\"columns\": [\"mean_delay\"], \"threshold\": 0.1}"
            ),
            CheckField(
                "sql",
                CheckKindShapes.Sql,
                "A query over {{ staged }} that returns no row when all is well, or one value with `expect`.",
                "\"select * from {{ staged }} where flights < 0\"",
                "{\"query\": \"select avg(delay) from {{ staged }}\", \"expect\": \"< 60\"}"
            ),
            CheckField(
                "run",
                Scalars.Text.To(text => (CheckSpec)new CheckSpec.Command(text)),
                "A shell command that sees {{ staged }} and exits 0 when all is well.",
                "\"python3 compare.py {{ staged }}\""
            ),
            .. CheckSettings.Fields.Select(field => new InnerField<Draft, CheckSettings>(field, draft => draft.Settings)),
            new Field<Draft, bool>(
                "at_least",
                Scalars.Boolean,
                (d, v) => d.AtLeast = v,
                "With `schema`: whether there may be further columns."
            )
            {
                Default = "false",
            },
        ]
    )
    {
        Rules = schema =>
        {
            schema["oneOf"] = new JsonArray([.. Kinds.Select(kind => (JsonNode)new JsonObject { ["required"] = new JsonArray(kind) })]);
            schema["dependentRequired"] = new JsonObject { ["at_least"] = new JsonArray("schema") };
        },
    };

    public static readonly Shape<CheckSpec[]> List = new ListShape<CheckSpec>(One.To(Finish), "a list of checks");

    private static string[] Kinds =>
        [
            "row_count",
            "not_null",
            "unique",
            "range",
            "accepted_values",
            "regex",
            "schema",
            "freshness",
            "referential",
            "drift",
            "sql",
            "run",
        ];

    private static CheckSpec? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        var kinds = Kinds;
        var written = mapping.Entries.Where(entry => kinds.Contains(entry.Key.Text)).ToList();
        if (written.Count == 0)
        {
            // An unknown key has been reported already, and it is the better message.
            if (mapping.Entries.All(entry => One.Keys.Contains(entry.Key.Text)))
            {
                reading.Error(node, "missing-key", $"a check needs one of {string.Join(", ", kinds)}");
            }

            return null;
        }

        if (written.Count > 1)
        {
            reading.Error(
                written[1].Key,
                "two-kinds",
                $"a check asks one question, and `{written[0].Key.Text}` is one already; begin another item of the list with `- {written[1].Key.Text}:`"
            );
            return null;
        }

        var spec = draft.Spec is { } asked ? draft.Settings.Onto(asked) : null;
        if (draft.AtLeast is not { } atLeast || spec is null)
        {
            return spec;
        }

        if (spec is CheckSpec.Schema schema)
        {
            return schema with { AtLeast = atLeast };
        }

        reading.Error(mapping.Find("at_least")!.Key, "wrong-key", "`at_least` goes with `schema`, which the check does not have");
        return null;
    }

    private static Field<Draft, CheckSpec> CheckField(string kind, Shape<CheckSpec> shape, string description, params string[] examples) =>
        new(kind, shape, (d, v) => d.Spec = v, description) { Examples = examples };

    private sealed class Draft
    {
        public CheckSpec? Spec { get; set; }

        public CheckSettings Settings { get; } = new();

        public bool? AtLeast { get; set; }
    }
}

/// <summary>What a check of any kind may say, beside its kind or among the kind's own keys.</summary>
internal sealed class CheckSettings
{
    private const string DefaultPlace = "true";

    private static readonly Shape<string> Severities = Scalars.Choice(typeof(CheckSeverity), i => Names.Of((CheckSeverity)i));

    public static readonly Field<CheckSettings>[] Fields =
    [
        new Field<CheckSettings, string>("name", Scalars.Text, (s, v) => s.Name = v, "How people know the check.")
        {
            Examples = ["\"no negative flights\""],
        },
        new Field<CheckSettings, string>(
            "severity",
            Severities,
            (s, v) => s.Severity = Names.CheckSeverityOf(v),
            "block: nothing is published and the task fails. warn: the result is shown, the output is published. quarantine: the failing rows "
                + "are put aside, the others are published."
        )
        {
            Default = "\"block\"",
        },
        new Field<CheckSettings, string>(
            "quarantine",
            Scalars.Text,
            (s, v) => s.Quarantine = v,
            $"severity: quarantine, and the folder for the rejected rows, relative to the project folder; true takes {Rejects.DefaultFolder}."
        )
        {
            Examples = ["\"data/rejected/\""],
        },
    ];

    public string? Name { get; set; }

    public CheckSeverity? Severity { get; set; }

    public string? Quarantine { get; set; }

    /// <summary>The check with what is said here; what is not said stays.</summary>
    public CheckSpec Onto(CheckSpec check) =>
        check with
        {
            Name = Name ?? check.Name,
            Severity = Severity ?? (Quarantine is null ? check.Severity : CheckSeverity.Quarantine),
            QuarantineFolder = Quarantine is null or DefaultPlace ? check.QuarantineFolder : Quarantine,
        };
}
