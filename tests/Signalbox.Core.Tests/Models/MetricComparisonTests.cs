using Signalbox.Core.Models;

namespace Signalbox.Core.Tests.Models;

public sealed class MetricComparisonTests
{
    [Fact]
    [Trait("Requirement", "S83")]
    public void Numbers_stand_side_by_side_with_their_difference()
    {
        var metrics = MetricComparison.Of("""{"rmse":9.5,"auc":0.8125}""", """{"auc":0.75,"rows":100}""");
        Assert.Equal(["auc 0.8125 (now 0.75, +0.0625)", "rmse 9.5", "rows none (now 100)"], metrics.Select(metric => metric.ToString()));
        Assert.Equal(0.0625, metrics[0].Difference);
        Assert.Null(metrics[1].Difference);
    }

    [Fact]
    public void Without_a_champion_there_are_the_candidates_numbers() =>
        Assert.Equal(["auc 0.8"], MetricComparison.Of("""{"auc":0.8}""", champion: null).Select(metric => metric.ToString()));
}
