using Signalbox.Core.Runs;
using Signalbox.Engine.Outputs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>Several who come to one path.</summary>
public sealed class OnePathTests
{
    [Fact]
    [Trait("Requirement", "S91")]
    public async Task The_record_of_what_is_current_is_what_is_there_when_runs_publish_at_once()
    {
        await using var house = new House("max_active_tasks: 16\n");
        var name = house.Pipeline(
            """
            pipeline: race
            max_active_runs: 16
            params: { v: { type: string } }
            tasks:
              make:
                run: |
                  until test -e go; do sleep 0.01; done
                  for i in 1 2 3; do echo {{ params.v }} > {{ outputs.out }}/$i; done
                outputs: { out: data/out/ }
            """
        );
        var runs = new List<Core.RunNumber>();
        for (var v = 0; v < 8; v++)
        {
            runs.Add(await house.StartAsync(name, $"2024-03-0{v + 1}", $$"""{"v": "{{v}}"}"""));
        }

        await house.UntilAsync(() => runs.All(run => house.Task(run, "make").Attempt == AttemptState.Running), "all attempts at the gate");
        house.Write("go", "");
        foreach (var run in runs)
        {
            Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        }

        Chains.AssertWhole(house, house.Path("data/out"), keep: 2);
        var versions = house.Store.Read(session => session.VersionsAt(house.Path("data/out"), 100));
        Assert.Equal(8, versions.Count);
        // Each replaced the one before it: no two took the same place.
        var switches = house.Store.Read(session => session.Switches(house.Path("data/out"), 100)).Reverse().ToList();
        Assert.Equal(switches.Skip(1).Select(made => made.From), switches.SkipLast(1).Select(made => (long?)made.To));
        Assert.Empty(house.Staged());
    }

    [Theory]
    [InlineData(FaultPoints.AfterIntent)]
    [InlineData(FaultPoints.BeforeSwap)]
    [InlineData(FaultPoints.AfterSwap)]
    [InlineData(FaultPoints.AfterRetire)]
    [InlineData(FaultPoints.AfterPlaced)]
    [InlineData(FaultPoints.AfterCurrent)]
    public async Task What_an_engine_that_died_had_decided_comes_before_what_another_run_publishes(string point)
    {
        await using var house = new House();
        var name = house.Pipeline(RollbackTests.File("chain", keep: 2));
        await RollbackTests.PublishAsync(house, name, "1");
        await house.CloseAsync();
        using var server = await Children.ServeAsync(house.Folder, House.Cancel, point);
        var died = await house.StartAsync(name, "2024-03-02", """{"v": "2"}""");
        await server.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);

        // This engine takes over what the one that died has left, and it drives its own run meanwhile.
        var next = await house.RunAsync(name, "2024-03-03", """{"v": "3"}""");
        Assert.Equal("3\n", house.Read("data/out"));
        Assert.Equal(RunState.Success, (await house.EndAsync(died)).State);

        Assert.Equal("3\n", house.Read("data/out"));
        Assert.Equal(next.Number, house.Store.Read(session => session.PublicationAt(house.Path("data/out")))!.Run);
        Assert.All(
            (Core.RunNumber[])[died, next.Number],
            run => Assert.Equal(PublicationState.Published, Assert.Single(house.Publications(run)).State)
        );
        Assert.Equal(
            ["2", "1"],
            house.Store.Read(session => session.KeptAt(house.Path("data/out"))).Select(version => Chains.ValueOf(version.Kept!))
        );
        Chains.AssertWhole(house, house.Path("data/out"), keep: 2);
        Assert.Empty(house.Staged());
    }

    [Fact]
    [Trait("Requirement", "S90")]
    public async Task An_attempt_whose_run_somebody_else_has_claimed_publishes_nothing_and_is_recorded()
    {
        await using var house = new House();
        house.Write("data/out", "old");
        var name = house.Pipeline(
            """
            pipeline: stale
            tasks:
              make:
                run: echo new > {{ outputs.out }}
                outputs: { out: { path: data/out, checks: [{ run: "echo x > checking; until test -e go; do sleep 0.01; done" }] } }
            """
        );
        var number = await house.StartAsync(name);
        await house.UntilAsync(() => house.Lines("checking").Length == 1, "the check");
        await house.Store.WriteAsync(session => session.ClaimRun(number, Guid.NewGuid()), House.Cancel);
        house.Write("go", "");
        await house.UntilAsync(() => house.Store.Read(session => session.Refusals(number)).Count > 0, "the refusal");

        var refusal = Assert.Single(house.Store.Read(session => session.Refusals(number)));
        Assert.Equal((1, "make"), (refusal.Attempt, refusal.Task.Task.Value));
        Assert.Empty(house.Publications(number));
        Assert.Equal("old", house.Read("data/out"));
    }

    [Fact]
    public async Task What_is_staged_for_attempts_that_are_over_is_wiped_while_the_server_runs()
    {
        await using var house = new House("staging_ttl: 100ms\n");
        await house.SaveAsync();
        var name = house.Pipeline(
            """
            pipeline: slow
            tasks:
              make:
                run: echo x > {{ outputs.out }}; until test -e go; do sleep 0.01; done
                outputs: { out: data/out }
            """
        );
        await house.ServeAsync();
        var number = await house.StartAsync(name);
        await house.UntilAttemptAsync(number, "make", AttemptState.Running);
        var mine = Assert.Single(house.Staged());
        var instance = house.Store.Read(session => session.Instance)[..8];
        var staging = new Staging(house.Path(".signalbox"));
        foreach (var key in (string[])[$"{instance}-{number}-0-a9", $"{instance}-77-0-a1", "another-77-0-a1"])
        {
            staging.Prepare(staging.Locate(key, "out", house.Path("data/out")));
        }

        Directory.CreateDirectory(house.Path($".signalbox/staging/{instance}-78-0-a1/out"));
        await house.UntilAsync(() => house.Staged().Length == 3, "the sweep");

        // What is under way stays, and so does what is not ours: another installation's, and what has no marker.
        Assert.Equal(
            new[] { mine, "another-77-0-a1", $"{instance}-78-0-a1" }.Order(StringComparer.Ordinal),
            house.Staged().Order(StringComparer.Ordinal)
        );
        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(number)).State);
    }
}
