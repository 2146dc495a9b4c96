namespace Signalbox.Core.Tests;

public sealed class StableHashTests
{
    [Fact]
    public void TheHashOfATextIsTheSameForEver()
    {
        // Computed by another program from the published constants; a change would move every pipeline's jitter.
        Assert.Equal(0xefd01f60ba992926UL, StableHash.Empty.Value);
        Assert.Equal(0xc67d15159df34fd3UL, StableHash.Of("daily_flight_features"));
        Assert.Equal(0xe160c29b65e0730bUL, StableHash.Empty.Add("train").Add(7).Value);
    }

    [Fact]
    public void TextsAreKeptApart()
    {
        Assert.NotEqual(StableHash.Empty.Add("ab").Add("c").Value, StableHash.Empty.Add("a").Add("bc").Value);
        Assert.NotEqual(StableHash.Of(""), StableHash.Empty.Value);
        var hashes = Enumerable.Range(0, 100_000).Select(i => StableHash.Of($"pipeline-{i}")).ToHashSet();
        Assert.Equal(100_000, hashes.Count);
    }

    [Fact]
    public void JitterIsEvenlySpreadBelowItsBoundAndDoesNotMove()
    {
        var max = TimeSpan.FromSeconds(60);
        var buckets = new int[6];
        for (var i = 0; i < 60_000; i++)
        {
            var jitter = StableHash.DeterministicJitter($"pipeline-{i}", max);
            Assert.InRange(jitter, TimeSpan.Zero, max - TimeSpan.FromMilliseconds(1));
            buckets[(int)(jitter.TotalSeconds / 10)]++;
        }
        Assert.All(buckets, count => Assert.InRange(count, 9_500, 10_500));
        Assert.Equal(StableHash.DeterministicJitter("a", max), StableHash.DeterministicJitter("a", max));
        Assert.Equal(TimeSpan.Zero, StableHash.DeterministicJitter("a", TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, StableHash.DeterministicJitter("a", TimeSpan.FromSeconds(-1)));
        Assert.Equal(TimeSpan.Zero, StableHash.DeterministicJitter("a", TimeSpan.FromTicks(1)));
    }
}
