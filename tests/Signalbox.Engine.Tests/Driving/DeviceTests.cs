using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>Which devices a command is told are its own.</summary>
[Trait("Requirement", "S74")]
public sealed class DeviceTests
{
    [Fact]
    public async Task A_command_is_told_its_devices_and_a_retry_gets_those_that_are_free_then()
    {
        await using var house = new House("pools: { gpu: [3, GPU-8932f937, 0] }\n");
        var name = house.Pipeline(
            """
            pipeline: trains
            tasks:
              a: { run: 'env > a; until test -e go; do sleep 0.02; done', resources: { gpu: 2 } }
              b: { run: 'env > b$SIGNALBOX_ATTEMPT; test $SIGNALBOX_ATTEMPT = 2', resources: { gpu: 1 }, retries: 1, retry_delay: 0s, needs: [c] }
              c: { run: 'env > c; until test -e a; do sleep 0.02; done' }
              mine: { run: 'env > mine', resources: { gpu: 1 }, env: { CUDA_VISIBLE_DEVICES: "0,1,2,3" }, needs: [b] }
            """
        );
        var run = await house.StartAsync(name);
        await house.UntilStateAsync(run, "mine", TaskState.Success);
        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);

        string[] two = ["CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES=3,GPU-8932f937", "SIGNALBOX_GPUS=3,GPU-8932f937"];
        Assert.Equal(two, Seen(house, "a"));
        Assert.Contains("SIGNALBOX_GPUS=0", Seen(house, "b1"));
        Assert.Contains("SIGNALBOX_GPUS=0", Seen(house, "b2"));
        Assert.Empty(Seen(house, "c"));
        // What a task says of a variable itself is what its command sees.
        Assert.Equal(["CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES=0,1,2,3", "SIGNALBOX_GPUS=0"], Seen(house, "mine"));
        Assert.Equal(
            ["a 3,GPU-8932f937", "b 0", "b 0", "c ", "mine 0"],
            house.Attempts(run).Select(attempt => $"{attempt.Key} {attempt.Gpus}")
        );
    }

    [Fact]
    [Trait("Requirement", "S94")]
    public async Task A_command_that_is_adopted_keeps_its_devices_though_the_project_counts_others_by_now()
    {
        await using var house = new House("pools: { gpu: [0, 1] }\n");
        var name = house.Pipeline(
            """
            pipeline: held
            params: { file: { type: string } }
            tasks:
              a: { run: 'echo $SIGNALBOX_GPUS > "$SIGNALBOX_PARAM_FILE"; until test -e go; do sleep 0.02; done', resources: { gpu: 1 } }
            """
        );
        using var server = await Children.ServeAsync(house.Folder, House.Cancel);
        var first = await house.StartAsync(name, parameters: """{"file": "first"}""");
        await house.UntilAsync(() => house.Lines("first").Length == 1, "it runs");
        Children.Kill(server);
        await house.CloseAsync();

        // The list turned around: of the first free one, the first command's device would be had.
        house.Write("signalbox.yaml", "pools: { gpu: [1, 0, 2] }\n");
        await house.ServeAsync();
        var second = await house.StartAsync(name, "2024-03-02", """{"file": "second"}""");
        var third = await house.StartAsync(name, "2024-03-03", """{"file": "third"}""");
        await house.UntilAsync(() => house.Lines("second").Length + house.Lines("third").Length == 2, "all run");
        Assert.Equal(["0"], house.Lines("first"));
        Assert.Equal(["1", "2"], house.Lines("second").Concat(house.Lines("third")).Order());

        house.Write("go", "");
        foreach (var run in new[] { first, second, third })
        {
            Assert.Equal(RunState.Success, (await house.EndAsync(run)).State);
        }

        // And they are free again.
        Assert.Equal(RunState.Success, (await house.RunAsync(name, "2024-03-04", """{"file": "fourth"}""")).State);
        Assert.Equal(["1"], house.Lines("fourth"));
    }

    private static string[] Seen(House house, string file) =>
        [
            .. house
                .Lines(file)
                .Where(line => line.Contains("GPUS=", StringComparison.Ordinal) || line.StartsWith("CUDA_", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
}
