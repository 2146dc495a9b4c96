using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>A task that runs once for each item: its instances, and the row that sums them up.</summary>
public sealed class MappingTests
{
    /// <summary>a -> m, once for each item -> z</summary>
    private static Lab Mapped(int items, Func<TaskNode, TaskNode>? change = null)
    {
        var mapped = Task("m", "a") with { ForEach = "{{ x }}" };
        return new Lab(Pipeline(Task("a"), change?.Invoke(mapped) ?? mapped, Task("z", "m"))).Admit().Succeed("a").Items("m", items);
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public void The_sum_is_failed_when_one_is_skipped_when_all_are_and_else_well()
    {
        var lab = Mapped(3);
        Assert.Equal("runs once for each of 3 items", lab["m"].Reason);
        lab.Succeed("m", 0).Begin("m", 1).Ended("m", new Outcome.Skipped("nothing new"), 1);
        Assert.Equal(TaskState.Running, lab["m"].State);
        lab.Succeed("m", 2);
        Assert.Equal((TaskState.Success, "2 of 3 instances succeeded"), (lab["m"].State, lab["m"].Reason));

        lab = Mapped(2).Fail("m", 0).Succeed("m", 1);
        Assert.Equal((TaskState.Failed, "1 of 2 instances failed"), (lab["m"].State, lab["m"].Reason));
        Assert.Equal((TaskState.UpstreamFailed, RunState.Failed), (lab["z"].State, lab.RunState));

        lab = Mapped(2);
        foreach (var map in (int[])[0, 1])
        {
            lab.Begin("m", map).Ended("m", new Outcome.Skipped("nothing new"), map);
        }

        Assert.Equal((TaskState.Skipped, "every instance was skipped"), (lab["m"].State, lab["m"].Reason));
        Assert.Equal(TaskState.Skipped, lab["z"].State);
    }

    [Fact]
    public void An_instance_that_is_done_again_opens_the_sum_and_its_end_closes_it()
    {
        var lab = Mapped(3).Succeed("m", 0).Fail("m", 1).Succeed("m", 2).Clear(Key("m", 1), Key("z")).Admit();
        Assert.Equal((TaskState.Running, "2 of 3 instances ended"), (lab["m"].State, lab["m"].Reason));
        Assert.Equal(((DateTimeOffset?)null, (Failure?)null), (lab["m"].EndedAt, lab["m"].Failure));
        Assert.Equal((TaskState.Scheduled, TaskState.Success), (lab["m", 1].State, lab["m", 0].State));
        lab.Begin("m", 1).Clear(Key("m", 0));
        Assert.Equal("2 of 3 instances ended", lab["m"].Reason);
        lab.Exited("m", 1).Ended("m", new Outcome.Succeeded(null), 1).Succeed("m", 0).Succeed("z");
        Assert.Equal((TaskState.Success, "3 of 3 instances succeeded", RunState.Success), (lab["m"].State, lab["m"].Reason, lab.RunState));
    }

    [Fact]
    public void A_list_that_is_read_again_has_the_items_that_it_has_now()
    {
        var lab = Mapped(3).Succeed("m", 0).Fail("m", 1).Succeed("m", 2).Clear(Key("m"), Key("z")).Admit();
        lab.On(new RunEvent.ItemsKnown(lab.Now, new TaskName("m"), [new MapItem("7", "seven"), new MapItem("8", null)]));
        Assert.Equal(("7", "seven", TaskState.Scheduled), (lab["m", 0].Item, lab["m", 0].Label, lab["m", 0].State));
        Assert.Equal(("8", null, 1), (lab["m", 1].Item, lab["m", 1].Label, lab["m", 1].TryNumber));
        Assert.Equal((TaskState.Removed, "its item is no longer in the list"), (lab["m", 2].State, lab["m", 2].Reason));
        lab.Succeed("m", 0).Succeed("m", 1);
        Assert.Equal((TaskState.Success, "2 of 2 instances succeeded"), (lab["m"].State, lab["m"].Reason));

        // What is removed takes no mark, and comes back with its item.
        lab.Mark("m", TaskState.Failed, 2);
        Assert.Equal((TaskState.Removed, TaskState.Success), (lab["m", 2].State, lab["m"].State));
        lab.Clear(Key("m"), Key("z")).Admit().Items("m", 3);
        Assert.Equal((TaskState.Scheduled, 1), (lab["m", 2].State, lab["m", 2].TryNumber));
        lab.Clear(Key("m")).Items("m", 0);
        Assert.Equal((TaskState.Success, "the list has no items", 0), (lab["m"].State, lab["m"].Reason, lab["m"].MapCount!.Value));
        Assert.All(Enumerable.Range(0, 3), map => Assert.Equal(TaskState.Removed, lab["m", map].State));
        Assert.Equal(TaskState.Scheduled, lab["z"].State);
    }

    [Fact]
    public void A_mark_of_a_mapped_task_is_one_of_each_instance_and_of_an_instance_one_of_it_alone()
    {
        var lab = Mapped(3).Succeed("m", 0).Begin("m", 1).Mark("m", TaskState.Skipped);
        Assert.Equal((TaskState.Skipped, TaskState.Skipped), (lab["m", 0].State, lab["m", 2].State));
        Assert.Equal((StopReason.Marked, (TaskState?)TaskState.Skipped), (lab["m", 1].Stopping!.Value, lab["m", 1].MarkedAs));
        lab.Ended("m", new Outcome.Stopped(), 1);
        Assert.Equal((TaskState.Skipped, TaskState.Skipped), (lab["m", 1].State, lab["m"].State));

        lab = Mapped(2).Fail("m", 0).Succeed("m", 1);
        Assert.Equal((RunState.Failed, TaskState.UpstreamFailed), (lab.RunState, lab["z"].State));
        lab.Mark("m", TaskState.Success, 0).Admit();
        Assert.Equal((TaskState.Success, TaskState.Scheduled, RunState.Running), (lab["m"].State, lab["z"].State, lab.RunState));
        Assert.Equal(
            "goes on, for a task was marked by hand",
            lab.History.Last(entry => entry.Task is null && entry.To == "queued").Reason
        );
    }

    [Fact]
    public void A_mark_that_changes_the_end_of_a_run_that_is_over_changes_what_is_said_of_it()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b"))).Admit().Fail("a").Succeed("b");
        Assert.Equal((RunState.Failed, "task a failed"), (lab.RunState, lab.Snapshot.Run.Reason));
        lab.Mark("a", TaskState.Success);
        Assert.Equal((RunState.Success, "every leaf task ended well"), (lab.RunState, lab.Snapshot.Run.Reason));
        lab.Mark("b", TaskState.Failed);
        Assert.Equal((RunState.Failed, "task b failed"), (lab.RunState, lab.Snapshot.Run.Reason));
        Assert.Equal(("marked by hand", "marked by hand"), (lab["b"].Failure!.Message, lab["b"].Failure!.Rule));

        // A run that was cancelled stays so.
        var cancelled = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit();
        cancelled.On(new RunEvent.CancelRequested(cancelled.Now, "enough")).Mark("a", TaskState.Success).Mark("b", TaskState.Success);
        Assert.Equal((RunState.Cancelled, "enough"), (cancelled.RunState, cancelled.Snapshot.Run.Reason));
    }
}
