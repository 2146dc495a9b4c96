using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core.Checks;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What each kind of check is written with. A short form of one line stands beside the mapping wherever one is enough.</summary>
internal static class CheckKindShapes
{
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
        scalar => (IsCount(scalar.Text), scalar.Text)
    );

    private static readonly Shape<string> Span = new ScalarShape<string>(
        "a number of rows such as 1000.., ..5000, 10..20 or 12",
        () => new JsonObject { ["type"] = new JsonArray("integer", "string"), ["pattern"] = "^([0-9]+|[0-9]*\\.\\.[0-9]*)$|\\{\\{" },
        scalar => (Bounds(scalar.Text) is not null, scalar.Text)
    );

    private static readonly Shape<string> Fraction = new ScalarShape<string>(
        "a fraction such as 0.5 or 50%",
        () => new JsonObject { ["type"] = new JsonArray("number", "string"), ["pattern"] = "^[0-9]+(\\.[0-9]+)?%?$" },
        scalar => (FractionOf(scalar.Text) is not null, scalar.Text)
    );

    private static readonly Shape<RowCountChange> Change = new EitherShape<RowCountChange>(
        single: Fraction.To(text => new RowCountChange(FractionOf(text)!.Value)),
        mapping: new MappingShape<ChangeDraft>(
            "row_count_change",
            "`change`",
            () => new ChangeDraft(),
            new Field<ChangeDraft, string>(
                "max",
                Fraction,
                (d, v) => d.Max = FractionOf(v)!.Value,
                "The greatest relative difference from the mean: 0.5, or 50%."
            )
            {
                Required = true,
            },
            new Field<ChangeDraft, int>(
                "versions",
                Scalars.Whole(1, 1000),
                (d, v) => d.Versions = v,
                "How many earlier versions make the mean."
            )
            {
                Default = "7",
            }
        ).To(draft => new RowCountChange(draft.Max, draft.Versions))
    );

    public static readonly Shape<CheckSpec> RowCount = new EitherShape<CheckSpec>(
        single: Span.To(text => (CheckSpec)new CheckSpec.RowCount(Bounds(text)!.Value.Min, Bounds(text)!.Value.Max)),
        mapping: Kind(
            "row_count",
            [
                new Field<Parts, string>("min", Count, (p, v) => p.Min = v, "The fewest rows."),
                new Field<Parts, string>("max", Count, (p, v) => p.Max = v, "The most rows."),
                new Field<Parts, RowCountChange>(
                    "change",
                    Change,
                    (p, v) => p.Change = v,
                    "How far the number may be from the mean of the last versions, as a fraction of it."
                )
                {
                    Examples = ["0.5", "{\"max\": 0.5, \"versions\": 7}"],
                },
            ],
            p => new CheckSpec.RowCount(p.Min, p.Max) { Change = p.Change },
            "min",
            "max",
            "change"
        )
    );

    public static readonly Shape<CheckSpec> NotNull = Several(
        "not_null",
        p => new CheckSpec.NotNull([.. p.Columns]) { Tolerate = p.Fraction },
        new Field<Parts, string>(
            "tolerate",
            Fraction,
            (p, v) => p.Fraction = FractionOf(v)!.Value,
            "The fraction of rows that may be null all the same: 0.01, or 1%."
        )
        {
            Default = "0",
        }
    );

    public static readonly Shape<CheckSpec> Unique = Several("unique", p => new CheckSpec.Unique([.. p.Columns]));

    public static readonly Shape<CheckSpec> Range = Kind(
        "range",
        [
            Column,
            new Field<Parts, string>("min", Bound, (p, v) => p.Min = v, "The least value, which is allowed."),
            new Field<Parts, string>("max", Bound, (p, v) => p.Max = v, "The greatest value, which is allowed."),
        ],
        p => new CheckSpec.Range(p.Column, p.Min, p.Max),
        "min",
        "max"
    );

    public static readonly Shape<CheckSpec> AcceptedValues = Kind(
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

    public static readonly Shape<CheckSpec> Regex = Kind(
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

    public static readonly Shape<CheckSpec> Freshness = Kind(
        "freshness",
        [
            Column,
            new Field<Parts, TimeSpan>(
                "max_age",
                Durations.Positive,
                (p, v) => p.MaxAge = v,
                "How long before the end of the data interval the newest value may lie."
            )
            {
                Required = true,
                Examples = ["\"6h\""],
            },
        ],
        p => new CheckSpec.Freshness(p.Column, p.MaxAge)
    );

    public static readonly Shape<CheckSpec> Referential = Kind(
        "referential",
        [
            Column,
            new Field<Parts, string>("in", Scalars.Text, (p, v) => p.Path = v, "The data file or folder where the values are looked up."),
            new Field<Parts, string>(
                "dataset",
                Scalars.Text,
                (p, v) => p.Dataset = v,
                "The dataset where the values are looked up: this run's partition, else the newest."
            ),
            new Field<Parts, string>("key", Scalars.Text, (p, v) => p.Key = v, "The column there. Default: of the same name."),
        ],
        p => new CheckSpec.Referential(p.Column)
        {
            Path = p.Path,
            Dataset = p.Dataset,
            Key = p.Key,
        },
        "in",
        "dataset"
    );

    public static readonly Shape<CheckSpec> Drift = Several(
        "drift",
        p => new CheckSpec.Drift([.. p.Columns]) { Threshold = p.Threshold, Bins = p.Bins },
        new Field<Parts, double>(
            "threshold",
            Scalars.Number,
            (p, v) => p.Threshold = v,
            "The greatest population stability index that passes."
        )
        {
            Default = "0.2",
        },
        new Field<Parts, int>("bins", Scalars.Whole(2, 100), (p, v) => p.Bins = v, "Bins of numbers and times.") { Default = "10" }
    );

    public static readonly Shape<CheckSpec> Sql = new EitherShape<CheckSpec>(
        single: Scalars.Text.To(text => (CheckSpec)new CheckSpec.Sql(text)),
        mapping: Kind(
            "sql_check",
            [
                new Field<Parts, string>("query", Scalars.Text, (p, v) => p.Text = v, "A query over {{ staged }}.") { Required = true },
                new Field<Parts, string>(
                    "expect",
                    new ScalarShape<string>(
                        "no_rows or a comparison such as `>= 10`",
                        () => new JsonObject { ["type"] = new JsonArray("string", "number"), ["minLength"] = 1 },
                        scalar => (ValueComparison.Parse(scalar.Text) is not null, scalar.Text)
                    ),
                    (p, v) => p.Expect = v == NoRows ? null : ValueComparison.Parse(v),
                    "no_rows, or what the query's one value must be: `< 60`, `= 0`, `!= ''`."
                )
                {
                    Default = $"\"{NoRows}\"",
                    Examples = ["\">= 10\""],
                },
            ],
            p => new CheckSpec.Sql(p.Text) { Expect = p.Expect }
        )
    );

    public static readonly Shape<CheckSpec> Schema = new NamesShape<string>(
        Scalars.Text,
        "a mapping from columns to DuckDB types",
        "^.",
        name => name.Length == 0 ? "a column has a name" : null,
        minItems: 1
    ).To(columns => (CheckSpec)new CheckSpec.Schema(NameMaps.Sorted(columns)));

    private const string NoRows = "no_rows";

    private static Field<Parts, string> Column => new("column", Scalars.Text, (p, v) => p.Column = v, "The column.") { Required = true };

    /// <summary>A check of several columns: the columns alone, or a mapping.</summary>
    private static Shape<CheckSpec> Several(string name, Func<Parts, CheckSpec> make, params Field<Parts>[] fields)
    {
        var plain = Columns.To(columns => make(new Parts { Columns = columns }));
        return new EitherShape<CheckSpec>(
            single: plain,
            list: plain,
            mapping: Kind(
                name,
                [new Field<Parts, string[]>("columns", Columns, (p, v) => p.Columns = v, "The columns.") { Required = true }, .. fields],
                make
            )
        );
    }

    /// <param name="oneOf">Keys of which one at least is there.</param>
    private static Shape<CheckSpec> Kind(string name, Field<Parts>[] fields, Func<Parts, CheckSpec> make, params string[] oneOf)
    {
        var shown = name.Replace("_check", "", StringComparison.Ordinal);
        return new MappingShape<Parts>(
            name,
            $"`{shown}`",
            () => new Parts(),
            [.. fields, .. CheckSettings.Fields.Select(field => new InnerField<Parts, CheckSettings>(field, parts => parts.Settings))]
        )
        {
            Rules = schema =>
            {
                if (oneOf.Length > 0)
                {
                    schema["anyOf"] = new JsonArray([
                        .. oneOf.Select(key => (JsonNode)new JsonObject { ["required"] = new JsonArray(key) }),
                    ]);
                }
            },
        }.To(
            (parts, node, reading) =>
            {
                if (oneOf.Length > 0 && !oneOf.Any(key => ((YamlMapping)node).Find(key) is not null))
                {
                    reading.Error(node, "missing-key", $"`{shown}` needs {string.Join(" or ", oneOf.Select(key => $"`{key}`"))}");
                    return null;
                }

                return parts.Settings.Onto(make(parts));
            }
        );
    }

    /// <summary>The two ends of <c>10..20</c>, of which one may be left out; a single number is both.</summary>
    private static (string? Min, string? Max)? Bounds(string text)
    {
        // Two dots inside {{ }} are no range: what stands after the last braces, or before the first, is.
        var at = text.IndexOf("..", StringComparison.Ordinal);
        if (at >= 0 && text.AsSpan(0, at).Count("{{") != text.AsSpan(0, at).Count("}}"))
        {
            at = text.LastIndexOf("..", StringComparison.Ordinal);
        }

        if (at < 0)
        {
            return IsCount(text) ? (text, text) : null;
        }

        var (min, max) = (text[..at].Trim(), text[(at + 2)..].Trim());
        var fits = min.Length + max.Length > 0 && (min.Length == 0 || IsCount(min)) && (max.Length == 0 || IsCount(max));
        return fits ? (min.Length == 0 ? null : min, max.Length == 0 ? null : max) : null;
    }

    private static bool IsCount(string text) =>
        long.TryParse(text, NumberStyles.None, null, out _) || text.Contains("{{", StringComparison.Ordinal);

    private static double? FractionOf(string text)
    {
        var percent = text.EndsWith('%');
        return double.TryParse(percent ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            ? value / (percent ? 100 : 1)
            : null;
    }

    private sealed class ChangeDraft
    {
        public double Max { get; set; }

        public int Versions { get; set; } = RowCountChange.DefaultVersions;
    }

    private sealed class Parts
    {
        public string Column { get; set; } = "";

        public string[] Columns { get; set; } = [];

        public string? Min { get; set; }

        public string? Max { get; set; }

        public RowCountChange? Change { get; set; }

        public string Text { get; set; } = "";

        public string? Path { get; set; }

        public string? Dataset { get; set; }

        public string? Key { get; set; }

        public string[] Values { get; set; } = [];

        public double Fraction { get; set; }

        public TimeSpan MaxAge { get; set; }

        public double Threshold { get; set; } = CheckSpec.Drift.DefaultThreshold;

        public int Bins { get; set; } = CheckSpec.Drift.DefaultBins;

        public ValueComparison? Expect { get; set; }

        public CheckSettings Settings { get; } = new();
    }
}
