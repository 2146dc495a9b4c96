using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>A list; where one item is usual, a single value stands for a list of one.</summary>
internal sealed class ListShape<T>(Shape<T> item, string wanted, bool orSingle = false, int minItems = 0) : Shape<T[]>
{
    public override string Wanted => wanted;

    public override bool TryRead(YamlNode node, Reading reading, out T[] value)
    {
        value = [];
        if (node is YamlSequence list && list.Items.Count >= minItems)
        {
            var items = new List<T>(list.Items.Count);
            for (var i = 0; i < list.Items.Count; i++)
            {
                if (reading.Under($"{reading.Name}[{i}]", list.Items[i], item, out var read))
                {
                    items.Add(read);
                }
            }

            value = [.. items];
            return true;
        }

        if (!orSingle || node is not YamlScalar { IsNull: false })
        {
            return reading.Wrong(node, wanted);
        }

        if (!item.TryRead(node, reading, out var single))
        {
            return false;
        }

        value = [single];
        return true;
    }

    public override JsonObject Schema(SchemaDefinitions definitions)
    {
        var list = new JsonObject { ["type"] = "array", ["items"] = item.Schema(definitions) };
        if (minItems > 0)
        {
            list["minItems"] = minItems;
        }

        return orSingle ? new JsonObject { ["anyOf"] = new JsonArray(item.Schema(definitions), list) } : list;
    }
}

/// <summary>A value under a name that the user chose.</summary>
internal sealed record Named<T>(YamlScalar Key, T Value)
{
    public string Name => Key.Text;
}

/// <summary>A mapping whose keys are names that the user chooses.</summary>
/// <param name="value">What stands under each name.</param>
/// <param name="wanted">What is wanted, after "must be".</param>
/// <param name="pattern">The form of a name, for editors.</param>
/// <param name="nameProblem">A sentence when a text is no name.</param>
/// <param name="fallback">Stands for a value that could not be read, so that mentions of its name are not mistakes too; null leaves it out.</param>
internal sealed class NamesShape<T>(
    Shape<T> value,
    string wanted,
    string pattern,
    Func<string, string?> nameProblem,
    Func<T>? fallback = null,
    int minItems = 0
) : Shape<Named<T>[]>
{
    public override string Wanted => wanted;

    public override bool TryRead(YamlNode node, Reading reading, out Named<T>[] values)
    {
        values = [];
        if (node is not YamlMapping mapping || mapping.Entries.Count < minItems)
        {
            return reading.Wrong(node, wanted);
        }

        var list = new List<Named<T>>(mapping.Entries.Count);
        foreach (var entry in mapping.Entries)
        {
            var named = nameProblem(entry.Key.Text) is not { } problem;
            if (!named)
            {
                reading.Error(entry.Key, "bad-name", $"{YamlScalar.Shown(entry.Key.Text)} is no name: {nameProblem(entry.Key.Text)}");
            }

            if (!reading.Under(entry.Key.Text, entry.Value, value, out var read))
            {
                if (fallback is null)
                {
                    continue;
                }

                read = fallback();
            }

            if (named)
            {
                list.Add(new Named<T>(entry.Key, read));
            }
        }

        values = [.. list];
        return true;
    }

    public override JsonObject Schema(SchemaDefinitions definitions)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["propertyNames"] = new JsonObject { ["pattern"] = pattern },
            ["additionalProperties"] = value.Schema(definitions),
        };
        if (minItems > 0)
        {
            schema["minProperties"] = minItems;
        }

        return schema;
    }
}
