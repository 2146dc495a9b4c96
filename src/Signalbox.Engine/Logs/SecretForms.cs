using System.Text;

namespace Signalbox.Engine.Logs;

/// <summary>
/// The byte sequences by which secret values are recognised: as they are, as text in JSON, in base64 at any alignment, and URL-encoded.
/// </summary>
/// <remarks>
/// Values below <see cref="ShortestValue"/> characters are not masked, for they would be found everywhere; whoever takes in a secret warns.
/// A value of several lines is recognised line by line too, since tools print keys so. Made once per attempt, used by any number of
/// <see cref="Redactor"/>s.
/// </remarks>
public sealed class SecretForms
{
    /// <summary>The fewest characters of a value that is masked.</summary>
    public const int ShortestValue = 6;

    /// <summary>Nothing to mask.</summary>
    public static readonly SecretForms None = new([]);

    private const int ShortestLine = 16;

    private readonly SecretForm[][] _byFirst = new SecretForm[256][];

    // A bit for each pair of bytes with which a form can begin: most places of a log are passed over by one look.
    private readonly ulong[] _beginnings = new ulong[1024];

    /// <summary>Takes the values; the order and repetitions do not matter.</summary>
    public SecretForms(IEnumerable<string> values)
    {
        var forms = new List<SecretForm>();
        var encoded = new HashSet<string>(StringComparer.Ordinal);
        var version = new HashCode();
        foreach (var value in values.Distinct(StringComparer.Ordinal).Where(value => value.Length >= ShortestValue))
        {
            version.Add(value);
            AddForms(forms, encoded, value);
            var lines = value.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length > 1)
            {
                foreach (var line in lines.Where(line => line.Length >= ShortestLine).Distinct(StringComparer.Ordinal))
                {
                    AddForms(forms, encoded, line);
                }
            }
        }

        forms.AddRange(encoded.Select(text => new Base64Form(text)));
        (IsEmpty, Version) = (forms.Count == 0, version.ToHashCode());
        Array.Fill(_byFirst, []);
        FindBeginnings(forms);
    }

    /// <summary>Whether there is nothing to mask.</summary>
    public bool IsEmpty { get; }

    /// <summary>Another number for other values, while this program runs.</summary>
    public int Version { get; }

    /// <summary>The first place from <paramref name="at"/> on at which a secret may begin; the length of the data when there is none.</summary>
    internal int NextBeginning(ReadOnlySpan<byte> data, int at)
    {
        for (; at + 1 < data.Length; at++)
        {
            var pair = (data[at] << 8) | data[at + 1];
            if ((_beginnings[pair >> 6] & (1UL << (pair & 63))) != 0)
            {
                return at;
            }
        }

        return at < data.Length && _byFirst[data[at]].Length > 0 ? at : data.Length;
    }

    /// <summary>The most bytes at the start of the data that are a secret, or 0.</summary>
    /// <param name="data">What the log holds from some place on; not empty.</param>
    /// <param name="needsMore">Whether the next bytes may make it another answer.</param>
    internal int Match(ReadOnlySpan<byte> data, out bool needsMore)
    {
        var longest = 0;
        needsMore = false;
        foreach (var form in _byFirst[data[0]])
        {
            longest = Math.Max(longest, form.Match(data, out var unfinished));
            needsMore |= unfinished;
        }

        return longest;
    }

    private void FindBeginnings(List<SecretForm> forms)
    {
        var pair = new byte[2];
        for (var first = 0; first < 256; first++)
        {
            pair[0] = (byte)first;
            var found = new List<SecretForm>();
            foreach (var form in forms)
            {
                form.Match(pair.AsSpan(0, 1), out var mayBegin);
                if (mayBegin)
                {
                    found.Add(form);
                }
            }

            if (found.Count == 0)
            {
                continue;
            }

            _byFirst[first] = [.. found];
            for (var second = 0; second < 256; second++)
            {
                pair[1] = (byte)second;
                if (found.Exists(form => form.Match(pair, out var mayGoOn) > 0 || mayGoOn))
                {
                    var bit = (first << 8) | second;
                    _beginnings[bit >> 6] |= 1UL << (bit & 63);
                }
            }
        }
    }

    private static void AddForms(List<SecretForm> forms, HashSet<string> encoded, string value)
    {
        forms.AddRange([new PlainForm(value), new UrlForm(value), new JsonForm(value)]);
        var bytes = Encoding.UTF8.GetBytes(value);
        for (var before = 0; before < 3; before++)
        {
            // Where other bytes come before and after it, only the characters that hold nothing but bits of the secret are its own. Where it
            // is the end of what was encoded, the rest is its own, too.
            var padded = new byte[before + bytes.Length];
            bytes.CopyTo(padded, before);
            var text = Convert.ToBase64String(padded);
            var from = (before * 8 + 5) / 6;
            encoded.UnionWith([text[from..(padded.Length * 8 / 6)], text[from..].TrimEnd('='), text[from..]]);
        }
    }
}
