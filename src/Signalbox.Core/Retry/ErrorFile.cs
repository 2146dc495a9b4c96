using System.Text.Json;

namespace Signalbox.Core.Retry;

/// <summary>What a command wrote to <c>SIGNALBOX_ERROR</c>.</summary>
/// <param name="Class">The class it names; transient when it names none or an unknown one; null when the file cannot be read at all.</param>
/// <param name="Message">Its own words.</param>
/// <param name="RetryAfter">How long to wait at least.</param>
/// <param name="Note">What is wrong with the file itself.</param>
/// <param name="Rule">What it names as the evidence for the class, such as <c>HTTP 503</c>.</param>
internal sealed record ErrorFile(FailureClass? Class, string? Message, TimeSpan? RetryAfter, string? Note, string? Rule = null)
{
    private const int LongestRule = 80;

    /// <summary>The classes a command may name: not those that only the server can know.</summary>
    private static readonly string[] Classes =
    [
        "transient",
        "resource_unavailable",
        "rate_limited",
        "auth",
        "schema",
        "validation",
        "disk_full",
        "oom",
        "timeout",
        "permanent",
    ];

    public static ErrorFile Read(string json, DateTimeOffset? now)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement, now)
                : Unreadable("it is not a JSON object with `class` and `message`");
        }
        catch (JsonException)
        {
            return Unreadable("it is not JSON");
        }
        catch (ArgumentException)
        {
            return Unreadable("it is not Unicode text");
        }
    }

    private static ErrorFile Unreadable(string why) => new(null, null, null, $"the error file was left out: {why}");

    private static ErrorFile Read(JsonElement root, DateTimeOffset? now)
    {
        string? note = null;
        var kind = FailureClass.Transient;
        if (root.TryGetProperty("class", out var word) && word.ValueKind != JsonValueKind.Null)
        {
            var text = word.ValueKind == JsonValueKind.String ? Text(word) : word.GetRawText();
            if (text is not null && Array.IndexOf(Classes, text) >= 0 && Names.FailureClassOf(text) is { } known)
            {
                kind = known;
            }
            else
            {
                var shown = FailureClassifier.Clean(text);
                note =
                    $"the error file names the unknown class `{(shown?.Length > 40 ? shown[..40] : shown)}`"
                    + (
                        Suggestion.DidYouMean(text ?? "", Classes) is { Length: > 0 } near
                            ? near
                            : $"; known are {string.Join(", ", Classes)}"
                    );
            }
        }

        var message = root.TryGetProperty("message", out var words) && words.ValueKind == JsonValueKind.String ? Text(words) : null;
        TimeSpan? after = null;
        if (root.TryGetProperty("retry_after", out var wait) && wait.ValueKind != JsonValueKind.Null)
        {
            after = Wait(wait, now);
            if (after is null && now is not null)
            {
                note ??= "`retry_after` in the error file is neither seconds nor an HTTP date";
            }
        }

        var rule = root.TryGetProperty("rule", out var named) && named.ValueKind == JsonValueKind.String ? Text(named) : null;
        rule = FailureClassifier.Clean(rule);
        return new ErrorFile(kind, FailureClassifier.Clean(message), after, note, rule?.Length > LongestRule ? rule[..LongestRule] : rule);
    }

    private static TimeSpan? Wait(JsonElement value, DateTimeOffset? now) =>
        value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out var number) ? Seconds(number) : null,
            JsonValueKind.String => Text(value) is { } text ? Retry.RetryAfter.Parse(text, now) : null,
            _ => null,
        };

    private static TimeSpan? Seconds(double seconds) => Retry.RetryAfter.Seconds(seconds);

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped: legal JSON, and no text.
            return null;
        }
    }
}
