using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles.Shapes;

/// <summary>One reading of a file: collects every problem, and knows the name of the field that is being read.</summary>
internal sealed class Reading(string file, SourceText source)
{
    /// <summary>The most problems that are reported for one file; nobody reads more.</summary>
    public const int MaxProblems = 100;

    private readonly List<Problem> _problems = [];
    private readonly HashSet<int> _positions = [];
    private bool _full;

    public SourceText Source => source;

    /// <summary>The field that is being read, as messages name it.</summary>
    public string Name { get; private set; } = "the file";

    /// <summary>The problems in the order of their places.</summary>
    public IReadOnlyList<Problem> Problems => [.. _problems.OrderBy(p => p.Line).ThenBy(p => p.Column)];

    public bool HasErrors { get; private set; }

    /// <summary>Whether no further problem would be shown: finding the words for one is in vain.</summary>
    public bool IsFull => _full;

    /// <summary>Where something has been reported so far, in ascending order.</summary>
    public int[] Positions => [.. _positions.Order()];

    public void Error(YamlNode node, string code, string message) => Report(node.Position, Severity.Error, code, message);

    public void Report(int position, Severity severity, string code, string message)
    {
        HasErrors |= severity == Severity.Error;
        if (_full)
        {
            return;
        }

        _positions.Add(position);
        var (line, column) = source.Place(position);
        _full = _problems.Count == MaxProblems;
        _problems.Add(
            _full
                ? new Problem(file, line, column, severity, "too-many-problems", $"more than {MaxProblems} problems; the rest is not shown")
                : new Problem(file, line, column, severity, code, message)
        );
    }

    /// <summary>Reads with another field name in messages.</summary>
    public bool Under<T>(string name, YamlNode node, Shape<T> shape, out T value)
    {
        var outer = Name;
        Name = name;
        var read = shape.TryRead(node, this, out value);
        Name = outer;
        return read;
    }

    /// <summary>Reports what stands at the node instead of what is wanted.</summary>
    public bool Wrong(YamlNode node, string wanted)
    {
        Error(
            node,
            "wrong-value",
            node is YamlScalar { IsEmpty: true }
                ? $"`{Name}` has no value; it must be {wanted}"
                : $"`{Name}` must be {wanted}, not {node.Described}"
        );
        return false;
    }
}
