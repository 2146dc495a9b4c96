using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>Any value; what it means is decided when its neighbours are known.</summary>
internal sealed class AnythingShape : Shape<YamlNode>
{
    public override string Wanted => "a value";

    public override bool TryRead(YamlNode node, Reading reading, out YamlNode value)
    {
        value = node;
        return node is not YamlScalar { IsEmpty: true } || reading.Wrong(node, Wanted);
    }

    public override JsonObject Schema(SchemaDefinitions definitions) => [];
}

/// <summary>YAML as JSON. Plain words are what YAML 1.2 says, so <c>no</c>, <c>06:00</c> and dates are text; <c>007</c> is text too.</summary>
internal static class JsonValues
{
    /// <summary>The JSON of a node; null for JSON null.</summary>
    public static JsonNode? Of(YamlNode node)
    {
        switch (node)
        {
            case YamlSequence list:
                return new JsonArray([.. list.Items.Select(Of)]);
            case YamlMapping mapping:
                var result = new JsonObject();
                foreach (var entry in mapping.Entries)
                {
                    result[entry.Key.Text] = Of(entry.Value);
                }

                return result;
            case YamlScalar scalar:
                return scalar.IsNull ? null
                    : scalar.Form == ScalarForm.Plain ? Plain(scalar.Text)
                    : JsonValue.Create(scalar.Text);
            default:
                throw new UnreachableException();
        }
    }

    private static JsonValue Plain(string text)
    {
        if (text is "true" or "True" or "TRUE")
        {
            return JsonValue.Create(true);
        }

        if (text is "false" or "False" or "FALSE")
        {
            return JsonValue.Create(false);
        }

        var digits = text.AsSpan().TrimStart("+-");
        var number = digits.Length > 0 && text.Length - digits.Length <= 1 && (char.IsAsciiDigit(digits[0]) || digits[0] == '.');
        if (!number || (digits.Length > 1 && digits[0] == '0' && digits[1] is not ('.' or 'e' or 'E')))
        {
            return JsonValue.Create(text);
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return JsonValue.Create(whole);
        }

        const NumberStyles Real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Real, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? JsonValue.Create(real)
            : JsonValue.Create(text);
    }
}
