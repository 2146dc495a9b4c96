using Signalbox.Core.Definitions;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Processes;

namespace Signalbox.Engine.Tests.Executors;

/// <summary>What an attempt may use is enforced where the kernel can, and what it used is told however it ended.</summary>
[Trait("Requirement", "S74")]
public sealed class ResourceTests
{
    private const long Mebi = 1L << 20;
    private const string Hog = "python3 -c \"x = bytearray(400 << 20); print(len(x))\"";

    [Fact]
    public async Task Past_its_memory_the_kernel_kills_it_and_that_is_called_out_of_memory()
    {
        await using var bench = new Bench();
        var end = await bench.RunToEnd(bench.Shell(Hog) with { Resources = new ResourceSpec(64 * Mebi, Cpu: null) });
        if (!bench.Executor.Capabilities.ReportsOutOfMemory)
        {
            // No controller: the allocation fails in the process, which says so itself.
            Assert.Equal((1, false), (end.ExitCode!.Value, end.OutOfMemory));
            Assert.Contains("MemoryError", File.ReadAllText($"{bench.Folder}/a1/stderr.log"));
            Assert.Skip($"the kernel kills nothing for memory here: {bench.Executor.Capabilities.Note}");
        }

        Assert.Equal((Phase.Failed, 137, true), (end.Phase, end.ExitCode!.Value, end.OutOfMemory));
        Assert.Contains("out of memory", end.Reason);
        Assert.InRange(end.PeakMemory!.Value, 32 * Mebi, 64 * Mebi);

        // A later server is told the same.
        var later = (await bench.Executor.ObserveAsync([bench.Shell("").Ref], Bench.Cancel))[0];
        Assert.Equal((137, true, end.PeakMemory), (later.ExitCode!.Value, later.OutOfMemory, later.PeakMemory));
    }

    [Fact]
    public async Task An_end_by_signal_9_that_the_kernel_did_not_count_is_not_called_out_of_memory()
    {
        await using var bench = new Bench();
        var end = await bench.RunToEnd(bench.Shell("kill -9 $$") with { Resources = new ResourceSpec(64 * Mebi, Cpu: null) });
        Assert.Equal((Phase.Failed, 137, false), (end.Phase, end.ExitCode!.Value, end.OutOfMemory));
        Assert.DoesNotContain("memory", end.Reason);
    }

    [Fact]
    public async Task Out_of_memory_while_no_server_ran_is_told_by_the_next_one()
    {
        await using var bench = new Bench();
        if (!bench.Executor.Capabilities.ReportsOutOfMemory)
        {
            Assert.Skip($"the kernel kills nothing for memory here: {bench.Executor.Capabilities.Note}");
        }

        using var server = new ServerProcess(bench.Instance, bench.Folder);
        await server.Start("a1", $"while [ ! -e go ]; do sleep 0.01; done; {Hog}\t{Containment.Session}\t{64 * Mebi}", Bench.Cancel);
        server.Kill();
        File.WriteAllText($"{bench.Folder}/go", "");
        await Bench.Until(() => File.ReadAllText($"{bench.Folder}/a1/exit").EndsWith("1 exit 137 end\n"), "the record");
        for (var look = 0; look < 2; look++)
        {
            var end = (await bench.Executor.ObserveAsync([bench.Shell("").Ref], Bench.Cancel))[0];
            Assert.Equal((Phase.Failed, 137, true), (end.Phase, end.ExitCode!.Value, end.OutOfMemory));
            Assert.InRange(end.PeakMemory!.Value, 32 * Mebi, 64 * Mebi);
            Assert.True(end.CpuTime > TimeSpan.Zero);
        }
    }

    [Fact]
    public async Task Without_a_controller_what_each_process_may_write_to_is_limited()
    {
        await using var bench = new Bench();
        var script = Launcher.Script(ProcessTable.BootId, joinsGroups: false, mostMemory: 64 * Mebi);
        var record = $"{bench.Folder}/record";
        var end = await bench.RunToEnd(
            bench.Run("/bin/sh", "-c", $"exec 3>{record}; exec /bin/sh -c \"$0\" sh python3 -c 'x = bytearray(400 << 20)'", script)
        );
        Assert.Equal(1, end.ExitCode);
        Assert.EndsWith("MemoryError\n", File.ReadAllText($"{bench.Folder}/a1/stderr.log"));
        Assert.Equal(1, ExitRecord.Read(record)!.Value.ExitCode);
    }

    [Fact]
    public async Task Processor_time_is_limited_where_there_is_a_controller()
    {
        await using var bench = new Bench();
        if (!bench.Executor.Capabilities.LimitsCpu)
        {
            Assert.Skip($"nothing limits processor time here: {bench.Executor.Capabilities.Note}");
        }

        // A second of a fifth of a processor is a fifth of a second, whatever else the machine does.
        const string burn = "end=$(($(date +%s%N) + 1000000000)); while [ $(date +%s%N) -lt $end ]; do :; done";
        var end = await bench.RunToEnd(bench.Shell(burn) with { Resources = new ResourceSpec(Memory: null, Cpu: 0.2) });
        Assert.Equal(0, end.ExitCode);
        Assert.InRange(end.CpuTime!.Value, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(450));
    }

    private const string Busy =
        "python3 -c \"x = bytearray(60 << 20); import time; t = time.process_time();\nwhile time.process_time() - t < 0.2: pass\nopen('up', 'a').write('up\\n')\nimport os\nwhile not os.path.exists('go'): time.sleep(0.01)\"";

    [Theory]
    [InlineData(Containment.Session, false)]
    [InlineData(Containment.ControlGroup, false)]
    [InlineData(Containment.Session, true)]
    [InlineData(Containment.ControlGroup, true)]
    public async Task What_it_used_is_told_also_of_one_that_was_killed_and_of_one_that_was_adopted(Containment containment, bool adopted)
    {
        await using var bench = new Bench();
        foreach (var killed in new[] { false, true })
        {
            var name = killed ? "killed" : "ended";
            File.Delete($"{bench.Folder}/go");
            File.Delete($"{bench.Folder}/up");
            var spec = bench.Shell(Busy, name, containment);
            using var server = adopted ? new ServerProcess(bench.Instance, bench.Folder) : null;
            if (server is null)
            {
                await bench.Start(spec);
            }
            else
            {
                bench.WriteScript(name, Busy);
                await server.Start(name, $"sh ./{name}.sh\t{containment}", Bench.Cancel);
            }

            await bench.Line("up");
            if (server is not null)
            {
                server.Kill();
                Assert.Equal(Phase.Running, (await bench.Executor.ObserveAsync([spec.Ref], Bench.Cancel))[0].Phase);
            }

            // An adopted process may be no relative of its server, and a child's size is told only when it is more than the server's own.
            await Bench.Until(() => bench.Executor.SeenOf(spec.Key).Peak > 0, "a look at what it uses");
            Assert.InRange(bench.Executor.SeenOf(spec.Key).Peak, 60 * Mebi, 300 * Mebi);
            Assert.InRange(bench.Executor.SeenOf(spec.Key).Cpu, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));

            if (killed)
            {
                await bench.Executor.CancelAsync(spec.Ref, TimeSpan.FromSeconds(5), Bench.Cancel);
            }
            else
            {
                File.WriteAllText($"{bench.Folder}/go", "");
            }

            var end = await bench.End(spec.Key);
            Assert.Equal(killed ? Phase.Cancelled : Phase.Succeeded, end.Phase);
            Assert.InRange(end.CpuTime!.Value, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
            Assert.InRange(end.PeakMemory!.Value, 60 * Mebi, 300 * Mebi);
            if (!killed)
            {
                var recorded = ExitRecord.Read($"{spec.Directory}/exit")!.Value.CpuTime!.Value;
                Assert.InRange(recorded, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
            }
        }
    }

    [Theory]
    [InlineData(Containment.Session)]
    [InlineData(Containment.ControlGroup)]
    public async Task The_time_of_one_that_ended_while_no_server_ran_is_told_and_its_group_is_gone(Containment containment)
    {
        await using var bench = new Bench();
        using var server = new ServerProcess(bench.Instance, bench.Folder);
        bench.WriteScript("a1", Busy);
        await server.Start("a1", $"sh ./a1.sh\t{containment}", Bench.Cancel);
        await bench.Line("up");
        server.Kill();
        File.WriteAllText($"{bench.Folder}/go", "");
        await Bench.Until(() => File.ReadAllText($"{bench.Folder}/a1/exit").EndsWith("1 exit 0 end\n"), "the record");
        var groups = ExitRecord.Read($"{bench.Folder}/a1/exit")!.Value.Groups ?? [];
        Assert.Equal(containment == Containment.ControlGroup && bench.Executor.Capabilities.KillsWholeTree ? 1 : 0, groups.Length);

        var end = (await bench.Executor.ObserveAsync([bench.Shell("").Ref], Bench.Cancel))[0];
        Assert.Equal((Phase.Succeeded, 0), (end.Phase, end.ExitCode!.Value));
        Assert.InRange(end.CpuTime!.Value, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(groups, Directory.Exists);
    }

    [Fact]
    public void A_group_of_version_2_is_limited_and_read_by_the_names_of_its_files()
    {
        var group = Directory.CreateTempSubdirectory("signalbox-test-").FullName;
        try
        {
            foreach (var file in (ReadOnlySpan<string>)["memory.max", "memory.swap.max", "cpu.max"])
            {
                File.WriteAllText($"{group}/{file}", "");
            }

            File.WriteAllText($"{group}/cpu.stat", "usage_usec 1500000\nuser_usec 1000000\n");
            File.WriteAllText($"{group}/memory.peak", "73400320\n");
            File.WriteAllText($"{group}/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n");
            Assert.True(ControlGroup.TryLimitMemory(group, 64 * Mebi));
            Assert.True(ControlGroup.TryLimitCpu(group, 0.5));
            Assert.Equal("67108864", File.ReadAllText($"{group}/memory.max"));
            Assert.Equal("0", File.ReadAllText($"{group}/memory.swap.max"));
            Assert.Equal("50000 100000", File.ReadAllText($"{group}/cpu.max"));
            Assert.Equal(new GroupUsage(TimeSpan.FromSeconds(1.5), 73400320, true), ControlGroup.Usage(group));
        }
        finally
        {
            Directory.Delete(group, recursive: true);
        }
    }
}
