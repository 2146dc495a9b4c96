using Signalbox.Core;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Tests.Executors;

/// <summary>What happens to attempts when the server that started them is killed with -9.</summary>
[Trait("Requirement", "S94")]
public sealed class CustodyTests
{
    private const string CountUntilGo = "i=0; while [ ! -e go ]; do i=$((i+1)); echo $i; sleep 0.01; done; echo last; exit 7";

    [Fact]
    public async Task A_running_attempt_is_adopted_by_the_next_server_and_its_exit_code_is_told()
    {
        await using var bench = new Bench();
        using var server = new ServerProcess(bench.Instance, bench.Folder);
        var (pid, ticks) = await server.Start("a1", CountUntilGo, Bench.Cancel);
        await Bench.Until(() => new FileInfo($"{bench.Folder}/a1/stdout.log").Length > 0, "output");
        server.Kill();

        var spec = bench.Shell(CountUntilGo);
        var now = (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0];
        Assert.Equal((Phase.Running, pid, ticks), (now.Phase, now.Pid!.Value, now.StartTicks!.Value));
        Assert.InRange(
            now.StartedAt!.Value,
            DateTimeOffset.UtcNow - TimeSpan.FromMinutes(1),
            DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1)
        );
        var resubmitted = await bench.Executor.SubmitAsync(spec, maybeSubmittedBefore: true, Bench.Cancel);
        var known = Assert.IsType<SubmitResult.AlreadyKnown>(resubmitted).Now;
        // Its start is told by the clock on the wall as it is when it is asked, and no clock runs quite like another.
        Assert.Equal(now, known with { StartedAt = now.StartedAt });
        Assert.Equal(now.StartedAt.Value, known.StartedAt!.Value, TimeSpan.FromMilliseconds(50));

        File.WriteAllText($"{bench.Folder}/go", "");
        var end = await bench.End(spec.Key);
        Assert.Equal((Phase.Failed, 7, pid, ticks), (end.Phase, end.ExitCode!.Value, end.Pid!.Value, end.StartTicks!.Value));
        var lines = File.ReadAllLines($"{bench.Folder}/a1/stdout.log");
        Assert.Equal(Enumerable.Range(1, lines.Length - 1).Select(i => $"{i}").Append("last"), lines);
    }

    [Fact]
    public async Task An_attempt_that_ended_while_nobody_watched_is_told_with_its_exit_code_and_leaves_nothing_behind()
    {
        await using var bench = new Bench();
        using var server = new ServerProcess(bench.Instance, bench.Folder);
        await server.Start("a1", "setsid sleep 300 & echo $! >left; while [ ! -e go ]; do sleep 0.01; done; exit 7", Bench.Cancel);
        var left = int.Parse(await bench.Line("left"));
        server.Kill();
        File.WriteAllText($"{bench.Folder}/go", "");
        await Bench.Until(() => File.ReadAllText($"{bench.Folder}/a1/exit").EndsWith("1 exit 7 end\n"), "the record");
        Assert.True(Bench.IsAlive(left));

        var spec = bench.Shell("");
        var known = Assert.IsType<SubmitResult.AlreadyKnown>(
            await bench.Executor.SubmitAsync(spec, maybeSubmittedBefore: true, Bench.Cancel)
        );
        Assert.Equal((Phase.Failed, 7), (known.Now.Phase, known.Now.ExitCode));
        Assert.NotNull(known.Now.EndedAt);
        await Bench.Until(() => !Bench.IsAlive(left), "the process left behind ends");
    }

    [Fact]
    public async Task An_attempt_killed_with_its_launcher_while_nobody_watched_is_lost_with_a_reason()
    {
        await using var bench = new Bench();
        using var server = new ServerProcess(bench.Instance, bench.Folder);
        var (pid, _) = await server.Start("a1", "sleep 300; true", Bench.Cancel);
        server.Kill();
        Assert.True(ProcessTree.Signal(ProcessTable.Find(pid)!.Value, Libc.SIGKILL));
        await Bench.Until(() => !Bench.IsAlive(pid), "the launcher ends");
        var spec = bench.Shell("");
        var now = (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0];
        Assert.Equal((Phase.Lost, $"lost: process {pid} not found, and it wrote no exit record"), (now.Phase, now.Reason));
        Assert.Empty(await Owned(bench));
    }

    [Fact]
    public async Task A_killed_launcher_of_a_living_server_is_a_failure_and_stays_one()
    {
        await using var bench = new Bench();
        var spec = bench.Shell("kill -9 $PPID; sleep 300");
        var end = await bench.RunToEnd(spec);
        Assert.Equal((Phase.Failed, 137), (end.Phase, end.ExitCode));
        var later = (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0];
        Assert.Equal((Phase.Failed, 137), (later.Phase, later.ExitCode));
    }

    [Theory]
    [InlineData("", "lost: it was started, but its process cannot be found and it wrote no exit record")]
    [InlineData("1 start 4000000 BOOT\n", "lost: process 4000000 not found, and it wrote no exit record")]
    [InlineData("1 start 1 00000000-0000-0000-0000-000000000000\n", "lost: the machine was restarted while it ran")]
    [InlineData("1 start 1 00000000-0000-0000-0000-000000000000\n1 exit 0 e", "lost: the machine was restarted while it ran")]
    public async Task Without_a_whole_record_and_without_a_process_it_is_lost(string record, string reason)
    {
        await using var bench = new Bench();
        var spec = bench.Shell("true");
        Directory.CreateDirectory(spec.Directory);
        File.WriteAllText($"{spec.Directory}/exit", record.Replace("BOOT", ProcessTable.BootId));
        var known = Assert.IsType<SubmitResult.AlreadyKnown>(
            await bench.Executor.SubmitAsync(spec, maybeSubmittedBefore: true, Bench.Cancel)
        );
        Assert.Equal((Phase.Lost, reason), (known.Now.Phase, known.Now.Reason));
    }

    [Fact]
    public async Task A_process_that_got_the_number_later_is_neither_adopted_nor_signalled()
    {
        await using var bench = new Bench();
        var innocent = await bench.Start(bench.Shell("sleep 300; true", "innocent"));
        var spec = bench.Shell("true");
        Directory.CreateDirectory(spec.Directory);
        File.WriteAllText($"{spec.Directory}/exit", $"1 start {innocent.Pid} {ProcessTable.BootId}\n");
        await bench.Executor.CancelAsync(spec.Ref, TimeSpan.Zero, Bench.Cancel);
        Assert.Equal(Phase.Lost, (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0].Phase);
        Assert.True(Bench.IsAlive(innocent.Pid!.Value));

        var earlier = ProcessTable.Find(innocent.Pid.Value)!.Value with { StartTicks = innocent.StartTicks!.Value - 1 };
        Assert.False(ProcessTree.Signal(earlier, Libc.SIGKILL));
        Assert.True(Bench.IsAlive(innocent.Pid.Value));
        await bench.Executor.CancelAsync(new AttemptRef(innocent.Key, $"{bench.Folder}/innocent"), TimeSpan.Zero, Bench.Cancel);
    }

    [Fact]
    public async Task A_server_killed_in_the_middle_of_submitting_starts_nothing_twice_and_forgets_nothing()
    {
        await using var bench = new Bench();
        var random = new Random(20261121);
        var specs = new List<AttemptSpec>();
        for (var round = 0; round < 8; round++)
        {
            using var server = new ServerProcess(bench.Instance, bench.Folder);
            for (var i = 0; i < 40; i++)
            {
                var name = $"r{round}n{i}";
                specs.Add(bench.Shell($"echo {name} >>starts; sleep 0.0{i}; exit {i}", name));
                server.Write(name, ((CommandSpec.Shell)specs[^1].Command).Text);
            }

            for (var wait = random.Next(40); wait > 0; wait--)
            {
                await server.Answer(Bench.Cancel);
            }

            server.Kill();
            foreach (var spec in specs.TakeLast(40))
            {
                switch (await bench.Executor.SubmitAsync(spec, maybeSubmittedBefore: true, Bench.Cancel))
                {
                    case SubmitResult.AlreadyKnown { Now: { Ended: true } end }:
                        Assert.EndsWith($"n{end.ExitCode}", spec.Key.Value);
                        break;
                    case SubmitResult.AlreadyKnown or SubmitResult.Started:
                        Assert.EndsWith($"n{(await bench.End(spec.Key)).ExitCode}", spec.Key.Value);
                        break;
                    case var other:
                        Assert.Fail(other.ToString());
                        break;
                }
            }
        }

        var wanted = specs.Select(spec => Path.GetFileName(spec.Directory)).Order();
        Assert.Equal(wanted, File.ReadAllLines($"{bench.Folder}/starts").Order());
        Assert.False(bench.Executor.Observations.TryRead(out var extra), $"told twice: {extra}");
    }

    [Fact]
    public async Task The_sweep_finds_what_runs_under_keys_of_this_installation()
    {
        await using var bench = new Bench();
        using var server = new ServerProcess(bench.Instance, bench.Folder);
        await server.Start("a1", "sleep 300; true", Bench.Cancel);
        server.Kill();
        Assert.Equal([AttemptKey.Of($"{bench.Instance}-a1")], await Owned(bench));
        await bench.Executor.CancelAsync(bench.Shell("").Ref, TimeSpan.FromSeconds(10), Bench.Cancel);
        Assert.Empty(await Owned(bench));
    }

    private static async Task<List<AttemptKey>> Owned(Bench bench)
    {
        var keys = new List<AttemptKey>();
        await foreach (var key in bench.Executor.ListOwnedAsync(Bench.Cancel))
        {
            keys.Add(key);
        }

        return keys;
    }
}
