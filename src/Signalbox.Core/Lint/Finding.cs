namespace Signalbox.Core.Lint;

/// <summary>Something that keeps a pipeline from being run again safely, seen without running it.</summary>
/// <param name="Code">The rule, a stable name in kebab-case: one of <see cref="LintCodes"/>.</param>
/// <param name="Task">The task; null when it is the pipeline's.</param>
/// <param name="File">The file of the project it stands in; null when that is the pipeline file.</param>
/// <param name="Field">In the pipeline file: the field, as in a <c>Diagnostic</c>. In another file: the field that names the file.</param>
/// <param name="Offset">Characters into the text of the field or the file.</param>
/// <param name="Message">What is wrong, without a full stop at the end.</param>
/// <param name="Mend">How to mend it, without a full stop at the end.</param>
public sealed record Finding(string Code, TaskName? Task, string? File, string Field, int Offset, string Message, string Mend);

/// <summary>The rules of the linter by the names that a line allows: <c>signalbox: allow wall-clock</c>.</summary>
public static class LintCodes
{
    /// <summary>A result depends on the wall clock.</summary>
    public const string WallClock = "wall-clock";

    /// <summary>A path depends on the wall clock, so a rerun writes elsewhere.</summary>
    public const string WallClockPath = "wall-clock-path";

    /// <summary>Something is added to what is there, so a rerun adds it again.</summary>
    public const string Append = "append";

    /// <summary>A name that says nothing of which version it is.</summary>
    public const string MutableName = "mutable-name";

    /// <summary>Chance without a seed.</summary>
    public const string Unseeded = "unseeded-random";

    /// <summary>An output that every run publishes to one path. The checker's code.</summary>
    public const string Unpartitioned = "unpartitioned-output";

    /// <summary>A task without a limit of time. The checker's code.</summary>
    public const string NoTimeout = "no-timeout";

    /// <summary>A schedule that reads a dataset before it is made. By the plan of the days to come.</summary>
    public const string EarlyRead = "early-read";

    /// <summary>A task that is never tried again, and nobody said so.</summary>
    public const string NoRetries = "no-retries";

    /// <summary>Retries that follow on one another without a pause.</summary>
    public const string NoRetryDelay = "no-retry-delay";

    /// <summary>Failures are retried that trying again cannot mend.</summary>
    public const string BroadRetries = "broad-retries";

    /// <summary>The schedule is not what it is said to mean.</summary>
    public const string ScheduleDiffers = "schedule-differs";

    public static readonly ImmutableArray<string> All =
    [
        WallClock,
        WallClockPath,
        Append,
        MutableName,
        Unseeded,
        Unpartitioned,
        NoTimeout,
        NoRetries,
        NoRetryDelay,
        BroadRetries,
        ScheduleDiffers,
    ];
}
