using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Triggers;

/// <summary>What runs again when a pipeline is made again.</summary>
public sealed class CascadeTests
{
    [Fact]
    [Trait("Requirement", "S139")]
    public void Consumers_follow_for_their_partitions_each_once_and_so_on_downstream()
    {
        var raw = Named("raw", PartitionKind.Day, "flights/raw");
        Pipeline[] all =
        [
            raw,
            Named("weekly", PartitionKind.Week, "flights/week", "flights/raw"),
            Named("report", PartitionKind.None, "report", "flights/week", "flights/raw"),
            Named("monthly", PartitionKind.Month, "flights/month", "flights/week"),
            // The loop ends where it began.
            Named("again", PartitionKind.Day, "flights/raw", "flights/raw"),
            Named("hourly", PartitionKind.Hour, "flights/hour", "flights/raw"),
            Named("other", PartitionKind.Day, "other", "weather"),
        ];

        var found = Cascade.Of(raw, [], ["2001-01-31", "2001-02-01", "2001-02-05"], all, DateTimeOffset.UnixEpoch);
        Assert.Equal(["again", "report", "weekly", "monthly"], found.Select(each => each.Pipeline.Value));
        Assert.Equal(["2001-W05", "2001-W06"], found[2].Partitions);
        Assert.Equal([""], found[1].Partitions);
        Assert.Equal(["2001-01", "2001-02"], found[3].Partitions);
        Assert.Equal(["flights/raw"], found[1].Datasets);
        Assert.Empty(Cascade.Of(raw, ["another"], ["2001-01-31"], all, DateTimeOffset.UnixEpoch));
    }

    private static Pipeline Named(string name, PartitionKind kind, string makes, params string[] by) =>
        Pipeline(
            Task("t") with
            {
                Outputs =
                [
                    new OutputSpec
                    {
                        Name = "o",
                        Path = "{{ partition }}",
                        Dataset = makes,
                    },
                ],
            }
        ) with
        {
            Name = new(name),
            Partition = kind,
            Triggers =
                by.Length == 0
                    ? []
                    :
                    [
                        new TriggerSpec.Datasets(
                            new DatasetCondition.Any([.. by.Select(each => (DatasetCondition)new DatasetCondition.Updated(each))])
                        ),
                    ],
        };
}
