using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Signalbox.Engine.PipelineFiles.Yaml;

/// <summary>The text of a file and where its lines begin. Lines are those that editors count: LF, CR LF and CR end one.</summary>
internal sealed class SourceText
{
    /// <summary>The largest file that is read, in bytes: 1 MiB.</summary>
    public const int MaxBytes = 1 << 20;

    private readonly List<int> _lineStarts = [0];

    private SourceText(string text)
    {
        Text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                _lineStarts.Add(i + 1);
            }
        }
    }

    public string Text { get; }

    /// <summary>Decodes a file, and says in <paramref name="refusal"/> why it is no text that YAML allows.</summary>
    public static SourceText Decode(ReadOnlySpan<byte> bytes, out YamlMistake? refusal)
    {
        refusal = null;
        if (bytes.Length > MaxBytes)
        {
            refusal = new YamlMistake(0, "too-large", $"the file is larger than {MaxBytes:N0} bytes (1 MiB), the most that is read");
            return new SourceText("");
        }

        if (bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            refusal = new YamlMistake(0, "not-utf8", "the file is UTF-16; save it as UTF-8");
            return new SourceText("");
        }

        if (!Utf8.IsValid(bytes))
        {
            var valid = ValidPrefix(bytes);
            var prefix = new SourceText(Encoding.UTF8.GetString(bytes[..valid]));
            refusal =
                ControlCharacter(prefix.Text)
                ?? new YamlMistake(
                    prefix.Text.Length,
                    "not-utf8",
                    $"the byte 0x{bytes[valid]:X2} is not UTF-8 text; save the file as UTF-8 (or is it a binary file?)"
                );
            return prefix;
        }

        var source = new SourceText(Encoding.UTF8.GetString(bytes));
        refusal = ControlCharacter(source.Text);
        return source;
    }

    /// <summary>Line and column, both from 1, of a position; positions outside the text are moved to its nearest end.</summary>
    public (int Line, int Column) Place(int position)
    {
        position = Math.Clamp(position, 0, Text.Length);
        var found = _lineStarts.BinarySearch(position);
        var line = found >= 0 ? found : ~found - 1;
        return (line + 1, position - _lineStarts[line] + 1);
    }

    /// <summary>The position at which a line (from 1) begins; the end of the text for a line after the last.</summary>
    public int LineStart(int line) => line <= _lineStarts.Count ? _lineStarts[line - 1] : Text.Length;

    /// <summary>A line (from 1) without its line break.</summary>
    public ReadOnlySpan<char> Line(int line)
    {
        var start = LineStart(line);
        return Text.AsSpan(start, LineStart(line + 1) - start).TrimEnd("\r\n");
    }

    public int LineCount => _lineStarts.Count;

    private static YamlMistake? ControlCharacter(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]) && text[i] is not ('\t' or '\n' or '\r' or '\x85'))
            {
                return new YamlMistake(
                    i,
                    "control-character",
                    $"the control character U+{(int)text[i]:X4} is not allowed in YAML; remove it (or is it a binary file?)"
                );
            }
        }

        return null;
    }

    private static int ValidPrefix(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length && Rune.DecodeFromUtf8(bytes[at..], out _, out var consumed) == OperationStatus.Done)
        {
            at += consumed;
        }

        return Math.Min(at, bytes.Length - 1);
    }
}

/// <summary>Something that keeps a text from being the YAML that is read here.</summary>
/// <param name="Position">Characters from the start of the text.</param>
internal sealed record YamlMistake(int Position, string Code, string Message);
