namespace Signalbox.DuckDb;

/// <summary>Texts and names as DuckDB's SQL takes them.</summary>
public static class SqlQuote
{
    /// <summary>A text: <c>it's</c> becomes <c>'it''s'</c>.</summary>
    public static string Literal(string text) => $"'{text.Replace("'", "''")}'";

    /// <summary>A column's or table's name: <c>a "b"</c> becomes <c>"a ""b"""</c>.</summary>
    public static string Identifier(string name) => $"\"{name.Replace("\"", "\"\"")}\"";

    /// <summary>A path for DuckDB's file functions, in which <c>*</c>, <c>?</c> and <c>[</c> mean themselves.</summary>
    public static string Path(string path) => Literal(path.Replace("[", "[[]").Replace("*", "[*]").Replace("?", "[?]"));
}
