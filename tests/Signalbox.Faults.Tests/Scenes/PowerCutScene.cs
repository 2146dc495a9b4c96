namespace Signalbox.Faults.Tests.Scenes;

/// <remarks>
/// The disk is an image with a journaling ext4. At a cut it takes nothing more: what is dirty in memory and the unwritten rest of the journal are
/// lost, what was written to it stays, and the next mount replays the journal. The next server finds another boot id. A disk that says it has
/// written what it has not is not played.
/// </remarks>
public sealed class PowerCutScene()
    : Scene(
        "power",
        "power cut: the project's disk, an ext4 in an image, takes nothing more from one instant to the next; all processes are killed, and it is mounted again",
        shortly: 2,
        atLength: 200
    )
{
    private string _image = "";
    private string _folder = "";

    private string Boot => _image + ".boot";

    private protected override string? Hindrance => Machine.IsRoot ? null : "only root can mount an image";

    private protected override bool MayBeginAgain => true;

    [Fact]
    [Trait("Requirement", "S93")]
    public Task After_power_cuts_nothing_acknowledged_is_lost() => PlayAsync();

    private protected override Task PrepareAsync(string folder)
    {
        // In memory where there is such a place: a disk that many wait for would have few answers in the life of a server.
        var home = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"signalbox-faults-{Guid.NewGuid():N}");
        (_folder, _image) = (folder, Path.Combine(home, "image"));
        Directory.CreateDirectory(home);
        using (var file = File.Create(_image))
        {
            file.SetLength(512L << 20);
        }

        Machine.Do("mkfs.ext4", "-q", "-F", _image);
        Mount();
        return Task.CompletedTask;
    }

    private protected override async Task DisturbAsync(bool isShort)
    {
        Machine.Do("sync", "-f", _folder);
        for (var cut = 1; Again(cut - 1); cut++)
        {
            await File.WriteAllTextAsync(Boot, $"{Guid.NewGuid()}\n");
            var server = Served.StartInBoot(Boot, _folder, Load.Port);
            if (Chance.NextDouble() < 0.8)
            {
                await server.ReadyAsync();
                await AnsweredAgainAsync(seconds: 60);
                await RestAsync(Between(0, 2));
            }
            else
            {
                await RestAsync(Between(0.3, 3));
            }

            Machine.CutPower(_folder);
            await server.KillAsync();
            await server.DisposeAsync();
            await UnmountAsync();
            Mount();
            Count("power cuts");
            if (Verdict.Torn(_folder) is { } torn)
            {
                Findings.Add(torn);
            }
        }
    }

    private protected override void CleanUp()
    {
        if (File.Exists(_image))
        {
            UnmountAsync().GetAwaiter().GetResult();
            Directory.Delete(Path.GetDirectoryName(_image)!, recursive: true);
        }
    }

    private void Mount()
    {
        Directory.CreateDirectory(_folder);
        Machine.Do("mount", "-o", "loop", _image, _folder);
        // The folders that a project has were there when the harness made it.
        Directory.CreateDirectory(Path.Combine(_folder, "pipelines"));
    }

    /// <summary>Without power nothing runs: what is left of commands is killed, too.</summary>
    private async Task UnmountAsync()
    {
        // The server's own view of the mounts holds the disk, too, until the kernel has cleared it away.
        for (var tries = 0; Machine.Call("losetup", "-j", _image).Output.Trim().Length > 0; tries++)
        {
            Machine.Within(_folder).ForEach(pid => Machine.Signal(pid, Machine.Kill));
            var (_, output) = Machine.Call("umount", _folder);
            Assert.True(tries < 200, $"{_image} is still in use: {output}");
            await Task.Delay(50);
        }
    }
}
