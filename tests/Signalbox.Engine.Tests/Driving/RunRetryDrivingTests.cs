using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>A run on its own retry, with real commands and a server that is ended while it waits.</summary>
public sealed class RunRetryDrivingTests
{
    [Fact]
    [Trait("Requirement", "S43")]
    [Trait("Requirement", "S89")]
    public async Task It_goes_on_at_its_failed_task_also_under_the_next_engine_and_its_budget_is_its_own()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: again
            run_retry: { retries: 2, retry_delay: 1s }
            tasks:
              a: { run: "echo a >> ran" }
              b: { needs: [a], run: "echo b >> ran; test $SIGNALBOX_ATTEMPT = 5", retries: 1, retry_delay: 10ms }
              c: { needs: [b], run: "echo c >> ran" }
            """
        );
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => house.Store.Read(session => session.Run(number))!.RetryAt is not null, "the wait for the retry");
        Assert.Equal(["a", "b", "b"], house.Lines("ran"));
        Assert.Equal(RunState.Running, house.Store.Read(session => session.Run(number))!.State);
        await house.CloseAsync();
        await house.ServeAsync();

        var run = await house.EndAsync(number);
        Assert.Equal((RunState.Success, 2), (run.State, run.Retries));
        Assert.Equal(["a", "b", "b", "b", "b", "b", "c"], house.Lines("ran"));
        Assert.Equal(TaskState.Success, house.Task(number, "c").State);
    }
}
