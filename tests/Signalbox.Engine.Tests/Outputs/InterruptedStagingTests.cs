using Signalbox.Core.Runs;
using Signalbox.Engine.Tests.Driving;
using Signalbox.Storage;

namespace Signalbox.Engine.Tests.Outputs;

/// <summary>What an attempt stages when its server, or its machine, does not live to see it begin or end.</summary>
public sealed class InterruptedStagingTests
{
    [Fact]
    [Trait("Requirement", "S93")]
    public async Task Where_a_server_died_before_it_had_made_the_staging_places_the_next_one_makes_them()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: begun
            tasks:
              make:
                run: "echo whole > {{ outputs.folder }}/1; echo whole > {{ outputs.file }}"
                outputs: { folder: { path: data/folder/ }, file: { path: data/file.txt } }

            """
        );
        await house.CloseAsync();
        using var server = await Children.ServeAsync(house.Folder, House.Cancel, FaultPoints.BeforeStaging);
        var number = await house.StartAsync(name);
        await server.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        Assert.Equal(RunState.Success, (await house.EndAsync(number)).State);
        Assert.Equal("whole\n", house.Read("data/folder/1"));
        Assert.All(house.Publications(number), publication => Assert.Equal(1, publication.Attempt));
    }

    [Fact]
    [Trait("Requirement", "S93")]
    public async Task What_ended_well_in_an_earlier_boot_is_run_again_for_nobody_knows_what_of_it_is_on_the_disk()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: cut
            tasks:
              make:
                # The first one leaves what a disk has of a file that was not forced to it: its name.
                run: "touch {{ outputs.file }}; test $SIGNALBOX_ATTEMPT = 1 || echo whole > {{ outputs.file }}"
                outputs: { file: { path: data/file.txt } }

            """
        );
        await house.CloseAsync();
        using var server = await Children.ServeAsync(house.Folder, House.Cancel, FaultPoints.BeforeEnding);
        var number = await house.StartAsync(name);
        await server.WaitForExitAsync(House.Cancel).WaitAsync(House.Deadline, House.Cancel);
        var record = Assert.Single(Directory.GetFiles(house.Path(".signalbox/runs"), "exit", SearchOption.AllDirectories));
        var boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", House.Cancel)).Trim();
        var text = await File.ReadAllTextAsync(record, House.Cancel);
        Assert.Contains("1 exit 0", text, StringComparison.Ordinal);
        Assert.Contains(boot, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(record, text.Replace(boot, $"{Guid.NewGuid()}", StringComparison.Ordinal), House.Cancel);

        Assert.Equal(RunState.Success, (await house.EndAsync(number)).State);
        Assert.Equal("whole\n", house.Read("data/file.txt"));
        Assert.Equal(2, Assert.Single(house.Publications(number)).Attempt);
    }
}
