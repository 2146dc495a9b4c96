using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>When a group is tried again, and which of its failures says why not.</summary>
public sealed class GroupEndTests
{
    private static TaskNode Group(params string[] members) =>
        Task("load", members) with
        {
            Kind = new TaskKind.Group(),
            TriggerRule = TriggerRule.NoneFailedMinOneSuccess,
            Retry = new RetryPolicy { Retries = 2, Delay = TimeSpan.FromMinutes(30) },
        };

    /// <summary>(first, second, third) = load -> after</summary>
    private static Lab Loading(TaskNode? third = null) =>
        new Lab(
            Pipeline(Task("first"), Task("second"), third ?? Task("third"), Group("first", "second", "third"), Task("after", "load"))
        ).Admit();

    [Fact]
    public void A_wait_that_is_over_a_loss_that_a_person_must_look_at_and_a_mark_are_not_mended_by_another_try()
    {
        var wait = Task("third") with { Kind = new TaskKind.WaitForTime("06:00"), Timeout = TimeSpan.FromHours(1) };
        AssertEnded(Loading(wait).Succeed("first").Succeed("second").Advance(TimeSpan.FromHours(1)));
        var once = Loading(Task("third") with { Idempotent = false }).Succeed("first").Succeed("second");
        AssertEnded(once.Begin("third").Ended("third", new Outcome.Lost("gone")));
        AssertEnded(Loading().Succeed("first").Succeed("second").Mark("third", TaskState.Failed));

        static void AssertEnded(Lab lab)
        {
            Assert.Equal((TaskState.Failed, RunState.Failed), (lab["load"].State, lab.RunState));
            Assert.EndsWith("another try would not mend it", lab["load"].Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_what_another_try_would_not_mend_the_first_is_named_also_after_what_it_would()
    {
        var lab = Loading().Fail("first").Fail("second", failure: FailureClass.Auth).Fail("third", failure: FailureClass.Schema);
        Assert.Equal((TaskState.Failed, "second: boom"), (lab["load"].State, lab["load"].Failure!.Message));
    }

    [Fact]
    public void A_mark_that_takes_away_one_of_two_failures_leaves_the_group_as_it_is()
    {
        var lab = Loading().Succeed("first").Fail("second").Fail("third").Mark("third", TaskState.Success);
        Assert.Equal((TaskState.UpForRetry, 1, TaskState.None), (lab["load"].State, lab["load"].TryNumber, lab["after"].State));
    }

    [Fact]
    public void A_mark_in_a_group_that_went_well_does_not_end_it_again()
    {
        var lab = Loading().Succeed("first").Succeed("second").Succeed("third").Mark("third", TaskState.Skipped);
        Assert.Equal((TaskState.Success, 1, TaskState.Scheduled), (lab["load"].State, lab["load"].TryNumber, lab["after"].State));
    }

    [Fact]
    public void A_group_that_a_mark_mends_in_a_run_that_is_over_ends_when_the_run_is_let_in_again()
    {
        var lab = Loading().Succeed("first").Succeed("second").Fail("third", failure: FailureClass.Auth);
        lab.Mark("third", TaskState.Success);
        Assert.Equal((RunState.Queued, TaskState.None), (lab.RunState, lab["load"].State));
        lab.Admit();
        Assert.Equal((TaskState.Success, TaskState.Scheduled), (lab["load"].State, lab["after"].State));
    }

    [Fact]
    public void A_mark_in_a_run_that_is_over_begins_no_other_try()
    {
        var lab = new Lab(Pipeline(Task("before"), Task("first"), Task("second", "before"), Group("first", "second"))).Admit();
        lab.Succeed("first").Fail("before").Clear(Key("first")).Admit().Fail("first");
        Assert.Equal((TaskState.UpstreamFailed, RunState.Failed), (lab["load"].State, lab.RunState));
        lab.Mark("second", TaskState.Success);
        Assert.Equal((TaskState.Failed, RunState.Failed), (lab["load"].State, lab.RunState));
        Assert.Equal("try 1 of 3 failed (transient: first: boom); the run had ended", lab["load"].Reason);
        Assert.Null(RunDecider.NextTimer(lab.Snapshot));
    }
}
