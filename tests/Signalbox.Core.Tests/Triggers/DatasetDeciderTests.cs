using FsCheck;
using FsCheck.Fluent;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Tests.Triggers;

/// <summary>Which updates make which runs.</summary>
public sealed class DatasetDeciderTests
{
    private static readonly DateTimeOffset Noon = new(2001, 1, 5, 12, 0, 0, TimeSpan.Zero);
    private static readonly PartitionScheme Days = new(PartitionKind.Day, Zone.Utc);
    private static readonly string[] Names = ["a", "b", "c"];
    private static readonly string[] Keys =
    [
        "2001-01-01",
        "2001-01-02",
        "2001-01-07",
        "2001-01-08",
        "2001-01-02T03",
        "2001-01-02T04",
        "2001-W01",
        "2001-01-02/eu",
        "north",
        "",
    ];

    /// <summary>Whatever comes in whatever portions: every update is in one run, or waits, or is unmatched; and in no two of them.</summary>
    [Fact]
    public void Every_update_is_in_one_run_or_waits_or_is_unmatched_and_in_no_two_of_them()
    {
        var step = Gen.Zip(
            Gen.Choose(0, 2),
            Gen.Zip(Gen.Choose(0, Keys.Length - 1), Gen.Choose(0, 5), (key, group) => (key, group)),
            (dataset, rest) => (dataset, rest.key, rest.group)
        );
        var cases = Gen.Zip(
            Gen.ListOf(step),
            Gen.Zip(Gen.Choose(0, 11), Gen.Choose(0, 7), (shape, way) => (shape, way)),
            (steps, kind) => (Steps: steps, kind.shape, kind.way)
        );
        Prop.ForAll(cases.ToArbitrary(), one => Conserves([.. one.Steps], one.shape, one.way)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Each_takes_the_oldest_of_every_dataset_and_never_mixes_partitions()
    {
        var plan = Decide(
            new TriggerSpec.Datasets(All("a", "b")),
            Days,
            Update(1, "a", "2001-01-01"),
            Update(2, "a", "2001-01-01"),
            Update(3, "b", "2001-01-02"),
            Update(4, "b", "2001-01-01")
        );

        var run = Assert.Single(plan.Runs);
        Assert.Equal("2001-01-01", run.Partition);
        Assert.Equal([(1L, UpdateLabel.Included), (4L, UpdateLabel.TriggeredBy)], run.Updates.Select(one => (one.Update.Id, one.Label)));
        Assert.Equal(
            [("2001-01-01", "no update of b for 2001-01-01 yet"), ("2001-01-02", "no update of a for 2001-01-02 yet")],
            plan.Waiting.Select(one => (one.Partition, one.Missing))
        );
    }

    [Fact]
    [Trait("Requirement", "S76")]
    [Trait("Requirement", "S82")]
    public void A_week_is_due_when_its_seven_days_are_there_by_the_first_day_of_the_week_that_was_chosen()
    {
        var sundays = new PartitionScheme(PartitionKind.Week, Zone.Utc, DayOfWeek.Sunday);
        var trigger = new TriggerSpec.Datasets(new DatasetCondition.Updated("a"));
        // Sunday 31 December to Friday 5 January.
        DatasetUpdate[] six =
        [
            .. Enumerable.Range(0, 6).Select(i => Update(i + 1, "a", new DateTime(2000, 12, 31).AddDays(i).ToString("yyyy-MM-dd"))),
        ];

        Assert.Equal("6 of 7 partitions of a are there; missing 2001-01-06", Assert.Single(Decide(trigger, sundays, six).Waiting).Missing);
        var run = Assert.Single(Decide(trigger, sundays, [.. six, Update(7, "a", "2001-01-06")]).Runs);
        Assert.Equal("2001-W01", run.Partition);
        Assert.Equal(7, run.Updates.Length);
        var iso = Assert.Single(Decide(trigger, sundays with { FirstDayOfWeek = DayOfWeek.Monday }, Update(7, "a", "2001-01-06")).Waiting);
        Assert.Equal("2001-W01", iso.Partition);
    }

    [Fact]
    public void With_any_partition_every_update_of_a_finer_one_is_a_run()
    {
        var plan = Decide(
            new TriggerSpec.Datasets(new DatasetCondition.Updated("a"), Partitions: PartitionCover.Any),
            Days,
            Update(1, "a", "2001-01-02T03"),
            Update(2, "a", "2001-01-02T04")
        );

        Assert.Equal(["2001-01-02", "2001-01-02"], plan.Runs.Select(run => run.Partition));
    }

    [Fact]
    public void The_updates_of_a_backfill_wait_until_it_will_not_touch_the_partition_again()
    {
        var weeks = new PartitionScheme(PartitionKind.Week, Zone.Utc);
        var trigger = new TriggerSpec.Datasets(new DatasetCondition.Updated("a"), Partitions: PartitionCover.Any);
        DatasetUpdate[] updates = [Update(1, "a", "2001-01-02", "backfill 3"), Update(2, "a", "2001-01-03", "backfill 3")];
        var open = new SubscriberState
        {
            Updates = [.. updates],
            IsThere = (_, _) => true,
            Open = System.Collections.Immutable.ImmutableDictionary<string, System.Collections.Immutable.ImmutableArray<string>>.Empty.Add(
                "backfill 3",
                ["2001-01-04", "2001-01-08"]
            ),
        };

        var held = Assert.Single(DatasetDecider.Decide(trigger, weeks, open).Waiting);
        Assert.True(held.IsHeld);
        Assert.Equal("backfill 3 has not ended and will update a again", held.Missing);
        var run = Assert.Single(
            DatasetDecider.Decide(trigger, weeks, open with { Open = open.Open.SetItem("backfill 3", ["2001-01-08"]) }).Runs
        );
        Assert.Equal(2, run.Updates.Length);
    }

    [Fact]
    [Trait("Requirement", "S139")]
    public void What_is_made_again_of_one_dataset_runs_the_consumer_again_with_what_stands_of_the_others()
    {
        var trigger = new TriggerSpec.Datasets(All("a", "b"));
        var again = new SubscriberState
        {
            Updates = [Update(5, "a", "2001-01-02", "run 3"), Update(6, "a", "2001-01-02", "run 3"), Update(7, "a", "2001-01-03", "run 3")],
            IsThere = (dataset, key) => (dataset, key) == ("b", "2001-01-02"),
            LatestOf = dataset => dataset == "b" ? "2001-01-02" : null,
        };
        var plan = DatasetDecider.Decide(trigger, Days, again);
        var run = Assert.Single(plan.Runs);
        Assert.Equal([5L, 6L], run.Updates.Select(one => one.Update.Id));
        // For that day b was never made, so there is nothing to run again.
        Assert.Equal("no update of b for 2001-01-03 yet", Assert.Single(plan.Waiting).Missing);
        // An update of its own waits for one of the other, as ever.
        Assert.Empty(DatasetDecider.Decide(trigger, Days, again with { Updates = [Update(5, "a", "2001-01-02")] }).Runs);
    }

    [Theory]
    [InlineData("2001-01-05/{0}", PartitionKind.Day, "2001-01-05", "3 of 4 partitions of a are there; missing 2001-01-05/us/paid")]
    [InlineData("{0}", PartitionKind.None, "", "3 of 4 partitions of a are there; missing us/paid")]
    public void A_slice_is_due_when_all_of_its_cells_are_there_and_again_with_each_that_is_made_again(
        string key,
        PartitionKind kind,
        string partition,
        string missing
    )
    {
        var scheme = new PartitionScheme(kind, Zone.Utc);
        var trigger = new TriggerSpec.Datasets(new DatasetCondition.Updated("a"));
        var cells = PartitionCells.KeysOf([new("region", ["eu", "us"]), new("tier", ["free", "paid"])]);
        Assert.Equal(["eu/free", "eu/paid", "us/free", "us/paid"], cells);
        DatasetUpdate[] all = [.. cells.Select((cell, i) => Update(i + 1, "a", key.Replace("{0}", cell, StringComparison.Ordinal)))];

        Assert.Equal(missing, Assert.Single(Plan(all[..3]).Waiting).Missing);
        var run = Assert.Single(Plan(all).Runs);
        Assert.Equal((partition, 4), (run.Partition, run.Updates.Length));
        Assert.Single(Plan([all[1]], all).Runs);
        Assert.Equal(4, DatasetDecider.Decide(trigger with { Partitions = PartitionCover.Any }, scheme, State(all, all)).Runs.Length);

        SubscriberPlan Plan(DatasetUpdate[] updates, DatasetUpdate[]? before = null) =>
            DatasetDecider.Decide(trigger, scheme, State(updates, before ?? updates));

        SubscriberState State(DatasetUpdate[] updates, DatasetUpdate[] there) =>
            new()
            {
                Updates = [.. updates],
                IsThere = (_, one) => there.Any(update => update.Partition == one),
                CellsOf = _ => cells,
            };
    }

    [Fact]
    public void A_week_of_days_of_cells_wants_every_cell_of_every_day()
    {
        var weeks = new PartitionScheme(PartitionKind.Week, Zone.Utc);
        var parts = PartitionMapping.PartsOf("2001-W01", "2001-01-05/eu", weeks, ["eu", "us"])!.Value;
        Assert.Equal((14, "2001-01-01/eu", "2001-01-07/us"), (parts.Length, parts[0], parts[^1]));
        Assert.Equal("2001-W01", PartitionMapping.Map("2001-01-05/eu", Noon, weeks).Key);
        Assert.Null(PartitionMapping.PartsOf("2001-01-05", "2001-01-05", Days, ["eu", "us"]));
    }

    private static bool Conserves((int Dataset, int Key, int Group)[] steps, int shape, int way)
    {
        var (when, consume, cover) = Shape(shape, way);
        var trigger = new TriggerSpec.Datasets(when, consume, cover);
        var consumer = new PartitionScheme((PartitionKind)(way % 5), Zone.Utc);
        var known = when.Names;
        var left = new List<DatasetUpdate>();
        var used = new HashSet<long>();
        var there = new HashSet<(string, string)>();
        var unmatched = new HashSet<long>();
        for (var i = 0; i < steps.Length; i++)
        {
            var update = Update(i + 1, Names[steps[i].Dataset], Keys[steps[i].Key], steps[i].Group == 0 ? "run 9" : null);
            if (!known.Contains(update.Dataset))
            {
                continue;
            }

            left.Add(update);
            there.Add((update.Dataset, update.Partition));
            // Some steps nobody looks after: what waits is then decided together.
            if (steps[i].Group % 2 == 1 && i < steps.Length - 1)
            {
                continue;
            }

            var plan = DatasetDecider.Decide(
                trigger,
                consumer,
                new SubscriberState
                {
                    Updates = [.. left],
                    IsThere = (dataset, partition) => there.Contains((dataset, partition)),
                    LatestOf = dataset => there.Where(each => each.Item1 == dataset).Select(each => each.Item2).FirstOrDefault(),
                    CellsOf = dataset => dataset == "a" ? ["eu", "us"] : [],
                    HasUnfinishedRun = steps[i].Group == 4,
                    MaxRuns = 3,
                }
            );
            var inRuns = plan.Runs.SelectMany(run => run.Updates).Select(one => one.Update.Id).ToList();
            var all = inRuns
                .Concat(plan.Unmatched.Select(one => one.Update.Id))
                .Concat(plan.Waiting.SelectMany(one => one.Updates))
                .ToList();
            Assert.Equal(left.Select(one => one.Id).Order(), all.Order());
            Assert.All(inRuns, id => Assert.True(used.Add(id)));
            Assert.All(
                plan.Runs,
                run => Assert.Equal(UpdateLabel.TriggeredBy, Assert.Single(run.Updates, one => one.Label == UpdateLabel.TriggeredBy).Label)
            );
            Assert.All(plan.Runs, run => Assert.Equal(run.Updates.Max(one => one.Update.Id), run.Updates[^1].Update.Id));
            Assert.All(
                plan.Runs,
                run =>
                    Assert.All(
                        run.Updates,
                        one => Assert.Equal(run.Partition, PartitionMapping.Map(one.Update.Partition, one.Update.At, consumer).Key)
                    )
            );
            unmatched.UnionWith(plan.Unmatched.Select(one => one.Update.Id));
            left.RemoveAll(one => used.Contains(one.Id) || unmatched.Contains(one.Id));
        }

        return !used.Overlaps(unmatched);
    }

    private static (DatasetCondition When, ConsumeMode Consume, PartitionCover Cover) Shape(int shape, int way) =>
        (
            (shape / 3) switch
            {
                0 => new DatasetCondition.Updated("a"),
                1 => All("a", "b"),
                2 => new DatasetCondition.Any([new DatasetCondition.Updated("a"), All("b", "c")]),
                _ => new DatasetCondition.All([
                    new DatasetCondition.Updated("a"),
                    new DatasetCondition.Any([new DatasetCondition.Updated("b"), new DatasetCondition.Updated("c")]),
                ]),
            },
            (ConsumeMode)(shape % 3),
            (PartitionCover)(way % 2)
        );

    private static DatasetCondition All(params string[] names) =>
        new DatasetCondition.All([.. names.Select(name => (DatasetCondition)new DatasetCondition.Updated(name))]);

    private static DatasetUpdate Update(long id, string dataset, string partition, string? group = null) =>
        new(id, dataset, partition, Noon.AddSeconds(id), group);

    private static SubscriberPlan Decide(TriggerSpec.Datasets trigger, PartitionScheme consumer, params DatasetUpdate[] updates) =>
        DatasetDecider.Decide(
            trigger,
            consumer,
            new SubscriberState
            {
                Updates = [.. updates],
                IsThere = (dataset, key) => updates.Any(one => (one.Dataset, one.Partition) == (dataset, key)),
            }
        );
}
