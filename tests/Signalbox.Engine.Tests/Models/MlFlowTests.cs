using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Models;

[Trait("Requirement", "S206")]
public sealed class MlFlowTests
{
    private const string Trains = """
        pipeline: trains
        params: { auc: { type: number, default: 0.8 } }
        partition: none
        tasks:
          fit:
            run: "echo $SIGNALBOX_RUN_ID > {{ outputs.model }}; echo '{\"auc\": '{{ params.auc }}'}' > \"$SIGNALBOX_METRICS\""
            outputs: { model: { path: model.txt, model: delay/north, registry: models } }
            timeout: 1m
          better: { needs: [fit], promote: { model: delay/north, alias: champion } }
        """;

    [Fact]
    public async Task Versions_with_their_numbers_and_aliases_are_told()
    {
        using var mlflow = new FakeMlFlow();
        await using var house = HouseFor(mlflow.Address);
        var run = await house.RunAsync("trains");
        Assert.Equal(RunState.Success, run.State);
        await house.UntilAsync(() => mlflow.Alias("delay.north", "champion") == "1", "the alias");
        var version = Assert.Single(mlflow.Versions("delay.north"));
        var tags = FakeMlFlow.Tags(version);
        Assert.Equal("signalbox://models/delay/north/1", (string)version["source"]!);
        Assert.Equal(("1", "0.8", "trains"), (tags["signalbox.version"], tags["signalbox.metric.auc"], tags["signalbox.pipeline"]));
        var kept = house.Store.Read(session => session.ModelVersion("delay/north", 1))!;
        Assert.Equal((kept.Sha256, kept.Path), (tags["signalbox.sha256"], tags["signalbox.path"]));

        await house.RunAsync("trains", "2024-03-02", """{"auc":0.9}""");
        await house.UntilAsync(() => mlflow.Alias("delay.north", "champion") == "2", "the second alias");
        var back = await house.AskAsync(new Request.MoveAlias("delay/north", "champion", null, Back: true, "worse in production"));
        Assert.True(back.Done, back.Message);
        await house.UntilAsync(() => mlflow.Alias("delay.north", "champion") == "1", "the way back");
        Assert.Equal(2, mlflow.Versions("delay.north").Length);
    }

    [Fact]
    public async Task A_registry_that_cannot_be_had_holds_up_no_run_and_is_told_later_and_once()
    {
        using var mlflow = new FakeMlFlow { Refuses = 1, LosesAnswer = true };
        await using var house = HouseFor(mlflow.Address);
        Assert.Equal(RunState.Success, (await house.RunAsync("trains")).State);
        await house.UntilAsync(() => mlflow.Alias("delay.north", "champion") is not null, "the alias in the end");
        Assert.Single(mlflow.Versions("delay.north"));
        Assert.Contains(house.Said, line => line.Contains("MLflow answered 503", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_not_told_is_told_by_the_next_engine()
    {
        var house = HouseFor("http://127.0.0.1:9");
        await using (house)
        {
            Assert.Equal(RunState.Success, (await house.RunAsync("trains")).State);
            await house.UntilAsync(
                () => house.Said.Any(line => line.Contains("cannot be reached", StringComparison.Ordinal)),
                "the complaint"
            );
            await house.CloseAsync();
            using var mlflow = new FakeMlFlow();
            house.Write("signalbox.yaml", Settings(mlflow.Address));
            await house.ServeAsync();
            await house.UntilAsync(() => mlflow.Alias("delay.north", "champion") == "1", "the alias by the next engine");
        }
    }

    [Fact]
    public async Task A_registry_that_the_project_does_not_name_fails_the_task_before_anything_is_published()
    {
        await using var house = new House();
        house.Pipeline(Trains);
        var run = await house.RunAsync("trains");
        Assert.Equal(RunState.Failed, run.State);
        Assert.Contains("there is no connection `models`", house.Task(run.Number, "fit").Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(house.Path("model.txt")));
    }

    private static House HouseFor(string address)
    {
        var house = new House(Settings(address));
        house.Pipeline(Trains);
        return house;
    }

    private static string Settings(string address) => $"connections: {{ models: {{ mlflow: \"{address}\" }} }}\n";
}
