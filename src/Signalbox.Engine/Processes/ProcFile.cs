using System.Text;

namespace Signalbox.Engine.Processes;

/// <summary>
/// Reads small files with three system calls and no allocation: the files of /proc are read thousands of times, and are gone or
/// forbidden as a matter of course, which is an answer here and not an exception.
/// </summary>
internal static unsafe class ProcFile
{
    /// <summary>Fills <paramref name="buffer"/> from the start of the file; the number of bytes, or minus the error number.</summary>
    public static int Read(string path, Span<byte> buffer)
    {
        var most = Encoding.UTF8.GetMaxByteCount(path.Length) + 1;
        var name = most <= 1024 ? stackalloc byte[most] : new byte[most];
        name[Encoding.UTF8.GetBytes(path, name)] = 0;
        fixed (byte* pointer = name)
        {
            return Read(pointer, buffer);
        }
    }

    /// <summary>Reads the whole file, growing <paramref name="buffer"/> as needed; the number of bytes, or minus the error number.</summary>
    public static int ReadAll(string path, ref byte[] buffer)
    {
        while (true)
        {
            var length = Read(path, buffer);
            if (length < buffer.Length)
            {
                return length;
            }

            buffer = new byte[buffer.Length * 2];
        }
    }

    private static int Read(byte* name, Span<byte> buffer)
    {
        int fd;
        do
        {
            fd = Libc.Open(name, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        } while (fd < 0 && LastError == Libc.EINTR);

        if (fd < 0)
        {
            return -LastError;
        }

        var total = 0;
        fixed (byte* target = buffer)
        {
            while (total < buffer.Length)
            {
                var got = Libc.Read(fd, target + total, buffer.Length - total);
                if (got > 0)
                {
                    total += (int)got;
                }
                else if (got == 0 || LastError != Libc.EINTR)
                {
                    // A process that ends while it is read gives ESRCH: what was read so far is all there is.
                    total = got < 0 && total == 0 ? -LastError : total;
                    break;
                }
            }
        }

        _ = Libc.Close(fd);
        return total;
    }

    private static int LastError => System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
}
