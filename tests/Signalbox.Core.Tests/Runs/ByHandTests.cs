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
        lab.Clear([.. plan]).Admit().Succeed("m", 1).Succeed("z");
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
        Assert.True(lab["a"].Token > old);
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
}
