using System.Globalization;

namespace Signalbox.Core.Breakers;

/// <summary>When a circuit breaker opens, and for how long it lets nothing through.</summary>
/// <param name="Failures">Failures in a row that open it; at least 1.</param>
/// <param name="CoolDown">After which one attempt, or one run, is let through to see whether it works again.</param>
public sealed record BreakerSpec(int Failures, TimeSpan CoolDown)
{
    /// <summary>The default of <see cref="CoolDown"/>: 5 minutes.</summary>
    public static readonly TimeSpan DefaultCoolDown = TimeSpan.FromMinutes(5);
}

/// <summary>How many retries of all tasks together a target is asked to bear.</summary>
/// <param name="Retries">At least 1.</param>
/// <param name="Per">The length of the window, which slides.</param>
public sealed record RetryBudget(int Retries, TimeSpan Per);

/// <summary>Something outside that tasks depend on and name with <c>target:</c>.</summary>
/// <param name="Breaker">When attempts on it are held. Null: never.</param>
/// <param name="Budget">How many retries it bears. Null: any number.</param>
public sealed record TargetSpec(BreakerSpec? Breaker, RetryBudget? Budget);

/// <summary>What a breaker holds back.</summary>
public enum BreakerKind
{
    /// <summary>New runs of a pipeline.</summary>
    Pipeline,

    /// <summary>Attempts of all tasks that name a target.</summary>
    Target,
}

/// <summary>Which breaker it is.</summary>
public readonly record struct BreakerKey(BreakerKind Kind, string Name)
{
    public override string ToString() => $"{Names.Of(Kind)} {Name}";
}

/// <summary>Whether anything is let through.</summary>
public enum BreakerState
{
    /// <summary>Everything is.</summary>
    Closed,

    /// <summary>Nothing is.</summary>
    Open,

    /// <summary>One at a time is; how it ends decides.</summary>
    HalfOpen,
}

/// <summary>A circuit breaker as it stands: the failures in a row, and since when it is open.</summary>
public sealed record Breaker(BreakerKey Key)
{
    /// <summary>Failures since the last success.</summary>
    public int Failures { get; init; }

    /// <summary>Since when it is open; null while it is closed.</summary>
    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>From when on one is let through; null while it is closed.</summary>
    public DateTimeOffset? ProbeAt { get; init; }

    /// <summary>The failure that opened it, a sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether anything is let through at an instant.</summary>
    public BreakerState StateAt(DateTimeOffset at) =>
        ProbeAt is not { } probe ? BreakerState.Closed
        : at < probe ? BreakerState.Open
        : BreakerState.HalfOpen;

    /// <summary>How many may be under way at an instant; null for any number.</summary>
    public int? MostAt(DateTimeOffset at) =>
        StateAt(at) switch
        {
            BreakerState.Open => 0,
            BreakerState.HalfOpen => 1,
            _ => null,
        };

    /// <summary>What an open breaker does at an instant, and how it is closed, a sentence.</summary>
    public string SentenceAt(DateTimeOffset at)
    {
        var since = $"the circuit breaker of {Key} is open after {Failures} failures in a row ({Reason})";
        var reset = $"`signalbox breakers reset {Key}` closes it";
        return StateAt(at) == BreakerState.Open
            ? $"{since}; one is let through at {ProbeAt!.Value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC; {reset}"
            : $"{since}; one at a time is let through to see whether it works again; {reset}";
    }

    /// <summary>The breaker after a success: closed, whatever it was.</summary>
    public Breaker Succeeded() => new(Key);

    /// <summary>
    /// The breaker after a failure. What fails while it is open was under way before, and says nothing new; a failure of what was let through holds
    /// for another cool-down.
    /// </summary>
    public Breaker Failed(BreakerSpec spec, DateTimeOffset at, string reason)
    {
        var failures = Failures + 1;
        return failures < spec.Failures || StateAt(at) == BreakerState.Open
            ? this with
            {
                Failures = failures,
            }
            : this with
            {
                Failures = failures,
                OpenedAt = OpenedAt ?? at,
                ProbeAt = at + spec.CoolDown,
                Reason = reason,
            };
    }
}
