using System.Collections.Frozen;

namespace Signalbox.Core.Retry;

/// <summary>What the last lines of a command show of HTTP answers and of exceptions.</summary>
internal static class OutputEvidence
{
    private const int StatusLength = 3;

    // Beyond that a line tells of something earlier.
    private const int MostLines = 20;

    /// <summary>
    /// The words that stand before a status in the messages of Python's urllib and requests, of curl, and of .NET's HttpClient.
    /// </summary>
    private static readonly string[] BeforeStatus =
    [
        "HTTP Error ",
        "HTTPError: ",
        "returned error: ",
        "status code does not indicate success: ",
        "HTTPStatusError: Client error '",
        "HTTPStatusError: Server error '",
    ];

    /// <summary>Exceptions of Python and of .NET whose name says the class; all others say nothing.</summary>
    private static readonly FrozenDictionary<string, FailureClass> Exceptions = new Dictionary<string, FailureClass>(StringComparer.Ordinal)
    {
        // The network, or the other side of it: it may work next time.
        ["ConnectionError"] = FailureClass.Transient,
        ["ConnectionResetError"] = FailureClass.Transient,
        ["ConnectionRefusedError"] = FailureClass.Transient,
        ["ConnectionAbortedError"] = FailureClass.Transient,
        ["BrokenPipeError"] = FailureClass.Transient,
        ["ConnectTimeout"] = FailureClass.Transient,
        ["ConnectError"] = FailureClass.Transient,
        ["ReadError"] = FailureClass.Transient,
        ["WriteTimeout"] = FailureClass.Transient,
        ["PoolTimeout"] = FailureClass.Transient,
        ["IncompleteRead"] = FailureClass.Transient,
        ["EndpointConnectionError"] = FailureClass.Transient,
        ["SSLEOFError"] = FailureClass.Transient,
        ["gaierror"] = FailureClass.Transient,
        ["IOException"] = FailureClass.Transient,
        ["ReadTimeout"] = FailureClass.Transient,
        ["TimeoutError"] = FailureClass.Transient,
        ["MaxRetryError"] = FailureClass.Transient,
        ["URLError"] = FailureClass.Transient,
        ["HttpRequestException"] = FailureClass.Transient,
        ["SocketException"] = FailureClass.Transient,
        ["TimeoutException"] = FailureClass.Transient,
        ["BlockingIOError"] = FailureClass.ResourceUnavailable,
        ["MemoryError"] = FailureClass.Oom,
        ["OutOfMemoryException"] = FailureClass.Oom,
        ["NoCredentialsError"] = FailureClass.Auth,
        ["PermissionError"] = FailureClass.Permanent,
        ["UnauthorizedAccessException"] = FailureClass.Permanent,
        ["AuthenticationException"] = FailureClass.Auth,
        // psycopg names its errors by the conditions of SQLSTATE.
        ["OperationalError"] = FailureClass.Transient,
        ["DeadlockDetected"] = FailureClass.Transient,
        ["SerializationFailure"] = FailureClass.Transient,
        ["QueryCanceled"] = FailureClass.Transient,
        ["LockNotAvailable"] = FailureClass.Transient,
        ["AdminShutdown"] = FailureClass.ResourceUnavailable,
        ["TooManyConnections"] = FailureClass.ResourceUnavailable,
        ["InsufficientPrivilege"] = FailureClass.Auth,
        ["InvalidPassword"] = FailureClass.Auth,
        ["UndefinedTable"] = FailureClass.Schema,
        ["UndefinedColumn"] = FailureClass.Schema,
        ["DatatypeMismatch"] = FailureClass.Schema,
        ["UniqueViolation"] = FailureClass.Validation,
        ["NotNullViolation"] = FailureClass.Validation,
        ["ForeignKeyViolation"] = FailureClass.Validation,
        ["CheckViolation"] = FailureClass.Validation,
        ["DiskFull"] = FailureClass.DiskFull,
        // The program itself is wrong: the same text fails the same way.
        ["SyntaxError"] = FailureClass.Permanent,
        ["IndentationError"] = FailureClass.Permanent,
        ["ModuleNotFoundError"] = FailureClass.Permanent,
        ["ImportError"] = FailureClass.Permanent,
        ["NameError"] = FailureClass.Permanent,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The status of the last HTTP answer that the lines complain of; null when there is none.</summary>
    public static int? Status(string lines)
    {
        (int At, int Status)? last = null;
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
                    last = last is { } found && found.At > at ? found : (at, status);
                    break;
                }
            }
        }

        return last?.Status;
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

    /// <summary>The last exception that the lines name, when its name says a class.</summary>
    public static (string Name, FailureClass Class)? Exception(string lines)
    {
        var looked = 0;
        var rest = lines.AsSpan().TrimEnd();
        while (rest.Length > 0 && looked++ < MostLines)
        {
            var start = rest.LastIndexOfAny('\n', '\r') + 1;
            if (NameIn(rest[start..]) is { } name)
            {
                return Exceptions.TryGetValue(name, out var kind) ? (name, kind) : null;
            }

            rest = rest[..Math.Max(0, start - 1)];
        }

        return null;
    }

    private static int? StatusAt(string lines, int at) =>
        at + StatusLength <= lines.Length
        && (at + StatusLength == lines.Length || !char.IsAsciiDigit(lines[at + StatusLength]))
        && int.TryParse(lines.AsSpan(at, StatusLength), out var status)
        && status is >= 400 and < 600
            ? status
            : null;

    /// <summary>The name at the head of the last line of a traceback: <c>urllib3.exceptions.MaxRetryError: ...</c> gives <c>MaxRetryError</c>.</summary>
    private static string? NameIn(ReadOnlySpan<char> line)
    {
        const string Unhandled = "Unhandled exception. ";
        if (line.StartsWith(Unhandled, StringComparison.Ordinal))
        {
            line = line[Unhandled.Length..];
        }

        var end = 0;
        while (end < line.Length && (char.IsAsciiLetterOrDigit(line[end]) || line[end] is '.' or '_'))
        {
            end++;
        }

        if (end == 0 || (end < line.Length && line[end] != ':'))
        {
            return null;
        }

        var name = line[..end];
        name = name[(name.LastIndexOf('.') + 1)..];
        return
            Exceptions.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(name)
            || name.EndsWith("Error", StringComparison.Ordinal)
            || name.EndsWith("Exception", StringComparison.Ordinal)
            || name.EndsWith("Timeout", StringComparison.Ordinal)
            ? name.ToString()
            : null;
    }
}
