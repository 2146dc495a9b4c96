using System.Text.Json.Serialization;

namespace Signalbox.Core.Retry;

/// <summary>How often and how far apart a failed task is tried again.</summary>
public sealed record RetryPolicy
{
    public static readonly RetryPolicy Default = new();

    /// <summary>Extra attempts after the first: 2 means at most 3 attempts. Default 0.</summary>
    public int Retries { get; init; }

    /// <summary>Before the first retry. Default 5 minutes, as Airflow has it.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Default <see cref="Backoff.Fixed"/>.</summary>
    public Backoff Backoff { get; init; } = Backoff.Fixed;

    /// <summary>The longest delay before jitter. Default 30 minutes; a longer <see cref="Failure.RetryAfter"/> still wins.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The most that is added at random (from a seed) under exponential backoff. Default 1 second; zero switches it off.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The classes that are retried. Empty: all but those that trying again cannot mend
    /// (auth, schema, validation, disk_full, permanent, cancelled).
    /// </summary>
    public ImmutableArray<FailureClass> RetryOn { get; init; } = [];

    /// <summary>How often an attempt may be lost before the task fails; not counted as retries. Default 3.</summary>
    public int LostBudget { get; init; } = 3;

    /// <summary>Attempts that can be made in all.</summary>
    [JsonIgnore]
    public int MaxAttempts => Retries + 1;
}

/// <summary>How the delay grows.</summary>
public enum Backoff
{
    /// <summary>The same delay each time.</summary>
    Fixed,

    /// <summary>Delay × 2^n for the n-th retry, n from 0, capped by <see cref="RetryPolicy.MaxDelay"/>, plus jitter.</summary>
    Exponential,
}
