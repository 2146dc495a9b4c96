using Signalbox.Core.Runs;

namespace Signalbox.Engine.Tests.Driving;

/// <summary>What cannot be read is set aside alone.</summary>
[Trait("Requirement", "S94")]
public sealed class PoisonTests
{
    [Theory]
    [InlineData("update definitions set json = '{' where pipeline = 'bad'")]
    [InlineData("update runs set params = '{' where pipeline = 'bad'")]
    [InlineData("update tasks set state = 'sleeping' where run_number = 1")]
    [InlineData("update attempts set state = 'sleeping' where run_number = 1")]
    [InlineData("update runs set logical_ms = -99999999999999999 where pipeline = 'bad'")]
    public async Task A_row_that_cannot_be_read_holds_up_no_run_but_its_own(string poison)
    {
        await using var house = new House();
        const string text =
            "tasks:\n  a: { run: \"echo $SIGNALBOX_PIPELINE >> ran; until test -e go; do sleep 0.05; done\" }\n  b: { needs: [a], run: \"true\" }\n";
        var bad = await house.StartAsync(house.Pipeline($"pipeline: bad\n{text}"));
        var good = await house.StartAsync(house.Pipeline($"pipeline: good\n{text}"));
        await house.UntilAsync(() => house.Lines("ran").Length == 2, "both run");
        await house.CloseAsync();
        await house.AlterAsync("pragma ignore_check_constraints = on", poison);

        await house.ServeAsync();
        house.Write("go", "");
        Assert.Equal(RunState.Success, (await house.EndAsync(good)).State);
        Assert.Equal(RunState.Success, (await house.RunAsync("good", "2024-03-02")).State);
        Assert.DoesNotContain(house.Said, line => line.Contains("going on in a second", StringComparison.Ordinal));
        if (house.Said.FirstOrDefault(line => line.Contains("set aside", StringComparison.Ordinal)) is { } said)
        {
            Assert.StartsWith($"run {bad} is set aside, and all others go on: ", said, StringComparison.Ordinal);
        }
        else
        {
            // What is wrong does not matter for going on.
            Assert.Equal(RunState.Success, (await house.EndAsync(bad)).State);
        }
    }
}
