using System.Text.Json.Serialization;

namespace Signalbox.Core.Retry;

/// <summary>How often and how far apart a failed task is tried again.</summary>
public sealed record RetryPolicy
{
    public static readonly RetryPolicy Default = new();

    /// <summary>
    /// The table that ships with the product (<c>retries: auto</c>): what may pass is tried again up to five times, after 1, 2, 4, 8 and 16 seconds and up to a
    /// second more; a rate limit after as long as it says; a resource that is not available up to three times, <see cref="ShortDelay"/>
    /// apart; memory that was not enough once; auth, schema, validation, disk_full and permanent never.
    /// </summary>
    public static readonly RetryPolicy Table = new()
    {
        Retries = 5,
        Delay = TimeSpan.FromSeconds(1),
        Backoff = Backoff.Exponential,
        ByClass = true,
    };

    /// <summary>With <see cref="ByClass"/>: between attempts for want of a resource. 5 seconds.</summary>
    public static readonly TimeSpan ShortDelay = TimeSpan.FromSeconds(5);

    /// <summary>The least wait after a rate limit that did not say how long it lasts: 60 seconds.</summary>
    public static readonly TimeSpan RateLimitDelay = TimeSpan.FromSeconds(60);

    /// <summary>Between a lost attempt and the next: 5 seconds, so that a machine that loses everything is not asked in a circle.</summary>
    public static readonly TimeSpan LostDelay = TimeSpan.FromSeconds(5);

    /// <summary>Extra attempts after the first: 2 means at most 3 attempts. Default 0.</summary>
    public int Retries { get; init; }

    /// <summary>Before the first retry. Default 5 minutes, as Airflow has it.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Default <see cref="Backoff.Fixed"/>.</summary>
    public Backoff Backoff { get; init; } = Backoff.Fixed;

    /// <summary>The longest delay under exponential backoff, before jitter. Default 30 minutes; a longer <see cref="Failure.RetryAfter"/> still wins.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The most that is added at random (from a seed) under exponential backoff. Default 1 second; zero switches it off.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The classes that are retried. Empty: all but those that trying again cannot mend
    /// (auth, schema, validation, disk_full, permanent, cancelled). Lost is not asked here: it has <see cref="LostBudget"/>.
    /// </summary>
    public ImmutableArray<FailureClass> RetryOn { get; init; } = [];

    /// <summary>How often an attempt may be lost before the task fails; not counted as retries. Default 3.</summary>
    public int LostBudget { get; init; } = 3;

    /// <summary>Whether a class may have fewer retries and another delay than the others, as <see cref="Table"/> says. Default false.</summary>
    public bool ByClass { get; init; }

    /// <summary>Attempts that can be made in all.</summary>
    [JsonIgnore]
    public int MaxAttempts => Retries + 1;

    /// <summary>Whether a failure of this class is ever tried again.</summary>
    public bool Covers(FailureClass failure) =>
        RetryOn.IsDefaultOrEmpty
            ? failure
                is FailureClass.Transient
                    or FailureClass.ResourceUnavailable
                    or FailureClass.RateLimited
                    or FailureClass.Oom
                    or FailureClass.Timeout
                    or FailureClass.Lost
            : RetryOn.Contains(failure);

    /// <summary>The retries after which a failure of this class is final: with <see cref="ByClass"/> 3 for resource_unavailable and 1 for oom at most.</summary>
    public int RetriesFor(FailureClass failure) =>
        !Covers(failure) ? 0
        : ByClass && failure == FailureClass.ResourceUnavailable ? Math.Min(Retries, 3)
        : ByClass && failure == FailureClass.Oom ? Math.Min(Retries, 1)
        : Retries;

    /// <summary>How long to wait before the next attempt; null when there is none.</summary>
    /// <param name="failure">Why the attempt failed.</param>
    /// <param name="retriesUsed">Retries before this failure: 0 after the first attempt.</param>
    /// <param name="seed">What the jitter is made from; the same seed gives the same delay.</param>
    public TimeSpan? NextDelay(Failure failure, int retriesUsed, ulong seed)
    {
        if (retriesUsed >= RetriesFor(failure.Class))
        {
            return null;
        }

        var delay =
            ByClass && failure.Class == FailureClass.ResourceUnavailable ? ShortDelay
            : Backoff == Backoff.Exponential ? Exponential(retriesUsed) + (Jitter * Fraction(seed))
            : Delay;
        var floor = failure.RetryAfter ?? (failure.Class == FailureClass.RateLimited ? RateLimitDelay : TimeSpan.Zero);
        return delay < floor ? floor : delay;
    }

    private TimeSpan Exponential(int n)
    {
        var ticks = Delay.Ticks * Math.Pow(2, n);
        return ticks >= MaxDelay.Ticks ? MaxDelay : TimeSpan.FromTicks((long)ticks);
    }

    /// <summary>A number from 0 up to, but not, 1: the upper 53 bits of the seed, all that a double can hold.</summary>
    private static double Fraction(ulong seed) => (seed >> 11) * (1.0 / (1UL << 53));
}

/// <summary>How the delay grows.</summary>
public enum Backoff
{
    /// <summary>The same delay each time.</summary>
    Fixed,

    /// <summary>Delay × 2^n for the n-th retry, n from 0, capped by <see cref="RetryPolicy.MaxDelay"/>, plus jitter.</summary>
    Exponential,
}
