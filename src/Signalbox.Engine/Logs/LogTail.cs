using System.Text;

namespace Signalbox.Engine.Logs;

/// <summary>The end of a log, read without reading the log.</summary>
public static class LogTail
{
    private const int Window = 4096;

    /// <summary>
    /// The last line that is not blank among the last 4 KiB of the file, trimmed; null when there is none. Bytes that are not UTF-8 become
    /// U+FFFD, control characters such as colours are left out.
    /// </summary>
    public static string? LastLine(string path)
    {
        Span<byte> window = stackalloc byte[Window];
        int length;
        long from;
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            from = Math.Max(0, RandomAccess.GetLength(handle) - Window);
            length = RandomAccess.Read(handle, window, from);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        var bytes = window[..length];
        if (from > 0)
        {
            // Do not begin in the middle of a character.
            while (bytes.Length > 0 && (bytes[0] & 0xC0) == 0x80)
            {
                bytes = bytes[1..];
            }
        }

        var text = Encoding.UTF8.GetString(bytes);
        for (var end = text.Length; end > 0; )
        {
            var start = text.AsSpan(0, end).LastIndexOfAny('\n', '\r');
            var line = Visible(text.AsSpan(start + 1, end - start - 1));
            if (line.Length > 0)
            {
                return line;
            }

            end = Math.Max(start, 0);
        }

        return null;
    }

    /// <summary>Without control characters and terminal sequences (ESC [ ... letter).</summary>
    private static string Visible(ReadOnlySpan<char> line)
    {
        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\e' && i + 1 < line.Length && line[i + 1] == '[')
            {
                for (i += 2; i < line.Length && line[i] is < '@' or > '~'; i++) { }
            }
            else if (!char.IsControl(line[i]) || line[i] == '\t')
            {
                text.Append(line[i]);
            }
        }

        return text.ToString().Trim();
    }
}
