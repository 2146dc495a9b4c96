using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public sealed class FirstTests
{
    [Fact]
    public async Task A_run_is_loaded_as_it_was_written()
    {
        using var store = Store.Open(Path.Combine(Directory.CreateTempSubdirectory("sb-").FullName, "store.db"));
        var (run, fence) = await store.CreateRun(tasks: ["a", "b"]);

        var stored = store.Read(session => session.LoadRun(run.Number))!;

        Assert.Equal(run with { OnlyTasks = stored.Run.OnlyTasks }, stored.Run);
        Assert.Equal(fence, stored.Fence);
        Assert.Equal([Made.Task("a"), Made.Task("b")], stored.Tasks);
    }
}
