using System.Text.Json.Nodes;

namespace Signalbox.DuckDb.Work;

/// <summary>A few rows of a query as JSON objects, for people to look at.</summary>
internal static class SampleRows
{
    /// <summary>Rows that are shown at most.</summary>
    internal const int Most = 10;

    private const int LongestText = 200;

    internal static IReadOnlyList<JsonObject> Read(DuckConnection connection, string sql, int most = Most)
    {
        var rows = new List<JsonObject>();
        using DuckReader reader = connection.Query(sql);
        while (reader.Read() && rows.Count < most)
        {
            var row = new JsonObject();
            for (int i = 0; i < reader.Columns.Count; i++)
            {
                string name = reader.Columns[i].Name;
                for (int again = 2; row.ContainsKey(name); again++)
                {
                    name = $"{reader.Columns[i].Name}_{again}";
                }
                row[name] = Value(reader, i);
            }
            rows.Add(row);
        }
        return rows;
    }

    internal static string Cut(string text)
    {
        if (text.Length <= LongestText)
        {
            return text;
        }
        // Never between the halves of a surrogate pair, which would not be text.
        int length = char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText;
        return text[..length] + "…";
    }

    private static JsonValue? Value(DuckReader reader, int column)
    {
        if (reader.IsNull(column))
        {
            return null;
        }
        DuckType type = reader.Columns[column].Type;
        if (
            type
            is DuckType.Date
                or DuckType.Timestamp
                or DuckType.TimestampS
                or DuckType.TimestampMs
                or DuckType.TimestampNs
                or DuckType.TimestampTz
        )
        {
            return JsonValue.Create(reader.GetString(column));
        }
        return reader.GetValue(column) switch
        {
            bool value => JsonValue.Create(value),
            long value => JsonValue.Create(value),
            decimal value => JsonValue.Create(value),
            // JSON has no NaN and no infinity.
            double value when double.IsFinite(value) => JsonValue.Create(value),
            Int128 value when value >= long.MinValue && value <= long.MaxValue => JsonValue.Create((long)value),
            _ => JsonValue.Create(Cut(reader.GetString(column))),
        };
    }
}
