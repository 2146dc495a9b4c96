namespace Signalbox.Core.Retry;

/// <summary>What the last lines of a command show of HTTP answers.</summary>
internal static class OutputEvidence
{
    private const int StatusLength = 3;

    /// <summary>
    /// The words that stand before a status in the messages of Python's urllib, requests and httpx, of curl, of .NET's HttpClient and of the libraries of
    /// openai and anthropic, and in the head of an answer.
    /// </summary>
    private static readonly string[] BeforeStatus =
    [
        "HTTP Error ",
        "HTTPError: ",
        "returned error: ",
        "status code does not indicate success: ",
        "HTTPStatusError: Client error '",
        "HTTPStatusError: Server error '",
        "Error code: ",
        "status code ",
        "status code: ",
        "HTTP ",
        "HTTP/1.0 ",
        "HTTP/1.1 ",
        "HTTP/2 ",
        "HTTP/3 ",
    ];

    /// <summary>The status of the last HTTP answer that the lines complain of; null when there is none.</summary>
    public static int? Status(string lines)
    {
        (int End, int Status)? last = null;
        foreach (var words in BeforeStatus)
        {
            for (
                var at = lines.LastIndexOf(words, StringComparison.OrdinalIgnoreCase);
                at >= 0;
                at = at == 0 ? -1 : lines.LastIndexOf(words, at - 1, StringComparison.OrdinalIgnoreCase)
            )
            {
                if (StatusAt(lines, at + words.Length) is { } status)
                {
                    var end = at + words.Length;
                    last = last is { } found && found.End > end ? found : (end, status);
                    break;
                }
            }
        }

        // An answer that was good says that what went before it was mended.
        return last is { Status: >= 400 } complained ? complained.Status : null;
    }

    /// <summary>The wait of the last header <c>Retry-After</c> that the lines show; null when there is none.</summary>
    public static TimeSpan? RetryAfter(string lines, DateTimeOffset? now)
    {
        const string Header = "Retry-After:";
        var at = lines.LastIndexOf(Header, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var rest = lines.AsSpan(at + Header.Length);
        var end = rest.IndexOfAny('\n', '\r');
        return Retry.RetryAfter.Parse((end < 0 ? rest : rest[..end]).Trim().ToString(), now);
    }

    private static int? StatusAt(string lines, int at) =>
        at + StatusLength <= lines.Length
        && (at + StatusLength == lines.Length || !char.IsAsciiDigit(lines[at + StatusLength]))
        && int.TryParse(lines.AsSpan(at, StatusLength), out var status)
        && status is >= 100 and < 600
            ? status
            : null;
}
