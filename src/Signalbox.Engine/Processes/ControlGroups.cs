using System.Globalization;

namespace Signalbox.Engine.Processes;

/// <summary>
/// The control groups (version 2) in which attempts can be held, where this machine has them and lets us make some.
/// </summary>
/// <remarks>
/// Found, never assumed: the mount from <c>/proc/self/mounts</c> (hybrid layouts mount version 2 beside version 1), our own group from
/// <c>/proc/self/cgroup</c>, and whether a group can be made by making one. One group per attempt below <c>signalbox-INSTANCE</c>.
/// </remarks>
internal sealed class ControlGroups
{
    private const int MostPasses = 50;
    private readonly string _parent;

    private ControlGroups(string parent, bool countsMemory)
    {
        _parent = parent;
        CountsMemory = countsMemory;
    }

    /// <summary>Whether the memory controller is on for our groups, so that peaks and out-of-memory kills are known.</summary>
    public bool CountsMemory { get; }

    /// <summary>Looks for control groups; null and a sentence when there are none to use.</summary>
    public static ControlGroups? TryOpen(string instance, out string note)
    {
        if (Mount() is not { } mount)
        {
            note = "no control groups: this machine has no cgroup version 2 mounted";
            return null;
        }

        var own = OwnPath("/proc/self/cgroup") ?? "/";
        var here = mount + (own == "/" ? "" : own);
        var parent = $"{here}/signalbox-{instance}";
        try
        {
            Directory.CreateDirectory(parent);
            var probe = $"{parent}/probe-{Environment.ProcessId}";
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            note = $"no control groups: {here} is not ours to write (under systemd, set Delegate=yes)";
            return null;
        }

        var controllers = new[] { here, parent }.All(group => TryWrite($"{group}/cgroup.subtree_control", "+memory"));
        note = $"control groups below {parent}, {(controllers ? "with" : "without")} the memory controller";
        return new ControlGroups(parent, controllers);
    }

    /// <summary>Makes the group of an attempt; null when the machine refuses, which then is no reason not to run it.</summary>
    public string? TryCreate(string key)
    {
        var path = $"{_parent}/{key}";
        try
        {
            Directory.CreateDirectory(path);
            return path;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return null;
        }
    }

    /// <summary>Removes the parent of all groups, unless an attempt is still in one of them.</summary>
    public void RemoveIfEmpty()
    {
        try
        {
            Directory.Delete(_parent);
        }
        catch (IOException)
        {
            // Attempts run on in it, or another server of the same installation has removed it.
        }
    }

    /// <summary>The group a running process is in, when it is that attempt's own; also under a server with another parent group.</summary>
    public static string? Of(int pid, string key) =>
        Mount() is { } mount && OwnPath($"/proc/{pid}/cgroup") is { } path && path.EndsWith($"/{key}", StringComparison.Ordinal)
            ? mount + path
            : null;

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

    private static void AddMembers(string group, List<int> members)
    {
        foreach (var line in File.ReadLines($"{group}/cgroup.procs"))
        {
            members.Add(int.Parse(line, CultureInfo.InvariantCulture));
        }

        foreach (var below in Directory.EnumerateDirectories(group))
        {
            AddMembers(below, members);
        }
    }

    /// <summary>Kills everything in the group at once; false where the kernel (before 5.14) cannot.</summary>
    public static bool TryKill(string group) => TryWrite($"{group}/cgroup.kill", "1");

    /// <summary>What the group used, as far as the kernel counted it.</summary>
    public static GroupUsage Usage(string group)
    {
        Span<byte> buffer = stackalloc byte[4096];
        return new GroupUsage(
            Number(buffer, $"{group}/cpu.stat", "usage_usec ") is { } cpu ? TimeSpan.FromMicroseconds(cpu) : null,
            Number(buffer, $"{group}/memory.peak", ""),
            Number(buffer, $"{group}/memory.events", "oom_kill ") > 0
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

    private static string? Mount()
    {
        foreach (var line in File.ReadLines("/proc/self/mounts"))
        {
            var fields = line.Split(' ');
            if (fields.Length > 2 && fields[2] == "cgroup2")
            {
                return fields[1].Replace("\\040", " ");
            }
        }

        return null;
    }

    private static string? OwnPath(string file)
    {
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                if (line.StartsWith("0::/", StringComparison.Ordinal))
                {
                    return line["0::".Length..];
                }
            }
        }
        catch (IOException)
        {
            // The process is gone.
        }

        return null;
    }

    private static bool TryWrite(string file, string text)
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
}

/// <summary>What a control group used.</summary>
/// <param name="CpuTime">User and system time of all its processes.</param>
/// <param name="PeakMemory">The largest size of all its memory, in bytes.</param>
/// <param name="OutOfMemory">Whether the kernel killed one of its processes for memory.</param>
internal readonly record struct GroupUsage(TimeSpan? CpuTime, long? PeakMemory, bool OutOfMemory);
