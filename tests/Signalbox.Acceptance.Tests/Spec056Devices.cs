namespace Signalbox.Acceptance.Tests;

/// <summary>docs/specs/056-devices.md</summary>
[Trait("Requirement", "S74")]
public sealed class Spec056Devices
{
    [Fact]
    [Trait("Requirement", "S94")]
    public async Task Tasks_have_devices_of_their_own_also_beside_what_a_killed_server_left_running()
    {
        using var project = new TestProject()
            .Write("signalbox.yaml", "pools: { gpu: [0, GPU-8932f937, 3] }\n")
            .Pipeline(
                "trains",
                """
                params: { models: { type: array } }
                tasks:
                  train:
                    for_each: "{{ params.models }}"
                    run: "echo $SIGNALBOX_RUN_ID $CUDA_VISIBLE_DEVICES >> devices.txt; until test -e go; do sleep 0.05; done"
                    resources: { gpu: 1 }
                """
            );
        RunSeen first;
        await using (var killed = await TestServer.StartAsync(project))
        {
            first = await BeginAsync(project, running: 2);
            await killed.KillAsync();
        }

        await using var server = await TestServer.StartAsync(project);
        var second = await BeginAsync(project, running: 3);
        var lines = project.Lines("devices.txt").Select(line => line.Split(' ')).ToList();
        Assert.Equal(["0", "3", "GPU-8932f937"], lines.Select(line => line[1]).Order(StringComparer.Ordinal));
        Assert.Equal("3", lines[^1][1]);
        var waits = await project.CallAsync("why", $"{second.Number}", "train[1]");
        Assert.Contains("pool gpu: 3 of 3 slots are in use, and it takes 1", waits.Expect(0).Output, StringComparison.Ordinal);

        project.Write("go", "");
        Assert.Equal(["0", "GPU-8932f937"], Devices(await project.EndedAsync(first.Number)));
        var ended = await project.EndedAsync(second.Number);
        Assert.Equal("success", ended.State);
        Assert.Equal("3", Devices(ended)[0]);
    }

    private static async Task<RunSeen> BeginAsync(TestProject project, int running)
    {
        var run = await project.CallAsync("run", "trains", "--param", "models=[1,2]", "--detach", "--json");
        await Eventually.TrueAsync(() => project.Lines("devices.txt").Length == running, TimeSpan.FromSeconds(20));
        return new RunSeen(run.Expect(0).Json);
    }

    private static string[] Devices(RunSeen run) =>
        [
            .. run
                .Tasks.SelectMany(task => task.GetProperty("attempts").EnumerateArray())
                .SelectMany(attempt => attempt.GetProperty("gpus").EnumerateArray())
                .Select(device => device.GetString()!),
        ];
}
