namespace Signalbox.Engine.Processes;

/// <summary>
/// Where the control groups of this machine are mounted, and which of them this program is in: version 2, and the controllers that version 1
/// still has on hybrid machines.
/// </summary>
internal static class CgroupMounts
{
    /// <summary>The folder of our own group of version 2; null where version 2 is not mounted.</summary>
    public static string? Unified() =>
        Mount(fields => fields[2] == "cgroup2") is { } mount ? Below(mount, OwnPath(line => After(line, "0::"))) : null;

    /// <summary>The folder of our own group of a controller of version 1; null where version 1 does not have it.</summary>
    /// <param name="controller">As the kernel names it: memory, cpu.</param>
    public static string? Legacy(string controller) =>
        Mount(fields => fields[2] == "cgroup" && Has(fields[3], controller)) is { } mount
            ? Below(mount, OwnPath(line => AfterController(line, controller)))
            : null;

    /// <summary>In a container the path may be that of the machine, whose upper part is not mounted: then the mount is our group.</summary>
    private static string Below(string mount, string? own)
    {
        var path = own is null or "/" ? mount : mount + own;
        return Directory.Exists(path) ? path : mount;
    }

    private static string? Mount(Func<string[], bool> isWanted)
    {
        foreach (var line in File.ReadLines("/proc/self/mounts"))
        {
            var fields = line.Split(' ');
            if (fields.Length > 3 && isWanted(fields))
            {
                return fields[1].Replace("\\040", " ");
            }
        }

        return null;
    }

    private static string? OwnPath(Func<string, string?> pathOf)
    {
        try
        {
            foreach (var line in File.ReadLines("/proc/self/cgroup"))
            {
                if (pathOf(line) is { } path)
                {
                    return path;
                }
            }
        }
        catch (IOException)
        {
            // A kernel without control groups.
        }

        return null;
    }

    private static string? After(string line, string start) =>
        line.StartsWith(start, StringComparison.Ordinal) ? line[start.Length..] : null;

    // e.g. 4:cpu,cpuacct:/user.slice
    private static string? AfterController(string line, string controller) =>
        line.Split(':', 3) is [_, var controllers, var path] && Has(controllers, controller) ? path : null;

    private static bool Has(string list, string controller) => list.Split(',').Contains(controller);
}
