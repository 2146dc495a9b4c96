using System.Buffers.Binary;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;

namespace Signalbox.Engine.Outputs;

/// <summary>What was made: SHA-256, bytes and files.</summary>
/// <param name="Sha256">
/// Lower-case hex. Of a file: of its bytes. Of a folder: of, for each file in ordinal order of its relative path, the length of
/// the path and the path in UTF-8, the length of the file, and the file's own hash; so two folders are equal exactly when they
/// hold the same files. A symbolic link is what it says, not where it leads. Empty folders, times and permissions do not count.
/// </param>
public sealed record ContentHash(string Sha256, long Bytes, int Files)
{
    /// <summary>Reads a file or a folder.</summary>
    public static ContentHash Of(string path)
    {
        if (File.Exists(path))
        {
            var (hash, length) = OfFile(path);
            return new ContentHash(Convert.ToHexStringLower(hash), length, 1);
        }

        var names = new FileSystemEnumerable<string>(
            path,
            (ref FileSystemEntry entry) => Path.GetRelativePath(path, entry.ToFullPath()),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }
        )
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry),
        }.ToArray();
        Array.Sort(names, StringComparer.Ordinal);

        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        Span<byte> number = stackalloc byte[8];
        foreach (var name in names)
        {
            var text = Encoding.UTF8.GetBytes(name);
            var file = new FileInfo(Path.Combine(path, name));
            var (hash, length) = file.LinkTarget is { } target ? OfLink(target) : OfFile(file.FullName);
            BinaryPrimitives.WriteInt64BigEndian(number, text.Length);
            whole.AppendData(number);
            whole.AppendData(text);
            BinaryPrimitives.WriteInt64BigEndian(number, length);
            whole.AppendData(number);
            whole.AppendData(hash);
            bytes += length;
        }

        return new ContentHash(Convert.ToHexStringLower(whole.GetHashAndReset()), bytes, names.Length);
    }

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static (byte[] Hash, long Length) OfLink(string target)
    {
        var text = Encoding.UTF8.GetBytes("-> " + target);
        return (SHA256.HashData(text), text.Length);
    }

    private static (byte[] Hash, long Length) OfFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        return (SHA256.HashData(stream), stream.Length);
    }
}
