using Signalbox.Core;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Executors;

/// <summary>An attempt that runs on this machine and is watched by this server.</summary>
internal sealed class LocalAttempt(AttemptRef name, TimeProvider time)
{
    private long _began; // counted: the clock on the wall may be set while a command is being started

    public AttemptKey Key => name.Key;
    public string Directory => name.Directory;
    public AttemptRef Ref => name;

    /// <summary>Guards <see cref="Stage"/> and what is set with it; held while the process is started.</summary>
    public Lock Gate { get; } = new();

    public Stage Stage { get; set; } = Stage.Starting;

    /// <summary>The launcher. Its number is also that of the session.</summary>
    public ProcessStat Launcher { get; set; }

    public int PidFd { get; set; } = -1;

    /// <summary>Whether the launcher is this server's child, to be reaped by it; not so after an adoption.</summary>
    public bool IsChild { get; set; }

    /// <summary>The folders of its control groups.</summary>
    public IReadOnlyList<string> Groups { get; set; } = [];

    /// <summary>
    /// How large this server had been when it started the launcher, in bytes. Until its exec the launcher ran in the memory of the server, so
    /// the kernel tells of no less: whatever it tells up to here says nothing about the attempt.
    /// </summary>
    public long ServerPeak { get; set; }

    /// <summary>The largest resident size of one of its processes that was seen. In bytes; 0 where nobody looked.</summary>
    public long SeenPeak { get; private set; }

    /// <summary>The most processor time that its living processes, and what they waited for, were seen to have used together.</summary>
    public TimeSpan SeenCpu { get; private set; }

    /// <summary>
    /// Looks what its processes have used: while they run, and before they are killed, for of a process whose parent was killed before it the
    /// launcher is not told.
    /// </summary>
    public void See(List<ProcessStat> members)
    {
        var used = members.ConvertAll(process => ProcessTable.UsageOf(process.Pid));
        SeenPeak = used.Select(one => one.PeakMemory).Append(SeenPeak).Max();
        var cpu = used.Aggregate(TimeSpan.Zero, (sum, one) => sum + one.Cpu);
        SeenCpu = cpu > SeenCpu ? cpu : SeenCpu;
    }

    /// <summary>When it began, by the clock on the wall as it is now.</summary>
    public DateTimeOffset StartedAt
    {
        get => time.GetUtcNow() - time.GetElapsedTime(_began);
        set => _began = time.GetTimestamp() - (long)((time.GetUtcNow() - value).TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>The time that is left to it after TERM; there once it is being cancelled.</summary>
    public CancellationTokenSource? Grace { get; set; }

    /// <summary>Completed when the launcher has ended; its tree may still be running.</summary>
    public TaskCompletionSource LauncherEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed when nothing of the attempt runs any more, and its end is on record.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The launcher while its number is certainly its own: it runs, or is our child that we have not reaped.</summary>
    public ProcessStat? CertainLauncher => IsChild || !LauncherEnded.Task.IsCompleted ? Launcher : null;

    public string File(string fileName) => $"{name.Directory}/{fileName}";

    /// <summary>What is known while it runs.</summary>
    public Observation Now(Phase phase) =>
        new()
        {
            Key = Key,
            Phase = phase,
            ExternalId = $"{Launcher.Pid}.{Launcher.StartTicks}.{ProcessTable.BootId}",
            Pid = Launcher.Pid,
            StartTicks = Launcher.StartTicks,
            StartedAt = StartedAt,
        };
}

/// <summary>Where a watched attempt is on its way. It only moves downwards.</summary>
internal enum Stage
{
    Starting,
    Running,

    /// <summary>TERM was sent, or is about to be.</summary>
    Cancelling,

    /// <summary>It ended by itself; what it left behind is being killed.</summary>
    Ending,
    Ended,
}
