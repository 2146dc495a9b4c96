using System.Buffers.Binary;
using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace Signalbox.Engine.Processes;

/// <summary>
/// Tells files from what only stands where a file could: a pipe or a device has no content of its own, and opening a pipe that nobody
/// writes to waits for ever.
/// </summary>
internal static unsafe partial class FileKinds
{
    private const int AtCurrentDirectory = -100;
    private const uint WantType = 1;
    private const int SizeOfStatx = 256;
    private const int ModeOffset = 28;

    /// <summary>What stands there instead of a file or a folder, e.g. <c>a named pipe</c>; null for those two, and where there is nothing.</summary>
    public static string? Special(string path)
    {
        var buffer = stackalloc byte[SizeOfStatx];
        if (Statx(AtCurrentDirectory, path, 0, WantType, buffer) != 0)
        {
            return null;
        }

        return (BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(buffer + ModeOffset, sizeof(ushort))) & 0xF000) switch
        {
            0x1000 => "a named pipe",
            0x2000 or 0x6000 => "a device",
            0xC000 => "a socket",
            _ => null,
        };
    }

    /// <summary>The first thing in a folder, or below it, that is neither a file, a folder nor a link; null when there is none.</summary>
    public static (string Path, string Kind)? FirstSpecialIn(string folder)
    {
        var entries = new FileSystemEnumerable<string>(
            folder,
            (ref FileSystemEntry entry) => entry.ToFullPath(),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }
        )
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && !IsLink(ref entry),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry),
        };
        foreach (var path in entries)
        {
            if (Special(path) is { } kind)
            {
                return (path, kind);
            }
        }

        return null;
    }

    private static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);

    // Unlike struct stat, struct statx is the same on every architecture.
    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* result);
}
