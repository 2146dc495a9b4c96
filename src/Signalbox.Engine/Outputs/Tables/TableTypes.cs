namespace Signalbox.Engine.Outputs.Tables;

/// <summary>How the cells of a column are encoded for <c>COPY</c>, bound for SQLite, and hashed.</summary>
internal enum CellKind
{
    Boolean,
    Int16,
    Int32,
    Int64,
    Float,
    Double,
    Numeric,
    Text,
    Json,
    Uuid,
    Blob,
    Date,
    Time,
    Timestamp,
}

/// <summary>A column on its way into a table.</summary>
/// <param name="DuckType">As DuckDB spells it.</param>
/// <param name="SqlType">The type that the target's database gives a new column for it.</param>
internal sealed record LoadColumn(string Name, string DuckType, string SqlType);

/// <summary>Which type of a database holds the values of which type of DuckDB, with nothing lost.</summary>
/// <remarks>
/// What has no type of its own there is text; lists, structs and maps are JSON. Nanoseconds are cut to PostgreSQL's microseconds. SQLite has five
/// storage classes and no types: times are ISO 8601 texts in UTC, decimals are numbers of at most 15 digits (more are refused, because SQLite would
/// make the nearest floating-point number of them).
/// </remarks>
internal static class TableTypes
{
    /// <summary>The type of a new column, how its cells are encoded, and the expression that gives DuckDB's values in that form.</summary>
    /// <param name="value">The column in an SQL expression.</param>
    public static (string SqlType, CellKind Kind, string Expression) Of(string duckType, DatabaseKind kind, string value)
    {
        var type =
            duckType.StartsWith("DECIMAL(", StringComparison.Ordinal) ? "DECIMAL"
            : duckType.EndsWith(']')
            || duckType.StartsWith("STRUCT(", StringComparison.Ordinal)
            || duckType.StartsWith("MAP(", StringComparison.Ordinal)
            || duckType.StartsWith("UNION(", StringComparison.Ordinal)
                ? "NESTED"
            : duckType;
        return kind == DatabaseKind.Sqlite ? OfSqlite(type, value) : OfPostgres(type, duckType, value);
    }

    private static (string, CellKind, string) OfPostgres(string type, string duckType, string value) =>
        type switch
        {
            "BOOLEAN" => ("boolean", CellKind.Boolean, value),
            "TINYINT" or "UTINYINT" => ("smallint", CellKind.Int16, $"{value}::smallint"),
            "SMALLINT" => ("smallint", CellKind.Int16, value),
            "USMALLINT" => ("integer", CellKind.Int32, $"{value}::integer"),
            "INTEGER" => ("integer", CellKind.Int32, value),
            "UINTEGER" => ("bigint", CellKind.Int64, $"{value}::bigint"),
            "BIGINT" => ("bigint", CellKind.Int64, value),
            "UBIGINT" => ("numeric(20,0)", CellKind.Numeric, $"{value}::decimal(20,0)"),
            "HUGEINT" or "UHUGEINT" => ("numeric(38,0)", CellKind.Numeric, $"{value}::decimal(38,0)"),
            "DECIMAL" => ($"numeric{duckType["DECIMAL".Length..]}", CellKind.Numeric, value),
            "FLOAT" => ("real", CellKind.Float, value),
            "DOUBLE" => ("double precision", CellKind.Double, value),
            "DATE" => ("date", CellKind.Date, value),
            "TIME" => ("time", CellKind.Time, value),
            "TIME_NS" => ("time", CellKind.Time, $"{value}::time"),
            "TIMESTAMP" => ("timestamp", CellKind.Timestamp, value),
            "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" => ("timestamp", CellKind.Timestamp, $"{value}::timestamp"),
            "TIMESTAMP WITH TIME ZONE" => ("timestamp with time zone", CellKind.Timestamp, value),
            "BLOB" => ("bytea", CellKind.Blob, value),
            "UUID" => ("uuid", CellKind.Uuid, $"{value}::varchar"),
            "JSON" => ("jsonb", CellKind.Json, $"{value}::varchar"),
            "NESTED" => ("jsonb", CellKind.Json, $"to_json({value})::varchar"),
            "VARCHAR" => ("text", CellKind.Text, value),
            _ => ("text", CellKind.Text, $"{value}::varchar"),
        };

    private static (string, CellKind, string) OfSqlite(string type, string value) =>
        type switch
        {
            "BOOLEAN" => ("boolean", CellKind.Boolean, value),
            "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" => (
                "integer",
                CellKind.Int64,
                $"{value}::bigint"
            ),
            "DECIMAL" => ("numeric", CellKind.Numeric, value),
            "UBIGINT" => ("integer", CellKind.Numeric, $"{value}::decimal(20,0)"),
            "HUGEINT" or "UHUGEINT" => ("integer", CellKind.Numeric, $"{value}::decimal(38,0)"),
            "FLOAT" or "DOUBLE" => ("real", CellKind.Double, $"{value}::double"),
            "DATE" => ("date", CellKind.Text, $"{value}::varchar"),
            "TIME" => ("time", CellKind.Text, $"{value}::varchar"),
            "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" or "TIMESTAMP WITH TIME ZONE" => (
                "timestamp",
                CellKind.Text,
                $"{value}::varchar"
            ),
            "BLOB" => ("blob", CellKind.Blob, value),
            "NESTED" => ("text", CellKind.Text, $"to_json({value})::varchar"),
            "VARCHAR" => ("text", CellKind.Text, value),
            _ => ("text", CellKind.Text, $"{value}::varchar"),
        };
}
