using System.Buffers.Text;
using System.Text;

namespace Signalbox.Engine.Processes;

/// <summary>
/// What the exit record of an attempt says: who was started, and how it ended.
/// </summary>
/// <remarks>
/// Lines of the file, each written by one <c>write</c> to a descriptor open for appending: <c>1 start PID BOOT</c> by the launcher before
/// the command, then <c>1 exit CODE end</c> by the launcher or <c>1 signal N end</c> by a server that saw the launcher itself killed. A
/// last line without its <c>end</c> and newline is torn and counts as absent. The file is made exclusively when the process is started,
/// so it is the claim as well: whoever finds it there must not start the attempt.
/// </remarks>
internal readonly record struct ExitRecord(int? Pid, string? BootId, int? ExitCode, bool LauncherKilled)
{
    private const int Longest = 512;

    /// <summary>Reads the record at <paramref name="path"/>; null when there is none, which means that nothing was ever started.</summary>
    public static ExitRecord? Read(string path) => Read(path, out _);

    /// <summary>Reads the record at <paramref name="path"/>; null and the error number when it cannot be read.</summary>
    public static ExitRecord? Read(string path, out int error)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        var length = ProcFile.Read(path, buffer);
        error = Math.Max(0, -length);
        return length < 0 ? null : Parse(buffer[..length]);
    }

    /// <summary>Reads a record from its bytes.</summary>
    public static ExitRecord Parse(ReadOnlySpan<byte> bytes)
    {
        int? pid = null;
        int? code = null;
        string? boot = null;
        var killed = false;
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            var line = bytes[..end];
            bytes = bytes[(end + 1)..];
            if (TryNumber(ref line, "1 start "u8, out var started))
            {
                pid = started;
                boot = line.Length > 1 ? Encoding.ASCII.GetString(line[1..]) : null;
            }
            else if (TryNumber(ref line, "1 exit "u8, out var exited) && line.SequenceEqual(" end"u8) && exited is >= 0 and <= 255)
            {
                code = exited;
                killed = false;
            }
            else if (TryNumber(ref line, "1 signal "u8, out var signal) && line.SequenceEqual(" end"u8) && signal is > 0 and < 128)
            {
                code = 128 + signal;
                killed = true;
            }
        }

        return new ExitRecord(pid, boot, code, killed);
    }

    /// <summary>The line a server writes for a launcher that was killed by a signal and could not write its own.</summary>
    public static string LauncherKilledBy(int signal) => $"\n1 signal {signal} end\n";

    private static bool TryNumber(ref ReadOnlySpan<byte> line, ReadOnlySpan<byte> before, out int number)
    {
        number = 0;
        if (!line.StartsWith(before) || !Utf8Parser.TryParse(line[before.Length..], out number, out var used))
        {
            return false;
        }

        line = line[(before.Length + used)..];
        return true;
    }
}
