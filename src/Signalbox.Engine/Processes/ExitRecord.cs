using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Signalbox.Engine.Processes;

/// <summary>
/// What the exit record of an attempt says: who was started, and how it ended.
/// </summary>
/// <remarks>
/// Lines of the file, each written by one <c>write</c> to a descriptor open for appending: <c>1 start PID BOOT</c> by the launcher before
/// the command, then <c>1 exit CODE end</c> by the launcher or <c>1 signal N end</c> by a server that saw the launcher itself killed. A
/// last line without its <c>end</c> and newline is torn and counts as absent. <c>1 group FOLDER</c> names each control group that was joined;
/// the two lines of <c>times</c>, before the exit line, are what the launcher and what it waited for have used. The file is made exclusively when the process is started,
/// so it is the claim as well: whoever finds it there must not start the attempt.
/// </remarks>
internal readonly record struct ExitRecord(int? Pid, string? BootId, int? ExitCode, bool LauncherKilled)
{
    private const int Longest = 8192;

    /// <summary>The folders of the control groups that the attempt was put into; null when it was put into none.</summary>
    public ImmutableArray<string>? Groups { get; init; }

    /// <summary>The largest size of all its memory in bytes, where a group counted it.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Whether the kernel killed a process of the attempt for want of memory.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>User and system time of the command and all it waited for, where the launcher saw their end.</summary>
    public TimeSpan? CpuTime { get; init; }

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
        ImmutableArray<string>? groups = null;
        TimeSpan? cpu = null;
        long? peak = null;
        var outOfMemory = false;
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
            else if (line.StartsWith("1 group "u8))
            {
                groups = (groups ?? []).Add(Encoding.UTF8.GetString(line["1 group "u8.Length..]));
            }
            else if (TryMemory(line, out var most, out var killedForMemory))
            {
                peak = most > 0 ? most : null;
                outOfMemory = killedForMemory;
            }
            else if (TryTimes(line, out var used))
            {
                cpu = (cpu ?? TimeSpan.Zero) + used;
            }
        }

        return new ExitRecord(pid, boot, code, killed)
        {
            Groups = groups,
            CpuTime = cpu,
            PeakMemory = peak,
            OutOfMemory = outOfMemory,
        };
    }

    /// <summary>The line a server writes for a launcher that was killed by a signal and could not write its own.</summary>
    public static string LauncherKilledBy(int signal) => $"\n1 signal {signal} end\n";

    /// <summary>Reads a line of <c>times</c>: user and system time, each as <c>0m1.25s</c>; some shells write the comma of the language.</summary>
    private static bool TryTimes(ReadOnlySpan<byte> line, out TimeSpan sum)
    {
        sum = default;
        Span<Range> parts = stackalloc Range[3];
        Span<char> text = stackalloc char[64];
        if (line.Length > text.Length || !Ascii.IsValid(line))
        {
            return false;
        }

        text = text[..Encoding.ASCII.GetChars(line, text)];
        if (((ReadOnlySpan<char>)text).Split(parts, ' ') != 2)
        {
            return false;
        }

        foreach (var part in parts[..2])
        {
            var time = text[part];
            var minutes = time.IndexOf('m');
            if (minutes < 0 || !time.EndsWith("s"))
            {
                return false;
            }

            time.Replace(',', '.');
            if (
                !int.TryParse(time[..minutes], NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
                || !double.TryParse(time[(minutes + 1)..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            )
            {
                return false;
            }

            sum += TimeSpan.FromMinutes(whole) + TimeSpan.FromSeconds(seconds);
        }

        return true;
    }

    /// <summary>The line a server writes of what the groups of an attempt knew, before it removes them; a peak of 0 is none.</summary>
    public static string Used(GroupUsage usage) =>
        string.Create(CultureInfo.InvariantCulture, $"\n1 memory {usage.PeakMemory ?? 0} {(usage.OutOfMemory ? 1 : 0)} end\n");

    private static bool TryMemory(ReadOnlySpan<byte> line, out long peak, out bool outOfMemory)
    {
        (peak, outOfMemory) = (0, false);
        if (!line.StartsWith("1 memory "u8) || !Utf8Parser.TryParse(line["1 memory "u8.Length..], out peak, out var used))
        {
            return false;
        }

        var rest = line[("1 memory "u8.Length + used)..];
        outOfMemory = rest.SequenceEqual(" 1 end"u8);
        return outOfMemory || rest.SequenceEqual(" 0 end"u8);
    }

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
