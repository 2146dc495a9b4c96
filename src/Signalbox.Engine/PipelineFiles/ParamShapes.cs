using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The parameters of a run: <c>params:</c>.</summary>
internal static class ParamShapes
{
    private static readonly MappingShape<Draft> Declared = new(
        "param",
        "a parameter",
        () => new Draft(),
        new Field<Draft, string>(
            "type",
            Scalars.Choice(typeof(ParamType), i => Names.Of((ParamType)i)),
            (d, v) => d.Type = Names.ParamTypeOf(v)!.Value,
            "The JSON type of its values."
        )
        {
            Default = "\"any\"",
        },
        new Field<Draft, YamlNode>(
            "default",
            new AnythingShape(),
            (d, v) => d.Default = v,
            "Used when a run gives no value; without it the parameter must be given."
        ),
        new Field<Draft, double>("minimum", Scalars.Number, (d, v) => d.Minimum = v, "The least number."),
        new Field<Draft, double>("maximum", Scalars.Number, (d, v) => d.Maximum = v, "The greatest number."),
        new Field<Draft, YamlNode[]>(
            "enum",
            new ListShape<YamlNode>(new AnythingShape(), "a list of the allowed values", minItems: 1),
            (d, v) => d.Enum = v,
            "The allowed values."
        ),
        new Field<Draft, string>(
            "pattern",
            Scalars.Text,
            (d, v) => d.Pattern = v,
            "A regular expression that a text must match somewhere."
        ),
        new Field<Draft, string>("description", Scalars.Text, (d, v) => d.Description = v, "For the person who starts a run.")
    );

    private static readonly Shape<ParamSpec> One = new EitherShape<ParamSpec>(
        single: new AnythingShape().To(PlainDefault),
        list: new AnythingShape().To(PlainDefault),
        mapping: Declared.To(Finish)
    );

    public static readonly Shape<Named<ParamSpec>[]> All = NameMaps.Of(
        One,
        "a mapping from names of parameters to what they may be",
        () => new ParamSpec { Name = "" }
    );

    private static ParamSpec PlainDefault(YamlNode value) => new() { Name = "", Default = Json(JsonValues.Of(value)) };

    private static ParamSpec? Finish(Draft draft, YamlNode node, Reading reading) =>
        new()
        {
            Name = "",
            Type = draft.Type,
            Default = draft.Default is { } value ? Typed(value, draft.Type, reading) : null,
            Minimum = draft.Minimum,
            Maximum = draft.Maximum,
            Enum = [.. draft.Enum.Select(item => Typed(item, draft.Type, reading))],
            Pattern = draft.Pattern,
            Description = draft.Description,
        };

    /// <summary>The JSON text of a value for a type: a text may be written without quotes, a truth value as YAML 1.1 had it.</summary>
    private static string Typed(YamlNode node, ParamType type, Reading reading)
    {
        if (type == ParamType.String && node is YamlScalar { IsNull: false } text)
        {
            return Json(JsonValue.Create(text.Text));
        }

        if (type == ParamType.Boolean && node is YamlScalar { Form: ScalarForm.Plain } truth)
        {
            switch (truth.Text.ToLowerInvariant())
            {
                case "yes" or "on":
                    return "true";
                case "no" or "off":
                    return "false";
            }
        }

        var value = JsonValues.Of(node);
        var fits = (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
        {
            (ParamType.Any, _) => true,
            (ParamType.String, var kind) => kind == JsonValueKind.String,
            (ParamType.Integer, var kind) => kind == JsonValueKind.Number && IsWhole(value!),
            (ParamType.Number, var kind) => kind == JsonValueKind.Number,
            (ParamType.Boolean, var kind) => kind is JsonValueKind.True or JsonValueKind.False,
            (ParamType.Array, var kind) => kind == JsonValueKind.Array,
            (ParamType.Object, var kind) => kind == JsonValueKind.Object,
            _ => false,
        };
        if (!fits)
        {
            reading.Error(node, "wrong-value", $"the type of `{reading.Name}` is {Names.Of(type)}, but {node.Described} is {Kind(value)}");
        }

        return Json(value);
    }

    private static bool IsWhole(JsonNode number) =>
        number.AsValue().TryGetValue(out long _) || (number.AsValue().TryGetValue(out double real) && double.IsInteger(real));

    private static string Kind(JsonNode? value) =>
        value?.GetValueKind() switch
        {
            JsonValueKind.String => "a text",
            JsonValueKind.Number => IsWhole(value) ? "an integer" : "a number",
            JsonValueKind.True or JsonValueKind.False => "a truth value",
            JsonValueKind.Array => "an array",
            JsonValueKind.Object => "an object",
            _ => "null",
        };

    private static string Json(JsonNode? value) => value?.ToJsonString() ?? "null";

    private sealed class Draft
    {
        public ParamType Type { get; set; }

        public YamlNode? Default { get; set; }

        public double? Minimum { get; set; }

        public double? Maximum { get; set; }

        public YamlNode[] Enum { get; set; } = [];

        public string? Pattern { get; set; }

        public string? Description { get; set; }
    }
}
