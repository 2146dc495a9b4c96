using System.Collections.Concurrent;

namespace Signalbox.Engine.Processes;

/// <summary>
/// The processes that came to this server as children because their own parents ended: what attempts left in the background.
/// </summary>
/// <remarks>
/// As a subreaper the server is given them instead of init, so after each attempt one small file tells whether it left anything, where a
/// look at every process of the machine would cost milliseconds. A server that adopted an attempt is not its ancestor and has to look.
/// </remarks>
internal sealed class Orphans(TimeProvider time)
{
    // Whoever else starts children in this program reaps them at once; what is dead longer than this has no one.
    private static readonly TimeSpan Unclaimed = TimeSpan.FromSeconds(5);

    // Of the whole program: launchers are reaped by the executor that started them and by nobody else.
    private static readonly ConcurrentDictionary<int, bool> Launchers = new();
    private static readonly bool IsSubreaper = Libc.BecomeSubreaper();
    private readonly Dictionary<int, (long StartTicks, long Since)> _dead = [];

    public static void KnowLauncher(int pid) => Launchers[pid] = true;

    public static void ForgetLauncher(int pid) => Launchers.TryRemove(pid, out _);

    /// <summary>
    /// Whether something of the attempt may still run after its launcher, our child, has ended. Reaps what is dead. One thread at a time.
    /// </summary>
    public bool MayHaveLeft(string key, int launcher)
    {
        if (!IsSubreaper || ProcessTree.Children() is not { } children)
        {
            return true;
        }

        var left = false;
        byte[]? buffer = null;
        foreach (var pid in children)
        {
            if (Launchers.ContainsKey(pid) || ProcessTable.Find(pid) is not { } process)
            {
                continue;
            }

            if (process.IsDead)
            {
                ReapUnclaimed(process, launcher);
            }
            else
            {
                buffer ??= new byte[16 * 1024];
                left |= process.Session == launcher || ProcessTable.MarkerOf(pid, ref buffer, out _) == key;
            }
        }

        return left;
    }

    /// <summary>Reaps these processes where they are dead and ours.</summary>
    public static void Reap(IEnumerable<ProcessStat> killed)
    {
        foreach (var process in killed)
        {
            if (
                ProcessTable.Find(process.Pid) is { IsDead: true } now
                && now.StartTicks == process.StartTicks
                && now.Parent == Environment.ProcessId
            )
            {
                Reap(now);
            }
        }
    }

    private void ReapUnclaimed(ProcessStat process, int launcher)
    {
        if (process.Session == launcher)
        {
            Reap(process);
            return;
        }

        if (!_dead.TryGetValue(process.Pid, out var seen) || seen.StartTicks != process.StartTicks)
        {
            _dead[process.Pid] = (process.StartTicks, time.GetTimestamp());
        }
        else if (time.GetElapsedTime(seen.Since) > Unclaimed)
        {
            Reap(process);
            _dead.Remove(process.Pid);
        }
    }

    private static void Reap(ProcessStat process)
    {
        var fd = Libc.PidFdOpen(process.Pid);
        if (fd >= 0)
        {
            Libc.Reap(fd);
            _ = Libc.Close(fd);
        }
    }
}
