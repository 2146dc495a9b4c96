using System.Collections.Frozen;

namespace Signalbox.Core.Retry;

/// <summary>
/// Exceptions whose name says the class of a failure: those of Python, of .NET, and of libraries that data is moved with. All others say nothing, as a
/// <c>KeyError</c> or a <c>ValueError</c>: an answer that was cut short raises them as often as a mistake in the program.
/// </summary>
internal static class KnownExceptions
{
    private static readonly FrozenDictionary<string, FailureClass> Classes = new Dictionary<string, FailureClass>(StringComparer.Ordinal)
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
        // What openai, anthropic and Google's libraries make of a status.
        ["RateLimitError"] = FailureClass.RateLimited,
        ["TooManyRequests"] = FailureClass.RateLimited,
        ["ResourceExhausted"] = FailureClass.RateLimited,
        ["ServiceUnavailable"] = FailureClass.ResourceUnavailable,
        ["AuthenticationError"] = FailureClass.Auth,
        ["Unauthorized"] = FailureClass.Auth,
        ["Forbidden"] = FailureClass.Auth,
        ["PermissionDenied"] = FailureClass.Auth,
        ["NoCredentialsError"] = FailureClass.Auth,
        ["AuthenticationException"] = FailureClass.Auth,
        // torch.cuda and the JVM name theirs so.
        ["OutOfMemoryError"] = FailureClass.Oom,
        ["MemoryError"] = FailureClass.Oom,
        ["OutOfMemoryException"] = FailureClass.Oom,
        // pydantic, jsonschema, marshmallow and great_expectations; pandera.
        ["ValidationError"] = FailureClass.Validation,
        ["SchemaError"] = FailureClass.Schema,
        ["SchemaErrors"] = FailureClass.Schema,
        // The exceptions of every driver for databases in Python (PEP 249).
        ["OperationalError"] = FailureClass.Transient,
        ["ProgrammingError"] = FailureClass.Schema,
        ["IntegrityError"] = FailureClass.Validation,
        ["DataError"] = FailureClass.Validation,
        // psycopg names its errors by the conditions of SQLSTATE.
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
        ["PermissionError"] = FailureClass.Permanent,
        ["UnauthorizedAccessException"] = FailureClass.Permanent,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Beyond that a line tells of something earlier.
    private const int MostLines = 20;

    /// <summary>What stands before the name where nobody caught the exception: in .NET, and in a program for the JVM.</summary>
    private static readonly string[] Unhandled = ["Unhandled exception. ", "Exception in thread \"main\" "];

    /// <summary>The last exception that the lines name, when its name says a class.</summary>
    public static (string Name, FailureClass Class)? In(string lines)
    {
        var looked = 0;
        var rest = lines.AsSpan().TrimEnd();
        while (rest.Length > 0 && looked++ < MostLines)
        {
            var start = rest.LastIndexOfAny('\n', '\r') + 1;
            if (NameIn(rest[start..]) is { } name)
            {
                return Classes.TryGetValue(name, out var kind) ? (name, kind) : null;
            }

            rest = rest[..Math.Max(0, start - 1)];
        }

        return null;
    }

    /// <summary>The name at the head of the last line of a traceback: <c>urllib3.exceptions.MaxRetryError: ...</c> gives <c>MaxRetryError</c>.</summary>
    private static string? NameIn(ReadOnlySpan<char> line)
    {
        foreach (var words in Unhandled)
        {
            if (line.StartsWith(words, StringComparison.Ordinal))
            {
                line = line[words.Length..];
            }
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
            Classes.GetAlternateLookup<ReadOnlySpan<char>>().ContainsKey(name)
            || name.EndsWith("Error", StringComparison.Ordinal)
            || name.EndsWith("Exception", StringComparison.Ordinal)
            || name.EndsWith("Timeout", StringComparison.Ordinal)
            ? name.ToString()
            : null;
    }
}
