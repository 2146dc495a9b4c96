using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>Partitions that never map to each other are found before anything waits for them.</summary>
public sealed class DatasetCheckerTests
{
    [Theory]
    [Trait("Requirement", "S82")]
    [InlineData(PartitionKind.Hour, PartitionKind.Day, null)]
    [InlineData(PartitionKind.Day, PartitionKind.Day, null)]
    [InlineData(PartitionKind.Day, PartitionKind.Week, null)]
    [InlineData(PartitionKind.Month, PartitionKind.None, null)]
    [InlineData(PartitionKind.None, PartitionKind.Day, null)]
    [InlineData(PartitionKind.Month, PartitionKind.Day, "write `partition: month` here, or cut maker by days")]
    [InlineData(PartitionKind.Week, PartitionKind.Hour, "write `partition: week` here, or cut maker by hours")]
    public void A_dataset_that_is_cut_coarser_than_its_consumer_never_starts_it(PartitionKind made, PartitionKind own, string? advice)
    {
        var found = Check(Subscriber(new DatasetCondition.Updated("a")) with { Partition = own }, Maker(made)).ToList();
        if (advice is null)
        {
            Assert.Empty(found);
            return;
        }

        var mistake = Assert.Single(found);
        Assert.Equal(("never-maps", Severity.Error, "triggers[0].datasets"), (mistake.Code, mistake.Severity, mistake.Path));
        Assert.Contains(advice, mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S82")]
    public void Weeks_that_begin_on_other_days_do_not_map_though_their_keys_look_alike()
    {
        var maker = Maker(PartitionKind.Week) with { WeekStarts = DayOfWeek.Sunday };
        var when = new DatasetCondition.All([
            new DatasetCondition.Updated("outside"),
            new DatasetCondition.Any([new DatasetCondition.Updated("a")]),
        ]);
        var mistake = Assert.Single(Check(Subscriber(when) with { Partition = PartitionKind.Week }, maker));
        Assert.Equal(("never-maps", "triggers[0].datasets.all[1].any[0]"), (mistake.Code, mistake.Path));
        Assert.Contains("write `partition: { by: week, week_starts: sunday }` here", mistake.Message, StringComparison.Ordinal);
        var waits = Waiting(null, null) with { Partition = PartitionKind.Week };
        Assert.Equal("tasks.w.wait_for.dataset", Assert.Single(Check(waits, maker)).Path);
        Assert.Empty(Check(Subscriber(when) with { Partition = PartitionKind.Week, WeekStarts = DayOfWeek.Sunday }, maker));
    }

    [Fact]
    public void A_dataset_that_is_cut_by_lists_alone_starts_no_pipeline_that_is_cut_by_time()
    {
        var maker = Maker(PartitionKind.None) with { Dimensions = [new("region", ["eu"])] };
        maker = maker with
        {
            Tasks =
            [
                maker.Tasks[0] with
                {
                    Outputs = [maker.Tasks[0].Outputs[0] with { Keys = maker.Tasks[0].Outputs[0].Keys.Add("region", "eu") }],
                },
            ],
        };
        var subscriber = Subscriber(new DatasetCondition.Updated("a"));
        Assert.Contains("write `partition: none` here", Assert.Single(Check(subscriber, maker)).Message, StringComparison.Ordinal);
        Assert.Empty(Check(subscriber with { Partition = PartitionKind.None }, maker));
        Assert.Empty(Check(subscriber, maker with { Partition = PartitionKind.Day }));
    }

    [Fact]
    public void A_range_that_is_written_down_is_read_before_anything_waits_for_it()
    {
        var maker = Maker(PartitionKind.Day);
        Assert.Empty(Check(Waiting("2001-W01", "{{ ds }}"), maker));
        var unreadable = Assert.Single(Check(Waiting("soon", "2001-01-05"), maker));
        Assert.Equal(("bad-partition", "tasks.w.wait_for.from"), (unreadable.Code, unreadable.Path));
        Assert.Contains("write one like 2001-01-05", unreadable.Message, StringComparison.Ordinal);
        Assert.Equal("empty-range", Assert.Single(Check(Waiting("2001-02", "2001-01-05"), maker)).Code);
    }

    [Fact]
    public void A_name_that_nothing_makes_and_that_is_nearly_one_that_something_makes_is_warned_of()
    {
        var maker = Maker(PartitionKind.Day, "flights/raw");
        var found = Assert.Single(Check(Subscriber(new DatasetCondition.Updated("flights/rwa")), maker));
        Assert.Equal(("unknown-dataset", Severity.Warning), (found.Code, found.Severity));
        Assert.Contains("did you mean `flights/raw`?", found.Message, StringComparison.Ordinal);
        Assert.Empty(Check(Subscriber(new DatasetCondition.Updated("weather")), maker));
    }

    private static IEnumerable<Diagnostic> Check(Pipeline pipeline, Pipeline maker) =>
        DatasetChecker.Check(pipeline, new[] { pipeline, maker }.ToDictionary(each => each.Name));

    private static Pipeline Maker(PartitionKind kind, string dataset = "a") =>
        Pipeline(
            Task("make") with
            {
                Outputs =
                [
                    new OutputSpec
                    {
                        Name = "o",
                        Path = "{{ partition }}.txt",
                        Dataset = dataset,
                    },
                ],
            }
        ) with
        {
            Name = new("maker"),
            Partition = kind,
        };

    private static Pipeline Subscriber(DatasetCondition when) => Pipeline(Task("use")) with { Triggers = [new TriggerSpec.Datasets(when)] };

    private static Pipeline Waiting(string? from, string? to) =>
        Pipeline(Task("w") with { Kind = new TaskKind.WaitForDataset("a", from, to, TimeSpan.FromMinutes(1)) });
}
