using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>A known key of a mapping.</summary>
internal abstract class Field<TDraft>(string name)
{
    public string Name => name;

    public bool Required { get; init; }

    /// <summary>Whether <c>null</c>, or nothing, may be written and means that the key is not there.</summary>
    public bool Nullable { get; init; }

    public abstract void Read(TDraft draft, YamlEntry entry, Reading reading);

    public abstract JsonObject Schema(SchemaDefinitions definitions);
}

/// <summary>A known key: declared once, read and described from the declaration.</summary>
/// <param name="name">The key.</param>
/// <param name="shape">What stands under it.</param>
/// <param name="set">Puts what was read into the draft.</param>
/// <param name="description">One or two sentences for the person who writes the file.</param>
internal sealed class Field<TDraft, T>(string name, Shape<T> shape, Action<TDraft, T> set, string description) : Field<TDraft>(name)
{
    /// <summary>JSON text of what leaving the key out means; none when that is no value.</summary>
    public string? Default { get; init; }

    /// <summary>JSON texts.</summary>
    public string[] Examples { get; init; } = [];

    public override void Read(TDraft draft, YamlEntry entry, Reading reading)
    {
        if (Nullable && entry.Value is YamlScalar { IsNull: true })
        {
            return;
        }

        if (reading.Under(Name, entry.Value, shape, out var value))
        {
            set(draft, value);
        }
    }

    public override JsonObject Schema(SchemaDefinitions definitions)
    {
        var inner = shape.Schema(definitions);
        if (Nullable)
        {
            inner = new JsonObject { ["anyOf"] = new JsonArray(inner, new JsonObject { ["type"] = "null" }) };
        }

        var schema = new JsonObject { ["description"] = description };
        foreach (var (key, value) in inner.ToArray())
        {
            inner.Remove(key);
            schema[key] = value;
        }

        if (Default is not null)
        {
            schema["default"] = JsonNode.Parse(Default);
        }

        if (Examples.Length > 0)
        {
            schema["examples"] = new JsonArray([.. Examples.Select(example => JsonNode.Parse(example))]);
        }

        return schema;
    }
}

/// <summary>A key of one draft that is kept in another: the settings that tasks and <c>defaults:</c> share.</summary>
internal sealed class InnerField<TDraft, TInner>(Field<TInner> field, Func<TDraft, TInner> inner) : Field<TDraft>(field.Name)
{
    public override void Read(TDraft draft, YamlEntry entry, Reading reading) => field.Read(inner(draft), entry, reading);

    public override JsonObject Schema(SchemaDefinitions definitions) => field.Schema(definitions);
}

/// <summary>A mapping with known keys.</summary>
/// <param name="name">Its name among the schema's definitions.</param>
/// <param name="called">What a person calls it, e.g. <c>a task</c>.</param>
/// <param name="create">An empty draft.</param>
/// <param name="fields">Every key there is.</param>
internal sealed class MappingShape<TDraft>(string name, string called, Func<TDraft> create, params IReadOnlyList<Field<TDraft>> fields)
    : Shape<TDraft>
{
    private readonly Dictionary<string, Field<TDraft>> _fields = fields.ToDictionary(field => field.Name, StringComparer.Ordinal);

    /// <summary>Rules over several keys, for editors.</summary>
    public Action<JsonObject>? Rules { get; init; }

    /// <summary>A sentence for an unknown key that belongs elsewhere; null leaves the message as it is.</summary>
    public Func<string, string?>? Elsewhere { get; init; }

    /// <summary>The keys in the order of their declaration.</summary>
    public IEnumerable<string> Keys => fields.Select(known => known.Name);

    public override string Wanted => $"a mapping ({string.Join(", ", Keys.Take(4))}{(fields.Count > 4 ? ", …" : "")})";

    public override bool TryRead(YamlNode node, Reading reading, out TDraft value)
    {
        value = create();
        if (node is not YamlMapping mapping)
        {
            return reading.Wrong(node, Wanted);
        }

        foreach (var entry in mapping.Entries)
        {
            if (_fields.TryGetValue(entry.Key.Text, out var field))
            {
                field.Read(value, entry, reading);
            }
            else if (!reading.IsFull)
            {
                reading.Error(entry.Key, "unknown-key", Unknown(entry.Key.Text));
            }
        }

        foreach (var field in fields)
        {
            if (field.Required && mapping.Find(field.Name) is null)
            {
                reading.Error(mapping, "missing-key", $"{called} needs the key `{field.Name}`");
            }
        }

        return true;
    }

    public override JsonObject Schema(SchemaDefinitions definitions) =>
        definitions.Refer(
            name,
            () =>
            {
                var properties = new JsonObject();
                foreach (var field in fields)
                {
                    properties[field.Name] = field.Schema(definitions);
                }

                var schema = new JsonObject
                {
                    ["type"] = "object",
                    ["properties"] = properties,
                    ["additionalProperties"] = false,
                };
                if (fields.Any(field => field.Required))
                {
                    schema["required"] = new JsonArray([.. fields.Where(f => f.Required).Select(f => (JsonNode)f.Name)]);
                }

                Rules?.Invoke(schema);
                return schema;
            }
        );

    private string Unknown(string key)
    {
        if (Elsewhere?.Invoke(key) is { } elsewhere)
        {
            return elsewhere;
        }

        var suggestion = Suggestion.DidYouMean(key, Keys);
        return suggestion.Length > 0
            ? $"unknown key {YamlScalar.Shown(key)}{suggestion}"
            : $"unknown key {YamlScalar.Shown(key)} in {called}; its keys are {string.Join(", ", Keys)}";
    }
}
