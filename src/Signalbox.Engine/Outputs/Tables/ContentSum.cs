using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace Signalbox.Engine.Outputs.Tables;

/// <summary>The SHA-256 of rows that have no order: the same rows in another order are the same content.</summary>
/// <remarks>
/// A table has no order, and readers with several threads give the same file's rows in another one each time; sorting a million rows first would cost
/// more than to copy them. So each row is hashed alone, the hashes are added as four numbers of 64 bits, and columns, count and sums are hashed. Sums
/// and not exclusive or, under which a row that is there twice would be a row that is not there. Rows are added by several threads at once.
/// </remarks>
internal sealed class ContentSum
{
    private const int Words = 4;
    private readonly Lock _door = new();
    private readonly ulong[] _sums = new ulong[Words];

    public long Rows { get; private set; }

    /// <summary>Adds rows that lie behind each other.</summary>
    /// <param name="ends">Where each row ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<byte> rows, ReadOnlySpan<int> ends)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<ulong> sums = stackalloc ulong[Words];
        sums.Clear();
        var start = 0;
        foreach (var end in ends)
        {
            SHA256.HashData(rows[start..end], hash);
            for (var word = 0; word < Words; word++)
            {
                sums[word] += BinaryPrimitives.ReadUInt64LittleEndian(hash[(word * 8)..]);
            }

            start = end;
        }

        lock (_door)
        {
            Rows += ends.Length;
            for (var word = 0; word < Words; word++)
            {
                _sums[word] += sums[word];
            }
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
        foreach (var sum in _sums)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(number, sum);
            whole.AppendData(number);
        }

        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }
}
