using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Signalbox.Engine.Logs;

/// <summary>The part of a log that is no longer kept, because a log has a greatest size: its beginning and its end are.</summary>
/// <remarks>
/// The process writes into the file itself and is not to be held up, so the file grows on and its middle is given back to the disk: positions
/// in the file stay what they are. Which part it is stands in a file beside it before it is given back, with the inode that is meant: when the
/// log is written anew without the hole at the end of the attempt, whoever still reads the old one knows where its hole is.
/// </remarks>
/// <param name="From">The first byte in the file that is gone.</param>
/// <param name="To">The first byte behind that is there again.</param>
public sealed partial record LogCut(long From, long To)
{
    private const string Suffix = ".cut";
    private const int LineWindow = 64 * 1024;

    /// <summary>Whether something is, or was, cut out of a log.</summary>
    public static bool IsNotedFor(string path) => File.Exists(path + Suffix);

    /// <summary>What stands in place of what is gone.</summary>
    public byte[] Marker =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n[... {To - From} bytes were cut here ...]\n"));

    /// <summary>What is gone of a log that is open; null when nothing is.</summary>
    public static LogCut? Of(string path, SafeFileHandle log)
    {
        if (!IsNotedFor(path))
        {
            return null;
        }

        var words = File.ReadAllText(path + Suffix).Split(' ', StringSplitOptions.TrimEntries);
        // A power cut may have left it empty.
        return
            words.Length == 3
            && ulong.TryParse(words[0], CultureInfo.InvariantCulture, out var inode)
            && inode == InodeOf(log)
            && long.TryParse(words[1], CultureInfo.InvariantCulture, out var from)
            && long.TryParse(words[2], CultureInfo.InvariantCulture, out var to)
            ? new LogCut(from, to)
            : null;
    }

    /// <summary>Gives back the middle of a log that has more bytes than it may: three quarters of them are left. No log is no mistake.</summary>
    /// <returns>Whether there was something to give back.</returns>
    /// <exception cref="IOException">Which part it is cannot be written down; the log is as it was.</exception>
    public static bool Keep(string path, long most)
    {
        // Most logs are small: one look is enough. What is no file, such as a pipe, has no length.
        if (new FileInfo(path) is not { Exists: true } there || there.Length <= most)
        {
            return false;
        }

        using var log = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var (length, before) = (RandomAccess.GetLength(log), Of(path, log));
        if (length - (before is null ? 0 : before.To - before.From) <= most)
        {
            return false;
        }

        var cut = new LogCut(before?.From ?? most / 2, AfterLine(log, length - most / 4));
        var temporary = path + Suffix + ".new";
        File.WriteAllText(temporary, string.Create(CultureInfo.InvariantCulture, $"{InodeOf(log)} {cut.From} {cut.To}\n"));
        File.Move(temporary, path + Suffix, overwrite: true);
        // Where the file system cannot do it (NFS), the disk gets its space back at the end of the attempt.
        _ = FileAllocate(log, PunchHole | KeepSize, cut.From, cut.To - cut.From);
        return true;
    }

    /// <summary>The inode of a file that is open.</summary>
    internal static unsafe ulong InodeOf(SafeFileHandle file)
    {
        var buffer = stackalloc byte[SizeOfStatx];
        return Statx(file, "", EmptyPath, WantInode, buffer) == 0
            ? BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(buffer + InodeOffset, sizeof(ulong)))
            : throw new IOException($"A log cannot be looked at: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    /// <summary>Behind the next line break, where one is near: what is left begins with a whole line.</summary>
    private static long AfterLine(SafeFileHandle log, long at)
    {
        var window = ArrayPool<byte>.Shared.Rent(LineWindow);
        var length = RandomAccess.Read(log, window.AsSpan(0, LineWindow), at);
        var found = window.AsSpan(0, length).IndexOf((byte)'\n');
        ArrayPool<byte>.Shared.Return(window);
        return at + found + 1;
    }

    private const int EmptyPath = 0x1000;
    private const uint WantInode = 0x100;
    private const int SizeOfStatx = 256;
    private const int InodeOffset = 32;
    private const int KeepSize = 1;
    private const int PunchHole = 2;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int Statx(SafeFileHandle file, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FileAllocate(SafeFileHandle file, int mode, long from, long count);
}
