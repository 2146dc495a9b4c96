using Signalbox.Core.Definitions;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>A wait that can never be over is found before anything waits.</summary>
public sealed class WaitCheckerTests
{
    [Theory]
    [Trait("Requirement", "S113")]
    [Trait("Requirement", "S114")]
    // The producer at 02:00, the consumer at 06:00.
    [InlineData("0 2 * * *", "0 6 * * *", "identity", null, "offset: -4h")]
    [InlineData("0 2 * * *", "0 6 * * *", "offset", "-3h", "offset: -4h")]
    [InlineData("0 2 * * *", "0 6 * * *", "offset", "-4h", null)]
    [InlineData("0 2 * * *", "0 6 * * *", "containing", null, "offset: -4h")]
    [InlineData("0 6 * * *", "0 6 * * *", "identity", null, null)]
    [InlineData("0 6 * * *", "0 6 * * *", "containing", null, null)]
    [InlineData("0 * * * *", "0 6 * * *", "containing", null, null)]
    [InlineData("0 0 * * *", "30 * * * *", "identity", null, "leave `match` out")]
    [InlineData("0 0 29 2 *", "0 0 * * *", "identity", null, null)]
    [InlineData("* * * * *", "* * * * *", "offset", "30s", "match: identity")]
    public void A_mapping_that_can_never_match_is_a_mistake_and_the_right_one_is_told(
        string producer,
        string consumer,
        string match,
        string? offset,
        string? advice
    )
    {
        var found = Check(
            consumer,
            producer,
            Wait(
                Names.TaskMatchOf(match)!.Value,
                offset is null ? TimeSpan.Zero : Core.Time.Duration.Parse(offset.TrimStart('-')).Value!.Value * (offset[0] == '-' ? -1 : 1)
            )
        );
        if (advice is null)
        {
            Assert.Empty(found);
        }
        else
        {
            var mistake = Assert.Single(found);
            Assert.Equal(("never-matches", Severity.Error, "tasks.w.wait_for.task.match"), (mistake.Code, mistake.Severity, mistake.Path));
            Assert.Contains(advice, mistake.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Requirement", "S114")]
    public void A_pipeline_or_task_that_is_not_there_is_a_mistake_with_a_suggestion()
    {
        var producer = Scheduled("0 6 * * *", Task("load")) with { Name = new("landing") };
        var consumer = Scheduled("0 6 * * *", Waiting(Wait(TaskMatch.Containing) with { Pipeline = new("landin") }));
        var all = new[] { producer, consumer }.ToDictionary(pipeline => pipeline.Name);
        Assert.Contains("did you mean `landing`", Assert.Single(WaitChecker.Check(consumer, all)).Message, StringComparison.Ordinal);
        // A file that cannot be read may be the one.
        Assert.Empty(WaitChecker.Check(consumer, all, isComplete: false));

        var other = Scheduled(
            "0 6 * * *",
            Waiting(Wait(TaskMatch.Containing) with { Pipeline = new("landing"), Task = new TaskName("lod") })
        );
        Assert.Contains("did you mean `load`", Assert.Single(WaitChecker.Check(other, all)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_schedule_any_date_may_come()
    {
        var consumer = Pipeline(Waiting(Wait(TaskMatch.Identity)));
        var producer = Scheduled("0 6 * * *", Task("load")) with { Name = new("landing") };
        Assert.Empty(WaitChecker.Check(consumer, new[] { producer, consumer }.ToDictionary(pipeline => pipeline.Name)));
    }

    private static IEnumerable<Diagnostic> Check(string consumer, string producer, TaskKind.WaitForTask wait)
    {
        var waits = Scheduled(consumer, Waiting(wait));
        var made = Scheduled(producer, Task("load")) with { Name = new("landing") };
        return WaitChecker.Check(waits, new[] { waits, made }.ToDictionary(pipeline => pipeline.Name));
    }

    private static TaskKind.WaitForTask Wait(TaskMatch match, TimeSpan offset = default) =>
        new(new("landing"), new TaskName("load"), match, offset, Partitions: false, TimeSpan.FromMinutes(1));

    private static TaskNode Waiting(TaskKind.WaitForTask wait) => Task("w") with { Kind = wait };

    private static Pipeline Scheduled(string cron, params TaskNode[] tasks) =>
        Pipeline(tasks) with
        {
            Schedule = new ScheduleSpec(cron, "UTC"),
        };
}
