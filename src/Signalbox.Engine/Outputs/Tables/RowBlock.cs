using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Signalbox.DuckDb;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>Rows of one chunk in the form of PostgreSQL's binary <c>COPY</c>, which is also what is hashed of rows that go elsewhere.</summary>
/// <remarks>
/// PostgreSQL, "COPY", Binary Format: per row a 16-bit number of fields, per field a 32-bit length (-1 for null) and that many bytes, all in network
/// byte order; dates and timestamps count from 2000-01-01.
/// </remarks>
internal sealed class RowBlock
{
    private const int EpochDays = 10_957;
    private const long EpochMicroseconds = EpochDays * 86_400_000_000L;

    // Of those that have no length of their own: a decimal of 38 digits, in groups of four.
    private const int LargestCell = 64;

    private byte[] _bytes = new byte[256 * 1024];
    private readonly List<int> _ends = new(2048);
    private int _length;

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    public ReadOnlySpan<int> Ends => CollectionsMarshal.AsSpan(_ends);

    /// <summary>Takes the rows of the reader's current chunk in place of those it held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill(DuckReader reader, ReadOnlySpan<CellKind> kinds)
    {
        _length = 0;
        _ends.Clear();
        var rows = reader.ChunkRows;
        for (var row = 0; row < rows; row++)
        {
            Room(LargestCell);
            BinaryPrimitives.WriteInt16BigEndian(_bytes.AsSpan(_length), (short)kinds.Length);
            _length += 2;
            for (var column = 0; column < kinds.Length; column++)
            {
                Room(LargestCell);
                if (reader.IsNull(column, row))
                {
                    Length(-1);
                }
                else
                {
                    Cell(reader, kinds[column], column, row);
                }
            }

            _ends.Add(_length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Cell(DuckReader reader, CellKind kind, int column, int row)
    {
        switch (kind)
        {
            case CellKind.Boolean:
                Length(1);
                _bytes[_length++] = reader.Values<byte>(column)[row] != 0 ? (byte)1 : (byte)0;
                break;
            case CellKind.Int16:
                Length(2);
                BinaryPrimitives.WriteInt16BigEndian(_bytes.AsSpan(_length), reader.Values<short>(column)[row]);
                _length += 2;
                break;
            case CellKind.Int32:
                Int32(reader.Values<int>(column)[row]);
                break;
            case CellKind.Int64:
            case CellKind.Time:
                Int64(reader.Values<long>(column)[row]);
                break;
            case CellKind.Float:
                Int32(BitConverter.SingleToInt32Bits(reader.Values<float>(column)[row]));
                break;
            case CellKind.Double:
                Int64(BitConverter.DoubleToInt64Bits(reader.Values<double>(column)[row]));
                break;
            case CellKind.Date:
                Int32(Date(reader.Values<int>(column)[row]));
                break;
            case CellKind.Timestamp:
                Int64(Timestamp(reader.Values<long>(column)[row]));
                break;
            case CellKind.Numeric:
                Numeric(reader.Unscaled(column, row), reader.Columns[column].Scale);
                break;
            case CellKind.Json:
                var json = reader.Bytes(column, row);
                Length(json.Length + 1);
                // The version of jsonb's binary form.
                _bytes[_length++] = 1;
                Put(json);
                break;
            case CellKind.Uuid:
                Length(16);
                _ = Guid.Parse(reader.Bytes(column, row)).TryWriteBytes(_bytes.AsSpan(_length), bigEndian: true, out _);
                _length += 16;
                break;
            default:
                var bytes = reader.Bytes(column, row);
                Length(bytes.Length);
                Put(bytes);
                break;
        }
    }

    // The infinities are the largest number and its negative there, the largest and the smallest here.
    private static int Date(int days) =>
        days is int.MaxValue ? days
        : days == -int.MaxValue ? int.MinValue
        : days - EpochDays;

    private static long Timestamp(long microseconds) =>
        microseconds is long.MaxValue ? microseconds
        : microseconds == -long.MaxValue ? long.MinValue
        : microseconds - EpochMicroseconds;

    private void Length(int bytes)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(_length), bytes);
        _length += 4;
    }

    private void Int32(int value)
    {
        Length(4);
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(_length), value);
        _length += 4;
    }

    private void Int64(long value)
    {
        Length(8);
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(_length), value);
        _length += 8;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + bytes));
        }
    }

    /// <summary>Number of digits to the base 10,000, weight of the first, sign, digits behind the point as shown; then the digits.</summary>
    private void Numeric(Int128 unscaled, int scale)
    {
        Span<char> written = stackalloc char[48];
        var magnitude = (UInt128)(unscaled < 0 ? -unscaled : unscaled);
        int count;
        if (magnitude <= ulong.MaxValue)
        {
            _ = ((ulong)magnitude).TryFormat(written, out count);
        }
        else
        {
            _ = magnitude.TryFormat(written, out count);
        }

        // Zeros on both sides, so that the point stands between two groups of four.
        var whole = Math.Max(count - scale, 0);
        var groupsBefore = (whole + 3) / 4;
        var groupsBehind = (scale + 3) / 4;
        Span<char> digits = stackalloc char[(groupsBefore + groupsBehind) * 4];
        digits.Fill('0');
        written[..count].CopyTo(digits[((groupsBefore * 4) + scale - count)..]);

        var first = 0;
        var end = groupsBefore + groupsBehind;
        while (first < end && IsZero(digits, first))
        {
            first++;
        }

        while (end > first && IsZero(digits, end - 1))
        {
            end--;
        }

        var groups = end - first;
        Length(8 + (groups * 2));
        var span = _bytes.AsSpan(_length);
        BinaryPrimitives.WriteInt16BigEndian(span, (short)groups);
        BinaryPrimitives.WriteInt16BigEndian(span[2..], (short)(groups == 0 ? 0 : groupsBefore - 1 - first));
        BinaryPrimitives.WriteUInt16BigEndian(span[4..], unscaled < 0 ? (ushort)0x4000 : (ushort)0);
        BinaryPrimitives.WriteInt16BigEndian(span[6..], (short)scale);
        for (var group = 0; group < groups; group++)
        {
            BinaryPrimitives.WriteInt16BigEndian(span[(8 + (group * 2))..], short.Parse(digits.Slice((first + group) * 4, 4)));
        }

        _length += 8 + (groups * 2);
    }

    private static bool IsZero(ReadOnlySpan<char> digits, int group) => digits.Slice(group * 4, 4).IndexOfAnyExcept('0') < 0;
}
