namespace Signalbox.DuckDb;

/// <summary>The type of a result column. The numbers are those of <c>duckdb_type</c> in DuckDB's C API (duckdb.h, 1.5).</summary>
public enum DuckType
{
    Invalid = 0,
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Timestamp = 12,
    Date = 13,
    Time = 14,
    Interval = 15,
    HugeInt = 16,
    Varchar = 17,
    Blob = 18,
    Decimal = 19,
    TimestampS = 20,
    TimestampMs = 21,
    TimestampNs = 22,
    Enum = 23,
    List = 24,
    Struct = 25,
    Map = 26,
    Uuid = 27,
    Union = 28,
    Bit = 29,
    TimeTz = 30,
    TimestampTz = 31,
    UHugeInt = 32,
    Array = 33,
    SqlNull = 36,
}

/// <summary>A column of a result.</summary>
/// <param name="Name">The name as DuckDB reports it; not necessarily unique in a result.</param>
/// <param name="Type">The type of the values in the reader's vectors; <see cref="DuckType.Varchar"/> where <paramref name="ReadAsText"/>.</param>
/// <param name="TypeName">DuckDB's own spelling of the column's type, e.g. <c>DECIMAL(18,3)</c>; nested types by their kind only, e.g. <c>STRUCT</c>.</param>
/// <param name="Scale">Digits after the point of a <c>DECIMAL</c>; 0 for other types.</param>
/// <param name="ReadAsText">
/// True where the binding has no .NET form for the type (lists, structs, maps, intervals, enums, UUIDs ...) and has DuckDB cast it to text.
/// </param>
public sealed record DuckColumn(string Name, DuckType Type, string TypeName, int Scale, bool ReadAsText);
