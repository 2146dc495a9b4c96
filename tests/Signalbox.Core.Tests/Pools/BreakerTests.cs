using Signalbox.Core.Breakers;

namespace Signalbox.Core.Tests.Pools;

public sealed class BreakerTests
{
    private static readonly DateTimeOffset Noon = new(2001, 1, 5, 12, 0, 0, TimeSpan.Zero);
    private static readonly BreakerSpec Spec = new(3, TimeSpan.FromMinutes(5));
    private static readonly Breaker Closed = new(new BreakerKey(BreakerKind.Target, "partner"));

    [Fact]
    [Trait("Requirement", "S61")]
    public void It_opens_after_so_many_failures_in_a_row_lets_one_through_after_the_cool_down_and_closes_with_a_success()
    {
        var two = Closed.Failed(Spec, Noon, "a").Failed(Spec, Noon, "b");
        Assert.Equal((BreakerState.Closed, (int?)null), (two.StateAt(Noon), two.MostAt(Noon)));
        Assert.Equal(1, two.Succeeded().Failed(Spec, Noon, "c").Failures);

        var open = two.Failed(Spec, Noon, "c");
        Assert.Equal((BreakerState.Open, 0), (open.StateAt(Noon), open.MostAt(Noon)));
        Assert.Equal("c", open.Reason);
        var after = Noon.AddMinutes(5);
        Assert.Equal((BreakerState.HalfOpen, 1), (open.StateAt(after), open.MostAt(after)));
        Assert.Equal(Closed, open.Succeeded());

        // What was under way when it opened says nothing new; what was let through does.
        Assert.Equal(open.ProbeAt, open.Failed(Spec, Noon.AddMinutes(4), "late").ProbeAt);
        var again = open.Failed(Spec, after, "still");
        Assert.Equal((Noon, after.AddMinutes(5)), (again.OpenedAt, again.ProbeAt));
        Assert.Equal(BreakerState.Open, again.StateAt(after));
        Assert.Contains("`signalbox breakers reset target partner` closes it", again.SentenceAt(after), StringComparison.Ordinal);
    }
}
