using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Signalbox.Engine.Outputs;

/// <summary>The few file-system calls that publishing rests on and that .NET does not offer: exchange, and making names durable.</summary>
internal static partial class DurableFiles
{
    private const int AtFdCwd = -100;
    private const uint RenameExchange = 2;
    private const int OpenReadOnly = 0;
    private const int OpenDirectory = 0x10000;
    private const int OpenCloseOnExec = 0x80000;
    private const int ErrorNotFound = 2;
    private const int ErrorInvalid = 22;
    private const int ErrorIsDirectory = 21;
    private const int ErrorNotDirectory = 20;
    private const int ErrorNotEmpty = 39;
    private const int ErrorExists = 17;

    /// <summary>Makes <paramref name="staged"/> visible as <paramref name="target"/> in one step, whatever stood there before. What stood there is then at <paramref name="staged"/>, or gone when both were files.</summary>
    /// <exception cref="IOException">The file system refused; nothing has changed.</exception>
    public static void Replace(string staged, string target)
    {
        if (Rename(staged, target) == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error is ErrorIsDirectory or ErrorNotDirectory or ErrorNotEmpty or ErrorExists)
        {
            if (RenameAt2(AtFdCwd, staged, AtFdCwd, target, RenameExchange) == 0)
            {
                return;
            }

            error = Marshal.GetLastPInvokeError();
        }

        throw Failure($"cannot publish to {target}", error);
    }

    /// <summary>
    /// Exchanges two files or folders in one step; when nothing stands at <paramref name="target"/>, moves there in one step. Where the file
    /// system cannot exchange, a file is renamed over the other, which is gone then.
    /// </summary>
    /// <exception cref="IOException">The file system refused; nothing has changed.</exception>
    public static void Swap(string staged, string target)
    {
        if (RenameAt2(AtFdCwd, staged, AtFdCwd, target, RenameExchange) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is not (ErrorNotFound or ErrorInvalid) || Rename(staged, target) != 0)
            {
                throw Failure(
                    $"cannot publish to {target}",
                    error is ErrorNotFound or ErrorInvalid ? Marshal.GetLastPInvokeError() : error
                );
            }
        }
    }

    /// <summary>Forces a file's content to the disk. The file need not be one that may be written.</summary>
    public static void SyncFile(string path) => SyncOpened(path, OpenReadOnly | OpenCloseOnExec);

    /// <summary>Forces the names in a directory to the disk.</summary>
    public static void SyncDirectory(string path) => SyncOpened(path, OpenReadOnly | OpenDirectory | OpenCloseOnExec);

    /// <summary>
    /// Forces a whole tree to the disk: contents first, then names from the leaves up. Links in a folder are names only: where they lead
    /// is not ours.
    /// </summary>
    public static void SyncTree(string path)
    {
        if (File.Exists(path))
        {
            SyncFile(path);
            return;
        }

        foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is not null)
            {
                continue;
            }

            if (entry is DirectoryInfo)
            {
                SyncTree(entry.FullName);
            }
            else
            {
                SyncFile(entry.FullName);
            }
        }

        SyncDirectory(path);
    }

    private static void SyncOpened(string path, int flags)
    {
        using var handle = new SafeFileHandle(Open(path, flags), ownsHandle: true);
        if (handle.IsInvalid || Sync(handle.DangerousGetHandle()) != 0)
        {
            throw Failure($"cannot sync {path}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Whether both paths, which must exist, are on the same file system: only then can one be renamed to the other.</summary>
    public static bool OnSameFileSystem(string a, string b) => Device(a) == Device(b);

    private static (uint Major, uint Minor) Device(string path)
    {
        // struct statx is 256 bytes; the device numbers stand at 136 and 140 (linux/stat.h).
        Span<byte> buffer = stackalloc byte[256];
        if (Statx(AtFdCwd, path, 0, 0, buffer) != 0)
        {
            throw Failure($"cannot look at {path}", Marshal.GetLastPInvokeError());
        }

        return (MemoryMarshal.Read<uint>(buffer[136..]), MemoryMarshal.Read<uint>(buffer[140..]));
    }

    // HResult carries the errno as .NET's own file errors do, so that "no space left" is told from the rest in one way.
    private static IOException Failure(string what, int error) => new($"{what}: {new Win32Exception(error).Message}", error);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(nint descriptor);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> buffer);
}
