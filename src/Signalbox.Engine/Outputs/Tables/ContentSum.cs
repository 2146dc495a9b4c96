using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>The SHA-256 of rows that have no order: the same rows in another order are the same content.</summary>
/// <remarks>
/// A table has no order, and readers with several threads give the same file's rows in another one each time; sorting a million rows first would cost
/// more than to copy them. So each row has a number of 128 bits, the numbers are added, and SHA-256 is taken of columns, count and sums. Sums and not
/// exclusive or, under which a row that is there twice would be a row that is not there. The number of a row is made by multiplying and folding (as
/// wyhash does) and not by SHA-256, which took a third of the time of a load: it tells versions apart, it keeps no forger out. Rows are added by several
/// threads at once.
/// </remarks>
internal sealed class ContentSum
{
    // Odd numbers without a pattern: the fractions of the square roots of 2, 3, 5 and 7.
    private const ulong First = 0x6a09e667f3bcc909;
    private const ulong Second = 0xbb67ae8584caa73b;
    private const ulong Third = 0x3c6ef372fe94f82b;
    private const ulong Fourth = 0xa54ff53a5f1d36f1;
    private const int Step = 16;

    private readonly Lock _door = new();
    private ulong _one;
    private ulong _other;

    public long Rows { get; private set; }

    /// <summary>Adds rows that lie behind each other.</summary>
    /// <param name="ends">Where each row ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> rows, ReadOnlySpan<int> ends)
    {
        Span<byte> rest = stackalloc byte[Step];
        var (sum, otherSum) = (0UL, 0UL);
        var start = 0;
        foreach (var end in ends)
        {
            var row = rows[start..end];
            var (one, other) = (First ^ (ulong)row.Length, Second);
            while (row.Length >= Step)
            {
                Mix(row, ref one, ref other);
                row = row[Step..];
            }

            rest.Clear();
            row.CopyTo(rest);
            Mix(rest, ref one, ref other);
            sum += Fold(one ^ Third, other ^ Fourth);
            otherSum += Fold(other ^ First, one ^ Third);
            start = end;
        }

        lock (_door)
        {
            Rows += ends.Length;
            _one += sum;
            _other += otherSum;
        }
    }

    /// <summary>Lower-case hex.</summary>
    public string Sha256(IReadOnlyList<LoadColumn> columns)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[8];
        foreach (var column in columns)
        {
            whole.AppendData(Encoding.UTF8.GetBytes($"{column.Name}\0{column.DuckType}\0"));
        }

        BinaryPrimitives.WriteInt64LittleEndian(number, Rows);
        whole.AppendData(number);
        BinaryPrimitives.WriteUInt64LittleEndian(number, _one);
        whole.AppendData(number);
        BinaryPrimitives.WriteUInt64LittleEndian(number, _other);
        whole.AppendData(number);
        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ReadOnlySpan<byte> bytes, ref ulong one, ref ulong other)
    {
        var low = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var high = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        one = Fold(one ^ low, high ^ Third);
        other = Fold(other ^ high, low ^ Fourth);
    }

    /// <summary>Both halves of the product, one over the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
