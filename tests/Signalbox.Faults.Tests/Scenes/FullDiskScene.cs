namespace Signalbox.Faults.Tests.Scenes;

public sealed class FullDiskScene()
    : Scene(
        "full",
        "the project's disk, a tmpfs of 16 MB, filled to the last byte for up to four seconds, and emptied",
        shortly: 1,
        atLength: 12
    )
{
    // At length no more often than what the load itself writes finds room beside.
    private string _folder = "";

    private protected override string? Hindrance => Machine.IsRoot ? null : "only root can mount a small disk";

    // What a task could not write, or the program could not write for it, is a failure that is told.
    private protected override bool MayFail => true;

    [Fact]
    [Trait("Requirement", "S98")]
    public Task A_full_disk_holds_up_and_loses_nothing_and_within_ten_seconds_of_room_calls_are_answered() => PlayAsync();

    private protected override Task PrepareAsync(string folder)
    {
        _folder = folder;
        Machine.Do("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder);
        Directory.CreateDirectory(Path.Combine(folder, "pipelines"));
        return Task.CompletedTask;
    }

    private protected override async Task DisturbAsync(bool isShort)
    {
        await using var server = StartServer();
        await server.ReadyAsync();
        for (var time = 1; Again(time - 1); time++)
        {
            await RestAsync(Between(1, 3));
            var filler = Path.Combine(_folder, "filler");
            Fill(filler);
            Count("times full");
            await RestAsync(Between(0.5, isShort ? 1 : 4));
            File.Delete(filler);
            if (server.HasEnded)
            {
                Findings.Add($"the server ended when its disk was full:\n{server.Said}");
                return;
            }

            await AnsweredAgainAsync();
        }
    }

    private protected override void CleanUp()
    {
        foreach (var pid in Machine.Within(_folder))
        {
            Machine.Signal(pid, Machine.Kill);
        }

        Machine.Call("umount", "-l", _folder);
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
}
