using Signalbox.Core;
using Signalbox.Engine.Executors;

namespace Signalbox.Engine.Tests.Executors;

/// <summary>Kill means kill: nothing of an attempt runs on, whatever shape its processes have.</summary>
[Trait("Requirement", "S40")]
public sealed class KillTests
{
    public static TheoryData<string, Containment, bool> Cases()
    {
        var data = new TheoryData<string, Containment, bool>();
        foreach (var (name, _, _) in ProcessShapes.All)
        {
            foreach (var containment in (ReadOnlySpan<Containment>)[Containment.Session, Containment.ControlGroup])
            {
                data.Add(name, containment, false);
                data.Add(name, containment, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Cancelling_leaves_no_survivor(string shape, Containment containment, bool adopted)
    {
        await using var bench = new Bench();
        var (_, count, text) = ProcessShapes.All.Single(s => s.Name == shape);
        var nap = ProcessShapes.NewNap();
        var spec = bench.Shell(ProcessShapes.TextWith(text, nap), "a1", containment);
        using var server = adopted ? new ServerProcess(bench.Instance, bench.Folder) : null;
        if (server is null)
        {
            await bench.Start(spec);
        }
        else
        {
            await server.Start("a1", $"{((CommandSpec.Shell)spec.Command).Text}\t{containment}", Bench.Cancel);
        }

        await bench.Line("up");
        await Bench.Until(() => ProcessShapes.Napping(nap).Count == count, $"{count} processes run");
        if (server is not null)
        {
            server.Kill();
            Assert.Equal(Phase.Running, (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0].Phase);
        }

        await bench.Executor.CancelAsync(spec.Ref, TimeSpan.FromMilliseconds(300), Bench.Cancel);
        Assert.Empty(ProcessShapes.Napping(nap));
        var end = await bench.End(spec.Key);
        Assert.Equal(Phase.Cancelled, end.Phase);
        Assert.Contains(end.ExitCode, (int?[])[143, 137, 0]);
        var later = (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0];
        Assert.Equal((Phase.Cancelled, end.ExitCode), (later.Phase, later.ExitCode));
        Assert.Empty(GroupsOf(bench));
    }

    [Theory]
    [InlineData("NAP & true", Containment.Session)]
    [InlineData("setsid NAP & true", Containment.Session)]
    [InlineData("nohup NAP >/dev/null 2>&1 & true", Containment.ControlGroup)]
    [InlineData("(setsid sh -c 'NAP & NAP' &) ; sleep 0.1", Containment.Session)]
    [InlineData("(setsid sh -c 'NAP & NAP' &) ; sleep 0.1", Containment.ControlGroup)]
    public async Task What_an_attempt_leaves_in_the_background_ends_with_it(string text, Containment containment)
    {
        await using var bench = new Bench();
        var nap = ProcessShapes.NewNap();
        var end = await bench.RunToEnd(bench.Shell(ProcessShapes.TextWith(text, nap), "a1", containment));
        Assert.Equal(Phase.Succeeded, end.Phase);
        Assert.Empty(ProcessShapes.Napping(nap));
        Assert.Empty(GroupsOf(bench));
    }

    [Fact]
    public async Task A_control_group_holds_even_what_hides_its_session_its_parents_and_its_marker()
    {
        await using var bench = new Bench();
        if (!bench.Executor.Capabilities.KillsWholeTree)
        {
            Assert.StartsWith("no control groups: ", bench.Executor.Capabilities.Note); // and then says so, and why
            return;
        }

        var nap = ProcessShapes.NewNap();
        var text = $"(env -i /usr/bin/setsid /bin/sh -c '(/usr/bin/setsid /bin/{nap} &) ; exit' &) ; sleep 0.2";
        await bench.RunToEnd(bench.Shell(text, "a1", Containment.ControlGroup));
        Assert.Empty(ProcessShapes.Napping(nap));
    }

    [Fact]
    public async Task Time_to_tidy_up_is_given_and_no_more_than_needed()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("trap 'echo tidy; exit 5' TERM; echo up >>up; while :; do sleep 0.01; done");
        await bench.Start(spec);
        await bench.Line("up");
        await bench.Executor.CancelAsync(spec.Ref, TimeSpan.FromMinutes(5), Bench.Cancel);
        var end = await bench.End(spec.Key);
        Assert.Equal((Phase.Cancelled, 5), (end.Phase, end.ExitCode));
        Assert.Equal("tidy\n", File.ReadAllText($"{spec.Directory}/stdout.log"));
    }

    [Fact]
    public async Task A_second_cancel_may_shorten_the_grace()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("trap '' TERM; echo up >>up; sleep 300; sleep 300");
        await bench.Start(spec);
        await bench.Line("up");
        var patient = bench.Executor.CancelAsync(spec.Ref, TimeSpan.FromMinutes(5), Bench.Cancel);
        await bench.Executor.CancelAsync(spec.Ref, TimeSpan.Zero, Bench.Cancel).WaitAsync(Bench.Deadline, Bench.Cancel);
        await patient.WaitAsync(Bench.Deadline, Bench.Cancel);
        Assert.Equal(Phase.Cancelled, (await bench.End(spec.Key)).Phase);
    }

    [Fact]
    public async Task Cancelling_what_has_ended_changes_nothing()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("exit 3");
        await bench.RunToEnd(spec);
        await bench.Executor.CancelAsync(spec.Ref, TimeSpan.FromMinutes(5), Bench.Cancel);
        Assert.Equal(
            (Phase.Failed, 3),
            ((await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0] is var now) ? (now.Phase, now.ExitCode!.Value) : default
        );
        Assert.False(bench.Executor.Observations.TryRead(out _));
    }

    private static string[] GroupsOf(Bench bench) =>
        Directory.Exists("/sys/fs/cgroup/unified")
            ? Directory.GetDirectories("/sys/fs/cgroup/unified", $"{bench.Instance}-*", SearchOption.AllDirectories)
            : [];
}
