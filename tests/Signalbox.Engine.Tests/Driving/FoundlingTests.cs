using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Tests.Scheduling;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>Runs that are in the store and that nobody drives: whoever made them did not learn that the commit was kept.</summary>
public sealed class FoundlingTests
{
    [Fact]
    [Trait("Requirement", "S94")]
    public async Task A_run_that_the_engine_made_and_does_not_know_of_is_found_claimed_anew_and_goes_on_beside_those_it_knows()
    {
        var time = new ManualTime(new DateTimeOffset(2024, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var house = new House { Time = time };
        var name = house.Pipeline(
            "pipeline: found\ntasks:\n  a: { run: \"echo $SIGNALBOX_RUN_ID >> ran; test $SIGNALBOX_RUN_ID != known || true\" }\n"
        );
        house.Pipeline("pipeline: held\ntasks:\n  a: { run: \"echo held >> ran; until test -e go; do sleep 0.02; done\" }\n");
        await house.ServeAsync();
        var done = await house.RunAsync(name);
        var held = await house.StartAsync("held");
        await house.UntilAttemptAsync(held, "a", AttemptState.Running);
        var claim = FenceOf(house, held);

        var left = await LeaveAsync(house, done, claim.Owner);
        Assert.Equal(1, FenceOf(house, left).Epoch);
        // It may have been made at this moment: the first look leaves it to whoever makes it.
        time.Pass(TimeSpan.FromSeconds(20));
        await house.UntilAsync(
            () =>
            {
                time.Pass(TimeSpan.FromSeconds(1));
                return house.Store.Read(session => session.Run(left))!.State.IsEnd();
            },
            "the run that nobody knew of"
        );

        Assert.Equal(RunState.Success, house.Store.Read(session => session.Run(left))!.State);
        Assert.Single(house.Said, line => line == $"run {left}: nobody drove it; it goes on");
        // The claim is a new one of the same engine; those that it drives keep theirs.
        Assert.Equal(new Fence(claim.Owner, 2), FenceOf(house, left));
        Assert.Equal(claim, FenceOf(house, held));
        Assert.Equal(["held", "left", done.Id.Value], house.Lines("ran").Order(StringComparer.Ordinal));

        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(held)).State);
        Assert.Single(house.Attempts(left));
    }

    /// <summary>What is left when the rows of a run were kept and the engine was told otherwise.</summary>
    private static Task<RunNumber> LeaveAsync(House house, Run like, Guid owner) =>
        house.Store.WriteAsync(
            session =>
            {
                var pipeline = session.Definition(like.Pipeline, like.Version)!.Pipeline;
                var run = like with
                {
                    Number = session.NextRunNumber(),
                    Id = new RunId("left"),
                    StartedAt = null,
                    EndedAt = null,
                    Reason = null,
                };
                _ = session.CreateRun(RunDecider.Create(pipeline, run), owner);
                return run.Number;
            },
            House.Cancel
        );

    private static Fence FenceOf(House house, RunNumber run) => house.Store.Read(session => session.LoadRun(run))!.Fence!.Value;
}
