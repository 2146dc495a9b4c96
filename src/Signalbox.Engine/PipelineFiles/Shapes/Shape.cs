using System.Text.Json.Nodes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>
/// What may stand at a place of a file. One declaration reads the place and describes it in JSON Schema, so that what editors
/// complete and what is accepted cannot differ.
/// </summary>
internal abstract class Shape<T>
{
    /// <summary>What is wanted, after "must be".</summary>
    public abstract string Wanted { get; }

    /// <summary>Reads the node. False when it is not what is wanted, and that has been reported.</summary>
    public abstract bool TryRead(YamlNode node, Reading reading, out T value);

    /// <summary>The JSON Schema of the place.</summary>
    public abstract JsonObject Schema(SchemaDefinitions definitions);

    /// <summary>Another value made from what this shape reads; null from <paramref name="convert"/> means that it has reported why not.</summary>
    public Shape<TOut> To<TOut>(Func<T, YamlNode, Reading, TOut?> convert)
        where TOut : class => new ConvertedShape<T, TOut>(this, convert);

    /// <summary>Another value made from what this shape reads.</summary>
    public Shape<TOut> To<TOut>(Func<T, TOut> convert)
        where TOut : class => new ConvertedShape<T, TOut>(this, (value, _, _) => convert(value));
}

/// <summary>The named parts of a schema that are referred to.</summary>
internal sealed class SchemaDefinitions
{
    private readonly SortedDictionary<string, JsonObject?> _definitions = new(StringComparer.Ordinal);

    public JsonObject Refer(string name, Func<JsonObject> make)
    {
        if (!_definitions.ContainsKey(name))
        {
            _definitions[name] = null;
            _definitions[name] = make();
        }

        return new JsonObject { ["$ref"] = $"#/$defs/{name}" };
    }

    public JsonObject ToJson() => new(_definitions.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
}

internal sealed class ConvertedShape<TIn, TOut>(Shape<TIn> inner, Func<TIn, YamlNode, Reading, TOut?> convert) : Shape<TOut>
    where TOut : class
{
    public override string Wanted => inner.Wanted;

    public override bool TryRead(YamlNode node, Reading reading, out TOut value)
    {
        value = null!;
        if (!inner.TryRead(node, reading, out var read) || convert(read, node, reading) is not { } converted)
        {
            return false;
        }

        value = converted;
        return true;
    }

    public override JsonObject Schema(SchemaDefinitions definitions) => inner.Schema(definitions);
}

/// <summary>One of up to three shapes, told apart by what is written: a single value, a list or a mapping.</summary>
internal sealed class EitherShape<T>(Shape<T>? single = null, Shape<T>? list = null, Shape<T>? mapping = null) : Shape<T>
{
    public override string Wanted => string.Join(" or ", Shapes().Select(shape => shape.Wanted));

    public override bool TryRead(YamlNode node, Reading reading, out T value)
    {
        value = default!;
        var shape = node switch
        {
            YamlSequence => list,
            YamlMapping => mapping,
            _ => single,
        };
        return shape is not null && node is not YamlScalar { IsEmpty: true }
            ? shape.TryRead(node, reading, out value)
            : reading.Wrong(node, Wanted);
    }

    public override JsonObject Schema(SchemaDefinitions definitions) =>
        new() { ["anyOf"] = new JsonArray([.. Shapes().Select(shape => (JsonNode)shape.Schema(definitions))]) };

    private IEnumerable<Shape<T>> Shapes() => new[] { single, list, mapping }.OfType<Shape<T>>();
}
