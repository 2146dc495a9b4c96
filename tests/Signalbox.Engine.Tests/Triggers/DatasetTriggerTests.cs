using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Triggers;

/// <summary>Updates of datasets become runs: each in at most one run of each subscriber, none lost, whatever the subscriber is doing.</summary>
public sealed class DatasetTriggerTests
{
    private const string Producer = """
        pipeline: producer
        tasks:
          make:
            run: "echo {{ ds }} > {{ outputs.raw }}"
            outputs: { raw: { path: "data/{{ ds }}.txt", dataset: flights/raw } }

        """;

    [Fact]
    [Trait("Requirement", "S118")]
    [Trait("Requirement", "S190")]
    [Trait("Requirement", "S121")]
    public async Task A_publication_starts_the_consumer_for_its_partition_whatever_the_clock_says()
    {
        await using var house = new House();
        house.Pipeline(Producer);
        house.Pipeline(Consumer("consumer", "flights/raw"));
        await house.ServeAsync();
        var made = await house.RunAsync("producer", "2001-07-05");

        var run = Assert.Single(await RunsAsync(house, "consumer", 1));
        Assert.Equal((RunTrigger.Dataset, "2001-07-05"), (run.Trigger, run.Partition));
        Assert.Equal(new DateTimeOffset(2001, 7, 5, 0, 0, 0, TimeSpan.Zero), run.LogicalDate);
        var update = Assert.Single(Updates(house, run));
        Assert.Equal(UpdateLabel.TriggeredBy, update.Label);
        Assert.Equal(
            ("flights/raw", "2001-07-05", made.Number),
            (update.Update.Dataset, update.Update.Partition, update.Update.Run!.Value)
        );
        Assert.Equal(house.Publications(made.Number)[0].Id, update.Update.Publication);
    }

    [Fact]
    [Trait("Requirement", "S119")]
    public async Task An_early_producer_starts_the_consumer_early_and_a_late_one_is_waited_for()
    {
        await using var house = new House();
        house.Pipeline(Consumer("consumer", "{ all: [early, late] }"));
        await house.ServeAsync();
        await PostAsync(house, "early", "2001-01-05");
        await PostAsync(house, "early", "2001-01-06");
        await WaitingAsync(house, "consumer", 2);
        Assert.Empty(Runs(house, "consumer"));

        await PostAsync(house, "late", "2001-01-06");
        Assert.Equal(["2001-01-06"], (await RunsAsync(house, "consumer", 1)).Select(run => run.Partition));
        await PostAsync(house, "late", "2001-01-05");
        var runs = await RunsAsync(house, "consumer", 2);
        Assert.Equal(["2001-01-06", "2001-01-05"], runs.Select(run => run.Partition));
        Assert.Equal(
            [("early", UpdateLabel.Included), ("late", UpdateLabel.TriggeredBy)],
            Updates(house, runs[1]).Select(update => (update.Update.Dataset, update.Label))
        );
    }

    [Fact]
    [Trait("Requirement", "S76")]
    [Trait("Requirement", "S82")]
    public async Task A_weekly_consumer_waits_for_all_seven_days_and_runs_again_when_one_of_them_is_made_again()
    {
        await using var house = new House();
        house.Pipeline(Consumer("weekly", "flights/raw", "partition: week"));
        await house.ServeAsync();
        foreach (var day in new[] { "01", "02", "03", "05", "06", "07" })
        {
            await PostAsync(house, "flights/raw", $"2001-01-{day}");
        }

        await WaitingAsync(house, "weekly", 6);
        Assert.Empty(Runs(house, "weekly"));
        await PostAsync(house, "flights/raw", "2001-01-04");
        var run = Assert.Single(await RunsAsync(house, "weekly", 1));
        Assert.Equal("2001-W01", run.Partition);
        Assert.Equal(7, Updates(house, run).Count);

        await PostAsync(house, "flights/raw", "2001-01-02");
        var again = (await RunsAsync(house, "weekly", 2))[1];
        Assert.Equal(("2001-W01", 1), (again.Partition, Updates(house, again).Count));
    }

    [Fact]
    public async Task What_is_updated_during_a_pause_and_beyond_the_limit_is_neither_lost_nor_merged()
    {
        await using var house = new House();
        house.Pipeline(Consumer("slow", "flights/raw", "max_active_runs: 1"));
        house.Pipeline(Consumer("other", "flights/raw"));
        await house.ServeAsync();
        await PostAsync(house, "flights/raw", "2001-01-01");
        await RunsAsync(house, "slow", 1);
        Assert.True((await house.AskAsync(new Request.PausePipeline("slow", "holiday"))).Done);
        for (var i = 0; i < 5; i++)
        {
            await PostAsync(house, "flights/raw", "2001-01-02");
        }

        await RunsAsync(house, "other", 6);
        Assert.Single(Runs(house, "slow"));
        Assert.True((await house.AskAsync(new Request.UnpausePipeline("slow", "back"))).Done);
        var runs = await RunsAsync(house, "slow", 6);
        Assert.Equal([1, 2, 3, 4, 5, 6], runs.Select(run => Assert.Single(Updates(house, run)).Update.Id));
        foreach (var run in runs)
        {
            Assert.Equal(RunState.Success, (await house.EndAsync(run.Number)).State);
        }
    }

    [Fact]
    public async Task A_drained_subscriber_gets_no_runs_and_loses_nothing()
    {
        await using var house = new House();
        house.Pipeline(Consumer("drained", "flights/raw"));
        house.Pipeline(Consumer("other", "flights/raw"));
        await house.ServeAsync();
        Assert.True((await house.AskAsync(new Request.Drain("drained", "a new disk"))).Done);
        await PostAsync(house, "flights/raw", "2001-01-01");
        await PostAsync(house, "flights/raw", "2001-01-02");
        await RunsAsync(house, "other", 2);
        Assert.Empty(Runs(house, "drained"));
        Assert.True((await house.AskAsync(new Request.EndDrain("drained"))).Done);
        Assert.Equal(["2001-01-01", "2001-01-02"], (await RunsAsync(house, "drained", 2)).Select(run => run.Partition));
    }

    [Fact]
    public async Task A_failing_subscriber_consumes_each_update_once_and_one_whose_file_was_gone_goes_on_where_it_was()
    {
        await using var house = new House();
        house.Pipeline("pipeline: failing\ntriggers:\n  - datasets: flights/raw\ntasks:\n  use: { run: \"false\" }\n");
        var file = house.Path("pipelines/failing.yaml");
        await house.ServeAsync();
        await PostAsync(house, "flights/raw", "2001-01-01");
        await PostAsync(house, "flights/raw", "2001-01-02");
        foreach (var run in await RunsAsync(house, "failing", 2))
        {
            Assert.Equal(RunState.Failed, (await house.EndAsync(run.Number)).State);
        }

        var text = File.ReadAllText(file);
        File.Delete(file);
        await house.UntilAsync(
            () => house.Said.Any(line => line.Contains("failing: its file is gone", StringComparison.Ordinal)),
            "its end"
        );
        await PostAsync(house, "flights/raw", "2001-01-03");
        house.Pipeline(text);
        var runs = await RunsAsync(house, "failing", 3);
        Assert.Equal([1, 2, 3], runs.Select(run => Assert.Single(Updates(house, run)).Update.Id));
    }

    [Fact]
    [Trait("Requirement", "S50")]
    public async Task Batch_takes_all_that_came_while_a_run_went_on_and_latest_supersedes_the_older_ones()
    {
        await using var house = new House();
        house.Pipeline(Gated("batch", "{ any: [flights/raw], consume: batch }"));
        house.Pipeline(Gated("latest", "{ any: [flights/raw], consume: latest }"));
        await house.ServeAsync();
        await PostAsync(house, "flights/raw", "2001-01-01");
        await RunsAsync(house, "batch", 1);
        await RunsAsync(house, "latest", 1);
        for (var i = 0; i < 3; i++)
        {
            await PostAsync(house, "flights/raw", "2001-01-02");
        }

        await WaitingAsync(house, "batch", 3);
        await WaitingAsync(house, "latest", 3);
        house.Write("go", "");
        var batch = (await RunsAsync(house, "batch", 2))[1];
        var latest = (await RunsAsync(house, "latest", 2))[1];
        Assert.Equal([UpdateLabel.Included, UpdateLabel.Included, UpdateLabel.TriggeredBy], Updates(house, batch).Select(one => one.Label));
        Assert.Equal(
            [UpdateLabel.Superseded, UpdateLabel.Superseded, UpdateLabel.TriggeredBy],
            Updates(house, latest).Select(one => one.Label)
        );
    }

    [Fact]
    public async Task What_is_posted_while_no_server_runs_starts_its_runs_once_one_does_and_the_same_key_is_one_update()
    {
        await using var house = new House();
        house.Pipeline(Consumer("consumer", "flights/raw"));
        await house.ServeAsync();
        await PostAsync(house, "flights/raw", "2001-01-01", "a");
        await RunsAsync(house, "consumer", 1);
        await house.CloseAsync();
        Assert.Equal(1, await PostAsync(house, "flights/raw", "2001-01-01", "a"));
        Assert.Equal(2, await PostAsync(house, "flights/raw", "2001-01-02", "b"));
        var refused = await house.AskAsync(new Request.UpdateDataset("flights/raw", "2001-01-03", null, "b"));
        Assert.Equal(
            (false, "the key `b` was used for partition `2001-01-02` of flights/raw; another update needs another key"),
            (refused.Done, refused.Message)
        );
        await house.CloseAsync();
        await house.ServeAsync();

        Assert.Equal(["2001-01-01", "2001-01-02"], (await RunsAsync(house, "consumer", 2)).Select(run => run.Partition));
    }

    [Fact]
    public async Task A_rerun_tells_its_consumers_only_when_asked_to_and_then_once()
    {
        await using var house = new House();
        house.Pipeline(
            """
            pipeline: producer
            tasks:
              make:
                run: "echo {{ ds }} {{ item }} > {{ outputs.raw }}"
                for_each: "{{ [1, 2, 3] }}"
                outputs: { raw: { path: "data/{{ ds }}-{{ item }}.txt", dataset: flights/raw } }

            """
        );
        house.Pipeline(Consumer("consumer", "flights/raw"));
        await house.ServeAsync();
        var made = await house.RunAsync("producer", "2001-01-01");
        await RunsAsync(house, "consumer", 3);

        Assert.True((await house.AskAsync(new Request.Rerun(made.Number.Value, RerunMode.From, "make", "wrong"))).Done);
        await house.EndAsync(made.Number);
        var quiet = house.Store.Read(session => session.UpdatesBy(made.Number)).Skip(3).ToList();
        Assert.Equal(3, quiet.Count);
        Assert.All(quiet, update => Assert.Contains("without --downstream", update.Quiet, StringComparison.Ordinal));

        Assert.True((await house.AskAsync(new Request.Rerun(made.Number.Value, RerunMode.From, "make", "again", Downstream: true))).Done);
        await house.EndAsync(made.Number);
        var runs = await RunsAsync(house, "consumer", 4);
        Assert.Equal(3, Updates(house, runs[3]).Count);
        Assert.Equal("2001-01-01", runs[3].Partition);
    }

    [Fact]
    public async Task An_update_that_maps_to_no_partition_is_kept_with_the_reason_and_holds_up_nothing()
    {
        await using var house = new House();
        house.Pipeline(Consumer("consumer", "flights/raw"));
        await house.ServeAsync();
        await PostAsync(house, "flights/raw", "north");
        await PostAsync(house, "flights/raw", "2001-W01");
        await PostAsync(house, "flights/raw", "2001-01-05");

        await RunsAsync(house, "consumer", 1);
        var first = Assert.Single(house.Store.Read(session => session.ConsumptionsOf(1)));
        Assert.Equal("unmatched", first.State);
        Assert.StartsWith("`north` names no day: the consumer's partitions are like ", first.Reason, StringComparison.Ordinal);
        Assert.Equal(
            "`2001-W01` is a week and the consumer is cut by days: one update would be many runs",
            Assert.Single(house.Store.Read(session => session.ConsumptionsOf(2))).Reason
        );
    }

    [Fact]
    [Trait("Requirement", "S118")]
    public async Task The_cells_of_static_lists_are_partitions_of_their_own_and_a_slice_is_due_when_all_of_them_are_there()
    {
        await using var house = new House();
        house.Pipeline(
            """
            pipeline: regions
            partition: { by: day, keys: { region: [eu, us], tier: [free, paid] } }
            tasks:
              make:
                for_each: "{{ cells }}"
                run: "{ test {{ item.region }} = eu || test -e go; } && echo {{ item.region }} > {{ outputs.o }}"
                outputs:
                  o: { path: "{{ ds }}/{{ item.region }}-{{ item.tier }}.txt", dataset: sales, keys: { region: "{{ item.region }}", tier: "{{ item.tier }}" } }

            """
        );
        house.Pipeline(Consumer("daily", "sales"));
        house.Pipeline(Consumer("any", "{ any: [sales], partitions: any }"));
        house.Pipeline(
            "pipeline: waits\ntasks:\n  there: { wait_for: { dataset: sales }, every: 100ms }\n  use: { needs: [there], run: \"true\" }\n"
        );
        await house.ServeAsync();
        var made = await house.RunAsync("regions", "2001-01-05");
        Assert.Equal(RunState.Failed, made.State);
        Assert.Equal(["2001-01-05/eu/free", "2001-01-05/eu/paid"], Keys());
        await RunsAsync(house, "any", 2);
        await WaitingAsync(house, "daily", 2);
        var waits = await house.StartAsync("waits", "2001-01-05");
        await house.UntilAsync(
            () =>
                house.Task(waits, "there").Reason?.Contains("missing 2001-01-05/us/free, 2001-01-05/us/paid of 4", StringComparison.Ordinal)
                ?? false,
            "what is missing"
        );

        house.Write("go", "");
        Assert.True((await house.AskAsync(new Request.Rerun(made.Number.Value, RerunMode.FromFailed, null, "go"))).Done);
        Assert.Equal(RunState.Success, (await house.EndAsync(made.Number)).State);
        Assert.Equal(4, Keys().Count);
        var run = Assert.Single(await RunsAsync(house, "daily", 1));
        Assert.Equal(("2001-01-05", 4), (run.Partition, Updates(house, run).Count));
        Assert.Equal(RunState.Success, (await house.EndAsync(waits)).State);
        Assert.All(
            house.Publications(made.Number),
            version => Assert.Equal($"2001-01-05/{Path.GetFileNameWithoutExtension(version.Path).Replace('-', '/')}", version.Partition)
        );

        List<string> Keys() => [.. house.Store.Read(session => session.Partitions("sales", 10)).Select(one => one.Partition)];
    }

    [Fact]
    public async Task A_key_that_is_in_no_list_fails_its_task_with_the_place()
    {
        await using var house = new House();
        house.Pipeline(
            """
            pipeline: odd
            partition: { keys: [eu, us] }
            params: { r: { default: es } }
            tasks:
              make: { run: "echo > {{ outputs.o }}", outputs: { o: { path: "{{ params.r }}.txt", dataset: sales, keys: { key: "{{ params.r }}" } } } }

            """
        );
        await house.ServeAsync();
        var made = await house.RunAsync("odd", "2001-01-05");
        Assert.Contains(
            "tasks.make.outputs.o.keys.key: `es` is none of eu, us",
            house.Task(made.Number, "make").Reason,
            StringComparison.Ordinal
        );
        Assert.Equal(RunState.Success, (await house.RunAsync("odd", "2001-01-05", "{\"r\": \"us\"}")).State);
        Assert.Equal(["us"], house.Store.Read(session => session.Partitions("sales", 10)).Select(one => one.Partition));
    }

    [Fact]
    public async Task A_subscriber_that_takes_no_note_of_updates_raises_an_alarm_and_the_others_go_on()
    {
        var time = new ManualTime(new DateTimeOffset(2024, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        house.Pipeline(Consumer("stuck", "flights/raw"));
        house.Pipeline(Consumer("free", "flights/raw"));
        await house.ServeAsync();
        var other = await house.StartAsync("free", "2000-01-01");
        // As after a restore of half a database: the update is in a run already, which no engine would write twice.
        await house.Store.WriteAsync(
            session =>
            {
                var now = time.GetUtcNow();
                session.Consume(
                    new("stuck"),
                    session.AddUpdate(new StoredUpdate(0, "flights/raw", "2001-01-01", null, null, null, "me", null, null, null, now)),
                    UpdateLabel.TriggeredBy,
                    other,
                    now
                );
            },
            House.Cancel
        );
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromSeconds(1));
                return house.Said.Any(line => line.StartsWith("ALARM stuck: 1 update of its datasets", StringComparison.Ordinal));
            },
            "the alarm"
        );

        Assert.Single(Runs(house, "free"), run => run.Trigger == RunTrigger.Dataset);
        Assert.Empty(Runs(house, "stuck"));
    }

    private static string Consumer(string name, string datasets, string more = "") =>
        $"pipeline: {name}\n{more}\ntriggers:\n  - datasets: {datasets}\ntasks:\n  use: {{ run: \"true\" }}\n";

    private static string Gated(string name, string datasets) =>
        $"pipeline: {name}\ntriggers:\n  - datasets: {datasets}\ntasks:\n  use: {{ run: \"until test -e go; do sleep 0.05; done\" }}\n";

    private static async Task<long> PostAsync(House house, string dataset, string partition, string? key = null)
    {
        var answer = await house.AskAsync(new Request.UpdateDataset(dataset, partition, Version: null, key));
        Assert.True(answer.Done, answer.Message);
        return answer.Number!.Value;
    }

    private static List<Run> Runs(House house, string pipeline) =>
        [
            .. house
                .Store.Read(session => session.Runs(new RunFilter(new PipelineName(pipeline), Limit: 1000)))
                .OrderBy(run => run.Number.Value),
        ];

    private static async Task<List<Run>> RunsAsync(House house, string pipeline, int number)
    {
        await house.UntilAsync(() => Runs(house, pipeline).Count >= number, $"{number} runs of {pipeline}");
        var runs = Runs(house, pipeline);
        Assert.Equal(number, runs.Count);
        return runs;
    }

    private static IReadOnlyList<RunUpdate> Updates(House house, Run run) => house.Store.Read(session => session.UpdatesOf(run.Number));

    private static Task WaitingAsync(House house, string pipeline, int number) =>
        house.UntilAsync(
            () => house.Store.Read(session => session.UpdatesThatWait(new(pipeline))).Count == number,
            $"{number} updates that wait for {pipeline}"
        );
}
