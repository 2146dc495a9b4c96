namespace Signalbox.Core.Lint;

/// <summary>The comment that silences a rule on one line: <c>signalbox: allow append</c>, with several codes parted by commas.</summary>
public static class Allowance
{
    private const string Sign = "signalbox: allow ";

    /// <summary>Whether the line of a position allows a code, or the line above it does and has nothing but that comment.</summary>
    public static bool Silences(string text, int offset, string code)
    {
        offset = Math.Clamp(offset, 0, text.Length);
        var start = offset == 0 ? 0 : text.LastIndexOf('\n', offset - 1) + 1;
        var end = text.IndexOf('\n', offset);
        if (Allows(text.AsSpan(start, (end < 0 ? text.Length : end) - start), code))
        {
            return true;
        }

        if (start == 0)
        {
            return false;
        }

        var above = start < 2 ? 0 : text.LastIndexOf('\n', start - 2) + 1;
        var line = text.AsSpan(above, start - 1 - above).Trim();
        return (line.StartsWith("#") || line.StartsWith("--") || line.StartsWith("//") || line.StartsWith("/*")) && Allows(line, code);
    }

    private static bool Allows(ReadOnlySpan<char> line, string code)
    {
        var at = line.IndexOf(Sign);
        if (at < 0)
        {
            return false;
        }

        var codes = line[(at + Sign.Length)..];
        foreach (var range in codes.SplitAny(',', ' ', '*', '/'))
        {
            if (codes[range].Trim().SequenceEqual(code))
            {
                return true;
            }
        }

        return false;
    }
}
