using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Definitions.Made;

namespace Signalbox.Core.Tests.Definitions;

[Trait("Requirement", "S64")]
public sealed class PipelineSentenceTests
{
    [Fact]
    public void Inputs_order_and_outputs_are_in_it()
    {
        var pipeline = Pipeline(
            Task("landed") with
            {
                Kind = new TaskKind.WaitForFile("landing/{{ ds }}.parquet", TimeSpan.Zero, 0, TimeSpan.FromMinutes(1)),
            },
            Task("extract", "landed").Makes("raw", "data/raw/{{ ds }}/"),
            Task("segments"),
            Task("train", "extract", "segments") with
            {
                ForEach = "{{ tasks.segments.result }}",
                Inputs = Task("x").Inputs.Add("raw", "{{ tasks.extract.outputs.raw }}").Add("airports", "airports.csv"),
                Outputs =
                [
                    new OutputSpec
                    {
                        Name = "f",
                        Path = "f/{{ ds }}",
                        Dataset = "flights/features",
                    },
                    new OutputSpec
                    {
                        Name = "m",
                        Path = "m/{{ ds }}",
                        Model = "delay",
                    },
                ],
            }
        ) with
        {
            Schedule = new ScheduleSpec("15 2 * * *"),
        };
        Assert.Equal(
            "Daily at 02:15 UTC: landed and segments, then extract, then train (once for each item), "
                + "reading landing/{{ ds }}.parquet and airports.csv, publishing flights/features and the model delay.",
            PipelineSentence.Of(pipeline)
        );
    }

    [Theory]
    [InlineData("30 23 * * 0", "At 23:30, on Sunday (Europe/London): a.")]
    [InlineData("*/5 * * * *", "Every 5 minutes (Europe/London): a.")]
    [InlineData(null, "Started by hand: a.")]
    public void The_schedule_is_in_words(string? cron, string sentence) =>
        Assert.Equal(
            sentence,
            PipelineSentence.Of(Pipeline(Task("a")) with { Schedule = cron is null ? null : new ScheduleSpec(cron, "Europe/London") })
        );

    [Fact]
    public void A_large_pipeline_is_still_a_sentence()
    {
        var middle = Enumerable.Range(0, 1000).Select(i => Task($"t{i}", "first").Makes("o", $"o/{i}")).ToArray();
        Assert.Equal(
            "Started by hand: first, then t0, t1, t2 and 997 more, then last, publishing o/0, o/1, o/2 and 997 more.",
            PipelineSentence.Of(Pipeline([Task("first"), .. middle, Task("last", [.. middle.Select(task => task.Name.Value)])]))
        );
        var chain = Enumerable.Range(0, 100).Select(i => i == 0 ? Task("c0") : Task($"c{i}", $"c{i - 1}"));
        Assert.Equal(
            "Started by hand: c0, then c1, then c2, then c3, then c4, then c5, then 93 more steps, then c99.",
            PipelineSentence.Of(Pipeline([.. chain]))
        );
    }
}
