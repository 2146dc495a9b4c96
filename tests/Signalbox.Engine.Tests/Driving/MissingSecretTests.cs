using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>What nobody can be asked for when a run is made by a schedule or a trigger.</summary>
public sealed class MissingSecretTests
{
    [Fact]
    [Trait("Requirement", "S62")]
    public async Task A_run_without_its_secret_fails_before_its_first_task_says_which_is_told_and_begins_when_the_secret_is_there()
    {
        await using var house = new House();
        var name = house.Pipeline(
            """
            pipeline: secretive
            run_retry: { retries: 3, retry_delay: 10ms }
            tasks:
              first: { run: "echo first >> ran", retries: 2 }
              second: { needs: [first], run: "echo $KEY >> ran", env: { KEY: secret:api_key } }
            """
        );
        var run = await house.RunAsync(name);
        Assert.Equal((RunState.Failed, (DateTimeOffset?)null), (run.State, run.StartedAt));
        Assert.StartsWith("tasks.second.env.KEY: ", run.Reason, StringComparison.Ordinal);
        Assert.Contains("api_key", run.Reason, StringComparison.Ordinal);
        Assert.Empty(house.Attempts(run.Number));
        Assert.Empty(house.Lines("ran"));
        var told = Assert.Single(house.Store.Read(session => session.Alerts(100)), stored => stored.Alert.Run == run.Number).Alert;
        Assert.Equal((AlertKind.Failed, null), (told.Kind, told.Task));
        Assert.Contains("api_key", told.Message, StringComparison.Ordinal);

        File.SetUnixFileMode(house.Write(".signalbox/secrets/api_key", "k1"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(RunState.Success, (await house.RunAsync(name, "2024-03-02")).State);
        Assert.Equal(["first", "k1"], house.Lines("ran"));
    }
}
