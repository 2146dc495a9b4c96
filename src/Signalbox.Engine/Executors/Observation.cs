using Signalbox.Core;

namespace Signalbox.Engine.Executors;

/// <summary>Where an attempt is, as its executor sees it.</summary>
public enum Phase
{
    /// <summary>Accepted, and waiting for the engine to start it.</summary>
    Queued,

    /// <summary>Its process runs.</summary>
    Running,

    /// <summary>Ended with exit code 0.</summary>
    Succeeded,

    /// <summary>Ended otherwise.</summary>
    Failed,

    /// <summary>Ended after it was cancelled.</summary>
    Cancelled,

    /// <summary>It was started, runs no more, and nothing says how it ended.</summary>
    Lost,

    /// <summary>It was never started.</summary>
    Unknown,
}

/// <summary>What is known about an attempt at one moment.</summary>
public sealed record Observation
{
    /// <summary>The attempt.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>Where it is.</summary>
    public required Phase Phase { get; init; }

    /// <summary>The engine's own name for it; here <c>pid.startticks.bootid</c>.</summary>
    public string? ExternalId { get; init; }

    /// <summary>0 to 255; as a shell says it, 128 + n after signal n. Null while it runs and when nobody knows.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the command, read from <see cref="ExitCode"/> as shells do: a command that itself exits with 137 looks the same.</summary>
    public int? Signal { get; init; }

    /// <summary>A sentence that says why, for every phase but Running and Succeeded.</summary>
    public string? Reason { get; init; }

    /// <summary>True when the kernel's memory controller killed a process of the attempt.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>User and system time of the command and all it waited for; null when nobody measured.</summary>
    public TimeSpan? CpuTime { get; init; }

    /// <summary>The largest resident size, in bytes: of the whole group where there is a memory controller, else of the largest process.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>When the process was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The process id of the launcher, which is also the id of the session and the process group.</summary>
    public int? Pid { get; init; }

    /// <summary>The start of that process in clock ticks since boot: with the pid and the boot it names a process for ever.</summary>
    public long? StartTicks { get; init; }

    /// <summary>
    /// Whether the machine was restarted since it began: then nothing that it wrote is known to have reached the disk, though the record of its
    /// end did.
    /// </summary>
    public bool OfEarlierBoot { get; init; }

    /// <summary>Whether nothing will change any more.</summary>
    public bool Ended => Phase is Phase.Succeeded or Phase.Failed or Phase.Cancelled or Phase.Lost;
}
