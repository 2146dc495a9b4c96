using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>A single value: what is written, whatever YAML would make of it (<c>no</c>, <c>06:00</c> and <c>2001-01-01</c> stay text).</summary>
/// <param name="wanted">What is wanted, after "must be".</param>
/// <param name="schema">Its JSON Schema.</param>
/// <param name="parse">The value, or null when the text is not wanted.</param>
internal sealed class ScalarShape<T>(string wanted, Func<JsonObject> schema, Func<YamlScalar, (bool Fits, T Value)> parse) : Shape<T>
{
    public override string Wanted => wanted;

    public override bool TryRead(YamlNode node, Reading reading, out T value)
    {
        if (node is YamlScalar { IsNull: false } scalar && parse(scalar) is (true, var parsed))
        {
            value = parsed;
            return true;
        }

        value = default!;
        return reading.Wrong(node, wanted);
    }

    public override JsonObject Schema(SchemaDefinitions definitions) => schema();
}

/// <summary>The shapes of single values.</summary>
internal static class Scalars
{
    /// <summary>Numbers and truth values are text as they are written.</summary>
    private static JsonArray TextTypes => ["string", "number", "boolean"];

    public static readonly Shape<string> Text = new ScalarShape<string>(
        "a text",
        () => new JsonObject { ["type"] = TextTypes, ["minLength"] = 1 },
        scalar => (scalar.Text.Length > 0, scalar.Text)
    );

    /// <summary>A text that may be empty.</summary>
    public static readonly Shape<string> AnyText = new ScalarShape<string>(
        "a text",
        () => new JsonObject { ["type"] = TextTypes },
        scalar => (true, scalar.Text)
    );

    public static readonly Shape<bool> Boolean = new ScalarShape<bool>(
        "true or false",
        () => new JsonObject { ["type"] = "boolean" },
        scalar =>
            scalar.Form != ScalarForm.Plain
                ? default
                : scalar.Text.ToLowerInvariant() switch
                {
                    "true" or "yes" or "on" => (true, true),
                    "false" or "no" or "off" => (true, false),
                    _ => default,
                }
    );

    public static readonly Shape<double> Number = new ScalarShape<double>(
        "a number",
        () => new JsonObject { ["type"] = "number" },
        scalar =>
        {
            var fits =
                double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value);
            return (fits && scalar.Form == ScalarForm.Plain, value);
        }
    );

    public static Shape<int> Whole(int min, int max = int.MaxValue)
    {
        var wanted = (min, max) switch
        {
            (int.MinValue, int.MaxValue) => "a whole number",
            (_, int.MaxValue) => $"a whole number of at least {min}",
            _ => $"a whole number from {min} to {max}",
        };
        return new ScalarShape<int>(
            wanted,
            () =>
            {
                var schema = new JsonObject { ["type"] = "integer" };
                if (min != int.MinValue)
                {
                    schema["minimum"] = min;
                }

                if (max != int.MaxValue)
                {
                    schema["maximum"] = max;
                }

                return schema;
            },
            scalar =>
            {
                var fits =
                    int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                    && value >= min
                    && value <= max;
                return (fits && scalar.Form == ScalarForm.Plain, value);
            }
        );
    }

    /// <summary>A whole number, or a word in place of one; as it is written.</summary>
    public static Shape<string> WholeOr(string word, int min, int max) =>
        new ScalarShape<string>(
            $"a whole number from {min} to {max}, or {word}",
            () =>
                new JsonObject
                {
                    ["anyOf"] = new JsonArray(
                        new JsonObject
                        {
                            ["type"] = "integer",
                            ["minimum"] = min,
                            ["maximum"] = max,
                        },
                        new JsonObject { ["const"] = word }
                    ),
                },
            scalar =>
            {
                var fits =
                    int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                    && value >= min
                    && value <= max
                    && scalar.Form == ScalarForm.Plain;
                return (fits || scalar.Text == word, scalar.Text);
            }
        );

    /// <summary>A text of a certain form, described to people and, as a regular expression, to editors.</summary>
    public static Shape<string> Form(string wanted, string pattern, Func<string, bool> fits) =>
        new ScalarShape<string>(
            wanted,
            () => new JsonObject { ["type"] = TextTypes, ["pattern"] = pattern },
            scalar => (fits(scalar.Text), scalar.Text)
        );

    /// <summary>A name that goes into paths, addresses and metrics.</summary>
    public static readonly Shape<string> Slug = new ScalarShape<string>(
        "a name",
        () =>
            new JsonObject
            {
                ["type"] = TextTypes,
                ["pattern"] = SlugPattern,
                ["maxLength"] = Core.Slug.MaxLength,
            },
        scalar => (true, scalar.Text)
    ).To((text, node, reading) => SlugOrReport(text, node, reading));

    public const string SlugPattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]*$";

    public static string? SlugOrReport(string text, YamlNode node, Reading reading)
    {
        if (Core.Slug.Problem(text) is not { } problem)
        {
            return text;
        }

        reading.Error(node, "bad-name", $"{YamlScalar.Shown(text)} is no name: {problem}");
        return null;
    }

    /// <summary>One of the words of an enum, whose members count from 0.</summary>
    /// <remarks>
    /// Not generic: code that is generic over a value type of another assembly cannot be compiled ahead of time, and reading the first
    /// file would wait for its compilation. Lists are arrays here for the same reason.
    /// </remarks>
    public static Shape<string> Choice(Type type, Func<int, string> name) =>
        new ChoiceShape([.. Enumerable.Range(0, Enum.GetNames(type).Length).Select(name)]);

    private sealed class ChoiceShape(string[] words) : Shape<string>
    {
        public override string Wanted => "one of " + string.Join(", ", words);

        public override bool TryRead(YamlNode node, Reading reading, out string value)
        {
            value = "";
            if (node is not YamlScalar { IsEmpty: false } scalar)
            {
                return reading.Wrong(node, Wanted);
            }

            value = scalar.Text;
            if (words.Contains(value))
            {
                return true;
            }

            reading.Error(
                node,
                "wrong-value",
                $"`{reading.Name}` must be {Wanted}, not {node.Described}{Suggestion.DidYouMean(value, words)}"
            );
            return false;
        }

        public override JsonObject Schema(SchemaDefinitions definitions) =>
            new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) };
    }
}
