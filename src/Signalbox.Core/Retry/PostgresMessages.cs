namespace Signalbox.Core.Retry;

/// <summary>
/// The SQLSTATE of what PostgreSQL says in English, for psql and libpq print its words without the code unless they are asked to. The words are those of
/// the server's messages, the codes those of its Appendix A.
/// </summary>
internal static class PostgresMessages
{
    /// <summary>How a message begins, what else it holds, and its code.</summary>
    private static readonly (string Begins, string Holds, string Code)[] Known =
    [
        ("relation ", " does not exist", "42P01"),
        ("column ", " does not exist", "42703"),
        ("schema ", " does not exist", "3F000"),
        ("type ", " does not exist", "42704"),
        ("function ", " does not exist", "42883"),
        ("role ", " does not exist", "28000"),
        ("database ", " does not exist", "3D000"),
        ("syntax error at ", "", "42601"),
        ("password authentication failed", "", "28P01"),
        ("no pg_hba.conf entry", "", "28000"),
        ("permission denied", "", "42501"),
        ("must be owner of ", "", "42501"),
        ("duplicate key value violates unique constraint", "", "23505"),
        ("null value in column ", "violates not-null constraint", "23502"),
        ("insert or update on table ", "violates foreign key constraint", "23503"),
        ("update or delete on table ", "violates foreign key constraint", "23503"),
        ("new row for relation ", "violates check constraint", "23514"),
        ("no partition of relation ", "found for row", "23514"),
        ("value too long for type ", "", "22001"),
        ("invalid input syntax for ", "", "22P02"),
        ("date/time field value out of range", "", "22008"),
        ("deadlock detected", "", "40P01"),
        ("could not serialize access", "", "40001"),
        ("canceling statement due to lock timeout", "", "55P03"),
        ("canceling statement due to statement timeout", "", "57014"),
        ("sorry, too many clients already", "", "53300"),
        ("remaining connection slots are reserved", "", "53300"),
        ("too many connections for ", "", "53300"),
        ("out of shared memory", "", "53200"),
        ("out of memory", "", "53200"),
        ("the database system is ", "", "57P03"),
        ("terminating connection due to administrator command", "", "57P01"),
        ("cannot execute ", "in a read-only transaction", "25006"),
    ];

    /// <summary>The code of the message behind the last <c>ERROR:</c> or <c>FATAL:</c> of the lines; null when it is none of these.</summary>
    public static string? CodeIn(string lines)
    {
        var at = Math.Max(EndOfLast(lines, "ERROR:"), EndOfLast(lines, "FATAL:"));
        if (at < 0)
        {
            return null;
        }

        var message = lines.AsSpan(at).TrimStart(' ');
        var end = message.IndexOfAny('\n', '\r');
        message = end < 0 ? message : message[..end];
        foreach (var (begins, holds, code) in Known)
        {
            if (message.StartsWith(begins, StringComparison.Ordinal) && message.Contains(holds, StringComparison.Ordinal))
            {
                return code;
            }
        }

        return null;
    }

    private static int EndOfLast(string lines, string word)
    {
        var at = lines.LastIndexOf(word, StringComparison.Ordinal);
        return at < 0 ? -1 : at + word.Length;
    }
}
