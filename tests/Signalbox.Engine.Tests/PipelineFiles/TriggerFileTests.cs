using Signalbox.Core.Definitions;

namespace Signalbox.Engine.Tests.PipelineFiles;

public sealed class TriggerFileTests
{
    [Fact]
    [Trait("Requirement", "S118")]
    public void A_dataset_all_of_several_or_any_of_them_nested_start_runs()
    {
        var pipeline = Yaml.Good(
            """
            pipeline: features
            partition: week
            triggers:
              - datasets:
                  all: [flights/raw, { any: [weather/hourly, weather/daily] }]
                  consume: latest
                  partitions: any
            run: echo
            """
        );

        var trigger = Assert.IsType<TriggerSpec.Datasets>(Assert.Single(pipeline.Triggers));
        Assert.Equal("flights/raw and (weather/hourly or weather/daily)", trigger.When.ToString());
        Assert.Equal(["flights/raw", "weather/hourly", "weather/daily"], trigger.When.Names);
        Assert.Equal((ConsumeMode.Latest, PartitionCover.Any), (trigger.Consume, trigger.Partitions));
        Assert.StartsWith(
            "On updates of flights/raw and (weather/hourly or weather/daily): ",
            PipelineSentence.Of(pipeline),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_name_of_a_dataset_alone_is_a_trigger_beside_a_schedule()
    {
        var pipeline = Yaml.Good("pipeline: p\nschedule: '@daily'\ntriggers: [{ datasets: flights/raw }]\nrun: echo");

        var trigger = Assert.IsType<TriggerSpec.Datasets>(Assert.Single(pipeline.Triggers));
        Assert.Equal(new DatasetCondition.Updated("flights/raw"), trigger.When);
        Assert.Equal((ConsumeMode.Each, PartitionCover.All), (trigger.Consume, trigger.Partitions));
        Assert.Equal("Daily at 00:00 UTC, and on updates of flights/raw: main.", PipelineSentence.Of(pipeline));
    }

    [Theory]
    [InlineData("{}", "2:12: a trigger needs one of datasets, webhook, file, kafka, redis, postgres, pipeline")]
    [InlineData("{ datasets: {} }", "2:24: `datasets` needs one of all, any")]
    [InlineData("{ datasets: [a] }", "2:24: `datasets` must be a text or a mapping (all, any, consume, partitions), not a list")]
    [InlineData("{ datasets: { all: [] } }", "2:31: `all` must be a list of datasets, not an empty list")]
    [InlineData(
        "{ datasets: { all: [a], any: [b] } }",
        "2:36: `datasets` has one of `all` and `any`; put the other into its list: `- any: [...]`"
    )]
    [InlineData(
        "{ datasets: { all: [a, { any: [a] }] } }",
        "2:43: `a` is in the trigger already: an update is consumed once, so name each dataset once"
    )]
    [InlineData("{ datasets: { all: [a], consume: last } }", "2:45: `consume` must be one of each, batch, latest, not `last`")]
    [InlineData("{ datasets: a b }", "2:24: `a b` is no name of a dataset: it has a space in it")]
    [InlineData("{ dataset: a }", "2:14: unknown key `dataset`; did you mean `datasets`?")]
    public void A_mistake_in_a_trigger_is_told_with_its_place(string trigger, string problem) =>
        Assert.Equal($"p.yaml:{problem}", Assert.Single(Yaml.Problems($"pipeline: p\ntriggers: [{trigger}]\nrun: echo")));

    [Fact]
    public void A_second_trigger_of_datasets_is_refused_with_what_to_write()
    {
        Assert.Equal(
            [
                "p.yaml:4:5: a pipeline is one subscriber of datasets, so it has one `datasets` trigger: put both into it with `any:` or `all:`",
            ],
            Yaml.Problems("pipeline: p\ntriggers:\n  - datasets: a\n  - datasets: b\nrun: echo")
        );
    }
}
