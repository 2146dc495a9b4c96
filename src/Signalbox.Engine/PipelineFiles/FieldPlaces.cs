using System.Globalization;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>
/// Finds where a field of a pipeline stands in its file: <c>tasks.features.needs[1]</c> to a position. A field that is not written
/// has the place of what it would stand in; one that is given in short form, or by <c>defaults:</c>, has the place of that.
/// </summary>
internal sealed class FieldPlaces(YamlMapping root, SourceText source)
{
    private const int LongestChunk = 24;

    /// <summary>The position of a field, and of the character <paramref name="offset"/> of its text.</summary>
    public int Find(string path, int offset)
    {
        var (node, position, complete) = Resolve(path);
        return complete && offset > 0 && node is YamlScalar scalar ? Inside(scalar, offset) : position;
    }

    /// <summary>From where to where a field, or what it would stand in, is written.</summary>
    public (int Start, int End) SpanOf(string path)
    {
        var (node, position, _) = Resolve(path);
        return (position, Math.Max(position, node.End));
    }

    /// <summary>Whether the field itself is in the file, and not only what it would stand in or what its value is inherited from.</summary>
    public bool IsWritten(string path) => Walk(root, root.Position, Written(path)).Complete;

    /// <summary>Whether the file says a field, of the task itself or under <c>defaults:</c>.</summary>
    public bool IsSaid(string path) => Resolve(path).Complete;

    /// <summary>The path as the file has it: the fields of an only task stand at the top.</summary>
    private string Written(string path)
    {
        const string Only = $"tasks.{PipelineShape.OnlyTask}";
        return root.Find("tasks") is { Value: YamlMapping tasks } ? InGroup(tasks, path)
            : path.StartsWith(Only, StringComparison.Ordinal) ? path[Only.Length..].TrimStart('.')
            : path;
    }

    /// <summary>A task of a group stands under it; what it needs beside its own needs is what the group needs.</summary>
    private static string InGroup(YamlMapping tasks, string path)
    {
        const string Tasks = "tasks.";
        if (!path.StartsWith(Tasks, StringComparison.Ordinal) || Longest(tasks, path[Tasks.Length..]) is not null)
        {
            return path;
        }

        var within = path[Tasks.Length..];
        foreach (var task in tasks.Entries)
        {
            if (
                task.Value is YamlMapping group
                && group.Find(TaskGroups.Key) is { Value: YamlMapping members }
                && Longest(members, within) is { } member
            )
            {
                const string Needs = ".needs[";
                var field = within[member.Key.Text.Length..];
                var own =
                    member.Value is YamlMapping mapping && mapping.Find("needs") is { } needs
                        ? (needs.Value as YamlSequence)?.Items.Count ?? 1
                        : 0;
                return
                    field.StartsWith(Needs, StringComparison.Ordinal)
                    && int.TryParse(field[Needs.Length..].TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    && index >= own
                    ? $"{Tasks}{task.Key.Text}{Needs}{index - own}]"
                    : $"{Tasks}{task.Key.Text}.{TaskGroups.Key}.{within}";
            }
        }

        return path;
    }

    private (YamlNode Node, int Position, bool Complete) Resolve(string path)
    {
        path = Written(path);
        var found = Walk(root, root.Position, path);
        if (
            !found.Complete
            && path.StartsWith("tasks.", StringComparison.Ordinal)
            && root.Find("defaults") is { Value: YamlMapping defaults }
        )
        {
            var field = path[(path.LastIndexOf('.') + 1)..];
            if (TaskDefaults.Fields.Any(known => known.Name == field) && defaults.Find(field) is { } entry)
            {
                return (entry.Value, entry.Value.Position, true);
            }
        }

        return found;
    }

    /// <summary>Goes down as far as the path is written. Keys may have dots in them, so the longest that fits is taken.</summary>
    private static (YamlNode Node, int Position, bool Complete) Walk(YamlNode node, int position, string path)
    {
        while (path.Length > 0)
        {
            if (path[0] == '[')
            {
                var end = path.IndexOf(']', StringComparison.Ordinal);
                if (end < 0 || !int.TryParse(path.AsSpan(1, end - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                {
                    return (node, position, false);
                }

                if (node is YamlSequence list && index < list.Items.Count)
                {
                    node = list.Items[index];
                    position = node.Position;
                }
                else if (node is not YamlScalar || index > 0)
                {
                    return (node, position, false);
                }

                path = path[(end + 1)..].TrimStart('.');
                continue;
            }

            if (node is not YamlMapping mapping || Longest(mapping, path) is not { } entry)
            {
                // A short form: the one value that is written stands for the whole mapping.
                return (node, position, node is YamlScalar);
            }

            node = entry.Value;
            position = node is YamlScalar ? node.Position : entry.Key.Position;
            path = path[entry.Key.Text.Length..].TrimStart('.');
        }

        return (node, position, true);
    }

    private static YamlEntry? Longest(YamlMapping mapping, string path)
    {
        YamlEntry? longest = null;
        for (var end = 1; end <= path.Length; end++)
        {
            if ((end == path.Length || path[end] is '.' or '[') && mapping.Find(path[..end]) is { } entry)
            {
                longest = entry;
            }
        }

        return longest;
    }

    /// <summary>
    /// Where a character of a scalar's text stands in the file. Quotes, folding and indentation lie between the two, so the piece of
    /// text at the offset is looked for, as often as it came before.
    /// </summary>
    private int Inside(YamlScalar scalar, int offset)
    {
        var text = scalar.Text;
        if (offset >= text.Length)
        {
            return scalar.Position;
        }

        var length = text.AsSpan(offset, Math.Min(LongestChunk, text.Length - offset)).IndexOfAny(" \t\r\n\"'\\");
        var chunk = text.Substring(offset, length < 0 ? Math.Min(LongestChunk, text.Length - offset) : length);
        if (chunk.Length == 0)
        {
            return scalar.Position;
        }

        var at = scalar.Position;
        for (
            var before = text.IndexOf(chunk, StringComparison.Ordinal);
            before >= 0;
            before = text.IndexOf(chunk, before + 1, StringComparison.Ordinal)
        )
        {
            var found = source.Text.IndexOf(chunk, at, Math.Max(0, scalar.End - at), StringComparison.Ordinal);
            if (found < 0 || before > offset)
            {
                return scalar.Position;
            }

            if (before == offset)
            {
                return found;
            }

            at = found + 1;
        }

        return scalar.Position;
    }
}
