using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Signalbox.Storage;

/// <summary>
/// The right to be the one engine of a store. The kernel (SQLite) or the server (PostgreSQL) takes it back when the process dies,
/// however it dies. Other processes may still read, and write requests.
/// </summary>
public sealed partial class EngineLock : IDisposable
{
    private const int ReadWrite = 0x2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private readonly IDisposable held;
    private readonly Func<bool>? keep;

    /// <param name="keep">For one that can be lost while its holder lives: <see cref="Keep"/>.</param>
    internal EngineLock(IDisposable held, Func<bool>? keep = null) => (this.held, this.keep) = (held, keep);

    /// <summary>Whether it can be lost while its holder lives: with the connection to a server. The lock of a file cannot.</summary>
    public bool CanBeLost => keep is not null;

    /// <summary>
    /// Whether it is still held. Where the connection that held it broke, it is taken again, unless somebody else has it by now. Not beside
    /// <see cref="Dispose"/>.
    /// </summary>
    /// <exception cref="StoreUnavailable">The server cannot be reached: nobody can say.</exception>
    public bool Keep() => keep?.Invoke() ?? true;

    public void Dispose() => held.Dispose();

    /// <summary>
    /// Locks a file; it names the holder for people who ask.
    /// </summary>
    /// <param name="now">Since when it is held.</param>
    /// <exception cref="StoreRefused">Another process holds it; the message names its pid.</exception>
    public static EngineLock OfFile(string path, DateTimeOffset now)
    {
        FileStream? file = null;
        try
        {
            var descriptor = Open(path, ReadWrite | Create | CloseOnExec, 0b110_100_100);
            if (descriptor < 0)
            {
                throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
            }

            file = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 1);
            if (Flock(descriptor, Exclusive | NonBlocking) != 0)
            {
                throw new StoreRefused(
                    $"another signalbox ({Holder(file)}) serves this project; stop it first, or talk to it ({path} is its lock)"
                );
            }

            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes($"{Environment.ProcessId} {Environment.ProcessPath} {now:O}\n"));
            file.Flush();
            var result = new EngineLock(file);
            file = null;
            return result;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailable($"{path}: the lock file cannot be used: {problem.Message}", problem);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>
    /// What stands in a lock file: the pid of its latest holder first. Read without a lock of one's own, which .NET would take and the
    /// holder's would refuse. Null where there is no such file.
    /// </summary>
    public static string? LatestHolder(string path)
    {
        var descriptor = Open(path, CloseOnExec, 0);
        if (descriptor < 0)
        {
            return null;
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var bytes = new byte[4096];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0));
    }

    /// <summary>The holder in the words of the lock file; it may be caught between locking and writing.</summary>
    private static string Holder(FileStream file)
    {
        for (var tries = 0; tries < 50; tries++)
        {
            var bytes = new byte[4096];
            file.Position = 0;
            var text = Encoding.UTF8.GetString(bytes, 0, file.Read(bytes));
            if (text.EndsWith('\n'))
            {
                var words = text.TrimEnd().Split(' ');
                return $"pid {words[0]}, since {words[^1]}";
            }

            Thread.Sleep(10);
        }

        return "it has not said its pid";
    }

    // .NET's own FileShare locks too, but an environment variable switches that off, and then nobody could read the holder.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(int descriptor, int operation);
}
