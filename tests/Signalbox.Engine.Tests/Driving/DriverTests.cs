using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>What was decided and did not become durable never happened; what belongs to another engine is left to it.</summary>
public sealed class DriverTests
{
    [Fact]
    public async Task A_store_that_fails_for_a_while_costs_time_and_nothing_else()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: failing
            tasks:
              a: { run: "echo a >> ran; until test -e go; do sleep 0.02; done" }
              b: { needs: [a], run: "echo b >> ran" }
            """
        );
        var run = await house.StartAsync(name);
        await house.UntilAttemptAsync(run, "a", AttemptState.Running);
        await house.AlterAsync("alter table attempts rename to attempts_away");
        house.Write("go", "");
        await house.UntilAsync(() => house.Said.Any(line => line.StartsWith("store:", StringComparison.Ordinal)), "the failure");
        await house.AlterAsync("alter table attempts_away rename to attempts");

        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        Assert.Equal(["a", "b"], house.Lines("ran"));
        Assert.Equal([AttemptState.Succeeded, AttemptState.Succeeded], house.Attempts(run).Select(attempt => attempt.State));
    }

    [Fact]
    public async Task A_run_that_another_engine_owns_by_now_is_left_to_it_and_the_others_go_on()
    {
        await using var house = new House();
        const string text =
            "tasks:\n  a: { run: \"until test -e go; do sleep 0.02; done\" }\n  b: { needs: [a], run: \"echo $SIGNALBOX_PIPELINE >> ran\" }\n";
        var stolen = house.Pipeline($"pipeline: stolen\n{text}");
        var kept = house.Pipeline($"pipeline: kept\n{text}");
        var first = await house.StartAsync(stolen);
        var second = await house.StartAsync(kept);
        await house.UntilAttemptAsync(first, "a", AttemptState.Running);
        await house.UntilAttemptAsync(second, "a", AttemptState.Running);
        var other = Guid.NewGuid();
        var fence = await house.Store.WriteAsync(session => session.ClaimRun(first, other), House.Cancel);
        house.Write("go", "");

        Assert.Equal(RunState.Success, (await house.EndAsync(second)).State);
        await house.UntilAsync(() => house.Said.Any(line => line.StartsWith("store:", StringComparison.Ordinal)), "the conflict");
        Assert.Equal(["kept"], house.Lines("ran"));
        Assert.Equal(
            (AttemptState.Running, fence),
            (house.Attempts(first)[0].State, house.Store.Read(session => session.LoadRun(first))!.Fence)
        );

        // The next engine takes it over where its rows say it stands.
        await house.CloseAsync();
        await house.ServeAsync();
        Assert.Equal(RunState.Success, (await house.EndAsync(first)).State);
        Assert.Equal(["kept", "stolen"], house.Lines("ran"));
    }
}
