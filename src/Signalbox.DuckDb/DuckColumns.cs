using System.Runtime.InteropServices;
using System.Text;
using Signalbox.DuckDb.Interop;

namespace Signalbox.DuckDb;

/// <summary>Reads the columns of statements and results, and has DuckDB cast those to text for which there is no .NET form.</summary>
internal static unsafe class DuckColumns
{
    private const int SelectStatement = 1;

    internal static bool IsSelect(StatementHandle statement) => NativeMethods.duckdb_prepared_statement_type(statement) == SelectStatement;

    internal static DuckColumn[] Of(ResultHandle result)
    {
        var columns = new DuckColumn[NativeMethods.duckdb_column_count(result)];
        for (int i = 0; i < columns.Length; i++)
        {
            string name = Marshal.PtrToStringUTF8(NativeMethods.duckdb_column_name(result, (ulong)i)) ?? "";
            columns[i] = Column(name, NativeMethods.duckdb_column_logical_type(result, (ulong)i));
        }
        return columns;
    }

    /// <summary>The columns that a select will give, marked where they are to be cast to text; null while DuckDB does not know them yet.</summary>
    internal static DuckColumn[]? Of(StatementHandle statement)
    {
        var columns = new DuckColumn[NativeMethods.duckdb_prepared_statement_column_count(statement)];
        for (int i = 0; i < columns.Length; i++)
        {
            nint name = NativeMethods.duckdb_prepared_statement_column_name(statement, (ulong)i);
            columns[i] = Column(
                Marshal.PtrToStringUTF8(name) ?? "",
                NativeMethods.duckdb_prepared_statement_column_logical_type(statement, (ulong)i)
            );
            NativeMethods.duckdb_free(name);
            if (columns[i].Type == DuckType.Invalid)
            {
                return null;
            }
        }
        return WithText(columns);
    }

    /// <summary>The same columns, those without a .NET form marked as cast to text.</summary>
    internal static DuckColumn[] WithText(DuckColumn[] columns) =>
        Array.ConvertAll(columns, column => HasForm(column.Type) ? column : column with { Type = DuckType.Varchar, ReadAsText = true });

    /// <summary>A select around another that casts some of its columns; columns go by position, since names need not be unique.</summary>
    internal static string CastingSelect(string sql, DuckColumn[] columns)
    {
        var names = string.Join(", ", Enumerable.Range(0, columns.Length).Select(i => $"c{i}"));
        var list = new StringBuilder("select ");
        for (int i = 0; i < columns.Length; i++)
        {
            list.Append(i == 0 ? "" : ", ").Append(columns[i].ReadAsText ? $"c{i}::varchar" : $"c{i}");
        }
        // The line ends keep a comment on the statement's last line from swallowing the parenthesis.
        return list.Append(" from (\n").Append(sql).Append("\n) as t(").Append(names).Append(')').ToString();
    }

    internal static bool HasForm(DuckType type) =>
        type switch
        {
            >= DuckType.Boolean and <= DuckType.Time => true,
            DuckType.HugeInt or DuckType.UHugeInt or DuckType.Varchar or DuckType.Blob or DuckType.Decimal or DuckType.SqlNull => true,
            DuckType.TimestampS or DuckType.TimestampMs or DuckType.TimestampNs or DuckType.TimestampTz => true,
            _ => false,
        };

    private static DuckColumn Column(string name, nint logicalType)
    {
        try
        {
            var type = (DuckType)NativeMethods.duckdb_get_type_id(logicalType);
            if (type != DuckType.Decimal)
            {
                return new DuckColumn(name, type, NameOf(type), 0, ReadAsText: false);
            }
            int width = NativeMethods.duckdb_decimal_width(logicalType);
            int scale = NativeMethods.duckdb_decimal_scale(logicalType);
            return new DuckColumn(name, type, $"DECIMAL({width},{scale})", scale, ReadAsText: false);
        }
        finally
        {
            NativeMethods.duckdb_destroy_logical_type(&logicalType);
        }
    }

    private static string NameOf(DuckType type) =>
        type switch
        {
            DuckType.TimestampS => "TIMESTAMP_S",
            DuckType.TimestampMs => "TIMESTAMP_MS",
            DuckType.TimestampNs => "TIMESTAMP_NS",
            DuckType.TimestampTz => "TIMESTAMP WITH TIME ZONE",
            DuckType.TimeTz => "TIME WITH TIME ZONE",
            DuckType.SqlNull => "\"NULL\"",
            _ => type.ToString().ToUpperInvariant(),
        };
}
