using System.Diagnostics;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Processes;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Engine.Tests.Executors;

namespace Signalbox.Engine.Tests.Attempts;

/// <summary>A server that starts ends the processes that its database has no use for, and no others.</summary>
public sealed class StraySweepTests
{
    [Fact]
    [Trait("Requirement", "S94")]
    public async Task Processes_of_attempts_that_are_over_or_were_never_known_are_ended_and_no_others()
    {
        await using var house = new House();
        var name = house.Pipeline(
            "pipeline: kept\ntasks:\n  over: { run: \"true\" }\n  long: { run: \"until test -e go; do sleep 0.02; done\" }\n"
        );
        var run = await house.StartAsync(name);
        await house.UntilStateAsync(run, "over", TaskState.Success);
        await house.UntilAttemptAsync(run, "long", AttemptState.Running);
        var instance = house.Store.Read(session => session.Instance)[..8];
        var root = house.Path(".signalbox");
        await house.CloseAsync();
        var over = Stray($"{instance}-{run}-0-a1", root);
        var unknown = Stray($"{instance}-4711-0-a1", root);
        var check = Stray($"{instance}-{run}-0-a1-c0-1", root);
        var deaf = Stray($"{instance}-4712-0-a1", root, "trap : TERM; ");
        var living = Stray($"{instance}-{run}-1-a1", root);
        var copied = Stray($"{instance}-4711-0-a1", "/elsewhere/.signalbox");
        var another = Stray("another1-4711-0-a1", root);
        try
        {
            await house.ServeAsync();
            foreach (var stray in (ProcessStat[])[over, unknown, check, deaf])
            {
                await house.UntilAsync(() => !Bench.IsAlive(stray.Pid), $"the end of {stray}");
            }

            Assert.Equal(4, house.Said.Count(line => line.Contains("is ended", StringComparison.Ordinal)));
            Assert.All((ProcessStat[])[living, copied, another], process => Assert.True(Bench.IsAlive(process.Pid)));
            house.Write("go", "");
            Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        }
        finally
        {
            foreach (var process in (ProcessStat[])[over, unknown, check, deaf, living, copied, another])
            {
                ProcessTree.Signal(process, Libc.SIGKILL);
            }
        }
    }

    /// <summary>A process that is nobody's child, as those are whose server is gone.</summary>
    private static ProcessStat Stray(string key, string root, string before = "")
    {
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", $"setsid sh -c '{before}echo $$; exec >/dev/null; while :; do sleep 0.05; done' &"]
        )
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment[TaskEnvironment.AttemptKey] = key;
        start.Environment["TMPDIR"] = $"{root}/runs/1/x~1/tmp";
        using var shell = Process.Start(start)!;
        var pid = int.Parse(shell.StandardOutput.ReadLine()!);
        shell.WaitForExit();
        return ProcessTable.Find(pid)!.Value;
    }
}
