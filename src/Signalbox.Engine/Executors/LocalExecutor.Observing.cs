using System.Runtime.InteropServices;
using Signalbox.Core;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Executors;

/// <content>What is true about an attempt, after a restart too: the exit record, then the living process, then nothing.</content>
public sealed partial class LocalExecutor
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StartingTime = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc />
    public Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlyList<AttemptRef> attempts, CancellationToken cancellationToken) =>
        Task.Run<IReadOnlyList<Observation>>(
            async () =>
            {
                var answers = new Observation?[attempts.Count];
                var unanswered = new List<int>();
                for (var i = 0; i < attempts.Count; i++)
                {
                    answers[i] = Watched(attempts[i].Key);
                    if (answers[i] is null)
                    {
                        unanswered.Add(i);
                    }
                }

                if (unanswered.Count > 0)
                {
                    // One look at the machine for all of them: what runs under their keys.
                    var keys = new HashSet<string>(unanswered.Select(i => attempts[i].Key.Value));
                    var marked = ProcessTree.Marked(keys.Contains);
                    foreach (var i in unanswered)
                    {
                        answers[i] = await ObserveUnwatchedAsync(
                            attempts[i],
                            marked.GetValueOrDefault(attempts[i].Key.Value) ?? [],
                            cancellationToken
                        );
                    }
                }

                return answers!;
            },
            cancellationToken
        );

    private Observation? Watched(AttemptKey key)
    {
        if (!_attempts.TryGetValue(key, out var attempt))
        {
            return null;
        }

        lock (attempt.Gate)
        {
            return attempt.Stage is Stage.Running or Stage.Cancelling or Stage.Ending ? attempt.Now(Phase.Running) : null;
        }
    }

    private async Task<Observation> ObserveUnwatchedAsync(AttemptRef attempt, List<ProcessStat> marked, CancellationToken cancellationToken)
    {
        if (Read(attempt) is not { } record)
        {
            return new Observation
            {
                Key = attempt.Key,
                Phase = Phase.Unknown,
                Reason = "was never started",
            };
        }

        if (record.ExitCode is null && record.Pid is null && marked.Count == 0)
        {
            // Between the claim and the first line of the launcher lie microseconds; a server may die just there.
            await Task.Delay(StartingTime, cancellationToken);
            record = Read(attempt) ?? record;
            marked = ProcessTree.Marked(key => key == attempt.Key.Value).GetValueOrDefault(attempt.Key.Value) ?? [];
        }

        if (record.ExitCode is null)
        {
            // The launcher leads its session, and is the first of all that are marked.
            var launcher =
                record.Pid ?? marked.Where(p => p.Session == p.Pid).OrderBy(p => p.StartTicks).Select(p => (int?)p.Pid).FirstOrDefault();
            if (
                launcher is { } pid
                && (record.BootId ?? ProcessTable.BootId) == ProcessTable.BootId
                && Adopt(attempt, pid, record) is { } adopted
            )
            {
                return adopted;
            }
        }

        var groups = GroupsOf(attempt.Key, record);
        await KillMarkedAsync(attempt.Key, groups, marked);
        if (Watched(attempt.Key) is { } running)
        {
            return running;
        }

        TakeGroups(groups, attempt.Directory);
        return FromDirectory(attempt, record.Pid);
    }

    /// <summary>Watches a process that another server started, after making sure that it is the launcher of the attempt; null when it is not.</summary>
    private Observation? Adopt(AttemptRef name, int pid, ExitRecord record)
    {
        var fd = Libc.PidFdOpen(pid);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError() == Libc.ESRCH
                ? null
                : throw new ExecutorUnreachableException(
                    $"Process {pid} of attempt {name.Key} cannot be watched: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}."
                );
        }

        var adopted = false;
        try
        {
            // From here on the descriptor is about one process; whether it is the right one, its marker says.
            var buffer = new byte[16 * 1024];
            var marker = ProcessTable.MarkerOf(pid, ref buffer, out var forbidden);
            if (forbidden)
            {
                throw new ExecutorUnreachableException(
                    $"Process {pid} of attempt {name.Key} belongs to another user; start the server as the user that started the attempt."
                );
            }

            if (marker != name.Key.Value || ProcessTable.Find(pid) is not { IsDead: false } launcher)
            {
                return null;
            }

            var attempt = new LocalAttempt(name, _options.Time)
            {
                Launcher = launcher,
                PidFd = fd,
                IsChild = launcher.Parent == Environment.ProcessId,
                Groups = GroupsOf(name.Key, record),
                StartedAt = ProcessTable.StartedAt(launcher.StartTicks),
            };
            lock (attempt.Gate)
            {
                while (!_attempts.TryAdd(name.Key, attempt))
                {
                    // Adopted by another caller just now; or a submission is about to find that it was started before, and to step back.
                    if (Watched(name.Key) is { } watched)
                    {
                        return watched;
                    }
                }

                if (ProcessTable.Find(pid) is not { IsDead: false } now || now.StartTicks != launcher.StartTicks)
                {
                    _attempts.TryRemove(name.Key, out _); // it ended, and may have been told by whoever watched it
                    attempt.Stage = Stage.Ended;
                    return null;
                }

                adopted = true;
                if (attempt.IsChild)
                {
                    Orphans.KnowLauncher(pid);
                }

                attempt.Stage = Stage.Running;
                _looks.Change(TimeSpan.Zero, BetweenLooks);
                _watcher.Watch(fd, () => OnLauncherEnded(attempt));
                return attempt.Now(Phase.Running);
            }
        }
        finally
        {
            if (!adopted)
            {
                _ = Libc.Close(fd);
            }
        }
    }

    /// <summary>
    /// The groups that the launcher of an attempt joined and that are still there; only such as bear its key, for the command may write to
    /// whatever its user may.
    /// </summary>
    private static string[] GroupsOf(AttemptKey key, ExitRecord record) =>
        record.BootId == ProcessTable.BootId && record.Groups is { } groups
            ? [.. groups.Where(group => Path.GetFileName(group) == key.Value && Directory.Exists(group))]
            : [];

    /// <summary>
    /// Looks what the processes of attempts have used: the kernel tells nobody when adopted ones end, and of a child's memory only what is more
    /// than this server's own.
    /// </summary>
    private void SeeRunning()
    {
        var running = _attempts.Values.Where(attempt => attempt.Stage is Stage.Running or Stage.Cancelling).ToList();
        if (running.Count == 0)
        {
            return;
        }

        var keys = running.Select(attempt => attempt.Key.Value).ToHashSet();
        var marked = ProcessTree.Marked(keys.Contains);
        foreach (var attempt in running)
        {
            attempt.See(marked.GetValueOrDefault(attempt.Key.Value) ?? []);
        }
    }

    /// <summary>For tests: what an attempt was seen to use.</summary>
    internal (long Peak, TimeSpan Cpu) SeenOf(AttemptKey key) =>
        _attempts.TryGetValue(key, out var attempt) ? (attempt.SeenPeak, attempt.SeenCpu) : default;

    /// <summary>Kills what an attempt that ended while nobody watched has left in the background.</summary>
    private static async Task KillMarkedAsync(AttemptKey key, IReadOnlyCollection<string> groups, List<ProcessStat> marked)
    {
        if (marked.Count == 0 && groups.Any(group => ControlGroup.Members(group).Count > 0))
        {
            marked = ProcessTree.Members(key.Value, launcher: null, groups);
        }

        for (var pass = 0; marked.Count > 0 && pass < 100; pass++)
        {
            foreach (var process in marked)
            {
                ProcessTree.Signal(process, Libc.SIGKILL);
            }

            await Task.Delay(pass);
            Orphans.Reap(marked);
            marked = ProcessTree.Members(key.Value, launcher: null, groups);
        }
    }

    private static ExitRecord? Read(AttemptRef attempt)
    {
        var record = ExitRecord.Read($"{attempt.Directory}/{AttemptFiles.Exit}", out var error);
        return record is null && error is not Libc.ENOENT
            ? throw new ExecutorUnreachableException(
                $"The record of attempt {attempt.Key} in {attempt.Directory} cannot be read: {Marshal.GetPInvokeErrorMessage(error)}."
            )
            : record;
    }

    /// <summary>What the directory of an attempt says after its process is gone.</summary>
    private static Observation FromDirectory(AttemptRef attempt, int? pid)
    {
        // Read again: it may have been completed while the process was looked for.
        var record = Read(attempt) ?? default;
        var cancelled = File.Exists($"{attempt.Directory}/{AttemptFiles.Cancel}");
        var start = new Observation
        {
            Key = attempt.Key,
            Phase = Phase.Lost,
            Pid = record.Pid ?? pid,
            OfEarlierBoot = record.BootId is { } begunIn && begunIn != ProcessTable.BootId,
            CpuTime = record.CpuTime,
            PeakMemory = record.PeakMemory,
        };
        if (record.ExitCode is { } code)
        {
            return Ended(start, code, cancelled, record.OutOfMemory) with
            {
                EndedAt = new DateTimeOffset(File.GetLastWriteTimeUtc($"{attempt.Directory}/{AttemptFiles.Exit}")),
            };
        }

        if (cancelled)
        {
            return start with { Phase = Phase.Cancelled, Reason = "cancelled: killed before it could write an exit code" };
        }

        return start with
        {
            Reason =
                start.OfEarlierBoot ? "lost: the machine was restarted while it ran"
                : start.Pid is { } number ? $"lost: process {number} not found, and it wrote no exit record"
                : "lost: it was started, but its process cannot be found and it wrote no exit record",
        };
    }
}
