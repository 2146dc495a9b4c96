namespace Signalbox.Core;

/// <summary>
/// The name of one attempt at whatever runs it: idempotency key, process marker, job name and Pod name in one.
/// </summary>
/// <remarks>
/// A DNS-1123 label (RFC 1123, as Kubernetes asks of Pod names): 1 to 63 of <c>a-z 0-9 -</c>, beginning and ending with a letter or a
/// digit. The usual shape is <c>instance-runhash-taskhash-aN</c>; whoever makes one chooses the parts, nobody takes them apart again,
/// except that everything of one installation begins with its <c>instance-</c>.
/// </remarks>
public readonly record struct AttemptKey
{
    /// <summary>The longest key, in characters.</summary>
    public const int MaxLength = 63;

    private readonly string? _value;

    private AttemptKey(string value) => _value = value;

    /// <summary>The text of the key; empty only for <c>default</c>, which names nothing.</summary>
    public string Value => _value ?? "";

    /// <summary>Makes a key of <paramref name="text"/>.</summary>
    /// <exception cref="ArgumentException">The text is not a DNS-1123 label; the message says why.</exception>
    public static AttemptKey Of(string text) =>
        Problem(text) is { } problem ? throw new ArgumentException(problem, nameof(text)) : new AttemptKey(text);

    /// <summary>Makes a key of <paramref name="text"/>, or says no when it is not a DNS-1123 label.</summary>
    public static bool TryOf(string? text, out AttemptKey key)
    {
        var good = Problem(text) is null;
        key = good ? new AttemptKey(text!) : default;
        return good;
    }

    /// <summary>Returns null when <paramref name="text"/> can be a key, else a sentence that says what is wrong.</summary>
    public static string? Problem(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "an attempt key cannot be empty";
        }

        if (text.Length > MaxLength)
        {
            return $"an attempt key has at most {MaxLength} characters; this one has {text.Length}";
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-')
            {
                return "an attempt key has only a-z, 0-9 and '-'";
            }
        }

        return text[0] == '-' || text[^1] == '-' ? "an attempt key begins and ends with a letter or a digit" : null;
    }

    public override string ToString() => Value;
}
