using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>What is left of a task's earlier life when people have it run again: nothing but its number and token.</summary>
public sealed class DoneAgainTests
{
    private static readonly TaskNode Each = Task("m") with { ForEach = "{{ x }}" };

    [Fact]
    [Trait("Requirement", "S45")]
    public void A_wait_that_is_run_again_has_its_whole_limit_before_it()
    {
        var wait = Task("w") with { Kind = new TaskKind.WaitForTime("06:00"), Timeout = TimeSpan.FromHours(1) };
        var lab = new Lab(Pipeline(wait)).Admit().Advance(TimeSpan.FromMinutes(40)).Clear(Key("w"));
        Assert.Equal((lab.Now, lab.Now.AddHours(1)), (lab["w"].StartedAt!.Value, lab["w"].Deadline!.Value));
    }

    [Fact]
    public void A_retry_that_was_to_come_is_forgotten_when_what_it_needs_is_run_again()
    {
        var retried = Task("b", "a") with
        {
            Retry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromHours(1) },
        };
        var lab = new Lab(Pipeline(Task("a"), retried)).Admit().Succeed("a").Fail("b").Clear(Key("a"), Key("b"));
        Assert.Equal((TaskState.None, (DateTimeOffset?)null), (lab["b"].State, lab["b"].DueAt));
        Assert.Null(RunDecider.NextTimer(lab.Snapshot));
    }

    [Fact]
    public void The_time_to_get_a_slot_in_is_forgotten_when_what_a_task_needs_is_run_again()
    {
        var limited = Task("b", "a") with { StartTimeout = TimeSpan.FromHours(1) };
        var lab = new Lab(Pipeline(Task("a"), limited)).Admit().Succeed("a");
        Assert.Equal(lab.Now.AddHours(1), lab["b"].Deadline);
        lab.Clear(Key("a"), Key("b"));
        Assert.Equal((TaskState.None, (DateTimeOffset?)null), (lab["b"].State, lab["b"].Deadline));
    }

    [Fact]
    [Trait("Requirement", "S40")]
    public void The_limit_of_an_attempt_that_failed_does_not_end_the_wait_for_its_retry()
    {
        var task = Task("a") with
        {
            Timeout = TimeSpan.FromMinutes(10),
            Retry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromHours(1) },
        };
        var lab = new Lab(Pipeline(task)).Admit().Fail("a");
        Assert.Null(lab["a"].Deadline);
        Assert.Equal(TaskState.Scheduled, lab.Advance(TimeSpan.FromHours(1))["a"].State);
    }

    [Fact]
    public void A_command_that_is_being_stopped_is_not_told_twice_by_somebody_who_clears_or_marks_it_too()
    {
        var lab = new Lab(Pipeline(Task("a"))).Admit().Begin("a").Clear(Key("a"));
        Assert.Single(lab.Commands);
        Assert.Empty(lab.Clear(Key("a")).Commands);
        Assert.Empty(lab.Mark("a", TaskState.Success).Commands);
        Assert.Equal((StopReason.Marked, (TaskState?)TaskState.Success), (lab["a"].Stopping!.Value, lab["a"].MarkedAs));
    }

    [Fact]
    public void An_instance_of_a_list_that_is_being_read_again_cannot_be_run_again_by_itself()
    {
        var lab = new Lab(Pipeline(Each, Task("open"))).Admit().Items("m", 2).Succeed("m", 0).Succeed("m", 1).Clear(Key("m"));
        Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, new RunEvent.Cleared(lab.Now, [Key("m", 1)], "again")));
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public void The_only_instance_of_a_list_starts_afresh_when_its_old_attempt_is_gone()
    {
        var lab = new Lab(Pipeline(Each)).Admit().Items("m", 1).Begin("m", 0).Clear(Key("m", 0)).Ended("m", new Outcome.Stopped(), 0);
        Assert.Equal(TaskState.Scheduled, lab["m", 0].State);
        Assert.Equal(RunState.Success, lab.Succeed("m", 0).RunState);
    }

    [Fact]
    public void Instances_that_wait_for_their_list_are_left_alone_when_another_ends_that_had_to_stop()
    {
        var lab = new Lab(Pipeline(Task("a"), Each with { Needs = [new TaskName("a")] })).Admit().Succeed("a").Items("m", 2);
        lab.Begin("m", 0).Succeed("m", 1).Clear(Key("a"), Key("m")).Ended("m", new Outcome.Stopped(), 0);
        Assert.Equal((TaskState.None, TaskState.None), (lab["m", 0].State, lab["m", 1].State));
    }

    [Fact]
    public void An_item_that_is_gone_for_long_was_removed_when_it_went()
    {
        var lab = new Lab(Pipeline(Each, Task("open"))).Admit().Items("m", 2).Clear(Key("m")).Items("m", 1);
        var removed = lab["m", 1].EndedAt;
        lab.Advance(TimeSpan.FromMinutes(5)).Clear(Key("m")).Items("m", 1);
        Assert.Equal((TaskState.Removed, removed), (lab["m", 1].State, lab["m", 1].EndedAt));
    }

    [Fact]
    public void The_sum_of_a_list_ended_when_its_last_instance_did_whatever_is_marked_later()
    {
        var lab = new Lab(Pipeline(Each, Task("open"))).Admit().Items("m", 2).Succeed("m", 0).Succeed("m", 1);
        var ended = lab["m"].EndedAt;
        lab.Advance(TimeSpan.FromMinutes(5)).Mark("m", TaskState.Skipped, 0);
        Assert.Equal((TaskState.Success, ended), (lab["m"].State, lab["m"].EndedAt));
    }

    [Fact]
    public void A_task_that_cannot_run_is_given_its_end_only_once_its_run_is_let_in_again()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit().Fail("a").Clear(Key("b"));
        Assert.Equal((RunState.Queued, TaskState.None), (lab.RunState, lab["b"].State));
        lab.Admit();
        Assert.Equal((RunState.Failed, TaskState.UpstreamFailed), (lab.RunState, lab["b"].State));
    }

    [Fact]
    public void A_condition_that_is_being_evaluated_is_not_asked_for_again_when_more_of_what_is_before_it_ends()
    {
        var first = Task("c", "a", "b") with { TriggerRule = TriggerRule.OneSuccess, When = "{{ y }}" };
        var lab = new Lab(Pipeline(Task("a"), Task("b"), first)).Admit().Succeed("a");
        var since = lab["c"].ReadyAt;
        lab.Advance(TimeSpan.FromMinutes(1)).Succeed("b");
        Assert.Empty(lab.Commands);
        Assert.Equal(since, lab["c"].ReadyAt);
    }

    [Fact]
    public void A_condition_that_nothing_holds_up_is_evaluated_at_once_again_when_what_is_before_it_is_run_again()
    {
        var always = Task("b", "a") with { TriggerRule = TriggerRule.Always, When = "{{ y }}" };
        var lab = new Lab(Pipeline(Task("first"), Task("a", "first"), always)).Admit().Clear(Key("a"));
        Assert.NotNull(lab["b"].ReadyAt);
        Assert.Contains(new RunCommand.Evaluate(new TaskName("b")), lab.Commands);
    }
}
