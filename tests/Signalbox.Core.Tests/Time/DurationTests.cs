using FsCheck;
using FsCheck.Fluent;
using Signalbox.Core.Time;

namespace Signalbox.Core.Tests.Time;

public sealed class DurationTests
{
    [Theory]
    [InlineData("5m", 300, "5m")]
    [InlineData("1h30m", 5400, "1h30m")]
    [InlineData("1h 30m", 5400, "1h30m")]
    [InlineData("90s", 90, "1m30s")]
    [InlineData("2d", 172_800, "2d")]
    [InlineData("1w", 604_800, "7d")]
    [InlineData("500ms", 0.5, "500ms")]
    [InlineData("1.5h", 5400, "1h30m")]
    [InlineData("0s", 0, "0s")]
    [InlineData("0", 0, "0s")]
    [InlineData("0.25ms", 0.00025, "0.25ms")]
    [InlineData("PT5M", 300, "5m")]
    [InlineData("pt1h", 3600, "1h")]
    [InlineData("P1DT2H", 93_600, "1d2h")]
    [InlineData("P2W", 1_209_600, "14d")]
    [InlineData("PT0.5S", 0.5, "500ms")]
    public void ReadsAndPrints(string text, double seconds, string printed)
    {
        var parse = Duration.Parse(text);
        Assert.Equal(TimeSpan.FromSeconds(seconds), parse.Value);
        Assert.Equal(printed, Duration.Print(parse.Value!.Value));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("  ", "is empty")]
    [InlineData("300", "without a unit")]
    [InlineData("-5m", "negative")]
    [InlineData("5", "e.g. `5s`")]
    [InlineData("5 minutes", "did you mean `m`?")]
    [InlineData("5M", "did you mean `m`?")]
    [InlineData("5min", "did you mean `m`?")]
    [InlineData("5y", "is not a unit of time")]
    [InlineData("m", "a number is expected")]
    [InlineData("30m1h", "out of order")]
    [InlineData("1h1h", "out of order or twice")]
    [InlineData("1.5h30m", "fraction before its last unit")]
    [InlineData("01:30:00", "looks like a time of day")]
    [InlineData("1e3s", "is not a unit of time")]
    [InlineData("..5s", "a number is expected")]
    [InlineData("5.s", "a number is expected")]
    [InlineData("99999999999999w", "too long")]
    [InlineData("99999999999999999999s", "a number is expected")]
    [InlineData("36500d1s", "too long; a duration is at most 36500d")]
    [InlineData("0.00001ms", "finer than 100 nanoseconds")]
    [InlineData("P1M", "years or months")]
    [InlineData("P", "no number")]
    [InlineData("PT", "nothing after `T`")]
    [InlineData("P5", "not an ISO 8601 duration")]
    [InlineData("PT5D", "out of place")]
    [InlineData("PT1M1H", "out of place")]
    [InlineData("PT1.5H1M", "fraction before its last unit")]
    [InlineData("five minutes and then some more minutes until it is long enough", "characters")]
    public void RefusesNonsenseWithACure(string text, string message)
    {
        var parse = Duration.Parse(text);
        Assert.Null(parse.Value);
        Assert.Contains(message, parse.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsPrintedReadsBackAsTheSame()
    {
        var ticks = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(n => Math.Abs(n % Duration.Longest.Ticks)),
            Gen.Choose(0, 100_000_000).Select(ms => ms * TimeSpan.TicksPerMillisecond),
            Gen.Choose(0, 36_500).Select(days => days * TimeSpan.TicksPerDay)
        );
        Prop.ForAll(Arb.From(ticks), n => Duration.Parse(Duration.Print(TimeSpan.FromTicks(n))).Value == TimeSpan.FromTicks(n))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(20261121, 7));
    }

    [Fact]
    public void AnyTextIsReadOrRefused()
    {
        const string letters = "0123456789. PTWDHMSwdhms-:";
        var texts = Gen.Choose(0, letters.Length - 1).Select(i => letters[i]).ArrayOf().Select(chars => new string(chars));
        Prop.ForAll(
                Arb.From(texts),
                text => Duration.Parse(text) is { Value: null, Error.Length: > 10 } or { Value: not null, Error: null }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithReplay(20261121, 9));
    }

    [Fact]
    public void NegativeAndVeryLongDurationsPrintToo()
    {
        Assert.Equal("-5m", Duration.Print(TimeSpan.FromMinutes(-5)));
        Assert.StartsWith("10675199d", Duration.Print(TimeSpan.MaxValue), StringComparison.Ordinal);
        Assert.StartsWith("-10675199d", Duration.Print(TimeSpan.MinValue), StringComparison.Ordinal);
    }
}
