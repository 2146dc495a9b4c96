using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

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

    private const int ShortestLine = 16;
    private readonly byte[][][] _byFirst = new byte[256][][];

    /// <summary>Takes the values; the order and repetitions do not matter.</summary>
    public SecretForms(IEnumerable<string> values)
    {
        var forms = new HashSet<string>();
        foreach (var value in values)
        {
            if (value.Length < ShortestValue)
            {
                continue;
            }

            AddForms(forms, value);
            var lines = value.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length > 1)
            {
                foreach (var line in lines.Where(line => line.Length >= ShortestLine))
                {
                    AddForms(forms, line);
                }
            }
        }

        foreach (var group in forms.Select(Encoding.UTF8.GetBytes).GroupBy(form => form[0]))
        {
            _byFirst[group.Key] = [.. group.OrderByDescending(form => form.Length)];
        }

        FirstBytes = SearchValues.Create([.. forms.Select(form => Encoding.UTF8.GetBytes(form)[0]).Distinct()]);
        Longest = forms.Count == 0 ? 0 : forms.Max(Encoding.UTF8.GetByteCount);
    }

    /// <summary>Whether there is nothing to mask.</summary>
    public bool IsEmpty => Longest == 0;

    /// <summary>The length of the longest sequence, in bytes.</summary>
    internal int Longest { get; }

    /// <summary>The bytes with which sequences begin.</summary>
    internal SearchValues<byte> FirstBytes { get; }

    /// <summary>The sequences that begin with this byte, the longest first.</summary>
    internal ReadOnlySpan<byte[]> BeginningWith(byte first) => _byFirst[first];

    private static void AddForms(HashSet<string> forms, string value)
    {
        forms.Add(value);
        forms.Add(JavaScriptEncoder.Default.Encode(value));
        forms.Add(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value));
        var percent = Uri.EscapeDataString(value);
        forms.Add(percent);
        forms.Add(LowerHex(percent));
        forms.Add(percent.Replace("%20", "+"));
        forms.Add(LowerHex(percent).Replace("%20", "+"));

        var bytes = Encoding.UTF8.GetBytes(value);
        for (var before = 0; before < 3; before++)
        {
            // Where other bytes come before and after it, only the characters that hold nothing but bits of the secret are its own.
            var padded = new byte[before + bytes.Length];
            bytes.CopyTo(padded, before);
            var text = Convert.ToBase64String(padded);
            var from = (before * 8 + 5) / 6;
            var to = padded.Length * 8 / 6;
            var own = text[from..to];
            forms.Add(own);
            forms.Add(own.Replace('+', '-').Replace('/', '_'));
        }

        forms.Add(Convert.ToBase64String(bytes));
        forms.Add(Convert.ToBase64String(bytes).Replace('+', '-').Replace('/', '_'));
    }

    private static string LowerHex(string percent) =>
        string.Create(
            percent.Length,
            percent,
            static (target, source) =>
            {
                for (var i = 0; i < source.Length; i++)
                {
                    target[i] =
                        i > 0 && (source[i - 1] == '%' || (i > 1 && source[i - 2] == '%')) ? char.ToLowerInvariant(source[i]) : source[i];
                }
            }
        );
}
