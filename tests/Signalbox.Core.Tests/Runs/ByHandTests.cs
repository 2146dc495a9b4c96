using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

public sealed class ByHandTests
{
    [Fact]
    [Trait("Requirement", "S89")]
    public void A_rerun_from_failed_executes_seven_to_twelve_of_twelve_and_no_other()
    {
        var tasks = Enumerable.Range(1, 12).Select(i => i == 1 ? Task("s1") : Task($"s{i}", $"s{i - 1}")).ToArray();
        var lab = new Lab(Pipeline(tasks)).Admit();
        for (var i = 1; i <= 6; i++)
        {
            lab.Succeed($"s{i}");
        }

        lab.Fail("s7");
        Assert.Equal(RunState.Failed, lab.RunState);

        var plan = RerunPlan.FromFailed(lab.Snapshot);
        Assert.Equal(Enumerable.Range(7, 6).Select(i => Key($"s{i}")), plan);
        lab.Clear([.. plan]);
        Assert.Equal(RunState.Queued, lab.RunState);
        lab.Admit();
        for (var i = 7; i <= 12; i++)
        {
            lab.Succeed($"s{i}");
        }

        Assert.Equal(RunState.Success, lab.RunState);
        Assert.Equal([1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1], Enumerable.Range(1, 12).Select(i => lab[$"s{i}"].TryNumber));
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public void Only_the_failed_instances_of_a_mapped_task_run_again()
    {
        var lab = new Lab(Pipeline(Task("m") with { ForEach = "{{ x }}" }, Task("z", "m"))).Admit().Items("m", 3);
        lab.Succeed("m", 0).Fail("m", 1).Succeed("m", 2);
        Assert.Equal(TaskState.Failed, lab["m"].State);
        Assert.Equal(RunState.Failed, lab.RunState);

        var plan = RerunPlan.FromFailed(lab.Snapshot);
        Assert.Equal([Key("m", 1), Key("z")], plan);
        lab.Clear([.. plan]);
        // Limits hold for it too: it begins when the run is let in.
        Assert.Equal((RunState.Queued, TaskState.None), (lab.RunState, lab["m", 1].State));
        lab.Admit().Succeed("m", 1).Succeed("z");
        Assert.Equal(RunState.Success, lab.RunState);
        Assert.Equal([1, 2, 1], Enumerable.Range(0, 3).Select(i => lab["m", i].TryNumber));
    }

    [Fact]
    public void A_cleared_task_starts_afresh_only_when_its_old_attempt_is_gone()
    {
        var lab = new Lab(Pipeline(Task("a"))).Admit().Begin("a");
        var old = lab.Token("a");
        lab.Clear(Key("a"));
        Assert.Equal(TaskState.Running, lab["a"].State);
        Assert.Equal(old + 1, lab["a"].Token);
        Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands));

        lab.Exited("a");
        Assert.Equal(TaskState.Scheduled, lab["a"].State);
        lab.Ended("a", new Outcome.Succeeded("late"), token: old);
        Assert.Equal(TaskState.Scheduled, lab["a"].State);
        Assert.Equal(HistoryEntry.StaleRejected, lab.History[^1].Event);
        Assert.Equal(RunState.Success, lab.Succeed("a").RunState);
    }

    [Fact]
    public void A_marked_success_lets_what_was_upstream_failed_run()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("c", "b"))).Admit().Fail("a");
        Assert.Equal(RunState.Failed, lab.RunState);
        Assert.Equal(TaskState.UpstreamFailed, lab["c"].State);

        lab.Mark("a", TaskState.Success);
        Assert.Equal(RunState.Queued, lab.RunState);
        lab.Admit().Succeed("b").Succeed("c");
        Assert.Equal(RunState.Success, lab.RunState);
    }

    [Fact]
    public void Cancelling_stops_what_runs_skips_what_has_not_begun_and_then_ends()
    {
        var wait = Task("w") with { Kind = new TaskKind.WaitForTime("06:00") };
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("c"), wait)).Admit().Begin("a");
        lab.On(new RunEvent.CancelRequested(lab.Now, "enough"));

        Assert.Equal(RunState.Running, lab.RunState);
        Assert.Equal(TaskState.Skipped, lab["b"].State);
        Assert.Equal(TaskState.Skipped, lab["c"].State);
        Assert.Equal(TaskState.Failed, lab["w"].State);
        Assert.Contains(lab.Commands, command => command is RunCommand.StopAttempt { Why: StopReason.Cancelled });
        lab.Ended("a", new Outcome.Stopped());
        Assert.Equal(RunState.Cancelled, lab.RunState);
        Assert.Equal(FailureClass.Cancelled, lab["a"].Failure!.Class);
        Assert.Equal(
            [Key("a"), Key("b"), Key("c"), Key("w")],
            RerunPlan.FromFailed(lab.Snapshot).Order(Comparer<TaskKey>.Create((x, y) => string.CompareOrdinal(x.Task.Value, y.Task.Value)))
        );
    }

    [Fact]
    public void Tasks_that_are_no_part_of_the_run_count_as_successful()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("c", "b")), "b").Admit();
        Assert.Equal(TaskState.Success, lab["a"].State);
        Assert.Equal(RunState.Success, lab.Succeed("b").RunState);
        Assert.Equal(0, lab["c"].TryNumber);
    }

    [Fact]
    public void Clearing_what_is_not_there_or_no_part_of_the_run_leaves_an_ended_run_alone()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("m") with { ForEach = "{{ x }}" }), "a").Admit().Succeed("a");
        Assert.Equal(RunState.Success, lab.RunState);
        foreach (var key in new[] { Key("x"), Key("m"), Key("m", 0), Key("a", 3) })
        {
            Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, new RunEvent.Cleared(lab.Now, [key], "again")));
        }
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public void A_mapped_task_that_is_cleared_is_expanded_anew_and_its_instances_wait_for_that()
    {
        var map = Task("m") with { ForEach = "{{ x }}" };
        var lab = new Lab(Pipeline(map, Task("open"))).Admit().Items("m", 3).Succeed("m", 0).Succeed("m", 1).Succeed("m", 2);
        lab.Clear(Key("m"), Key("m", 1));
        Assert.Equal(TaskState.None, lab["m"].State);
        Assert.All([0, 1, 2], i => Assert.Equal(TaskState.None, lab["m", i].State));
        lab.Items("m", 1);
        Assert.Equal(
            (TaskState.Scheduled, TaskState.Removed, TaskState.Removed),
            (lab["m", 0].State, lab["m", 1].State, lab["m", 2].State)
        );
        lab.Clear(Key("m", 2));
        Assert.Equal(TaskState.Removed, lab["m", 2].State);
        lab.Succeed("m", 0).Clear(Key("m"));
        Assert.Equal((TaskState.None, TaskState.Removed), (lab["m", 0].State, lab["m", 2].State));
        lab.Items("m", 2);
        Assert.Equal((TaskState.Scheduled, TaskState.Removed), (lab["m", 1].State, lab["m", 2].State));
    }

    [Fact]
    public void What_was_being_evaluated_waits_again_when_what_it_needs_is_done_again()
    {
        var map = Task("m") with { ForEach = "{{ x }}" };
        var lab = new Lab(
            Pipeline(Task("a"), Task("b", "a") with { When = "{{ y }}" }, map, Task("c", "m") with { When = "{{ y }}" })
        ).Admit();
        lab.Items("m", 1).Succeed("m", 0).Succeed("a");
        Assert.NotNull(lab["b"].ReadyAt);
        Assert.NotNull(lab["c"].ReadyAt);
        lab.Clear(Key("a")).Clear(Key("m", 0));
        Assert.Equal((null, null), (lab["b"].ReadyAt, lab["c"].ReadyAt));
        lab.On(new RunEvent.ConditionKnown(lab.Now, new TaskName("b"), true, null));
        Assert.Equal(TaskState.None, lab["b"].State);
        lab.Succeed("a");
        Assert.Equal(new RunCommand.Evaluate(new TaskName("b")), Assert.Single(lab.Commands));
    }

    [Fact]
    public void A_task_that_is_cleared_while_the_run_is_being_cancelled_takes_the_end_back()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b")) with { Timeout = TimeSpan.FromHours(1) }).Admit().Begin("a").Succeed("b");
        lab.Advance(TimeSpan.FromMinutes(10)).Clear(Key("b"));
        Assert.Equal(Start.AddHours(1), lab.Snapshot.Run.Deadline);
        lab.On(new RunEvent.CancelRequested(lab.Now, "enough")).Clear(Key("a"));
        Assert.Equal((RunState.Running, null, lab.Now.AddHours(1)), (lab.RunState, lab.Snapshot.Run.Ending, lab.Snapshot.Run.Deadline));
        Assert.Equal("run again", lab.Snapshot.Run.Reason);
        lab.Ended("a", new Outcome.Stopped());
        Assert.Equal(TaskState.Scheduled, lab["a"].State);
    }

    [Fact]
    public void A_token_rises_by_one_where_there_was_an_attempt_and_stays_where_there_was_none()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit().Fail("a");
        lab.Clear(Key("a"), Key("b"));
        Assert.Equal((2, 0), (lab["a"].Token, lab["b"].Token));
    }

    [Theory]
    [InlineData(TaskState.Success)]
    [InlineData(TaskState.Failed)]
    [InlineData(TaskState.Skipped)]
    public void A_running_task_that_is_marked_takes_the_mark_when_its_attempt_is_gone(TaskState state)
    {
        var lab = new Lab(Pipeline(Task("a"), Task("open"))).Admit().Begin("a");
        lab.Mark("a", state);
        Assert.Equal((TaskState.Running, StopReason.Marked, state), (lab["a"].State, lab["a"].Stopping, lab["a"].MarkedAs));
        Assert.Equal(StopReason.Marked, Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands)).Why);
        lab.Ended("a", new Outcome.Stopped());
        Assert.Equal((state, "marked by hand", state == TaskState.Failed), (lab["a"].State, lab["a"].Reason, lab["a"].Failure is not null));
        Assert.Equal(AttemptState.Cancelled, lab.Attempts[^1].State);
        Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, new RunEvent.Marked(lab.Now, Key("a"), state, "again")));
    }

    [Fact]
    [Trait("Requirement", "S66")]
    public void A_task_that_is_marked_after_its_end_ended_when_it_did()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("open"))).Admit().Fail("a");
        var ended = lab["a"].EndedAt;
        lab.Advance(TimeSpan.FromHours(3)).Mark("a", TaskState.Success);
        Assert.Equal((TaskState.Success, TaskState.Success, ended), (lab["a"].State, lab["a"].MarkedAs, lab["a"].EndedAt));
        lab.Clear(Key("a"));
        Assert.Null(lab["a"].MarkedAs);
    }

    [Theory]
    [InlineData(TaskState.Running)]
    [InlineData(TaskState.None)]
    [InlineData(TaskState.UpstreamFailed)]
    public void A_state_that_is_nobodys_to_give_is_not_given(TaskState state)
    {
        var lab = new Lab(Pipeline(Task("a"))).Admit();
        Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, new RunEvent.Marked(lab.Now, Key("a"), state, "so")));
    }

    [Fact]
    public void A_wait_that_is_marked_or_cleared_has_no_process_to_wait_for()
    {
        var wait = Task("w") with { Kind = new TaskKind.WaitForTime("06:00") };
        var lab = new Lab(Pipeline(wait, Task("b", "w"))).Admit();
        var token = lab.Token("w");
        lab.Clear(Key("w"));
        Assert.Equal((TaskState.UpForReschedule, token + 2, 2), (lab["w"].State, lab["w"].Token, lab["w"].TryNumber));
        Assert.Equal((AttemptState.Cancelled, lab.Now), (lab.Attempts[0].State, lab.Attempts[0].EndedAt));
        lab.Mark("w", TaskState.Success);
        Assert.Equal((TaskState.Success, token + 3), (lab["w"].State, lab["w"].Token));
        Assert.All(lab.Attempts, attempt => Assert.Equal(AttemptState.Cancelled, attempt.State));
        Assert.Equal(TaskState.Scheduled, lab["b"].State);
    }
}
