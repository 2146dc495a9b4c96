using System.Text;

namespace Signalbox.Core.Expressions;

/// <summary>How a text is written so that a POSIX shell reads it back unchanged.</summary>
internal static class ShellText
{
    private static readonly System.Buffers.SearchValues<char> Safe = System.Buffers.SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
    );

    /// <summary>True for a text that is not empty and has only characters no shell gives a meaning to.</summary>
    public static bool IsSafe(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Safe);

    /// <summary>One word: as it is when safe, otherwise in single quotes.</summary>
    public static string Word(string text) => IsSafe(text) ? text : Quoted(text);

    public static string Quoted(string text) => "'" + InSingleQuotes(text) + "'";

    public static string InSingleQuotes(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal);

    public static string InDoubleQuotes(string text)
    {
        if (text.AsSpan().IndexOfAny("\\\"$`") < 0)
        {
            return text;
        }

        var output = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (c is '\\' or '"' or '$' or '`')
            {
                output.Append('\\');
            }

            output.Append(c);
        }

        return output.ToString();
    }

    /// <summary>Why no command can hold this text, or null. A process argument is bytes that end at the first NUL, and they are to be UTF-8.</summary>
    public static string? Impossible(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            var c = text[index];
            if (c == '\0')
            {
                return "holds the character NUL, which no command can be given; pass it in a file";
            }

            if (!char.IsSurrogate(c))
            {
                continue;
            }

            if (!char.IsHighSurrogate(c) || index + 1 >= text.Length || !char.IsLowSurrogate(text[index + 1]))
            {
                return "holds half of a surrogate pair, which is not text; pass it in a file";
            }

            index++;
        }

        return null;
    }
}
