namespace Signalbox.Core.Retry;

/// <summary>What the five characters of an SQLSTATE say (PostgreSQL, Appendix A: error codes; SQL:2016, 24.1).</summary>
public static class SqlState
{
    private const int Length = 5;

    /// <summary>Words that stand before a code in the messages of psql, Npgsql, JDBC, ODBC and pgx.</summary>
    private static readonly string[] BeforeCode = ["SQLSTATE", "SQL state", "PostgresException (0x80004005)"];

    /// <summary>The class of a code. One that is not known is permanent: a database that refuses a statement refuses it again.</summary>
    public static FailureClass ClassOf(string code) =>
        code switch
        {
            // Integrity, length, range, characters: the rows are wrong.
            "22001" or "22003" or "22021" or "22P05" or "21000" or ['2', '3', ..] => FailureClass.Validation,
            // Names (42S02 and 42S22 are those of MySQL), types and the forms of values: the shape is wrong.
            ['4', '2', 'P', ..] or "42703" or "42804" or "42846" or "42704" or "42S02" or "42S22" or "3F000" or "2BP01" or ['2', '2', ..] =>
                FailureClass.Schema,
            "42501" or ['2', '8', ..] => FailureClass.Auth,
            "53100" => FailureClass.DiskFull,
            "53200" => FailureClass.Oom,
            ['0', '8', ..] or ['5', '3', ..] or ['5', '7', 'P', ..] or "55006" or "25006" => FailureClass.ResourceUnavailable,
            ['4', '0', ..] or "55P03" or "57014" or "58030" => FailureClass.Transient,
            _ => FailureClass.Permanent,
        };

    /// <summary>The last code that lines of output complain of; null when there is none.</summary>
    internal static string? In(string lines)
    {
        (int At, string Code)? last = null;
        foreach (var words in BeforeCode)
        {
            var at = lines.LastIndexOf(words, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && CodeAt(lines.AsSpan(at + words.Length)) is { } code && !(last?.At > at))
            {
                last = (at, code);
            }
        }

        return last?.Code ?? OfPsql(lines) ?? OfMysql(lines) ?? PostgresMessages.CodeIn(lines);
    }

    /// <summary>psql with <c>VERBOSITY verbose</c>: <c>ERROR:  42P01: relation "x" does not exist</c>.</summary>
    private static string? OfPsql(string lines)
    {
        foreach (var severity in (ReadOnlySpan<string>)["ERROR:", "FATAL:", "PANIC:"])
        {
            var at = lines.LastIndexOf(severity, StringComparison.Ordinal);
            if (at >= 0 && lines.AsSpan(at + severity.Length).TrimStart(' ') is var rest && rest.Length > Length && rest[Length] == ':')
            {
                if (CodeAt(rest[..Length]) is { } code)
                {
                    return code;
                }
            }
        }

        return null;
    }

    /// <summary>The <c>mysql</c> command: <c>ERROR 1146 (42S02) at line 1: Table 'shop.x' doesn't exist</c>.</summary>
    private static string? OfMysql(string lines)
    {
        const string Error = "ERROR ";
        var at = lines.LastIndexOf(Error, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var rest = lines.AsSpan(at + Error.Length);
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        return end > 0 && rest[end..].StartsWith(" (", StringComparison.Ordinal) ? CodeAt(rest[end..]) : null;
    }

    private static string? CodeAt(ReadOnlySpan<char> text)
    {
        text = text.TrimStart(" :=[('\"");
        if (text.Length < Length || (text.Length > Length && char.IsAsciiLetterOrDigit(text[Length])))
        {
            return null;
        }

        var hasDigit = false;
        foreach (var letter in text[..Length])
        {
            if (!char.IsAsciiDigit(letter) && !char.IsAsciiLetterUpper(letter))
            {
                return null;
            }

            hasDigit |= char.IsAsciiDigit(letter);
        }

        // Every code that means an error has a digit; a word in capitals has none.
        return hasDigit ? text[..Length].ToString() : null;
    }
}
