namespace Signalbox.DuckDb;

/// <summary>One statement of a script.</summary>
/// <param name="Text">The statement without its semicolon.</param>
/// <param name="Line">The line of the script on which it begins; the first is 1.</param>
public readonly record struct SqlStatement(string Text, int Line);

/// <summary>Cuts a script into statements, as DuckDB's C API runs and prepares them but does not show their texts.</summary>
public static class SqlScript
{
    /// <summary>The statements in order; empty ones and those that are only comments are left out.</summary>
    public static IReadOnlyList<SqlStatement> Split(string sql)
    {
        var statements = new List<SqlStatement>();
        int begin = -1;
        int end = 0;
        int line = 1;
        int beginLine = 1;
        int i = 0;
        while (i < sql.Length)
        {
            int next = Skip(sql, i, out bool isBlank);
            if (sql[i] == ';' && next == i + 1)
            {
                Add();
            }
            else if (!isBlank)
            {
                if (begin < 0)
                {
                    (begin, beginLine) = (i, line);
                }
                end = next;
            }
            line += sql.AsSpan(i, next - i).Count('\n');
            i = next;
        }
        Add();
        return statements;

        void Add()
        {
            if (begin >= 0)
            {
                statements.Add(new SqlStatement(sql[begin..end], beginLine));
            }
            begin = -1;
        }
    }

    /// <summary>A single statement without its semicolon and what follows it.</summary>
    internal static string WithoutEnd(string sql) => Split(sql) is [var only] ? only.Text : sql;

    /// <summary>The end of the piece that begins at <paramref name="i"/>: a quoted text, a comment, or a single character.</summary>
    private static int Skip(string sql, int i, out bool isBlank)
    {
        char c = sql[i];
        char next = i + 1 < sql.Length ? sql[i + 1] : '\0';
        isBlank = char.IsWhiteSpace(c) || (c, next) is ('-', '-') or ('/', '*');
        return (c, next) switch
        {
            ('-', '-') => EndOf(sql, "\n", i + 2),
            ('/', '*') => BlockComment(sql, i),
            ('e' or 'E', '\'') when i == 0 || !IsWord(sql[i - 1]) => Quoted(sql, i + 2, '\'', backslashes: true),
            ('\'', _) => Quoted(sql, i + 1, '\'', backslashes: false),
            ('"', _) => Quoted(sql, i + 1, '"', backslashes: false),
            ('$', _) when i == 0 || !IsWord(sql[i - 1]) => DollarQuoted(sql, i),
            _ => i + 1,
        };
    }

    private static int Quoted(string sql, int i, char quote, bool backslashes)
    {
        for (; i < sql.Length; i++)
        {
            if (backslashes && sql[i] == '\\')
            {
                i++;
            }
            else if (sql[i] == quote)
            {
                if (i + 1 >= sql.Length || sql[i + 1] != quote)
                {
                    return i + 1;
                }
                i++;
            }
        }
        return sql.Length;
    }

    // Block comments nest, as in PostgreSQL, whose scanner DuckDB has.
    private static int BlockComment(string sql, int i)
    {
        int depth = 0;
        for (; i < sql.Length; i++)
        {
            if (sql.AsSpan(i).StartsWith("/*"))
            {
                depth++;
                i++;
            }
            else if (sql.AsSpan(i).StartsWith("*/"))
            {
                depth--;
                i++;
                if (depth == 0)
                {
                    return i + 1;
                }
            }
        }
        return sql.Length;
    }

    // $$ ... $$ or $tag$ ... $tag$; a parameter such as $1 or $name is neither.
    private static int DollarQuoted(string sql, int i)
    {
        int close = i + 1;
        while (close < sql.Length && IsWord(sql[close]))
        {
            close++;
        }
        bool isQuote = close < sql.Length && sql[close] == '$' && (close == i + 1 || !char.IsAsciiDigit(sql[i + 1]));
        return isQuote ? EndOf(sql, sql[i..(close + 1)], close + 1) : i + 1;
    }

    private static int EndOf(string sql, string end, int from)
    {
        int at = sql.IndexOf(end, from, StringComparison.Ordinal);
        return at < 0 ? sql.Length : at + end.Length;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';
}
