using System.Diagnostics;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/004-run.md: what signals do to a run that somebody waits for.</summary>
public sealed class Spec004Signals
{
    [Theory]
    [InlineData("INT", "Ctrl-C")]
    [InlineData("TERM", "TERM")]
    [Trait("Requirement", "S92")]
    public async Task The_first_signal_cancels_the_run_and_nothing_of_its_commands_survives(string signal, string reason)
    {
        // Each leaves a process in the background, and one in a session of its own; the second is deaf to TERM.
        using var project = new TestProject().Pipeline(
            "long",
            """
            max_active_tasks: 4
            defaults: { grace: 1s }
            tasks:
              polite: { run: "sleep 600 & echo $! >> pids; setsid sleep 600 & echo $! >> pids; echo $$ >> pids; trap 'touch asked; exit 3' TERM; touch 1; wait" }
              deaf: { run: "trap '' TERM; setsid sleep 600 & echo $! >> pids; echo $$ >> pids; touch 2; while :; do sleep 0.1; done" }
              after: { needs: [polite], trigger_rule: all_done, run: "touch after" }

            """
        );
        using var waiting = await StartAsync(project);
        await SignalAsync(waiting, signal);
        var output = await EndAsync(waiting);

        Assert.Equal(1, waiting.ExitCode);
        Assert.Contains("run 1 of long", output, StringComparison.Ordinal);
        Assert.Contains("cancelled", output, StringComparison.Ordinal);
        Assert.True(File.Exists(project.PathOf("asked")));
        Assert.False(File.Exists(project.PathOf("after")));
        Assert.Empty(Alive(project));
        var run = (await project.CallAsync("runs", "show", "1", "--json")).Expect(0).Json.GetProperty("run");
        Assert.Equal(("cancelled", reason), (run.GetProperty("state").GetString(), run.GetProperty("reason").GetString()));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_second_signal_ends_at_once_what_would_take_its_time(string signal)
    {
        using var project = new TestProject().Pipeline(
            "long",
            """
            defaults: { grace: 10m }
            tasks:
              deaf: { run: "trap '' TERM; setsid sleep 600 & echo $! >> pids; echo $$ >> pids; touch 1 2; while :; do sleep 0.1; done" }

            """
        );
        using var waiting = await StartAsync(project);
        await SignalAsync(waiting, signal);
        Assert.Contains("is being cancelled", await SaysAsync(waiting, "cancelled"), StringComparison.Ordinal);
        var watch = Stopwatch.StartNew();
        await SignalAsync(waiting, signal);
        await EndAsync(waiting);

        Assert.True(
            waiting.ExitCode == 1,
            $"{waiting.ExitCode}: {await waiting.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}"
        );
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        Assert.Empty(Alive(project));
        var run = (await project.CallAsync("runs", "show", "1", "--json")).Expect(0).Json.GetProperty("run");
        Assert.Equal("cancelled", run.GetProperty("state").GetString());
    }

    private static async Task<Process> StartAsync(TestProject project)
    {
        var waiting = BuiltProgram.Start(project.Folder, project.Environment, "run", "long");
        await Eventually.TrueAsync(() => File.Exists(project.PathOf("1")) && File.Exists(project.PathOf("2")), TimeSpan.FromSeconds(20));
        return waiting;
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> SaysAsync(Process process, string part)
    {
        while (true)
        {
            var line = await process
                .StandardError.ReadLineAsync(TestContext.Current.CancellationToken)
                .AsTask()
                .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    private static async Task<string> EndAsync(Process process)
    {
        var output = await process
            .StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static string[] Alive(TestProject project) => [.. project.Lines("pids").Where(IsAlive)];

    /// <summary>A process that has ended and that its new parent has not noticed yet runs no more.</summary>
    private static bool IsAlive(string pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
