using System.Diagnostics;

namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/004-run.md: a disk that is full holds a run up and breaks nothing.</summary>
public sealed class Spec004FullDisk
{
    [Fact]
    [Trait("Requirement", "S98")]
    public async Task A_run_waits_while_the_disk_is_full_and_goes_on_when_there_is_room()
    {
        using var outside = new TestProject("outside");
        var disk = outside.PathOf("disk");
        Directory.CreateDirectory(disk);
        if (Environment.UserName != "root" || await CallAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk) != 0)
        {
            TestContext.Current.TestOutputHelper!.WriteLine("left out: only root, where it may mount, can make a small disk");
            return;
        }

        try
        {
            var project = Path.Combine(disk, "project");
            Directory.CreateDirectory(Path.Combine(project, "pipelines"));
            await File.WriteAllTextAsync(Path.Combine(project, "signalbox.yaml"), "", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(
                Path.Combine(project, "pipelines", "full.yaml"),
                "pipeline: full\ntasks:\n"
                    + $"  a: {{ run: \"echo a >> '{outside.PathOf("ran")}'; until test -e '{outside.PathOf("go")}'; do sleep 0.05; done\" }}\n"
                    + $"  b: {{ needs: [a], retries: 20, retry_delay: 100ms, run: \"echo b >> '{outside.PathOf("ran")}'\" }}\n",
                TestContext.Current.CancellationToken
            );
            using var run = BuiltProgram.Start(project, outside.Environment, "run", "full", "--json");
            await Eventually.TrueAsync(() => outside.Lines("ran").Length > 0, TimeSpan.FromSeconds(20));
            var filler = Path.Combine(disk, "filler");
            Fill(filler);
            outside.Write("go", "");
            while (
                await run
                    .StandardError.ReadLineAsync(TestContext.Current.CancellationToken)
                    .AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
                    is { } line
            )
            {
                if (line.Contains("disk", StringComparison.Ordinal) && line.Contains("full", StringComparison.Ordinal))
                {
                    break;
                }
            }

            Assert.False(run.HasExited);
            File.Delete(filler);
            var output = await run
                .StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(40), TestContext.Current.CancellationToken);
            await run.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(run.ExitCode == 0, output);
            Assert.Equal(["a", "b"], outside.Lines("ran"));
        }
        finally
        {
            await CallAsync("umount", "-l", disk);
        }
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task<int> CallAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
