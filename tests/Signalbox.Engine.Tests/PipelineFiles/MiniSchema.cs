using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Signalbox.Engine.Tests.PipelineFiles;

/// <summary>A validator for the words of JSON Schema that the schemas here use; any other word is an error, so that none is passed over.</summary>
internal sealed class MiniSchema(JsonObject root)
{
    /// <summary>Why the value is refused; null when it is accepted.</summary>
    public string? Refusal(JsonNode? schema, JsonNode? value)
    {
        foreach (var (word, wanted) in schema!.AsObject())
        {
            var kind = value?.GetValueKind() ?? JsonValueKind.Null;
            var members = value as JsonObject;
            string? refusal = word switch
            {
                "$schema" or "$defs" or "title" or "description" or "default" or "examples" or "properties" => null,
                "$ref" => Refusal(root["$defs"]![wanted!.GetValue<string>().Split('/')[^1]], value),
                "type" => (wanted as JsonArray ?? [wanted!.DeepClone()]).Any(type => IsOf(type!.GetValue<string>(), value))
                    ? null
                    : $"{kind} is not {wanted}",
                "enum" => wanted!.AsArray().Any(one => JsonNode.DeepEquals(one, value)) ? null : $"{value} is not one of {wanted}",
                "pattern" => kind != JsonValueKind.String || Matches(wanted!, value!.GetValue<string>())
                    ? null
                    : $"{value} is not like {wanted}",
                "minLength" => kind != JsonValueKind.String || value!.GetValue<string>().Length >= (int)wanted! ? null : "too short",
                "maxLength" => kind != JsonValueKind.String || value!.GetValue<string>().Length <= (int)wanted! ? null : "too long",
                "minimum" => kind != JsonValueKind.Number || (double)value! >= (double)wanted! ? null : "too small",
                "maximum" => kind != JsonValueKind.Number || (double)value! <= (double)wanted! ? null : "too great",
                "minItems" => value is not JsonArray list || list.Count >= (int)wanted! ? null : "too few items",
                "items" => (value as JsonArray)?.Select(item => Refusal(wanted, item)).FirstOrDefault(found => found is not null),
                "minProperties" => members is null || members.Count >= (int)wanted! ? null : "too few keys",
                "maxProperties" => members is null || members.Count <= (int)wanted! ? null : "too many keys",
                "required" => members is null
                    ? null
                    : wanted!.AsArray().Select(k => (string)k!).FirstOrDefault(k => !members.ContainsKey(k)),
                "propertyNames" => members?.Select(m => Refusal(wanted, m.Key)).FirstOrDefault(found => found is not null),
                "additionalProperties" => members
                    ?.Select(m => Member(schema, wanted!, m.Key, m.Value))
                    .FirstOrDefault(found => found is not null),
                "dependentRequired" => members is null
                    ? null
                    : wanted!
                        .AsObject()
                        .Where(rule => members.ContainsKey(rule.Key))
                        .SelectMany(rule => rule.Value!.AsArray().Select(k => (string)k!))
                        .FirstOrDefault(k => !members.ContainsKey(k)),
                "anyOf" => wanted!.AsArray().Any(one => Refusal(one, value) is null)
                    ? null
                    : string.Join(" and ", wanted!.AsArray().Select(one => Refusal(one, value))),
                "not" => Refusal(wanted, value) is null ? $"{value} is what it must not be" : null,
                "oneOf" => wanted!.AsArray().Count(one => Refusal(one, value) is null) == 1 ? null : "not exactly one",
                _ => throw new NotSupportedException(word),
            };
            if (refusal is not null)
            {
                return $"{word}: {refusal}";
            }
        }

        return null;
    }

    private string? Member(JsonNode schema, JsonNode additional, string key, JsonNode? value) =>
        schema["properties"]?[key] is { } known ? Prefix(key, Refusal(known, value))
        : additional.GetValueKind() == JsonValueKind.False ? $"unknown {key}"
        : Prefix(key, Refusal(additional, value));

    private static string? Prefix(string key, string? refusal) => refusal is null ? null : $"{key}: {refusal}";

    private static bool Matches(JsonNode pattern, string text) =>
        Regex.IsMatch(text, pattern.GetValue<string>(), RegexOptions.ECMAScript, TimeSpan.FromSeconds(1));

    private static bool IsOf(string type, JsonNode? value) =>
        (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
        {
            ("null", JsonValueKind.Null) or ("string", JsonValueKind.String) or ("object", JsonValueKind.Object) => true,
            ("array", JsonValueKind.Array) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
            ("number", JsonValueKind.Number) => true,
            ("integer", JsonValueKind.Number) => double.IsInteger((double)value!),
            _ => false,
        };
}

/// <summary>YAML as an editor sees it: by the core schema of YAML 1.2.</summary>
internal static class YamlAsJson
{
    public static JsonNode? Of(byte[] bytes)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Encoding.UTF8.GetString(bytes)));
        return JsonNode.Parse(Of(stream.Documents[0].RootNode)!.ToJsonString());
    }

    private static JsonNode? Of(YamlNode node) =>
        node switch
        {
            YamlMappingNode mapping => new JsonObject(
                mapping.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Of(pair.Value)))
            ),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(Of)]),
            YamlScalarNode { Style: ScalarStyle.Plain } plain => plain.Value switch
            {
                "" or "null" or "~" => null,
                "true" => JsonValue.Create(true),
                "false" => JsonValue.Create(false),
                { } text when long.TryParse(text, out var whole) => JsonValue.Create(whole),
                { } text when double.TryParse(text, out var real) => JsonValue.Create(real),
                var text => JsonValue.Create(text),
            },
            YamlScalarNode scalar => JsonValue.Create(scalar.Value),
            _ => throw new NotSupportedException(),
        };
}
