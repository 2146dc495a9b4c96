using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>Which version of a path is current, which are kept, and who finishes what another began.</summary>
public sealed class VersionChainTests
{
    private static string Keeping(int keep) =>
        $$"""
            pipeline: p
            tasks:
              make: { run: "true", outputs: { out: { path: data/out, keep: {{keep}} } } }
            """;

    private static Publication? Current(PublishRig rig) => rig.Store.Read(session => session.PublicationAt(rig.Path("data/out")));

    private static long[] Kept(PublishRig rig) =>
        [.. rig.Store.Read(session => session.KeptAt(rig.Path("data/out"))).Select(version => version.Id)];

    private static Publication Version(PublishRig rig, long id) => rig.Store.Read(session => session.Publication(id))!;

    /// <summary>Decided, and the engine died before the place was asked.</summary>
    private static async Task<LiveAttempt> DecidedAsync(PublishRig rig, string text)
    {
        var attempt = await rig.BeginAsync();
        rig.Stage(attempt, text);
        rig.Place.OnPublish = _ => new OperationCanceledException();
        await Assert.ThrowsAsync<OperationCanceledException>(() => rig.AskAsync(attempt));
        rig.Place.OnPublish = _ => null;
        return attempt;
    }

    private static Exception Problem(string kind, string message) =>
        kind switch
        {
            "io" => new IOException(message),
            "access" => new UnauthorizedAccessException(message),
            _ => new PlaceException(FailureClass.Permanent, message),
        };

    [Theory]
    [InlineData(0, new long[0])]
    [InlineData(1, new long[] { 3 })]
    [InlineData(2, new long[] { 3, 2 })]
    [InlineData(9, new long[] { 3, 2, 1 })]
    public async Task As_many_versions_are_kept_as_the_output_says_those_first_that_were_current_last(int keep, long[] kept)
    {
        await using var rig = new PublishRig(Keeping(keep));
        foreach (var text in (string[])["1", "2", "3", "4"])
        {
            await rig.PublishedAsync(text);
        }

        Assert.Equal(("4", 4L), (rig.Read("data/out"), Current(rig)!.Id));
        Assert.Equal(kept, Kept(rig));
        Assert.All(kept, id => Assert.Equal($"{id}", File.ReadAllText(Version(rig, id).Kept!)));
        Assert.Equal(keep == 0 ? [] : Enumerable.Range(1, 3).Select(id => (long)id).Except(kept), rig.Place.Forgotten);
    }

    [Fact]
    public async Task Each_output_of_a_task_keeps_as_many_as_it_says_itself()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              make: { run: "true", outputs: { none: { path: data/none, keep: 0 }, out: { path: data/out, keep: 1 } } }
            """
        );
        foreach (var text in (string[])["1", "2", "3"])
        {
            var attempt = await rig.BeginAsync();
            rig.Stage(attempt, text, "none");
            rig.Stage(attempt, text);
            Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        }

        Assert.Empty(rig.Store.Read(session => session.KeptAt(rig.Path("data/none"))));
        Assert.Equal("2", File.ReadAllText(Version(rig, Assert.Single(Kept(rig))).Kept!));
    }

    [Fact]
    public async Task Equal_bytes_are_kept_once_and_what_is_current_is_not_kept_beside_itself()
    {
        await using var rig = new PublishRig(Keeping(9));
        foreach (var text in (string[])["1", "2", "1", "3", "2"])
        {
            await rig.PublishedAsync(text);
        }

        Assert.Equal([4, 3], Kept(rig));
        Assert.Equal("2", rig.Read("data/out"));
    }

    [Theory]
    [InlineData("io")]
    [InlineData("access")]
    [InlineData("place")]
    public async Task What_cannot_be_dropped_is_told_does_not_fail_the_task_and_is_tried_again(string kind)
    {
        await using var rig = new PublishRig(Keeping(1));
        await rig.PublishedAsync("1");
        await rig.PublishedAsync("2");
        rig.Place.OnForget = _ => Problem(kind, "busy");
        await rig.PublishedAsync("3");
        Assert.Equal($"{rig.Path("data/out")}: version 1 cannot be dropped: busy", Assert.Single(rig.Said));
        Assert.Equal([2, 1], Kept(rig));
        rig.Place.OnForget = _ => null;
        await rig.PublishedAsync("4");
        Assert.Equal([3], Kept(rig));
        Assert.Equal([2, 1], rig.Place.Forgotten);
    }

    [Fact]
    public async Task What_was_decided_first_is_put_there_first_by_whoever_comes_next()
    {
        await using var rig = new PublishRig(Keeping(2));
        var died = await DecidedAsync(rig, "1");
        await rig.PublishedAsync("2");
        Assert.Equal([1, 2], rig.Place.Placed.Select(placing => placing.Intent.Id));
        Assert.Equal([true, false], rig.Place.Placed.Select(placing => placing.IsAgain));
        Assert.Equal([(long?)null, 1], rig.Place.Placed.Select(placing => placing.Replaced?.Id));

        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(died));
        Assert.Equal((2, "2", 2L), (rig.Place.Placed.Count, rig.Read("data/out"), Current(rig)!.Id));
        Assert.Equal(
            [(1L, "p.make"), (2L, "p.make")],
            rig.Store.Read(session => session.Switches(rig.Path("data/out"), 10)).Select(made => (made.To, made.Who)).Order()
        );
    }

    [Fact]
    public async Task What_was_decided_first_is_put_there_as_its_own_output_says()
    {
        await using var rig = new PublishRig(
            """
            pipeline: p
            tasks:
              first: { run: "true", outputs: { other: { path: data/other, keep: 0 } } }
              make: { run: "true", outputs: { other: { path: data/another, keep: 0, optional: true }, out: { path: data/out, keep: 2 } } }
            """
        );
        await rig.PublishedAsync("1");
        await DecidedAsync(rig, "2");
        await rig.PublishedAsync("3");
        Assert.All(rig.Place.Placed, placing => Assert.Equal(2, placing.Keep));
        Assert.Equal([2, 1], Kept(rig));
    }

    [Fact]
    public async Task What_was_decided_later_waits_for_its_own_turn()
    {
        await using var rig = new PublishRig(Keeping(2));
        var first = await DecidedAsync(rig, "1");
        var second = await DecidedAsync(rig, "2");
        Assert.Equal([1], (await FinishedAsync(rig, first)).Select(placing => placing.Intent.Id));
        Assert.Equal([1, 2], (await FinishedAsync(rig, second)).Select(placing => placing.Intent.Id));

        static async Task<List<Placing>> FinishedAsync(PublishRig rig, LiveAttempt attempt)
        {
            Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
            return rig.Place.Placed;
        }
    }

    [Fact]
    public async Task What_the_place_has_refused_is_tried_by_nobody_else_before_that_is_written()
    {
        await using var rig = new PublishRig(Keeping(2));
        var refused = await rig.BeginAsync();
        rig.Stage(refused, "1");
        rig.Place.OnPublish = _ => new IOException("full", 28);
        var (outcome, write) = await rig.AskAsync(refused);
        Assert.IsType<Outcome.Failed>(outcome);
        rig.Place.OnPublish = _ => null;

        await rig.PublishedAsync("2");
        Assert.Equal([2], rig.Place.Placed.Select(placing => placing.Intent.Id));
        await rig.WriteAsync(write!);
        Assert.Equal(PublicationState.Aborted, Version(rig, 1).State);
    }

    [Theory]
    [InlineData("io")]
    [InlineData("access")]
    [InlineData("place")]
    public async Task What_another_decided_and_the_place_refuses_is_told_and_does_not_hold_up_who_comes_next(string kind)
    {
        await using var rig = new PublishRig(Keeping(2));
        var died = await DecidedAsync(rig, "1");
        rig.Place.OnPublish = intent => intent.Id == 1 ? Problem(kind, "gone") : null;
        await rig.PublishedAsync("2");
        Assert.Equal($"run {died.Run.Number}, make: gone", Assert.Single(rig.Said));
        Assert.Equal(("2", PublicationState.Prepared), (rig.Read("data/out"), Version(rig, 1).State));
    }

    [Fact]
    public async Task What_somebody_has_changed_since_it_was_placed_does_not_become_current()
    {
        await using var rig = new PublishRig(Keeping(2));
        var attempt = await DecidedAsync(rig, "1");
        File.Delete(rig.Publications(attempt)[0].StagedPath);
        Directory.CreateDirectory(rig.Path("data"));
        File.WriteAllText(rig.Path("data/out"), "by hand");
        Assert.IsType<Outcome.Succeeded>(await rig.PublishAsync(attempt));
        Assert.Null(Current(rig));
        Assert.Empty(rig.Store.Read(session => session.Switches(rig.Path("data/out"), 10)));
    }

    [Fact]
    public async Task A_switch_that_was_begun_is_finished_by_the_next_engine()
    {
        await using var rig = new PublishRig(Keeping(2));
        await rig.PublishedAsync("1");
        await rig.PublishedAsync("2");
        await rig.WriteAsync(session =>
            session.BeginVersionSwitch(Version(rig, 2), Version(rig, 1), "bob", "wrong numbers", rig.Time.GetUtcNow())
        );
        rig.Time.Pass(TimeSpan.FromMinutes(1));
        await rig.Versions.FinishAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("1", 1L), (rig.Read("data/out"), Current(rig)!.Id));
        Assert.Equal([2], Kept(rig));
        Assert.Empty(rig.Store.Read(session => session.UnfinishedSwitches()));
        Assert.Equal(rig.Time.GetUtcNow(), rig.Store.Read(session => session.Switches(rig.Path("data/out"), 1))[0].EndedAt);
        await rig.Versions.FinishAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal([(2, 1)], rig.Place.Switched);
        Assert.Empty(rig.Said);
    }

    [Fact]
    public async Task A_switch_is_finished_before_anything_is_published_over_it_and_one_elsewhere_is_left_alone()
    {
        await using var rig = new PublishRig(Keeping(2) + "\n  side: { run: \"true\", outputs: { out: data/side } }\n");
        await rig.PublishedAsync("1");
        await rig.PublishedAsync("2");
        await rig.WriteAsync(session => session.BeginVersionSwitch(Version(rig, 2), Version(rig, 1), "bob", null, rig.Time.GetUtcNow()));
        await rig.PublishedAsync("s", "side");
        Assert.Empty(rig.Place.Switched);
        await rig.PublishedAsync("3");
        Assert.Equal([(2, 1)], rig.Place.Switched);
        Assert.Equal(("3", 1L), (rig.Read("data/out"), rig.Place.Placed[^1].Replaced!.Id));
        Assert.Equal([1, 2], Kept(rig));
    }

    [Theory]
    [InlineData("io")]
    [InlineData("access")]
    [InlineData("place")]
    public async Task A_switch_that_the_place_refuses_is_told_and_forgotten(string kind)
    {
        await using var rig = new PublishRig(Keeping(2));
        await rig.PublishedAsync("1");
        await rig.PublishedAsync("2");
        await rig.WriteAsync(session => session.BeginVersionSwitch(Version(rig, 2), Version(rig, 1), "bob", null, rig.Time.GetUtcNow()));
        rig.Place.OnSwitch = _ => Problem(kind, "gone");
        await rig.Versions.FinishAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal($"{rig.Path("data/out")}: version 1 does not become current: gone", Assert.Single(rig.Said));
        Assert.Empty(rig.Store.Read(session => session.UnfinishedSwitches()));
        Assert.Equal(("2", 2L), (rig.Read("data/out"), Current(rig)!.Id));
    }

    [Fact]
    public async Task A_version_whose_bytes_another_holds_comes_back_from_there()
    {
        await using var rig = new PublishRig(Keeping(9));
        foreach (var text in (string[])["1", "2", "1", "2"])
        {
            await rig.PublishedAsync(text);
        }

        Assert.Equal([3], Kept(rig));
        await rig.WriteAsync(session => session.BeginVersionSwitch(Version(rig, 4), Version(rig, 1), "bob", null, rig.Time.GetUtcNow()));
        await rig.Versions.FinishAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("1", 1L), (rig.Read("data/out"), Current(rig)!.Id));
        Assert.Equal([4], Kept(rig));
        Assert.Null(Version(rig, 3).Kept);
    }

    [Fact]
    public async Task A_kept_version_is_dropped_and_one_that_is_current_again_is_not()
    {
        await using var rig = new PublishRig(Keeping(2));
        await rig.PublishedAsync("1");
        await rig.PublishedAsync("2");
        var kept = Version(rig, 1);
        await rig.Versions.DropAsync(kept, TestContext.Current.CancellationToken);
        Assert.Empty(Kept(rig));
        Assert.Equal([1], rig.Place.Forgotten);
        Assert.False(File.Exists(kept.Kept));

        // It was seen as kept, and brought back meanwhile.
        await rig.Versions.DropAsync(kept, TestContext.Current.CancellationToken);
        await rig.Versions.DropAsync(Version(rig, 2), TestContext.Current.CancellationToken);
        Assert.Equal([1], rig.Place.Forgotten);
        Assert.Equal("2", rig.Read("data/out"));
    }
}
