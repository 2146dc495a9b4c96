using System.Text;

namespace Signalbox.Engine.Logs;

/// <summary>One way in which a secret may stand in a log.</summary>
internal abstract class SecretForm
{
    /// <summary>How many of the first bytes are the secret; 0 when they are not.</summary>
    /// <param name="data">What the log holds from some place on.</param>
    /// <param name="needsMore">Whether all of the data may be the beginning of the secret; the answer is then 0.</param>
    public abstract int Match(ReadOnlySpan<byte> data, out bool needsMore);

    /// <summary>Whether the wanted bytes begin at a place, or as many of them as are there.</summary>
    protected static bool Has(ReadOnlySpan<byte> data, int at, ReadOnlySpan<byte> wanted, out bool needsMore)
    {
        var there = data[at..];
        needsMore = there.Length < wanted.Length && wanted.StartsWith(there);
        return there.StartsWith(wanted);
    }
}

/// <summary>The secret as it is.</summary>
internal sealed class PlainForm(string value) : SecretForm
{
    private readonly byte[] _bytes = Encoding.UTF8.GetBytes(value);

    public override int Match(ReadOnlySpan<byte> data, out bool needsMore) => Has(data, 0, _bytes, out needsMore) ? _bytes.Length : 0;
}

/// <summary>
/// The secret in an address or a form. Libraries differ in what they encode, so each byte may be <c>%XX</c>, and a space a <c>+</c>.
/// </summary>
internal sealed class UrlForm(string value) : SecretForm
{
    private readonly byte[] _bytes = Encoding.UTF8.GetBytes(value);

    public override int Match(ReadOnlySpan<byte> data, out bool needsMore)
    {
        needsMore = false;
        var at = 0;
        foreach (var wanted in _bytes)
        {
            if (at == data.Length)
            {
                needsMore = true;
                return 0;
            }

            if (data[at] != '%')
            {
                if (data[at] != wanted && !(wanted == ' ' && data[at] == '+'))
                {
                    return 0;
                }

                at++;
                continue;
            }

            foreach (var digit in (ReadOnlySpan<int>)[wanted >> 4, wanted & 15])
            {
                at++;
                if (at == data.Length)
                {
                    needsMore = true;
                    return 0;
                }

                if ("0123456789abcdef"[digit] != char.ToLowerInvariant((char)data[at]))
                {
                    return 0;
                }
            }

            at++;
        }

        return at;
    }
}

/// <summary>The secret in a text of JSON. Libraries differ in what they escape, so each character may be <c>\uXXXX</c> or <c>\/</c> and the like.</summary>
internal sealed class JsonForm(string value) : SecretForm
{
    private static readonly Dictionary<char, char> Short = new()
    {
        ['"'] = '"',
        ['\\'] = '\\',
        ['/'] = '/',
        ['\b'] = 'b',
        ['\f'] = 'f',
        ['\n'] = 'n',
        ['\r'] = 'r',
        ['\t'] = 't',
    };

    // What may stand for each character, one of which is its own bytes.
    private readonly byte[][][] _characters = [.. value.EnumerateRunes().Select(rune => Ways(rune.ToString()))];

    public override int Match(ReadOnlySpan<byte> data, out bool needsMore)
    {
        needsMore = false;
        var at = 0;
        foreach (var ways in _characters)
        {
            var length = 0;
            foreach (var way in ways)
            {
                if (Has(data, at, way, out var unfinished))
                {
                    length = way.Length;
                    break;
                }

                needsMore |= unfinished;
            }

            if (length == 0)
            {
                return 0;
            }

            needsMore = false;
            at += length;
        }

        return at;
    }

    private static byte[][] Ways(string character)
    {
        var escaped = string.Concat(character.Select(unit => $"\\u{(int)unit:x4}"));
        var ways = new List<string> { escaped, string.Concat(character.Select(unit => $"\\u{(int)unit:X4}")) };
        if (character is [var only] && Short.TryGetValue(only, out var letter))
        {
            ways.Add($"\\{letter}");
        }

        if (character != "\\")
        {
            ways.Add(character);
        }

        return [.. ways.Distinct(StringComparer.Ordinal).Select(Encoding.UTF8.GetBytes)];
    }
}

/// <summary>
/// A part of the secret in base64, of either alphabet. Many tools break the lines of what they encode, so a line break may stand behind each
/// character.
/// </summary>
internal sealed class Base64Form(string text) : SecretForm
{
    public override int Match(ReadOnlySpan<byte> data, out bool needsMore)
    {
        needsMore = false;
        var at = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (i > 0 && at < data.Length && data[at] == '\r')
            {
                at++;
                if (at < data.Length && data[at] != '\n')
                {
                    return 0;
                }
            }

            if (i > 0 && at < data.Length && data[at] == '\n')
            {
                at++;
            }

            if (at == data.Length)
            {
                needsMore = true;
                return 0;
            }

            var isWanted = text[i] switch
            {
                '+' => data[at] is (byte)'+' or (byte)'-',
                '/' => data[at] is (byte)'/' or (byte)'_',
                var letter => data[at] == letter,
            };
            if (!isWanted)
            {
                return 0;
            }

            at++;
        }

        return at;
    }
}
