using System.Text;

namespace Signalbox.Core.Expressions;

/// <summary>
/// Values as SQL literals of the standard, which DuckDB, PostgreSQL (with its default standard_conforming_strings) and SQLite read alike:
/// in <c>'...'</c> the quote is the only character with a meaning, and it is doubled.
/// </summary>
internal static class SqlText
{
    /// <summary>The literal; on failure says why there is none.</summary>
    public static string? Literal(Value value, out string sql)
    {
        sql = "";
        switch (value)
        {
            case Value.Null:
                sql = "NULL";
                return null;
            case Value.Bool flag:
                sql = flag.Is ? "TRUE" : "FALSE";
                return null;
            case Value.Integer or Value.Number:
                var number = ValueText.Scalar(value);
                if (value is Value.Number { Amount: var amount } && !double.IsFinite(amount))
                {
                    return "this number is not finite, so SQL has no literal for it";
                }

                // In parentheses a negative number cannot make a comment out of a minus in front of it.
                sql = number[0] == '-' ? $"({number})" : number;
                return null;
            case Value.Text text:
                return Quoted(text.Content, out sql);
            case Value.Date:
                sql = $"DATE '{ValueText.Scalar(value)}'";
                return null;
            case Value.Instant:
                sql = $"TIMESTAMPTZ '{ValueText.Scalar(value)}'";
                return null;
            case Value.Duration duration:
                sql = $"INTERVAL '{ValueText.Number(duration.Span.TotalSeconds)} seconds'";
                return null;
            case Value.Map:
                return Quoted(value.ToJson(), out sql);
            case Value.List list:
                return List(list, out sql);
            default:
                return $"{value.Kind} has no SQL literal";
        }
    }

    /// <summary>A name in double quotes; points separate schema and table.</summary>
    public static string? Identifier(string name, out string sql)
    {
        sql = "";
        if (name.Length == 0 || name.Contains('\0'))
        {
            return name.Length == 0 ? "an SQL name cannot be empty" : "an SQL name cannot hold the character NUL";
        }

        sql = string.Join('.', name.Split('.').Select(static part => "\"" + part.Replace("\"", "\"\"") + "\""));
        return null;
    }

    private static string? Quoted(string text, out string sql)
    {
        sql = "";
        if (text.Contains('\0'))
        {
            return "this text holds the character NUL, which SQL text cannot hold";
        }

        sql = "'" + text.Replace("'", "''") + "'";
        return null;
    }

    private static string? List(Value.List list, out string sql)
    {
        sql = "";
        if (list.Items.Length == 0)
        {
            // `x in (NULL)` is never true, as it should be for no items at all.
            sql = "NULL";
            return null;
        }

        var output = new StringBuilder();
        foreach (var item in list.Items)
        {
            if (Literal(item is Value.List ? new Value.Text(item.ToJson()) : item, out var literal) is { } problem)
            {
                return problem;
            }

            output.Append(output.Length > 0 ? ", " : "").Append(literal);
            if (output.Length > Template.MaxOutput)
            {
                return Evaluator.TooLong;
            }
        }

        sql = output.ToString();
        return null;
    }
}
