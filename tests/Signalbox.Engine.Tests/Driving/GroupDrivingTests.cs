using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>A group with real commands, and a server that is ended while it waits for its next try.</summary>
public sealed class GroupDrivingTests
{
    [Fact]
    [Trait("Requirement", "S43")]
    [Trait("Requirement", "S89")]
    public async Task All_of_it_is_done_again_also_under_the_next_engine_and_what_it_published_stays_until_it_is_replaced()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: loading
            max_active_tasks: 1
            tasks:
              first: { run: "echo first >> ran" }
              load:
                needs: [first]
                retries: 2
                retry_delay: 1s
                backoff: fixed
                group:
                  stage: { run: "echo stage >> ran; echo $SIGNALBOX_ATTEMPT > {{ outputs.rows }}", outputs: { rows: "rows.txt" } }
                  swap: { needs: [stage], run: "echo swap >> ran; test $SIGNALBOX_ATTEMPT = 3", retries: 1, retry_delay: 10ms }
              after: { needs: [load], run: "echo after >> ran" }
            """
        );
        var number = await house.StartAsync(name);
        await house.UntilStateAsync(number, "load", TaskState.UpForRetry);
        Assert.Equal(["first", "stage", "swap", "swap"], house.Lines("ran"));
        Assert.Equal(["1"], house.Lines("rows.txt"));
        Assert.StartsWith("try 1 of 3 failed", house.Task(number, "load").Reason, StringComparison.Ordinal);
        await house.CloseAsync();
        await house.ServeAsync();

        Assert.Equal(RunState.Success, (await house.EndAsync(number)).State);
        Assert.Equal(["first", "stage", "swap", "swap", "stage", "swap", "after"], house.Lines("ran"));
        Assert.Equal(["2"], house.Lines("rows.txt"));
        Assert.Equal((TaskState.Success, 2), (house.Task(number, "load").State, house.Task(number, "load").TryNumber));
        Assert.Equal(
            [AttemptState.Failed, AttemptState.Succeeded],
            house.Attempts(number).Where(attempt => attempt.Key.Task.Value == "load").Select(attempt => attempt.State)
        );
        Assert.Equal([1L, 3L], house.Publications(number).Select(publication => publication.Token));
    }
}
