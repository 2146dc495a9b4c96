using System.Diagnostics;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>The way back to a version that is kept.</summary>
public sealed class RollbackTests
{
    [Fact]
    [Trait("Requirement", "S183")]
    public async Task A_rollback_takes_less_than_a_second_and_no_task_runs()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: many
            params: { v: { type: string } }
            tasks:
              make:
                run: |
                  echo x >> ran
                  for i in $(seq 200); do echo {{ params.v }} > {{ outputs.out }}/$i; done
                outputs: { out: data/out/ }
            """
        );
        await PublishAsync(house, name, "1", "2", "3");
        var watch = Stopwatch.StartNew();
        var answer = await house.AskAsync(Back("many.make.out"));
        watch.Stop();

        Assert.True(answer.Done, answer.Message);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"it took {watch.Elapsed}");
        Assert.Equal("2", Chains.ValueOf(house.Path("data/out")));
        Assert.Equal(3, house.Lines("ran").Length);
        Chains.AssertWhole(house, house.Path("data/out"), keep: 2);

        // Back once more, forward again, and a later run publishes as usual.
        Assert.True((await house.AskAsync(Back("many.make.out"))).Done);
        Assert.Equal("1", Chains.ValueOf(house.Path("data/out")));
        Assert.Contains("no version before", (await house.AskAsync(Back("many.make.out"))).Message);
        Assert.True((await house.AskAsync(Back("many.make.out", to: 3))).Done);
        Assert.Equal("3", Chains.ValueOf(house.Path("data/out")));
        await PublishAsync(house, name, "4");
        Assert.Equal("4", Chains.ValueOf(house.Path("data/out")));
        Chains.AssertWhole(house, house.Path("data/out"), keep: 2);
    }

    [Fact]
    public async Task The_version_that_was_current_last_outlives_the_one_that_was_rolled_back()
    {
        await using var house = new House();
        var name = house.Pipeline(File("chain", keep: 1));
        await PublishAsync(house, name, "1", "2");
        await house.AskAsync(Back("chain.make.out"));
        await PublishAsync(house, name, "3");

        var kept = Assert.Single(house.Store.Read(session => session.KeptAt(house.Path("data/out"))));
        Assert.Equal("1\n", System.IO.File.ReadAllText(kept.Kept!));
    }

    [Fact]
    public async Task What_cannot_be_brought_back_is_refused_with_its_reason_and_nothing_changes()
    {
        await using var house = new House();
        var none = house.Pipeline(File("none", keep: 0));
        var some = house.Pipeline(File("some", keep: 2, path: "data/some"));
        await PublishAsync(house, none, "1", "2");
        await PublishAsync(house, some, "1", "2");
        await RefusedAsync("its content is not kept", Back("none.make.out"));
        await RefusedAsync("did you mean `some.make.out`", Back("some.make.aut"));
        await RefusedAsync("has no partition `2001-01-01`; it has 2024-03-01", Back("some.make.out", partition: "2001-01-01"));
        await RefusedAsync("there is no version 99", Back("some.make.out", to: 99));
        await RefusedAsync("is of dataset none.make.out", Back("some.make.out", to: 1));
        var kept = Assert.Single(house.Store.Read(session => session.KeptAt(house.Path("data/some"))));
        await RefusedAsync("is current already", Back("some.make.out", to: kept.Id + 1));

        System.IO.File.WriteAllText(kept.Kept!, "somebody was here");
        await RefusedAsync("somebody changed it", Back("some.make.out"));
        Directory.Delete(Path.GetDirectoryName(kept.Kept!)!, recursive: true);
        await RefusedAsync("no longer kept", Back("some.make.out"));

        Assert.Equal("2\n", house.Read("data/some"));
        Assert.Equal("2\n", house.Read("data/out"));
        Assert.Empty(house.Store.Read(session => session.UnfinishedSwitches()));
        Assert.DoesNotContain(house.Store.Read(session => session.Switches(house.Path("data/some"), 10)), made => made.Reason is not null);

        async Task RefusedAsync(string why, Request request)
        {
            var answer = await house.AskAsync(request);
            Assert.False(answer.Done, answer.Message);
            Assert.Contains(why, answer.Message);
        }
    }

    [Fact]
    public async Task A_path_that_is_being_published_to_is_not_rolled_back()
    {
        var place = new GatedPlace();
        await using var house = new House { With = options => options with { LocalPlace = place.Around } };
        var name = house.Pipeline(File("busy", keep: 2));
        place.Gate.Set();
        await PublishAsync(house, name, "1", "2");
        place.Gate.Reset();
        var number = await house.StartAsync(name, parameters: """{"v": "3"}""");
        await house.UntilAsync(() => house.Publications(number).Count == 1, "the intent");
        var refused = await house.AskAsync(Back("busy.make.out"));
        place.Gate.Set();
        await house.EndAsync(number);

        Assert.False(refused.Done);
        Assert.Contains($"is being published to by run {number}", refused.Message);
        Assert.Equal("3\n", house.Read("data/out"));
    }

    [Fact]
    public async Task A_version_of_a_namespace_is_not_put_before_live_readers()
    {
        var place = new GatedPlace();
        await using var house = new House { With = options => options with { LocalPlace = place.Around } };
        var name = house.Pipeline(File("spaced", keep: 2));
        var number = await house.StartAsync(name, parameters: """{"v": "1"}""");
        await house.UntilAsync(() => house.Publications(number).Count == 1, "the intent");
        var fence = house.Store.Read(session => session.LoadRun(number))!.Fence!.Value;
        var green = house.Publications(number)[0] with { Output = "green", Namespace = new RunNamespace("green"), Path = "/green/out" };
        var version = await house.Store.WriteAsync(session => session.PreparePublication(green, fence), House.Cancel);
        await house.Store.WriteAsync(session => session.MarkPublished(version, DateTimeOffset.UtcNow), House.Cancel);
        place.Gate.Set();
        await house.EndAsync(number);
        var answer = await house.AskAsync(Back("spaced.make.out", to: version));

        Assert.False(answer.Done);
        Assert.Contains("is of the namespace `green`", answer.Message);
    }

    [Fact]
    public async Task All_paths_of_a_mapped_task_go_back_together_and_each_has_its_own_chain()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: mapped
            params: { v: { type: string }, items: { type: array, default: [a, b, c] } }
            tasks:
              make:
                for_each: "{{ params.items }}"
                run: echo {{ params.v }} > {{ outputs.out }}
                outputs: { out: { path: "data/{{ item }}.txt", dataset: parts } }
            """
        );
        await house.RunAsync(name, parameters: """{"v": "1"}""");
        await house.RunAsync(name, parameters: """{"v": "2"}""");
        var third = await house.RunAsync(name, parameters: """{"v": "3", "items": ["a", "b"]}""");

        Assert.Equal(["3", "3", "2"], Values());
        Assert.True((await house.AskAsync(Back("parts"))).Done);
        // What the newest run did not publish is not taken back.
        Assert.Equal(["2", "2", "2"], Values());
        var ofThird = house.Publications(third.Number)[0].Id;
        Assert.True((await house.AskAsync(Back("parts", to: ofThird))).Done);
        Assert.Equal(["3", "3", "2"], Values());

        // A re-run of one instance is a version of its own path alone.
        await house.AskAsync(new Request.Rerun(third.Number.Value, RerunMode.Only, "make[1]", "again"));
        await house.EndAsync(third.Number);
        Assert.Equal([3, 4, 2], Count());

        string[] Values() => [.. "abc".Select(item => house.Read($"data/{item}.txt").Trim())];

        int[] Count() =>
            [.. "abc".Select(item => house.Store.Read(session => session.VersionsAt(house.Path($"data/{item}.txt"), 10)).Count)];
    }

    [Fact]
    [Trait("Requirement", "S11")]
    [Trait("Requirement", "S100")]
    [Trait("Requirement", "S103")]
    public async Task Ten_equal_publications_are_ten_versions_and_one_content()
    {
        await using var house = new House();
        var name = house.Pipeline(File("same", keep: 5));
        await PublishAsync(house, name, [.. Enumerable.Repeat("1", 10)]);
        Assert.Equal(10, house.Store.Read(session => session.VersionsAt(house.Path("data/out"), 100)).Count);
        Assert.Empty(house.Store.Read(session => session.KeptAt(house.Path("data/out"))));

        // There and back again: what equals the current one is not kept beside it, and still can be asked for.
        await PublishAsync(house, name, "2", "1");
        Chains.AssertWhole(house, house.Path("data/out"), keep: 1);
        Assert.True((await house.AskAsync(Back("same.make.out", to: 4))).Done);
        Assert.Equal("1\n", house.Read("data/out"));
        Assert.True((await house.AskAsync(Back("same.make.out", to: 11))).Done);
        Assert.Equal("2\n", house.Read("data/out"));
        Assert.True((await house.AskAsync(Back("same.make.out", to: 7))).Done);
        Assert.Equal("1\n", house.Read("data/out"));
        Chains.AssertWhole(house, house.Path("data/out"), keep: 1);
    }

    [Fact]
    public async Task No_more_than_keep_says_is_kept_and_the_content_of_models_is_never_dropped()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: trained
            params: { v: { type: string } }
            tasks:
              train:
                run: echo {{ params.v }} > {{ outputs.model }}
                outputs: { model: { path: models/m.json, model: delay, keep: 1 } }
            """
        );
        await PublishAsync(house, name, "1", "2", "3", "4");

        Assert.Equal("3", Chains.ValueOf(Assert.Single(house.Store.Read(session => session.KeptAt(house.Path("models/m.json")))).Kept!));
        Chains.AssertWhole(house, house.Path("models/m.json"), keep: 1);
        Assert.Equal(
            ["1", "2", "3", "4"],
            Directory.GetFiles(house.Path(".signalbox/models"), "m.json", SearchOption.AllDirectories).Select(Chains.ValueOf).Order()
        );
    }

    internal static Request.RollBackDataset Back(string dataset, string? partition = null, long? to = null) =>
        new(dataset, partition, to, "it was wrong");

    internal static async Task PublishAsync(House house, string name, params string[] values)
    {
        foreach (var value in values)
        {
            var run = await house.RunAsync(name, parameters: $$"""{"v": "{{value}}"}""");
            Assert.Equal(RunState.Success, run.State);
        }
    }

    internal static string File(string name, int keep, string path = "data/out") =>
        $$$"""
            pipeline: {{{name}}}
            params: { v: { type: string } }
            tasks:
              make:
                run: echo {{ params.v }} > {{ outputs.out }}
                outputs: { out: { path: {{{path}}}, keep: {{{keep}}} } }
            """;
}
