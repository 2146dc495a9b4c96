namespace Signalbox.Engine.PipelineFiles.Yaml;

/// <summary>A node of a YAML document with its place.</summary>
/// <param name="position">Characters from the start of the text.</param>
internal abstract class YamlNode(int position)
{
    public int Position { get; } = position;

    /// <summary>Where it ends in the text.</summary>
    public abstract int End { get; }

    /// <summary>This node and all below it, aliases counted as often as they are used.</summary>
    public int Size { get; protected set; } = 1;

    /// <summary>Levels of mappings and lists in this node.</summary>
    public int Height { get; protected set; }

    /// <summary>What a person would call it in "must be …, not …".</summary>
    public abstract string Described { get; }
}

internal enum ScalarForm
{
    Plain,
    Quoted,
    Literal,
    Folded,
}

/// <param name="end">Where the scalar ends in the text of the file.</param>
internal sealed class YamlScalar(int position, int end, string text, ScalarForm form) : YamlNode(position)
{
    private const int ShownLength = 40;

    public string Text { get; } = text;

    public ScalarForm Form { get; } = form;

    public override int End { get; } = end;

    /// <summary>Whether nothing is written: <c>key:</c>.</summary>
    public bool IsEmpty => Form == ScalarForm.Plain && Text.Length == 0;

    /// <summary>Whether it is null in YAML: nothing, <c>null</c> or <c>~</c>, not quoted.</summary>
    public bool IsNull => Form == ScalarForm.Plain && (Text is "" or "null" or "Null" or "NULL" or "~");

    public override string Described =>
        IsEmpty ? "nothing"
        : Text.Length == 0 ? "an empty text"
        : Form == ScalarForm.Quoted ? Shown(Text) + " in quotes"
        : Shown(Text);

    /// <summary>A text of the user, shortened and on one line, for a message.</summary>
    public static string Shown(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var line = end < 0 ? text : text[..end];
        if (line.Length > ShownLength)
        {
            line = line[..(char.IsHighSurrogate(line[ShownLength - 1]) ? ShownLength - 1 : ShownLength)];
        }

        return line.Length == text.Length ? $"`{line}`" : $"`{line}…`";
    }
}

internal sealed class YamlSequence(int position) : YamlNode(position)
{
    private readonly List<YamlNode> _items = [];

    public IReadOnlyList<YamlNode> Items => _items;

    public override int End => _items.Count == 0 ? Position : _items[^1].End;

    public override string Described => _items.Count == 0 ? "an empty list" : "a list";

    public void Add(YamlNode item)
    {
        _items.Add(item);
        Size += item.Size;
        Height = Math.Max(Height, item.Height + 1);
    }
}

internal sealed class YamlMapping(int position) : YamlNode(position)
{
    private readonly List<YamlEntry> _entries = [];
    private readonly Dictionary<string, YamlEntry> _byKey = new(StringComparer.Ordinal);

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<YamlEntry> Entries => _entries;

    public override int End => _entries.Count == 0 ? Position : Math.Max(_entries[^1].Key.End, _entries[^1].Value.End);

    public override string Described => _entries.Count == 0 ? "an empty mapping" : "a mapping";

    public YamlEntry? Find(string key) => _byKey.GetValueOrDefault(key);

    public bool Add(YamlEntry entry)
    {
        if (!_byKey.TryAdd(entry.Key.Text, entry))
        {
            return false;
        }

        _entries.Add(entry);
        Size += 1 + entry.Value.Size;
        Height = Math.Max(Height, entry.Value.Height + 1);
        return true;
    }
}

internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);
