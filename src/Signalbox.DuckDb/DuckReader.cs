using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Signalbox.DuckDb.Interop;

namespace Signalbox.DuckDb;

/// <summary>
/// Reads a result row by row (<see cref="Read"/>), or a chunk of up to 2,048 rows at a time (<see cref="ReadChunk"/>) with the columns as spans.
/// </summary>
/// <remarks>
/// The typed getters convert between numbers where nothing is lost and throw <see cref="DuckException"/> where a value does not fit or is of
/// another kind. Columns without a .NET form are text (<see cref="DuckColumn.ReadAsText"/>). Getters must not be called on a null: ask
/// <see cref="IsNull(int)"/> first.
/// </remarks>
public sealed unsafe class DuckReader : IDisposable
{
    private readonly ResultHandle result;
    private readonly DuckColumn[] columns;
    private readonly nint[] data;
    private readonly nint[] validity;
    private ChunkHandle? chunk;
    private int row = -1;

    internal DuckReader(ResultHandle result, DuckColumn[] columns)
    {
        this.result = result;
        this.columns = columns;
        data = new nint[columns.Length];
        validity = new nint[columns.Length];
    }

    /// <summary>The columns in order. A statement that gives no rows of its own has DuckDB's one column, <c>Count</c> or <c>Success</c>.</summary>
    public IReadOnlyList<DuckColumn> Columns => columns;

    /// <summary>Rows of the current chunk; 0 before the first and after the last.</summary>
    public int ChunkRows { get; private set; }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False after the last.</returns>
    public bool Read() => ++row < ChunkRows || (ReadChunk() && ++row < ChunkRows);

    /// <summary>Goes to the next chunk, before its first row.</summary>
    /// <returns>False after the last.</returns>
    public bool ReadChunk()
    {
        row = -1;
        ChunkRows = 0;
        chunk?.Dispose();
        ObjectDisposedException.ThrowIf(result.IsClosed, this);
        chunk = NativeMethods.duckdb_fetch_chunk(result.Value);
        if (chunk.IsInvalid)
        {
            // Where rows come while they are made, an error in the midst of them looks like their end.
            return Marshal.PtrToStringUTF8(NativeMethods.duckdb_result_error(result)) is { Length: > 0 } error
                ? throw new DuckException(error)
                : false;
        }
        ChunkRows = (int)NativeMethods.duckdb_data_chunk_get_size(chunk);
        for (int i = 0; i < columns.Length; i++)
        {
            nint vector = NativeMethods.duckdb_data_chunk_get_vector(chunk, (ulong)i);
            data[i] = (nint)NativeMethods.duckdb_vector_get_data(vector);
            validity[i] = (nint)NativeMethods.duckdb_vector_get_validity(vector);
        }
        return ChunkRows > 0;
    }

    /// <summary>The stored values of a column in the current chunk; what stands at a null is undefined (<see cref="IsNull(int, int)"/>).</summary>
    /// <typeparam name="T">The stored form: e.g. long for BIGINT, double for DOUBLE, int (days since 1970) for DATE, long (microseconds) for TIMESTAMP.</typeparam>
    /// <exception cref="DuckException">The column is stored in another size.</exception>
    public ReadOnlySpan<T> Values<T>(int column)
        where T : unmanaged
    {
        CheckColumn(column);
        return StoredSize(columns[column]) == sizeof(T)
            ? new ReadOnlySpan<T>((void*)data[column], ChunkRows)
            : throw WrongType(column, typeof(T).Name);
    }

    /// <summary>
    /// A text (UTF-8) or a blob in a row of the current chunk that is not null. Valid until the next chunk.
    /// </summary>
    /// <exception cref="DuckException">The column is neither.</exception>
    public ReadOnlySpan<byte> Bytes(int column, int rowOfChunk)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rowOfChunk, (uint)ChunkRows);
        return columns[CheckColumn(column)].Type is DuckType.Varchar or DuckType.Blob
            ? Text((byte*)data[column] + ((nint)rowOfChunk * 16))
            : throw WrongType(column, "bytes");
    }

    /// <summary>The digits of a decimal, or an integer, in a row of the current chunk that is not null: <see cref="DuckColumn.Scale"/> of them stand behind the point.</summary>
    public Int128 Unscaled(int column, int rowOfChunk)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rowOfChunk, (uint)ChunkRows);
        (int before, row) = (row, rowOfChunk);
        try
        {
            return columns[CheckColumn(column)].Type == DuckType.Decimal ? Unscaled(column) : Integer(column);
        }
        finally
        {
            row = before;
        }
    }

    /// <summary>Whether the value in a row of the current chunk is null.</summary>
    public bool IsNull(int column, int rowOfChunk)
    {
        CheckColumn(column);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)rowOfChunk, (uint)ChunkRows);
        ulong* bits = (ulong*)validity[column];
        return columns[column].Type == DuckType.SqlNull || (bits is not null && (bits[rowOfChunk >> 6] & (1UL << (rowOfChunk & 63))) == 0);
    }

    /// <summary>Whether the value in the current row is null.</summary>
    public bool IsNull(int column) => IsNull(column, row);

    public bool GetBoolean(int column) => *(byte*)Cell(column, DuckType.Boolean, 1) != 0;

    /// <summary>An integer column, or a decimal one without digits behind the point.</summary>
    public int GetInt32(int column) => DuckValues.Checked<int>(Integer(column));

    /// <inheritdoc cref="GetInt32"/>
    public long GetInt64(int column) => DuckValues.Checked<long>(Integer(column));

    /// <inheritdoc cref="GetInt32"/>
    public Int128 GetInt128(int column) => Integer(column);

    /// <summary>Any number.</summary>
    public double GetDouble(int column) =>
        columns[CheckColumn(column)].Type switch
        {
            DuckType.Double => *(double*)Cell(column, DuckType.Double, sizeof(double)),
            DuckType.Float => *(float*)Cell(column, DuckType.Float, sizeof(float)),
            DuckType.Decimal => double.Parse(GetString(column)),
            _ => (double)Integer(column),
        };

    /// <summary>An integer or decimal column.</summary>
    public decimal GetDecimal(int column) =>
        columns[CheckColumn(column)].Type == DuckType.Decimal
            ? DuckValues.Decimal(Unscaled(column), columns[column].Scale)
            : DuckValues.Checked<decimal>(Integer(column));

    public DateOnly GetDate(int column) => DuckValues.Date(*(int*)Cell(column, DuckType.Date, sizeof(int)));

    public TimeOnly GetTime(int column) =>
        new(*(long*)Cell(column, DuckType.Time, sizeof(long)) * TimeSpan.TicksPerMicrosecond % TimeSpan.TicksPerDay);

    /// <summary>
    /// A timestamp, exact to 100 ns (below that it is rounded down): of kind UTC for TIMESTAMP WITH TIME ZONE, else unspecified. A DATE is its midnight.
    /// </summary>
    public DateTime GetDateTime(int column)
    {
        DuckType type = columns[CheckColumn(column)].Type;
        (long factor, DateTimeKind kind) = type switch
        {
            DuckType.Timestamp => (1_000L, DateTimeKind.Unspecified),
            DuckType.TimestampTz => (1_000L, DateTimeKind.Utc),
            DuckType.TimestampS => (1_000_000_000L, DateTimeKind.Unspecified),
            DuckType.TimestampMs => (1_000_000L, DateTimeKind.Unspecified),
            DuckType.TimestampNs => (1L, DateTimeKind.Unspecified),
            DuckType.Date => (0L, DateTimeKind.Unspecified),
            _ => throw WrongType(column, "timestamp"),
        };
        return factor == 0
            ? GetDate(column).ToDateTime(TimeOnly.MinValue)
            : DuckValues.Timestamp((Int128)(*(long*)Cell(column, type, sizeof(long))) * factor, kind);
    }

    public byte[] GetBytes(int column) => Bytes(column, DuckType.Blob).ToArray();

    /// <summary>Any column as text: numbers as DuckDB writes them, dates as ISO 8601 with a blank before the time, blobs in hexadecimal.</summary>
    public string GetString(int column)
    {
        DuckColumn of = columns[CheckColumn(column)];
        return of.Type switch
        {
            DuckType.Varchar => Encoding.UTF8.GetString(Bytes(column, DuckType.Varchar)),
            DuckType.Decimal => DuckValues.DecimalText(Unscaled(column), of.Scale),
            DuckType.Boolean => GetBoolean(column) ? "true" : "false",
            DuckType.UHugeInt => (*(UInt128*)Cell(column, DuckType.UHugeInt, sizeof(UInt128))).ToString(),
            DuckType.Blob => Convert.ToHexStringLower(Bytes(column, DuckType.Blob)),
            DuckType.Date => Infinity(*(int*)Cell(column, DuckType.Date, sizeof(int)), int.MaxValue)
                ?? GetDate(column).ToString("yyyy-MM-dd"),
            DuckType.Time => GetTime(column).ToString("HH:mm:ss.FFFFFF"),
            DuckType.TimestampTz => Infinity(*(long*)Cell(column, of.Type, sizeof(long)), long.MaxValue)
                ?? GetDateTime(column).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF'Z'"),
            DuckType.Timestamp or DuckType.TimestampS or DuckType.TimestampMs or DuckType.TimestampNs => Infinity(
                *(long*)Cell(column, of.Type, sizeof(long)),
                long.MaxValue
            ) ?? GetDateTime(column).ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF"),
            DuckType.Float => (*(float*)Cell(column, DuckType.Float, sizeof(float))).ToString(),
            DuckType.Double => GetDouble(column).ToString(),
            _ => Integer(column).ToString(),
        };
    }

    /// <summary>
    /// The value as bool, long, <see cref="Int128"/> (HUGEINT, UBIGINT), double, decimal (text where it has more than 28 digits), string,
    /// <see cref="DateOnly"/>, <see cref="TimeOnly"/>, <see cref="DateTime"/>, byte[]; or null.
    /// </summary>
    public object? GetValue(int column)
    {
        if (IsNull(column))
        {
            return null;
        }
        switch (columns[column].Type)
        {
            case DuckType.Boolean:
                return GetBoolean(column);
            case DuckType.UBigInt or DuckType.HugeInt:
                return GetInt128(column);
            case DuckType.Float or DuckType.Double:
                return GetDouble(column);
            case DuckType.Decimal:
                Int128 unscaled = Unscaled(column);
                return Int128.Abs(unscaled) < DecimalLimit && columns[column].Scale <= 28 ? GetDecimal(column) : GetString(column);
            case DuckType.Varchar or DuckType.UHugeInt:
                return GetString(column);
            case DuckType.Blob:
                return GetBytes(column);
            case DuckType.Date:
                return GetDate(column);
            case DuckType.Time:
                return GetTime(column);
            case DuckType.Timestamp or DuckType.TimestampS or DuckType.TimestampMs or DuckType.TimestampNs or DuckType.TimestampTz:
                return GetDateTime(column);
            default:
                return GetInt64(column);
        }
    }

    public void Dispose()
    {
        ChunkRows = 0;
        chunk?.Dispose();
        result.Dispose();
    }

    private static readonly Int128 DecimalLimit = Int128.One << 96;

    // DuckDB's infinities are the largest number of the stored form and its negative.
    private static string? Infinity(long value, long limit) =>
        value == limit ? "infinity"
        : value == -limit ? "-infinity"
        : null;

    private static int StoredSize(DuckColumn column) =>
        column.Type switch
        {
            DuckType.Boolean or DuckType.TinyInt or DuckType.UTinyInt => 1,
            DuckType.SmallInt or DuckType.USmallInt => 2,
            DuckType.Integer or DuckType.UInteger or DuckType.Float or DuckType.Date => 4,
            DuckType.HugeInt or DuckType.UHugeInt or DuckType.Varchar or DuckType.Blob or DuckType.Interval => 16,
            DuckType.Decimal => DecimalSize(column),
            DuckType.SqlNull => 0,
            _ => 8,
        };

    // DuckDB stores a decimal in the smallest integer that holds its width; the width stands in the type's name.
    private static int DecimalSize(DuckColumn column) =>
        int.Parse(column.TypeName.AsSpan(8, column.TypeName.IndexOf(',') - 8)) switch
        {
            <= 4 => 2,
            <= 9 => 4,
            <= 18 => 8,
            _ => 16,
        };

    private Int128 Integer(int column)
    {
        DuckColumn of = columns[CheckColumn(column)];
        byte* cell = Cell(column, of.Type, StoredSize(of));
        return of.Type switch
        {
            DuckType.TinyInt => *(sbyte*)cell,
            DuckType.SmallInt => *(short*)cell,
            DuckType.Integer => *(int*)cell,
            DuckType.BigInt => *(long*)cell,
            DuckType.UTinyInt => *cell,
            DuckType.USmallInt => *(ushort*)cell,
            DuckType.UInteger => *(uint*)cell,
            DuckType.UBigInt => *(ulong*)cell,
            DuckType.HugeInt => *(Int128*)cell,
            DuckType.Decimal when of.Scale == 0 => Unscaled(column),
            _ => throw WrongType(column, "integer"),
        };
    }

    private Int128 Unscaled(int column)
    {
        int size = StoredSize(columns[column]);
        byte* cell = Cell(column, DuckType.Decimal, size);
        return size switch
        {
            2 => *(short*)cell,
            4 => *(int*)cell,
            8 => *(long*)cell,
            _ => *(Int128*)cell,
        };
    }

    // duckdb_string_t: a length, then up to 12 bytes in place, or four bytes of them and a pointer to the whole.
    private ReadOnlySpan<byte> Bytes(int column, DuckType type) => Text(Cell(column, type, 16));

    private static ReadOnlySpan<byte> Text(byte* cell)
    {
        int length = *(int*)cell;
        return new ReadOnlySpan<byte>(length <= 12 ? cell + 4 : *(byte**)(cell + 8), length);
    }

    private byte* Cell(int column, DuckType type, int size)
    {
        if (columns[CheckColumn(column)].Type != type)
        {
            throw WrongType(column, type.ToString());
        }
        return IsNull(column)
            ? throw new DuckException($"the value of column '{columns[column].Name}' is null; ask IsNull before reading it")
            : (byte*)data[column] + ((nint)row * size);
    }

    private int CheckColumn(int column, [CallerArgumentExpression(nameof(column))] string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)columns.Length, name);
        return column;
    }

    private DuckException WrongType(int column, string wanted) =>
        new($"column '{columns[column].Name}' is {columns[column].TypeName} and cannot be read as {wanted}");
}
