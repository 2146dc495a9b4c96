using FsCheck;
using FsCheck.Fluent;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Tests.Retry;

public sealed class RetryPolicyTests
{
    private static readonly Failure Transient = new(FailureClass.Transient, "boom");

    [Theory]
    [Trait("Requirement", "S99")]
    [Trait("Requirement", "S150")]
    [InlineData(0, 1, 2)]
    [InlineData(1, 2, 3)]
    [InlineData(2, 4, 5)]
    [InlineData(3, 8, 9)]
    public void Exponential_delays_lie_within_their_second_of_jitter(int retriesUsed, int least, int most)
    {
        var policy = new RetryPolicy
        {
            Retries = 4,
            Delay = TimeSpan.FromSeconds(1),
            Backoff = Backoff.Exponential,
        };
        var delays = Enumerable
            .Range(0, 1000)
            .Select(i => policy.NextDelay(Transient, retriesUsed, StableHash.Of($"{i}"))!.Value.TotalSeconds)
            .ToList();
        Assert.All(delays, delay => Assert.InRange(delay, least, most));
        Assert.True(delays.Max() - delays.Min() > 0.9);
    }

    [Fact]
    [Trait("Requirement", "S153")]
    public void Five_ten_twenty_minutes_and_then_the_cap_of_thirty()
    {
        var policy = new RetryPolicy
        {
            Retries = 4,
            Backoff = Backoff.Exponential,
            Jitter = TimeSpan.Zero,
        };
        Assert.Equal([5d, 10d, 20d, 30d], Enumerable.Range(0, 4).Select(n => policy.NextDelay(Transient, n, 0)!.Value.TotalMinutes));
        Assert.Null(policy.NextDelay(Transient, 4, 0));
    }

    [Theory]
    [Trait("Requirement", "S152")]
    [Trait("Requirement", "S149")]
    [Trait("Requirement", "S160")]
    [InlineData(FailureClass.Auth)]
    [InlineData(FailureClass.Schema)]
    [InlineData(FailureClass.Validation)]
    [InlineData(FailureClass.DiskFull)]
    [InlineData(FailureClass.Permanent)]
    public void What_trying_again_cannot_mend_is_not_retried(FailureClass failure) =>
        Assert.Null(new RetryPolicy { Retries = 10 }.NextDelay(new Failure(failure, "no"), 0, 0));

    [Fact]
    [Trait("Requirement", "S151")]
    public void The_classes_that_are_retried_can_be_chosen()
    {
        var policy = new RetryPolicy { Retries = 1, RetryOn = [FailureClass.Auth] };
        Assert.NotNull(policy.NextDelay(new Failure(FailureClass.Auth, "no"), 0, 0));
        Assert.Null(policy.NextDelay(Transient, 0, 0));
    }

    [Fact]
    public void A_longer_wish_of_the_other_side_wins_and_a_rate_limit_waits_a_minute()
    {
        var policy = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromSeconds(1) };
        Assert.Equal(TimeSpan.FromHours(2), policy.NextDelay(Transient with { RetryAfter = TimeSpan.FromHours(2) }, 0, 0));
        Assert.Equal(TimeSpan.FromSeconds(60), policy.NextDelay(new Failure(FailureClass.RateLimited, "429"), 0, 0));
    }

    [Theory]
    [Trait("Requirement", "S99")]
    [Trait("Requirement", "S150")]
    [InlineData(FailureClass.Transient, new[] { 1, 2, 4, 8, 16 }, 1)]
    [InlineData(FailureClass.ResourceUnavailable, new[] { 5, 5, 5 }, 0)]
    [InlineData(FailureClass.Oom, new[] { 1 }, 1)]
    [InlineData(FailureClass.Validation, new int[0], 0)]
    public void The_table_gives_each_class_its_delays_and_then_no_more(FailureClass failure, int[] seconds, int jitter)
    {
        for (var used = 0; used < seconds.Length; used++)
        {
            var delay = RetryPolicy.Table.NextDelay(new Failure(failure, "boom"), used, StableHash.Of($"{used}"))!.Value;
            Assert.InRange(delay, TimeSpan.FromSeconds(seconds[used]), TimeSpan.FromSeconds(seconds[used] + jitter));
        }

        Assert.Equal(seconds.Length, RetryPolicy.Table.RetriesFor(failure));
        Assert.Null(RetryPolicy.Table.NextDelay(new Failure(failure, "boom"), seconds.Length, 0));
    }

    [Fact]
    [Trait("Requirement", "S43")]
    public void Without_a_word_there_is_one_attempt_and_three_may_be_lost_five_seconds_apart()
    {
        Assert.Equal(1, RetryPolicy.Default.MaxAttempts);
        Assert.Equal(3, new RetryPolicy { Retries = 2 }.MaxAttempts);
        Assert.Equal((3, TimeSpan.FromSeconds(5)), (RetryPolicy.Default.LostBudget, RetryPolicy.LostDelay));
        Assert.True(RetryPolicy.Default.Covers(FailureClass.Lost));
    }

    /// <summary>P15: within bounds, and rising before jitter, whatever the numbers.</summary>
    [Fact]
    public void Delays_rise_to_the_cap_and_never_pass_it() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<(int Seconds, int Cap, byte N, ulong Seed)>(),
                x =>
                {
                    var policy = new RetryPolicy
                    {
                        Retries = 1000,
                        Backoff = Backoff.Exponential,
                        Delay = TimeSpan.FromSeconds(Math.Abs((long)x.Seconds)),
                        MaxDelay = TimeSpan.FromSeconds(Math.Abs((long)x.Cap)),
                    };
                    var now = policy.NextDelay(Transient, x.N, x.Seed)!.Value;
                    var plain = policy with { Jitter = TimeSpan.Zero };
                    return now <= policy.MaxDelay + policy.Jitter
                        && plain.NextDelay(Transient, x.N, 0) <= plain.NextDelay(Transient, x.N + 1, 0);
                }
            )
            .QuickCheckThrowOnFailure();
}
