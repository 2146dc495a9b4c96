using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>What a mark changes beside the task that it is given to, and what it does not.</summary>
public sealed class MarkedTests
{
    private static readonly TaskNode Each = Task("m") with { ForEach = "{{ x }}" };

    private static Lab Cancelled(Lab lab) => lab.On(new RunEvent.CancelRequested(lab.Now, "enough"));

    [Fact]
    public void A_task_that_is_no_part_of_the_run_takes_no_mark()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b")), "a").Admit();
        Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, new RunEvent.Marked(lab.Now, Key("b"), TaskState.Failed, "so")));
    }

    [Fact]
    public void A_list_of_one_is_marked_as_any_other_and_a_list_without_items_takes_the_mark_itself()
    {
        var lab = new Lab(Pipeline(Each, Task("open"))).Admit().Items("m", 1).Mark("m", TaskState.Skipped);
        Assert.Equal((TaskState.Skipped, TaskState.Skipped), (lab["m", 0].State, lab["m"].State));
        lab.Mark("m", TaskState.Success, 0);
        Assert.Equal((TaskState.Success, TaskState.Success), (lab["m", 0].State, lab["m"].State));

        lab = new Lab(Pipeline(Each, Task("open"))).Admit().Items("m", 0).Mark("m", TaskState.Failed);
        Assert.Equal(TaskState.Failed, lab["m"].State);
    }

    [Fact]
    public void A_mapped_task_that_is_marked_before_its_list_is_read_again_has_no_instances_left()
    {
        var lab = new Lab(Pipeline(Task("a"), Each with { Needs = [new TaskName("a")] })).Admit().Succeed("a").Items("m", 2);
        lab.Succeed("m", 0).Succeed("m", 1).Clear(Key("a"), Key("m")).Mark("m", TaskState.Success);
        Assert.Equal((TaskState.Removed, TaskState.Removed), (lab["m", 0].State, lab["m", 1].State));
    }

    [Fact]
    public void A_mark_does_not_take_back_a_cancel_that_is_being_carried_out_nor_one_that_has_been()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("c"))).Admit().Fail("a").Begin("c");
        Assert.Equal(TaskState.UpstreamFailed, lab["b"].State);
        Cancelled(lab).Mark("a", TaskState.Success);
        Assert.Equal((RunState.Cancelled, TaskState.UpstreamFailed), (lab.Snapshot.Run.Ending!.Value, lab["b"].State));
        lab.Ended("c", new Outcome.Stopped()).Mark("a", TaskState.Skipped);
        Assert.Equal((RunState.Cancelled, TaskState.UpstreamFailed), (lab.RunState, lab["b"].State));
    }

    [Fact]
    public void What_a_failed_check_had_blocked_runs_when_the_task_is_marked_well()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("open"))).Admit().Fail("a", check: true);
        Assert.Equal(TaskState.Blocked, lab["b"].State);
        Assert.Equal(TaskState.Scheduled, lab.Mark("a", TaskState.Success)["b"].State);
    }

    [Fact]
    public void A_run_that_is_over_and_that_a_mark_leaves_nothing_to_do_ends_anew_at_once()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit().Fail("a").Mark("a", TaskState.Skipped);
        Assert.Equal((TaskState.Skipped, RunState.Success), (lab["b"].State, lab.RunState));
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public void A_mark_that_changes_the_end_of_a_run_tells_the_new_one_once_and_one_that_does_not_tells_nothing()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b"))).Admit().Fail("a").Fail("b");
        Assert.Equal("task a failed", lab.Snapshot.Run.Reason);
        Assert.Empty(lab.Mark("a", TaskState.Success).Commands);
        Assert.Equal("task b failed", lab.Snapshot.Run.Reason);
        Assert.Equal([new RunCommand.RunEnded(RunState.Success)], lab.Mark("b", TaskState.Skipped).Commands);
        Assert.Equal([new RunCommand.RunEnded(RunState.Failed)], lab.Mark("a", TaskState.Failed).Commands);
        Assert.Empty(lab.Mark("a", TaskState.Failed).Commands);

        // One that goes on has not ended.
        lab = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit().Fail("a");
        Assert.Empty(lab.Mark("a", TaskState.Success).Commands);
        Assert.Equal(RunState.Queued, lab.RunState);
    }

    [Fact]
    public void A_mark_that_leaves_the_end_of_a_run_as_it_was_leaves_what_was_said_of_it()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b")) with { Timeout = TimeSpan.FromHours(1) }).Admit().Begin("a");
        lab.Advance(TimeSpan.FromHours(1)).Ended("a", new Outcome.Stopped()).Mark("b", TaskState.Success);
        Assert.Equal((RunState.Failed, "the run ran longer than its limit of 1h"), (lab.RunState, lab.Snapshot.Run.Reason));
    }

    [Fact]
    public void A_run_that_waits_for_its_own_retry_goes_on_waiting_when_a_mark_leaves_another_failure()
    {
        var retry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromMinutes(30) };
        var lab = new Lab(Pipeline(Task("a"), Task("b")) with { RunRetry = retry }).Admit().Fail("a").Fail("b");
        var at = lab.Snapshot.Run.RetryAt;
        Assert.NotNull(at);
        lab.Mark("a", TaskState.Success);
        Assert.Equal((RunState.Running, at), (lab.RunState, lab.Snapshot.Run.RetryAt));
    }
}
