namespace Signalbox.Core.Retry;

/// <summary>Why work failed, as far as it decides what happens next.</summary>
public enum FailureClass
{
    /// <summary>May work when tried again: also what a non-zero exit without further evidence counts as.</summary>
    Transient,
    ResourceUnavailable,
    RateLimited,
    Auth,
    Schema,
    Validation,
    DiskFull,
    Oom,
    Timeout,

    /// <summary>Nobody knows how the attempt ended. It has a retry budget of its own.</summary>
    Lost,
    Cancelled,
    Permanent,
}

/// <summary>A failure of user work: an event of the run, never an exception.</summary>
/// <param name="Class">What kind it is.</param>
/// <param name="Message">A sentence for people, the tool's own words where it had some.</param>
/// <param name="Rule">Which evidence decided the class, e.g. <c>exit code 75</c>, <c>error file</c>.</param>
/// <param name="RetryAfter">How long to wait at least, where the other side said so.</param>
/// <param name="CheckFailed">An output failed a blocking check: what needs the task is blocked.</param>
public sealed record Failure(
    FailureClass Class,
    string Message,
    string? Rule = null,
    TimeSpan? RetryAfter = null,
    bool CheckFailed = false
);
