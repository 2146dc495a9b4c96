using System.Globalization;
using System.Text;

namespace Signalbox.Engine.Processes;

/// <summary>
/// Finds and signals every process of one attempt: those in its session, those in its control group, those marked with its key, and
/// all their descendants.
/// </summary>
/// <remarks>
/// A number alone never gets a signal. The process is opened by a pidfd first, then its start ticks are compared with those of the scan
/// that chose it, then the signal goes to the pidfd: a number that was given out again in between is left alone.
/// </remarks>
internal static class ProcessTree
{
    /// <summary>The living processes of the attempt, the launcher among them.</summary>
    /// <param name="key">The attempt.</param>
    /// <param name="launcher">
    /// The launcher, while its number cannot have been given out again: it runs, or it is our own child and not reaped. Else null, and
    /// then its session says nothing.
    /// </param>
    /// <param name="groups">Its control groups.</param>
    public static List<ProcessStat> Members(string key, ProcessStat? launcher, IReadOnlyCollection<string> groups)
    {
        var all = ProcessTable.All();
        var inGroups = groups.Count == 0 ? null : new HashSet<int>(groups.SelectMany(ControlGroup.Members));
        var chosen = new HashSet<int>();
        var buffer = new byte[16 * 1024];
        foreach (var process in all)
        {
            if (
                process.Pid != Environment.ProcessId
                && (
                    (launcher is { } l && process.Session == l.Pid)
                    || inGroups?.Contains(process.Pid) == true
                    || (!process.IsDead && ProcessTable.MarkerOf(process.Pid, ref buffer, out _) == key)
                )
            )
            {
                chosen.Add(process.Pid);
            }
        }

        for (var grew = chosen.Count > 0; grew; )
        {
            grew = false;
            foreach (var process in all)
            {
                grew |= process.Pid != Environment.ProcessId && chosen.Contains(process.Parent) && chosen.Add(process.Pid);
            }
        }

        return all.FindAll(process => !process.IsDead && chosen.Contains(process.Pid));
    }

    /// <summary>The living processes marked with one of the keys, by key: one pass over the machine for any number of attempts.</summary>
    /// <param name="below">Only processes whose environment names a path below this folder; null for all.</param>
    public static Dictionary<string, List<ProcessStat>> Marked(Func<string, bool> wanted, string? below = null)
    {
        var folder = below is null ? null : Encoding.UTF8.GetBytes(below + "/");
        var marked = new Dictionary<string, List<ProcessStat>>();
        var buffer = new byte[16 * 1024];
        foreach (var process in ProcessTable.All())
        {
            if (
                !process.IsDead
                && process.Pid != Environment.ProcessId
                && ProcessTable.MarkerOf(process.Pid, ref buffer, out _) is { } key
                && wanted(key)
                && (folder is null || ProcessTable.IsNamed(process.Pid, folder, ref buffer))
            )
            {
                if (!marked.TryGetValue(key, out var list))
                {
                    marked[key] = list = [];
                }

                list.Add(process);
            }
        }

        return marked;
    }

    /// <summary>Signals exactly this process; false when it is gone.</summary>
    public static bool Signal(ProcessStat process, int signal)
    {
        var fd = Libc.PidFdOpen(process.Pid);
        if (fd < 0)
        {
            return false;
        }

        try
        {
            return ProcessTable.Find(process.Pid) is { } now && now.StartTicks == process.StartTicks && Libc.PidFdSignal(fd, signal);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    /// <summary>
    /// The children that this process was given because their own parents ended, as a subreaper is: what attempts left in the background.
    /// </summary>
    /// <returns>Their numbers with those of other children; null where the kernel does not keep the list.</returns>
    public static int[]? Children()
    {
        var buffer = new byte[1024];
        var length = ProcFile.ReadAll(ChildrenFile, ref buffer);
        if (length < 0)
        {
            return null;
        }

        if (length == 0)
        {
            return [];
        }

        var text = Encoding.ASCII.GetString(buffer, 0, length);
        var pids = new List<int>();
        foreach (var range in text.AsSpan().Split(' '))
        {
            if (int.TryParse(text.AsSpan(range), CultureInfo.InvariantCulture, out var pid))
            {
                pids.Add(pid);
            }
        }

        return [.. pids];
    }

    // Orphans are given to the first thread of their new parent.
    private static readonly string ChildrenFile = $"/proc/self/task/{Environment.ProcessId}/children";
}
