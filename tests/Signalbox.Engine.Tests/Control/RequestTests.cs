using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Tests.Driving;

namespace Signalbox.Engine.Tests.Control;

/// <summary>What people ask of the engine is done, or refused with a reason, and never holds up the next.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task A_request_that_nobody_can_understand_is_refused_and_the_next_is_carried_out()
    {
        await using var house = new House();
        var name = house.Pipeline("pipeline: asked\ntasks:\n  a: { run: \"true\" }\n");
        var run = await house.RunAsync(name);
        var poison = await house.Store.WriteAsync(
            session =>
                session.AddRequest(
                    "rerun",
                    """{"request":"rerun","run":1,"mode":"only","task":"a[x","reason":""}""",
                    "me",
                    DateTimeOffset.UtcNow
                ),
            House.Cancel
        );
        var answer = await house.AskAsync(new Request.Rerun(run.Number.Value, RerunMode.Only, "a", "again"));

        Assert.True(answer.Done, answer.Message);
        Assert.False(Answer.FromJson(house.Store.Read(session => session.Request(poison))!.Answer!).Done);
    }

    [Fact]
    public async Task A_task_is_marked_with_an_end_only()
    {
        await using var house = new House();
        var run = await house.RunAsync(house.Pipeline("pipeline: marked\ntasks:\n  a: { run: \"true\" }\n"));
        var answer = await house.AskAsync(new Request.MarkTask(run.Number.Value, "a", -1, "running", ""));

        Assert.False(answer.Done);
        Assert.Contains("use success, failed or skipped", answer.Message);
        Assert.Equal(TaskState.Success, house.Task(run.Number, "a").State);
    }
}
