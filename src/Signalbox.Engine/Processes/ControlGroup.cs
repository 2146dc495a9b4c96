using System.Globalization;

namespace Signalbox.Engine.Processes;

/// <summary>One control group, by its folder; of version 2 or, where that has no such controller, of version 1.</summary>
internal static class ControlGroup
{
    private const int MostPasses = 50;
    private const long PeriodMicroseconds = 100_000;

    /// <summary>The processes in the group and in groups that they made below it.</summary>
    public static List<int> Members(string group)
    {
        var members = new List<int>();
        try
        {
            AddMembers(group, members);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            // Gone: nobody is in it.
        }

        return members;
    }

    /// <summary>The processes in the group itself.</summary>
    public static List<int> Own(string group) =>
        [.. File.ReadLines($"{group}/cgroup.procs").Select(line => int.Parse(line, CultureInfo.InvariantCulture))];

    private static void AddMembers(string group, List<int> members)
    {
        members.AddRange(Own(group));
        foreach (var below in Directory.EnumerateDirectories(group))
        {
            AddMembers(below, members);
        }
    }

    /// <summary>Lets the group have that much memory and no swap beside it; false where the kernel does not keep such a limit.</summary>
    public static bool TryLimitMemory(string group, long bytes)
    {
        var number = bytes.ToString(CultureInfo.InvariantCulture);
        if (TryWrite($"{group}/memory.max", number))
        {
            // Without swap on the machine, or without its accounting, there is no such file, and nothing to limit.
            TryWrite($"{group}/memory.swap.max", "0");
            return true;
        }

        if (TryWrite($"{group}/memory.limit_in_bytes", number))
        {
            TryWrite($"{group}/memory.memsw.limit_in_bytes", number);
            return true;
        }

        return false;
    }

    /// <summary>Lets the group have the time of that many processors; false where the kernel does not keep such a limit.</summary>
    public static bool TryLimitCpu(string group, double processors)
    {
        var quota = Math.Max(1000, (long)(processors * PeriodMicroseconds));
        return TryWrite($"{group}/cpu.max", string.Create(CultureInfo.InvariantCulture, $"{quota} {PeriodMicroseconds}"))
            || (
                TryWrite($"{group}/cpu.cfs_period_us", PeriodMicroseconds.ToString(CultureInfo.InvariantCulture))
                && TryWrite($"{group}/cpu.cfs_quota_us", quota.ToString(CultureInfo.InvariantCulture))
            );
    }

    /// <summary>Kills everything in the group at once; false where the kernel (before 5.14, and version 1) cannot.</summary>
    public static bool TryKill(string group) => TryWrite($"{group}/cgroup.kill", "1");

    /// <summary>What the group used, as far as the kernel counted it.</summary>
    public static GroupUsage Usage(string group)
    {
        Span<byte> buffer = stackalloc byte[4096];
        return new GroupUsage(
            Number(buffer, $"{group}/cpu.stat", "usage_usec ") is { } cpu ? TimeSpan.FromMicroseconds(cpu) : null,
            Number(buffer, $"{group}/memory.peak", "") ?? Number(buffer, $"{group}/memory.max_usage_in_bytes", ""),
            (Number(buffer, $"{group}/memory.events", "oom_kill ") ?? Number(buffer, $"{group}/memory.oom_control", "oom_kill ")) > 0
        );
    }

    /// <summary>Removes the group, with groups made below it; false while a process is in it.</summary>
    public static bool TryRemove(string group)
    {
        for (var pass = 0; pass < MostPasses; pass++)
        {
            try
            {
                foreach (var below in Directory.EnumerateDirectories(group))
                {
                    TryRemove(below);
                }

                Directory.Delete(group);
                return true;
            }
            catch (DirectoryNotFoundException)
            {
                return true;
            }
            catch (IOException)
            {
                if (Members(group).Count > 0)
                {
                    return false;
                }

                Thread.Yield(); // the last process has left the list, but not yet the group
            }
        }

        return false;
    }

    /// <summary>Writes to a file of the kernel's that is there; false where it is not, or refuses.</summary>
    public static bool TryWrite(string file, string text)
    {
        try
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(handle, System.Text.Encoding.ASCII.GetBytes(text), 0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long? Number(Span<byte> buffer, string file, string name)
    {
        var length = ProcFile.Read(file, buffer);
        if (length <= 0)
        {
            return null;
        }

        foreach (var line in System.Text.Encoding.ASCII.GetString(buffer[..length]).AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name) && long.TryParse(line[name.Length..], CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return null;
    }
}

/// <summary>What a control group used.</summary>
/// <param name="CpuTime">User and system time of all its processes.</param>
/// <param name="PeakMemory">The largest size of all its memory, in bytes.</param>
/// <param name="OutOfMemory">Whether the kernel killed one of its processes for memory.</param>
internal readonly record struct GroupUsage(TimeSpan? CpuTime, long? PeakMemory, bool OutOfMemory)
{
    /// <summary>Of groups that hold the same processes: each number from the one that counts it.</summary>
    public static GroupUsage Of(IEnumerable<string> groups)
    {
        var all = default(GroupUsage);
        foreach (var group in groups)
        {
            var one = ControlGroup.Usage(group);
            all = new GroupUsage(all.CpuTime ?? one.CpuTime, all.PeakMemory ?? one.PeakMemory, all.OutOfMemory || one.OutOfMemory);
        }

        return all;
    }
}
