namespace Signalbox.Core.Checks;

/// <summary>A value is compared with another, as in <c>&gt;= 0.5</c>.</summary>
/// <param name="Operator">How.</param>
/// <param name="Value">A number or a text; a template.</param>
public sealed record ValueComparison(ComparisonOperator Operator, string Value)
{
    // The longer words first: `<=` begins with `<`.
    private static readonly (string Word, ComparisonOperator Operator)[] Words =
    [
        ("<=", ComparisonOperator.AtMost),
        (">=", ComparisonOperator.AtLeast),
        ("!=", ComparisonOperator.NotEqual),
        ("<>", ComparisonOperator.NotEqual),
        ("==", ComparisonOperator.Equal),
        ("<", ComparisonOperator.Less),
        (">", ComparisonOperator.Greater),
        ("=", ComparisonOperator.Equal),
    ];

    /// <summary>The comparison that a text such as <c>&lt;= 100</c> means; null when it means none. Without an operator equality is meant.</summary>
    public static ValueComparison? Parse(string text)
    {
        text = text.Trim();
        foreach (var (word, known) in Words)
        {
            if (text.StartsWith(word, StringComparison.Ordinal))
            {
                var value = text[word.Length..].Trim();
                return value.Length == 0 ? null : new ValueComparison(known, value);
            }
        }

        return text.Length == 0 ? null : new ValueComparison(ComparisonOperator.Equal, text);
    }

    /// <summary>Operator and value, as they are read again.</summary>
    public override string ToString() => $"{WordOf(Operator)} {Value}";

    private static string WordOf(ComparisonOperator value) =>
        value switch
        {
            ComparisonOperator.Equal => "=",
            ComparisonOperator.NotEqual => "!=",
            ComparisonOperator.Less => "<",
            ComparisonOperator.AtMost => "<=",
            ComparisonOperator.Greater => ">",
            ComparisonOperator.AtLeast => ">=",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
}

/// <summary>How two values are compared.</summary>
public enum ComparisonOperator
{
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}
