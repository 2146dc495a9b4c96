using System.Diagnostics;
using Signalbox.Engine.Executors;
using Signalbox.Engine.Tests.PipelineFiles;

namespace Signalbox.Engine.Tests.Processes;

public sealed class AbandonedGroupsTests
{
    private const string Groups = "/sys/fs/cgroup/unified";

    [Fact]
    public async Task A_server_removes_what_killed_servers_left_whose_projects_are_gone_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        // As if killed: they do not tidy up before the end of the test.
        await using var gone = Open("gone");
        Assert.SkipUnless(gone.Capabilities.KillsWholeTree && Directory.Exists(GroupOf("gone")), "no control groups can be made here");
        await using var there = Open("there");
        await using var runs = Open("runs");
        Directory.CreateDirectory($"{GroupOf("gone")}/attempt");
        Directory.CreateDirectory($"{GroupOf("runs")}/attempt");
        using var command = Process.Start("sleep", "60");
        await File.WriteAllTextAsync($"{GroupOf("runs")}/attempt/cgroup.procs", $"{command.Id}", TestContext.Current.CancellationToken);
        Directory.Delete(Path.Combine(folder.Path, "gone"));
        Directory.Delete(Path.Combine(folder.Path, "runs"));

        await using (Open("next"))
        {
            Assert.Equal([false, true, true], new[] { "gone", "there", "runs" }.Select(name => Directory.Exists(GroupOf(name))));
        }

        command.Kill();
        await command.WaitForExitAsync(TestContext.Current.CancellationToken);
        await using (Open("next"))
        {
            Assert.Equal([true, false], new[] { "there", "runs" }.Select(name => Directory.Exists(GroupOf(name))));
        }

        LocalExecutor Open(string name) =>
            new(
                new LocalExecutorOptions
                {
                    Instance = InstanceOf(name),
                    Root = Directory.CreateDirectory(Path.Combine(folder.Path, name)).FullName,
                }
            );
    }

    private static string GroupOf(string name) => $"{Groups}/signalbox-{InstanceOf(name)}";

    private static string InstanceOf(string name) => $"{name}{Environment.ProcessId}";
}
