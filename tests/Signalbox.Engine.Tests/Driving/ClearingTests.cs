using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>A task that is cleared while it runs starts afresh when its old attempt is gone, and not before.</summary>
public sealed class ClearingTests
{
    [Theory]
    [Trait("Requirement", "S89")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cleared_while_it_runs_there_are_never_two_attempts_at_one_time(bool serverIsKilled)
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: cleared
            tasks:
              a:
                grace: 20s
                run: |
                  mkdir busy || echo "two at one time" >> ran
                  trap 'sleep 0.5; rmdir busy; echo gone >> ran; exit 1' TERM
                  echo "attempt $SIGNALBOX_ATTEMPT" >> ran
                  while test $SIGNALBOX_ATTEMPT = 1; do sleep 0.05; done
                  rmdir busy
              b: { needs: [a], run: "echo b >> ran" }
            """
        );
        RunNumber run;
        if (serverIsKilled)
        {
            using var server = await Children.ServeAsync(house.Folder, House.Cancel);
            run = await house.StartAsync(name);
            await house.UntilAsync(() => house.Lines("ran").Length == 1, "it runs");
            Assert.True((await house.AskAsync(new Request.ClearTasks(run.Value, ["a"], "again"))).Done);
            Children.Kill(server);
            await house.ServeAsync();
        }
        else
        {
            run = await house.StartAsync(name);
            await house.UntilAsync(() => house.Lines("ran").Length == 1, "it runs");
            Assert.True((await house.AskAsync(new Request.ClearTasks(run.Value, ["a"], "again"))).Done);
        }

        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal(["attempt 1", "gone", "attempt 2", "b"], house.Lines("ran"));
        Assert.Equal(
            [AttemptState.Cancelled, AttemptState.Succeeded],
            house.Attempts(run).Where(attempt => attempt.Key.Task.Value == "a").Select(attempt => attempt.State)
        );
    }
}
