using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Signalbox.Engine.PipelineFiles.Yaml;

/// <summary>
/// Builds a tree from the parser's events, and only from them: every limit holds before anything grows, so that no file, however
/// made, costs more than its size.
/// </summary>
internal sealed class YamlTree
{
    /// <summary>Mappings and lists inside one another.</summary>
    public const int MaxDepth = 32;

    /// <summary>Keys, values and items of a file, aliases counted as often as they are used.</summary>
    public const int MaxNodes = 50_000;

    private const string TabMessage = "a tab cannot indent in YAML; use spaces";

    private readonly SourceText _source;
    private readonly Parser _parser;
    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);
    private readonly List<YamlMistake> _mistakes = [];
    private int _nodes;
    private int _depth;

    private YamlTree(SourceText source)
    {
        _source = source;
        _parser = new Parser(new Scanner(new StringReader(source.Text), skipComments: true));
    }

    /// <summary>The root of the only document, or null with at least one mistake.</summary>
    public static YamlNode? Parse(SourceText source, out IReadOnlyList<YamlMistake> mistakes)
    {
        var tree = new YamlTree(source);
        mistakes = tree._mistakes;
        YamlNode? root = null;
        try
        {
            root = tree.Document();
        }
        catch (Refused refused)
        {
            tree._mistakes.Add(refused.Mistake);
        }
        catch (YamlException e)
        {
            tree._mistakes.Add(tree.Explain(e));
        }
        catch (InvalidOperationException)
        {
            // The scanner's own checks of its state; the text cannot be read on from here.
            tree._mistakes.Add(new YamlMistake(tree.Here, "not-yaml", "this is not YAML"));
        }

        return tree._mistakes.Count > 0 ? null : root;
    }

    private int Here => _parser.Current is { } current ? Position(current.Start) : 0;

    private YamlNode? Document()
    {
        Next<StreamStart>();
        if (_parser.MoveNext() && _parser.Current is StreamEnd)
        {
            _mistakes.Add(new YamlMistake(0, "empty-file", "the file is empty"));
            return null;
        }

        if (_parser.Current is not DocumentStart)
        {
            throw new Refused(new YamlMistake(Here, "not-yaml", "this is not YAML"));
        }

        _parser.MoveNext();
        var root = Node(null);
        Next<DocumentEnd>();
        _parser.MoveNext();
        if (_parser.Current is DocumentStart second)
        {
            _mistakes.Add(new YamlMistake(Position(second.Start), "several-documents", "a second document begins here; a file has one"));
        }

        return root;
    }

    private void Next<T>()
        where T : ParsingEvent
    {
        if (!_parser.MoveNext() || _parser.Current is not T)
        {
            throw new Refused(new YamlMistake(Here, "not-yaml", "this is not YAML"));
        }
    }

    /// <summary>Reads the node at which the parser stands and leaves it on the node's last event.</summary>
    private YamlNode Node(YamlScalar? key)
    {
        var current = _parser.Current ?? throw new Refused(new YamlMistake(_source.Text.Length, "not-yaml", "the file ends too early"));
        var position = Position(current.Start);
        if (current is AnchorAlias alias)
        {
            return Alias(alias, position);
        }

        if (current is not NodeEvent named)
        {
            throw new Refused(new YamlMistake(position, "not-yaml", "this is not YAML"));
        }

        if (!named.Tag.IsEmpty && !(named.Tag.IsNonSpecific && current is Scalar))
        {
            throw new Refused(new YamlMistake(position, "tag", $"tags such as `{Cut(named.Tag.Value)}` are not read; remove it"));
        }

        Count(1, position);
        YamlNode node = current switch
        {
            Scalar scalar => new YamlScalar(
                scalar.Value.Length == 0 && scalar.Style == ScalarStyle.Plain && key is not null ? key.Position : position,
                Position(scalar.End),
                scalar.Value,
                scalar.Style switch
                {
                    ScalarStyle.Literal => ScalarForm.Literal,
                    ScalarStyle.Folded => ScalarForm.Folded,
                    ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted => ScalarForm.Quoted,
                    _ => named.Tag.IsEmpty ? ScalarForm.Plain : ScalarForm.Quoted,
                }
            ),
            SequenceStart => Sequence(position),
            MappingStart => Mapping(position),
            _ => throw new Refused(new YamlMistake(position, "not-yaml", "this is not YAML")),
        };
        if (!named.Anchor.IsEmpty)
        {
            _anchors[named.Anchor.Value] = node;
        }

        return node;
    }

    private YamlNode Alias(AnchorAlias alias, int position)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            throw new Refused(
                new YamlMistake(position, "unknown-anchor", $"there is no anchor `&{Cut(alias.Value.Value)}` before this alias")
            );
        }

        Count(node.Size, position);
        if (_depth + node.Height > MaxDepth)
        {
            throw TooDeep(position);
        }

        return node;
    }

    private YamlSequence Sequence(int position)
    {
        Enter(position);
        var sequence = new YamlSequence(position);
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            sequence.Add(Node(null));
        }

        _depth--;
        return sequence;
    }

    private YamlMapping Mapping(int position)
    {
        Enter(position);
        var block = _parser.Current is MappingStart { Style: MappingStyle.Block };
        var mapping = new YamlMapping(position);
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            var at = Here;
            if (_parser.Current is not Scalar)
            {
                throw new Refused(
                    at > 0 && _source.Text[at] == '{' && _source.Text[at - 1] == '{'
                        ? new YamlMistake(at - 1, "unquoted-template", "a value that begins with `{{` must be quoted: \"{{ … }}\"")
                        : new YamlMistake(at, "key-not-text", "a key must be a single text")
                );
            }

            if (block)
            {
                RefuseTab(at);
            }

            var key = (YamlScalar)Node(null);
            _parser.MoveNext();
            var value = Node(key);
            if (key.Text == "<<" && key.Form == ScalarForm.Plain)
            {
                _mistakes.Add(new YamlMistake(at, "merge-key", "merge keys (`<<`) are not read; write the keys out, or use `defaults:`"));
            }
            else if (!mapping.Add(new YamlEntry(key, value)))
            {
                var (line, _) = _source.Place(mapping.Find(key.Text)!.Key.Position);
                _mistakes.Add(
                    new YamlMistake(
                        at,
                        "duplicate-key",
                        $"the key {YamlScalar.Shown(key.Text)} is written a second time; the first is in line {line}"
                    )
                );
            }
        }

        _depth--;
        return mapping;
    }

    /// <summary>The scanner takes a tab after spaces for one more space, so that a key lands where nobody sees it.</summary>
    private void RefuseTab(int position)
    {
        var (line, column) = _source.Place(position);
        var before = _source.Line(line)[..(column - 1)];
        if (before.IndexOf('\t') is var tab and >= 0 && before.IsWhiteSpace())
        {
            throw new Refused(new YamlMistake(_source.LineStart(line) + tab, "tab", TabMessage));
        }
    }

    private void Enter(int position)
    {
        if (++_depth > MaxDepth)
        {
            throw TooDeep(position);
        }
    }

    private static Refused TooDeep(int position) =>
        new(new YamlMistake(position, "too-deep", $"lists and mappings are nested more than {MaxDepth} deep here"));

    private void Count(int nodes, int position)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
        {
            throw new Refused(
                new YamlMistake(
                    position,
                    "too-many-nodes",
                    $"the file has more than {MaxNodes:N0} keys and values (aliases count each time)"
                )
            );
        }
    }

    private int Position(Mark mark) => (int)Math.Clamp(mark.Index, 0, _source.Text.Length);

    /// <summary>The parser's complaint in the words of somebody who mends a file.</summary>
    private YamlMistake Explain(YamlException e)
    {
        // Some complaints of the scanner carry no place of their own: then what it read last is the nearest.
        var position = e.Start.Index == 0 && e.Start.Line == 1 && Here > 0 ? Here : Position(e.Start);
        var (line, _) = _source.Place(position);
        for (var l = line; l <= Math.Min(line + 1, _source.LineCount); l++)
        {
            var text = _source.Line(l);
            var indent = text[..(text.Length - text.TrimStart(" \t").Length)];
            if (indent.IndexOf('\t') is var tab and >= 0 && !text.TrimStart(" \t").IsEmpty)
            {
                return new YamlMistake(_source.LineStart(l) + tab, "tab", TabMessage);
            }
        }

        var message = e.Message.TrimEnd('.');
        if (message.Length > 0)
        {
            message = char.ToLowerInvariant(message[0]) + message[1..];
        }

        return new YamlMistake(position, "not-yaml", $"this is not YAML: {message}");
    }

    private static string Cut(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private sealed class Refused(YamlMistake mistake) : Exception(mistake.Message)
    {
        public YamlMistake Mistake => mistake;
    }
}
