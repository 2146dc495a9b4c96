namespace Signalbox.Core.Retry;

/// <summary>All that is known about how a failed attempt ended; what is not known is null.</summary>
public sealed record FailureEvidence
{
    /// <summary>How much of the end of standard error is looked at, in bytes.</summary>
    public const int MostOfLines = 4096;

    /// <summary>What the command wrote to <c>SIGNALBOX_ERROR</c>: JSON <c>{"class", "message", "retry_after"}</c>. Null or empty: nothing.</summary>
    public string? ErrorFile { get; init; }

    /// <summary>
    /// Whether the command was the program itself, at work on a request, a query or a load: then its error file is what it read out of an answer, and no
    /// word of the user's.
    /// </summary>
    public bool IsOwnWork { get; init; }

    /// <summary>0 to 255; 128 + n after signal n, as a shell says it. Null: it did not end by itself, or nobody knows.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the command.</summary>
    public int? Signal { get; init; }

    /// <summary>Whether the kernel killed a process of the attempt for memory.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>The last lines the command wrote to its standard error, at most <see cref="MostOfLines"/> bytes.</summary>
    public string LastLines { get; init; } = "";

    /// <summary>What the executor says, where there is no exit code: e.g. that the command could not be started.</summary>
    public string? Reason { get; init; }

    /// <summary>When the attempt ended, for a <c>retry_after</c> that is a date. Null: such a date counts as unsaid.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
