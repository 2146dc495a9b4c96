using System.Collections.Immutable;
using Signalbox.Core.Alerts;

namespace Signalbox.Core.Tests.Alerts;

public sealed class AlertRouteTests
{
    private static readonly Alert Failed = new()
    {
        Kind = AlertKind.Failed,
        Severity = AlertSeverity.Error,
        DedupKey = "daily_flights/1/extract",
        Pipeline = new PipelineName("daily_flights"),
        Tags = ["features", "prod"],
        Message = "extract failed",
        At = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public void A_route_that_states_nothing_takes_all_but_retries_and_ends_of_trouble()
    {
        var all = new AlertRoute { To = ["team"] };
        Assert.True(all.Matches(Failed));
        Assert.True(all.Matches(Failed with { Pipeline = null, Tags = default }));
        Assert.False(all.Matches(Failed with { Kind = AlertKind.Retried }));
        Assert.False(all.Matches(Failed with { Kind = AlertKind.Resolved }));
    }

    [Fact]
    public void A_route_by_kind_takes_these_kinds_only()
    {
        var retries = new AlertRoute { To = ["team"], Kinds = [AlertKind.Retried] };
        Assert.True(retries.Matches(Failed with { Kind = AlertKind.Retried }));
        Assert.False(retries.Matches(Failed));
    }

    [Fact]
    public void A_route_by_severity_takes_what_is_as_bad_or_worse()
    {
        var critical = new AlertRoute { To = ["oncall"], Severity = AlertSeverity.Critical };
        Assert.False(critical.Matches(Failed));
        Assert.True(critical.Matches(Failed with { Severity = AlertSeverity.Critical }));
    }

    [Theory]
    [InlineData("daily_flights", true)]
    [InlineData("daily_*", true)]
    [InlineData("*_flights", true)]
    [InlineData("d*y*fl*s", true)]
    [InlineData("*", true)]
    [InlineData("daily", false)]
    [InlineData("daily_flights*x", false)]
    [InlineData("*weekly*", false)]
    public void A_route_by_pipeline_takes_names_like_its_patterns(string pattern, bool matches)
    {
        var route = new AlertRoute { To = ["team"], Pipelines = ["other", pattern] };
        Assert.Equal(matches, route.Matches(Failed));
        Assert.False(route.Matches(Failed with { Pipeline = null }));
    }

    [Fact]
    public void A_route_by_tag_takes_pipelines_with_one_of_its_tags()
    {
        var route = new AlertRoute { To = ["oncall"], Tags = ["prod", "billing"] };
        Assert.True(route.Matches(Failed));
        Assert.False(route.Matches(Failed with { Tags = ["features"] }));
        Assert.False(route.Matches(Failed with { Tags = ImmutableArray<string>.Empty }));
    }
}
