using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>Publication in the hands of people who change their minds, and of engines that die.</summary>
public sealed class InterruptedPublishingTests
{
    [Theory]
    [InlineData("cancel")]
    [InlineData("clear")]
    [InlineData("mark")]
    public async Task An_attempt_that_is_stopped_while_its_checks_run_publishes_nothing(string how)
    {
        await using var house = new House();
        house.Write("data/out", "old");
        var name = house.Pipeline(
            """
            pipeline: audited
            tasks:
              make:
                run: echo $SIGNALBOX_ATTEMPT > {{ outputs.out }}
                outputs: { out: { path: data/out, checks: [{ run: "echo x >> checking; until test -e go; do sleep 0.01; done" }] } }
            """
        );
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => house.Lines("checking").Length == 1, "the check");
        Assert.True((await house.AskAsync(Change(how, number))).Done);
        if (how == "clear")
        {
            await house.UntilAsync(() => house.Lines("checking").Length == 2, "the check of the second attempt");
        }

        house.Write("go", "");
        var run = await house.EndAsync(number);

        Assert.Equal(how == "cancel" ? RunState.Cancelled : RunState.Success, run.State);
        Assert.Equal(how == "clear" ? "2\n" : "old", house.Read("data/out"));
        Assert.Equal(how == "clear" ? [2] : [], house.Publications(number).Select(publication => publication.Attempt));
        Assert.Equal(AttemptState.Cancelled, house.Attempts(number)[0].State);
        Assert.Empty(house.Staged());
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("clear")]
    [InlineData("mark")]
    public async Task A_publication_that_was_decided_is_finished_and_recorded_before_anything_follows(string how)
    {
        var place = new GatedPlace();
        await using var house = new House { With = options => options with { LocalPlace = place.Around } };
        var name = house.Pipeline(
            """
            pipeline: decided
            tasks:
              make:
                run: echo $SIGNALBOX_ATTEMPT >> ran; echo $SIGNALBOX_ATTEMPT > {{ outputs.out }}
                outputs: { out: data/out }
            """
        );
        var number = await house.StartAsync(name);
        await place.Came.Task.WaitAsync(House.Deadline, House.Cancel);
        Assert.True((await house.AskAsync(Change(how, number))).Done);
        await house.UntilAsync(() => house.Task(number, "make").Stopping is not null, "the order to stop");
        Assert.Equal(["1"], house.Lines("ran"));
        Assert.NotNull(house.Task(number, "make").Attempt);
        place.Gate.Set();
        await house.EndAsync(number);

        var publications = house.Publications(number);
        Assert.All(publications, publication => Assert.Equal(PublicationState.Published, publication.State));
        Assert.Equal(how == "clear" ? [1, 2] : [1], publications.Select(publication => publication.Attempt));
        Assert.Equal(publications.Count, place.Published);
        Assert.Equal($"{publications[^1].Attempt}\n", house.Read("data/out"));
    }

    [Fact]
    public async Task An_engine_that_is_told_to_stop_in_the_middle_of_checks_loses_nothing()
    {
        await using var house = new House();
        var name = house.Pipeline(Waiting("stopped"));
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => house.Lines("checking").Length == 1, "the check");
        await house.CloseAsync();
        house.Write("go", "");
        var run = await house.EndAsync(number);

        Assert.Equal((RunState.Success, (string?)null), (run.State, house.Task(number, "make").Failure?.Message));
        Assert.Equal("1\n", house.Read("data/out/part"));
        Assert.Single(house.Lines("checking"));
        Assert.Equal(PublicationState.Published, Assert.Single(house.Publications(number)).State);
    }

    [Theory]
    [InlineData("before the intent", false)]
    [InlineData("after the intent", false)]
    [InlineData("after the rename", false)]
    [InlineData("before the intent", true)]
    [InlineData("after the intent", true)]
    [InlineData("after the rename", true)]
    public async Task An_engine_killed_in_the_middle_of_a_publication_is_finished_by_the_next(string when, bool cancelled)
    {
        await using var house = new House();
        house.Write("data/out/old", "old");
        var name = house.Pipeline(Waiting("killed"));
        await house.SaveAsync();
        var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => house.Lines("checking").Length == 1, "the check");
        Children.Kill(server);
        if (when != "before the intent")
        {
            await PrepareByHandAsync(house, number, when == "after the rename");
        }

        if (cancelled)
        {
            Assert.True((await house.AskAsync(new Request.CancelRun(number.Value, "no longer wanted"))).Done);
        }
        else
        {
            house.Write("go", "");
        }

        var run = await house.EndAsync(number);
        var isPublished = !cancelled || when != "before the intent";
        // What had been decided is done at once, before the word to cancel is heard.
        Assert.True(
            run.State == (cancelled && !isPublished ? RunState.Cancelled : RunState.Success) || (cancelled && isPublished),
            $"{run.State}"
        );
        Assert.Equal(isPublished ? ["part"] : ["old"], Directory.GetFiles(house.Path("data/out")).Select(Path.GetFileName));
        Assert.Equal(isPublished ? [PublicationState.Published] : [], house.Publications(number).Select(publication => publication.State));
        Assert.Single(house.Lines("made"));
        Assert.Empty(house.Staged());
        house.Write("go", "");
    }

    [Fact]
    public async Task What_attempts_left_staged_is_wiped_by_the_next_server()
    {
        await using var house = new House();
        await house.SaveAsync();
        var instance = house.Store.Read(session => session.Instance)[..8];
        var place = new Staging(house.Path(".signalbox"));
        place.Prepare(place.Locate($"{instance}-77-0-a1", "out", house.Path("data/out/")));
        place.Prepare(place.Locate("another-77-0-a1", "out", house.Path("data/out/")));
        await house.ServeAsync();

        Assert.Equal(["another-77-0-a1"], house.Staged());
    }

    /// <summary>Does what the engine would have done next, up to the instant at which it died.</summary>
    private static async Task PrepareByHandAsync(House house, Core.RunNumber number, bool rename)
    {
        var rows = house.Store.Read(session => session.LoadRun(number))!;
        var task = house.Task(number, "make");
        var place = new Staging(house.Path(".signalbox"));
        var staged = place.Locate(Assert.Single(house.Staged()), "out", house.Path("data/out/"));
        var content = place.Seal(staged);
        var intent = new Publication(
            0,
            number,
            rows.Run.Pipeline,
            task.Key,
            1,
            task.Token,
            "out",
            "killed.make.out",
            staged.Target,
            staged.Path,
            rows.Run.Partition,
            PublicationKind.Folder,
            PublicationState.Prepared,
            content.Sha256,
            content.Bytes,
            null,
            null,
            rows.Run.Version,
            DateTimeOffset.UtcNow
        );
        await house.Store.WriteAsync(session => session.PreparePublication(intent, rows.Fence!.Value), House.Cancel);
        if (rename)
        {
            DurableFiles.Swap(staged.Path, staged.Target);
        }
    }

    private static Request Change(string how, Core.RunNumber number) =>
        how switch
        {
            "cancel" => new Request.CancelRun(number.Value, "no longer wanted"),
            "clear" => new Request.Rerun(number.Value, RerunMode.Only, "make", "again"),
            _ => new Request.MarkTask(number.Value, "make", -1, "success", "good enough"),
        };

    private static string Waiting(string name) =>
        $$$"""
            pipeline: {{{name}}}
            tasks:
              make:
                run: echo x >> made; echo $SIGNALBOX_ATTEMPT > {{ outputs.out }}/part
                outputs: { out: { path: data/out/, checks: [{ run: "echo x >> checking; until test -e go; do sleep 0.01; done" }] } }
            """;
}
