using System.Buffers.Text;
using System.Text;
using Signalbox.Core;

namespace Signalbox.Engine.Processes;

/// <summary>One process, as <c>/proc/PID/stat</c> has it.</summary>
internal readonly record struct ProcessStat(int Pid, int Parent, int Session, long StartTicks, byte State)
{
    /// <summary>Ended, and only waiting for its parent to notice.</summary>
    public bool IsDead => State is (byte)'Z' or (byte)'X';
}

/// <summary>What /proc says about the processes of this machine.</summary>
internal static class ProcessTable
{
    private const int ClockTicksPerSecond = 100; // USER_HZ: 100 on every architecture .NET runs on
    private static readonly byte[] Marker = Encoding.ASCII.GetBytes(TaskEnvironment.AttemptKey + "=");

    /// <summary>The boot this machine is in; pids and start ticks mean something only together with it.</summary>
    public static string BootId { get; } = ReadBootId();

    /// <summary>When the machine was started.</summary>
    private static DateTimeOffset BootedAt { get; } = ReadBootTime();

    /// <summary>The process of that number now, or null.</summary>
    public static ProcessStat? Find(int pid)
    {
        Span<byte> buffer = stackalloc byte[1024];
        var length = ProcFile.Read($"/proc/{pid}/stat", buffer);
        return length > 0 ? Parse(pid, buffer[..length]) : null;
    }

    /// <summary>All processes.</summary>
    public static List<ProcessStat> All()
    {
        var all = new List<ProcessStat>(256);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(folder.AsSpan("/proc/".Length), out var pid) && Find(pid) is { } process)
            {
                all.Add(process);
            }
        }

        return all;
    }

    /// <summary>
    /// The attempt key that marks the process; null when there is none, when the process is gone or dead, and when it is another user's.
    /// </summary>
    /// <param name="pid">The process.</param>
    /// <param name="buffer">Working space, grown as needed.</param>
    /// <param name="forbidden">Set when the process may not be asked.</param>
    public static string? MarkerOf(int pid, ref byte[] buffer, out bool forbidden)
    {
        var length = ProcFile.ReadAll($"/proc/{pid}/environ", ref buffer);
        forbidden = length is -Libc.EPERM or -13;
        if (length <= 0)
        {
            return null;
        }

        var rest = buffer.AsSpan(0, length);
        while (rest.Length > 0)
        {
            var end = rest.IndexOf((byte)0);
            var entry = end < 0 ? rest : rest[..end];
            if (entry.StartsWith(Marker))
            {
                return Encoding.ASCII.GetString(entry[Marker.Length..]);
            }

            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return null;
    }

    /// <summary>
    /// What a process and the children it has waited for have used: processor time, and the process's own largest resident size in bytes. Nothing
    /// when it is gone or may not be asked.
    /// </summary>
    public static (TimeSpan Cpu, long PeakMemory) UsageOf(int pid)
    {
        Span<byte> buffer = stackalloc byte[4096];
        var length = ProcFile.Read($"/proc/{pid}/stat", buffer);
        var cpu = length > 0 ? CpuOf(buffer[..length]) : TimeSpan.Zero;
        length = ProcFile.Read($"/proc/{pid}/status", buffer);
        var name = "VmHWM:"u8;
        var at = length > 0 ? buffer[..length].IndexOf(name) : -1;
        var hasPeak = Utf8Parser.TryParse(at < 0 ? [] : buffer[(at + name.Length)..length].TrimStart(" \t"u8), out long kib, out _);
        return (cpu, hasPeak ? kib * 1024 : 0);
    }

    private static TimeSpan CpuOf(ReadOnlySpan<byte> stat)
    {
        long ticks = 0;
        var fields = stat[(stat.LastIndexOf((byte)')') + 2)..];
        for (var field = 3; field <= 17 && !fields.IsEmpty; field++)
        {
            if (field >= 14 && Utf8Parser.TryParse(fields, out long some, out _))
            {
                ticks += some; // user and system time, of the process and of the children it has waited for
            }

            var next = fields.IndexOf((byte)' ');
            fields = next < 0 ? [] : fields[(next + 1)..];
        }

        return TimeSpan.FromMilliseconds(ticks * 1000 / ClockTicksPerSecond);
    }

    /// <summary>Whether the environment of a process holds these bytes somewhere.</summary>
    public static bool IsNamed(int pid, ReadOnlySpan<byte> bytes, ref byte[] buffer)
    {
        var length = ProcFile.ReadAll($"/proc/{pid}/environ", ref buffer);
        return length > 0 && buffer.AsSpan(0, length).IndexOf(bytes) >= 0;
    }

    /// <summary>The instant that start ticks stand for.</summary>
    public static DateTimeOffset StartedAt(long startTicks) =>
        BootedAt + TimeSpan.FromMilliseconds(startTicks * 1000 / ClockTicksPerSecond);

    /// <summary>Reads a line of /proc/PID/stat; null when it is cut short.</summary>
    internal static ProcessStat? Parse(int pid, ReadOnlySpan<byte> stat)
    {
        // The name in parentheses may hold anything, parentheses and spaces too: the last one ends it.
        var fields = stat[(stat.LastIndexOf((byte)')') + 2)..];
        var state = fields.IsEmpty ? (byte)0 : fields[0];
        int parent = 0,
            session = 0;
        for (var field = 3; field <= 22 && !fields.IsEmpty; field++)
        {
            switch (field)
            {
                case 4:
                    _ = Utf8Parser.TryParse(fields, out parent, out _);
                    break;
                case 6:
                    _ = Utf8Parser.TryParse(fields, out session, out _);
                    break;
                case 22:
                    return Utf8Parser.TryParse(fields, out long ticks, out _) ? new ProcessStat(pid, parent, session, ticks, state) : null;
            }

            var next = fields.IndexOf((byte)' ');
            fields = next < 0 ? [] : fields[(next + 1)..];
        }

        return null;
    }

    private static string ReadBootId()
    {
        Span<byte> buffer = stackalloc byte[64];
        var length = ProcFile.Read("/proc/sys/kernel/random/boot_id", buffer);
        return length > 0 ? Encoding.ASCII.GetString(buffer[..length]).Trim() : "unknown";
    }

    private static DateTimeOffset ReadBootTime()
    {
        foreach (var line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal))
            {
                return DateTimeOffset.FromUnixTimeSeconds(long.Parse(line.AsSpan(6)));
            }
        }

        throw new InvalidOperationException("/proc/stat does not say when the machine was started (no line 'btime').");
    }
}
