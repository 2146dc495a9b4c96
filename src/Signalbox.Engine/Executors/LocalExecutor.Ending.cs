using System.Runtime.InteropServices;
using Signalbox.Core;
using Signalbox.Engine.Processes;
using Signalbox.Storage;

namespace Signalbox.Engine.Executors;

/// <content>How attempts end: by themselves, or because they are told to.</content>
public sealed partial class LocalExecutor
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RecordTime = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public async Task CancelAsync(AttemptRef attempt, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (!_attempts.TryGetValue(attempt.Key, out var watched))
        {
            await ObserveAsync([attempt], cancellationToken);
            if (!_attempts.TryGetValue(attempt.Key, out watched))
            {
                await StopUnwatchedAsync(attempt.Key, grace, cancellationToken);
                return;
            }
        }

        lock (watched.Gate)
        {
            if (watched.Stage == Stage.Running && ExitRecord.Read(watched.File(AttemptFiles.Exit)) is not { ExitCode: not null })
            {
                // On disk before the signal, so that a server which starts in between knows why the attempt ended.
                File.WriteAllBytes(watched.File(AttemptFiles.Cancel), []);
                watched.Stage = Stage.Cancelling;
                watched.Grace = new CancellationTokenSource(grace, _options.Time);
                _ = Task.Run(() => StopAsync(watched, watched.Grace.Token), CancellationToken.None);
            }
            else if (watched.Stage == Stage.Cancelling)
            {
                watched.Grace!.CancelAfter(grace); // a later word on the grace replaces the earlier one
            }
        }

        await watched.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends what is marked with the key although no launcher of it can be found: strays of an attempt that has no record.</summary>
    private async Task StopUnwatchedAsync(AttemptKey key, TimeSpan grace, CancellationToken cancellationToken)
    {
        var strays = Strays(key);
        foreach (var process in strays)
        {
            ProcessTree.Signal(process, Libc.SIGTERM);
        }

        var begun = _options.Time.GetTimestamp();
        for (; strays.Count > 0; strays = Strays(key))
        {
            var isLate = _options.Time.GetElapsedTime(begun) >= grace;
            if (isLate)
            {
                strays.ForEach(process => ProcessTree.Signal(process, Libc.SIGKILL));
            }

            if (_options.Time.GetElapsedTime(begun) >= grace + KillTime)
            {
                throw new ExecutorUnreachableException($"Process {strays[0].Pid} of attempt {key} could not be killed.");
            }

            await Task.Delay(LookAgain, cancellationToken);
            Orphans.Reap(strays);
        }
    }

    private List<ProcessStat> Strays(AttemptKey key) =>
        ProcessTree.Marked(marker => marker == key.Value, _options.Root).GetValueOrDefault(key.Value) ?? [];

    private async Task StopAsync(LocalAttempt attempt, CancellationToken graceOver)
    {
        try
        {
            var members = Members(attempt);
            attempt.See(members);
            foreach (var process in members)
            {
                ProcessTree.Signal(process, Libc.SIGTERM);
            }

            try
            {
                await attempt.LauncherEnded.Task.WaitAsync(graceOver);
                while (Members(attempt).Count > 0)
                {
                    await Task.Delay(LookAgain, graceOver);
                }
            }
            catch (OperationCanceledException)
            {
                // The grace is over: what is left is killed now.
            }

            Conclude(attempt, cancelled: true, await KillAsync(attempt));
        }
        catch (Exception e)
        {
            ConcludeUnseen(attempt, e);
        }
    }

    /// <summary>On the watching thread: must be quick.</summary>
    private void OnLauncherEnded(LocalAttempt attempt)
    {
        FaultPoints.Hit(FaultPoints.BeforeEnding);
        lock (attempt.Gate)
        {
            attempt.LauncherEnded.TrySetResult();
            if (attempt.Stage != Stage.Running)
            {
                return; // whoever cancels it concludes it
            }

            attempt.Stage = Stage.Ending;
        }

        try
        {
            if (attempt.IsChild)
            {
                // Dead and not reaped, it still keeps the number of its process group from being given out again.
                _ = Libc.Kill(-attempt.Launcher.Pid, Libc.SIGKILL);
                if (
                    !_orphans.MayHaveLeft(attempt.Key.Value, attempt.Launcher.Pid)
                    && attempt.Groups.All(group => ControlGroup.Members(group).Count == 0)
                )
                {
                    Conclude(attempt, cancelled: false, survivors: []);
                    return;
                }
            }

            _ = Task.Run(() => EndAsync(attempt));
        }
        catch (Exception e)
        {
            ConcludeUnseen(attempt, e);
        }
    }

    private async Task EndAsync(LocalAttempt attempt)
    {
        try
        {
            Conclude(attempt, cancelled: false, await KillAsync(attempt));
        }
        catch (Exception e)
        {
            ConcludeUnseen(attempt, e);
        }
    }

    private static List<ProcessStat> Members(LocalAttempt attempt) =>
        ProcessTree.Members(attempt.Key.Value, attempt.CertainLauncher, attempt.Groups);

    /// <summary>
    /// Kills until nothing is left; what could not be killed in time is returned. The launcher comes last, so that it can still write the
    /// record of a command that was killed.
    /// </summary>
    private async Task<List<ProcessStat>> KillAsync(LocalAttempt attempt)
    {
        var begun = _options.Time.GetTimestamp();
        var killed = new List<ProcessStat>();
        while (true)
        {
            var members = Members(attempt);
            attempt.See(members);
            var others = members.FindAll(process => process.Pid != attempt.Launcher.Pid);
            if (members.Count == 0 || _options.Time.GetElapsedTime(begun) > KillTime)
            {
                Orphans.Reap(killed);
                return members;
            }

            if (others.Count == 0)
            {
                await Task.WhenAny(attempt.LauncherEnded.Task, Task.Delay(RecordTime));
                others = Members(attempt);
            }

            foreach (var process in others)
            {
                if (ProcessTree.Signal(process, Libc.SIGKILL))
                {
                    killed.Add(process);
                }
            }

            await Task.Delay(1);
            if (_options.Time.GetElapsedTime(begun) > RecordTime)
            {
                // Something makes processes faster than they can be killed one by one.
                foreach (var group in attempt.Groups)
                {
                    ControlGroup.TryKill(group);
                }
            }
        }
    }

    /// <summary>Takes the end of the attempt, puts it on record and tells it. Nothing of the attempt runs any more.</summary>
    private unsafe void Conclude(LocalAttempt attempt, bool cancelled, List<ProcessStat> survivors)
    {
        int? code = null;
        DateTimeOffset? ended = null;
        TimeSpan? cpu = null;
        long? peak = null;
        var status = 0;
        Libc.ResourceUsage usage;
        var pid = attempt.Launcher.Pid;
        if (attempt.IsChild && Reap(pid, &status, &usage))
        {
            cpu = usage.CpuTime;
            peak = usage.MaxResidentKib * 1024 is var most && most > attempt.ServerPeak ? most : null;
            var signal = status & 0x7f;
            code = signal == 0 ? (status >> 8) & 0xff : 128 + signal;
            if (signal != 0)
            {
                if (ExitRecord.Read(attempt.File(AttemptFiles.Exit)) is { ExitCode: { } written })
                {
                    code = written;
                }
                else
                {
                    WriteLauncherKilled(attempt, signal);
                }
            }

            ended = _options.Time.GetUtcNow();
        }

        Orphans.ForgetLauncher(pid);
        var groups = attempt.Groups.Count > 0 ? attempt.Groups : GroupsOf(attempt.Key, Read(attempt.Ref) ?? default);
        var used = TakeGroups(groups, attempt.Directory);
        EmptyTemporary(attempt.Directory);
        var now = code is null
            ? FromDirectory(attempt.Ref, attempt.Launcher.Pid) with
            {
                StartedAt = attempt.StartedAt,
            }
            : Ended(attempt.Now(Phase.Running), code.Value, cancelled, used.OutOfMemory) with
            {
                EndedAt = ended,
            };
        now = now with { ExternalId = attempt.Now(Phase.Running).ExternalId, Pid = pid, StartTicks = attempt.Launcher.StartTicks };
        now = now with
        {
            CpuTime = used.CpuTime ?? Larger(cpu ?? now.CpuTime, attempt.SeenCpu),
            PeakMemory = used.PeakMemory ?? Larger(peak ?? now.PeakMemory, attempt.SeenPeak),
        };
        Tell(
            attempt,
            survivors.Count == 0
                ? now
                : now with
                {
                    Reason = $"{now.Reason ?? "ended"}; could not be killed: process {string.Join(", ", survivors.Select(s => s.Pid))}",
                }
        );
    }

    /// <summary>What was told, or what was seen when that is more; null when there is neither.</summary>
    private static T? Larger<T>(T? told, T seen)
        where T : struct, IComparable<T> =>
        told is { } value && value.CompareTo(seen) >= 0 ? value
        : seen.CompareTo(default) > 0 ? seen
        : told;

    /// <summary>Something went wrong while the end was taken: the attempt is told as lost with the reason, never left hanging.</summary>
    private void ConcludeUnseen(LocalAttempt attempt, Exception e) =>
        Tell(
            attempt,
            attempt.Now(Phase.Lost) with
            {
                Reason = $"lost: how process {attempt.Launcher.Pid} ended could not be read: {e.Message}",
            }
        );

    private void Tell(LocalAttempt attempt, Observation now)
    {
        lock (attempt.Gate)
        {
            if (attempt.Stage == Stage.Ended)
            {
                return;
            }

            attempt.Stage = Stage.Ended;
            CloseWhenUnwatched(attempt, attempt.PidFd);
            attempt.PidFd = -1;
            attempt.Grace?.Dispose();
        }

        _attempts.TryRemove(attempt.Key, out _);
        _observations.Writer.TryWrite(now);
        attempt.Done.TrySetResult();
    }

    /// <summary>
    /// Whoever stops an attempt may see its end before the watching thread does, which then still holds the descriptor in its set: it is
    /// closed after that thread let go of it, for its number may be another attempt's an instant later.
    /// </summary>
    private static void CloseWhenUnwatched(LocalAttempt attempt, int fd)
    {
        if (attempt.LauncherEnded.Task.IsCompleted)
        {
            _ = Libc.Close(fd);
        }
        else
        {
            _ = attempt.LauncherEnded.Task.ContinueWith(_ => Libc.Close(fd), TaskScheduler.Default);
        }
    }

    private static unsafe bool Reap(int pid, int* status, Libc.ResourceUsage* usage)
    {
        int result;
        do
        {
            result = Libc.Wait4(pid, status, Libc.WNOHANG, usage);
        } while (result < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);

        return result == pid;
    }

    /// <summary>
    /// Reads what the groups of an attempt that has ended used, and removes them. What only they knew is put on record first, so that whoever
    /// asks later gets the same answer.
    /// </summary>
    private static GroupUsage TakeGroups(IReadOnlyCollection<string> groups, string directory)
    {
        if (groups.Count == 0)
        {
            return default;
        }

        var used = GroupUsage.Of(groups);
        if (used.PeakMemory is not null || used.OutOfMemory)
        {
            try
            {
                File.AppendAllText($"{directory}/{AttemptFiles.Exit}", ExitRecord.Used(used));
            }
            catch (IOException)
            {
                // A full disk: this server knows it, and tells it.
            }
        }

        RemoveGroups(groups);
        return used;
    }

    /// <summary>Completes the record of a launcher that was killed, so that a later server need not guess. A full disk leaves it incomplete.</summary>
    private static void WriteLauncherKilled(LocalAttempt attempt, int signal)
    {
        try
        {
            File.AppendAllText(attempt.File(AttemptFiles.Exit), ExitRecord.LauncherKilledBy(signal));
        }
        catch (IOException)
        {
            // This server knows the end and tells it; only one that starts later would call the attempt lost.
        }
    }

    /// <summary>
    /// Empties the directory for temporary files. The directory itself stays until the attempt is forgotten: a file system such as ext4
    /// avoids inodes that were freed in the last seconds, and a directory removed per attempt makes each next one slower to make.
    /// </summary>
    private static void EmptyTemporary(string directory)
    {
        var path = $"{directory}/{AttemptFiles.Temporary}";
        try
        {
            foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo { LinkTarget: null } below)
                {
                    below.Delete(recursive: true);
                }
                else
                {
                    entry.Delete();
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there, or holding something that is not ours to delete: it goes with the directory.
        }
    }

    private static Observation Ended(Observation start, int code, bool cancelled, bool outOfMemory)
    {
        int? signal = code is > 128 and <= 128 + 64 ? code - 128 : null;
        var how = signal is { } n ? $"exit code {code} (as after signal {n}{SignalName(n)})" : $"exit code {code}";
        return start with
        {
            Phase =
                cancelled ? Phase.Cancelled
                : code == 0 ? Phase.Succeeded
                : Phase.Failed,
            ExitCode = code,
            Signal = signal,
            OutOfMemory = outOfMemory,
            Reason =
                cancelled ? $"cancelled: {how}"
                : outOfMemory ? $"{how}: out of memory, killed by the kernel"
                : code == 0 ? null
                : how,
        };
    }

    private static string SignalName(int signal) =>
        signal switch
        {
            1 => ", HUP",
            2 => ", INT",
            3 => ", QUIT",
            4 => ", ILL",
            6 => ", ABRT",
            7 => ", BUS",
            8 => ", FPE",
            9 => ", KILL",
            11 => ", SEGV",
            13 => ", PIPE",
            14 => ", ALRM",
            15 => ", TERM",
            24 => ", XCPU",
            25 => ", XFSZ",
            _ => "",
        };
}
