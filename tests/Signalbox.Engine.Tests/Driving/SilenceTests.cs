using Signalbox.Core.Retry;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>Commands whose log is their heartbeat.</summary>
public sealed class SilenceTests
{
    [Fact]
    [Trait("Requirement", "S40")]
    public async Task A_command_that_says_nothing_any_more_is_stopped_also_by_the_next_engine_and_one_that_speaks_is_left_alone()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: speaking
            defaults: { silence_timeout: 1s, timeout: 5m, grace: 5s }
            tasks:
              silent: { run: "trap 'touch told; exit 1' TERM; echo begun; touch begun; sleep 300 & wait" }
              speaking: { run: "for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.25; done" }
              waiting: { wait_for: { file: begun }, every: 1s }
            """
        );
        var run = await house.StartAsync(name);
        await house.UntilAsync(() => File.Exists(house.Path("begun")), "the command");
        await house.UntilAttemptAsync(run, "silent", AttemptState.Running);
        await house.CloseAsync();
        await house.ServeAsync();
        Assert.Equal(RunState.Failed, (await house.EndAsync(run)).State);

        var silent = house.Task(run, "silent");
        Assert.Equal((TaskState.Failed, FailureClass.Timeout), (silent.State, silent.Failure!.Class));
        Assert.Equal("attempt 1 wrote nothing for its silence_timeout of 1s", silent.Failure.Message);
        Assert.True(File.Exists(house.Path("told")), "it was asked to end first");
        // Longer than it may be silent, and it never was.
        Assert.Equal(TaskState.Success, house.Task(run, "speaking").State);
        Assert.Equal(TaskState.Success, house.Task(run, "waiting").State);
    }
}
