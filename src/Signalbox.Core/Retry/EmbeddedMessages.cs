namespace Signalbox.Core.Retry;

/// <summary>What the messages of SQLite and of DuckDB, which have no SQLSTATE, say of a failure.</summary>
internal static class EmbeddedMessages
{
    private static readonly (string Text, string Rule, FailureClass Class)[] Known =
    [
        ("no such table: ", "SQLite no such table", FailureClass.Schema),
        ("no such column: ", "SQLite no such column", FailureClass.Schema),
        (" has no column named ", "SQLite no such column", FailureClass.Schema),
        (" constraint failed: ", "SQLite constraint failed", FailureClass.Validation),
        ("database is locked", "SQLite database is locked", FailureClass.Transient),
        ("Catalog Error: ", "DuckDB Catalog Error", FailureClass.Schema),
        ("Binder Error: ", "DuckDB Binder Error", FailureClass.Schema),
        ("Constraint Error: ", "DuckDB Constraint Error", FailureClass.Validation),
        ("Conversion Error: ", "DuckDB Conversion Error", FailureClass.Validation),
        ("Parser Error: ", "DuckDB Parser Error", FailureClass.Permanent),
        ("Out of Memory Error: ", "DuckDB Out of Memory Error", FailureClass.Oom),
    ];

    /// <summary>The message among them that stands last in the lines, and its class; null when there is none.</summary>
    public static (string Rule, FailureClass Class)? In(string lines)
    {
        var last = -1;
        (string, FailureClass)? found = null;
        foreach (var (text, rule, kind) in Known)
        {
            var at = lines.LastIndexOf(text, StringComparison.Ordinal);
            if (at > last)
            {
                (last, found) = (at, (rule, kind));
            }
        }

        return found;
    }
}
