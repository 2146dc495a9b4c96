using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>Tasks that are tried again as one.</summary>
public sealed class GroupTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(30);

    private static TaskNode Group(int retries, params string[] members) =>
        Task("load", members) with
        {
            Kind = new TaskKind.Group(),
            TriggerRule = TriggerRule.NoneFailedMinOneSuccess,
            Retry = new RetryPolicy { Retries = retries, Delay = Delay },
        };

    /// <summary>before -> (stage -> swap, side) = load -> after</summary>
    private static Lab Loading(int retries = 2) => new Lab(
            Pipeline(
                Task("before"),
                Task("stage", "before"),
                Task("swap", "stage") with
                {
                    Retry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromMinutes(1) },
                },
                Task("side", "before"),
                Group(retries, "stage", "swap", "side"),
                Task("after", "load")
            )
        ).Admit().Succeed("before");

    private static Lab FailSwap(Lab lab) => lab.Fail("swap").Advance(TimeSpan.FromMinutes(1)).Fail("swap");

    [Fact]
    [Trait("Requirement", "S43")]
    [Trait("Requirement", "S89")]
    public void When_one_has_failed_for_good_and_all_have_ended_all_are_done_again_and_what_needs_the_group_waits()
    {
        var lab = FailSwap(Loading().Succeed("stage"));
        Assert.Equal((TaskState.Failed, TaskState.None, TaskState.None), (lab["swap"].State, lab["load"].State, lab["after"].State));
        lab.Succeed("side");
        Assert.Equal((TaskState.UpForRetry, lab.Now + Delay, 1), (lab["load"].State, lab["load"].DueAt, lab["load"].TryNumber));
        Assert.Equal("try 1 of 3 failed (transient: swap: boom); try 2 starts at 2001-01-06T02:46:00Z", lab["load"].Reason);
        Assert.Equal(TaskState.None, lab["after"].State);
        Assert.Equal(
            (TaskState.Failed, (TimeSpan?)Delay),
            lab.Attempts.Where(a => a.Key == Key("load")).Select(a => (TaskState.Failed, a.NextDelay)).Single()
        );
        Assert.Empty(RunDecider.Resume(lab.Snapshot).Commands);

        lab.Advance(Delay);
        Assert.Equal(
            (TaskState.Scheduled, TaskState.None, TaskState.Scheduled),
            (lab["stage"].State, lab["swap"].State, lab["side"].State)
        );
        Assert.Equal((TaskState.None, "try 2 of 3 of the group load"), (lab["load"].State, lab["load"].Reason));
        Assert.Contains(lab.History, entry => entry.Task == Key("swap") && entry.Reason == "try 2 of 3 of the group load");
        Assert.Equal((TaskState.Success, 1), (lab["before"].State, lab["before"].TryNumber));

        // Its own retries begin anew in each try.
        lab.Succeed("side").Succeed("stage").Fail("swap").Advance(TimeSpan.FromMinutes(1)).Succeed("swap");
        Assert.Equal(
            (TaskState.Success, 2, "try 2 of 3: none of its tasks failed"),
            (lab["load"].State, lab["load"].TryNumber, lab["load"].Reason)
        );
        Assert.Equal(4, lab["swap"].TryNumber);
        Assert.Equal(RunState.Success, lab.Succeed("after").RunState);
    }

    [Fact]
    public void When_its_retries_are_used_up_it_has_failed_and_so_has_what_needs_it()
    {
        var lab = FailSwap(Loading(retries: 1).Succeed("stage").Succeed("side")).Advance(Delay);
        FailSwap(lab.Succeed("stage").Succeed("side"));
        Assert.Equal((TaskState.Failed, "swap: boom"), (lab["load"].State, lab["load"].Failure!.Message));
        Assert.Equal("try 2 of 2 failed (transient: swap: boom); its 1 retry is used up", lab["load"].Reason);
        Assert.Equal((TaskState.UpstreamFailed, RunState.Failed), (lab["after"].State, lab.RunState));

        // A rerun does all of it again, with new retries.
        var plan = RerunPlan.FromFailed(lab.Snapshot);
        Assert.Equal(["stage", "swap", "side", "load", "after"], plan.Select(key => key.Task.Value));
        Assert.Equal(
            ["stage", "swap", "side", "load", "after"],
            RerunPlan.From(lab.Snapshot, new TaskName("load")).Select(key => key.Task.Value)
        );
        Assert.Equal(["stage", "swap", "side", "load"], RerunPlan.Only(lab.Snapshot, Key("load")).Select(key => key.Task.Value));
        lab.Clear([.. plan]).Admit();
        FailSwap(lab.Succeed("stage").Succeed("side"));
        Assert.Equal((TaskState.UpForRetry, 3), (lab["load"].State, lab["load"].TryNumber));
        Assert.StartsWith("try 1 of 2 failed", lab["load"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_name_of_a_group_stands_for_its_tasks_where_only_some_are_to_run()
    {
        var graph = Loading().Snapshot.Graph;
        Assert.Equal(
            ["before", "stage", "swap", "side", "load", "after"],
            graph.WithMembers([new("before"), new("load"), new("swap"), new("after")]).Select(task => task.Value)
        );
    }

    [Fact]
    public void What_another_try_would_not_mend_ends_the_group_at_once()
    {
        var lab = Loading().Succeed("stage").Succeed("side").Fail("swap", failure: FailureClass.Auth);
        Assert.Equal((TaskState.Failed, TaskState.UpstreamFailed), (lab["load"].State, lab["after"].State));
        Assert.EndsWith("another try would not mend it", lab["load"].Reason, StringComparison.Ordinal);
        Assert.Equal(FailureClass.Auth, lab["load"].Failure!.Class);
    }

    [Fact]
    public void A_group_that_nothing_of_ran_is_as_its_tasks_are()
    {
        var lab = new Lab(Pipeline(Task("before"), Task("stage", "before"), Group(2, "stage"), Task("after", "load"))).Admit();
        lab.Fail("before");
        Assert.Equal(
            (TaskState.UpstreamFailed, TaskState.UpstreamFailed, RunState.Failed),
            (lab["load"].State, lab["after"].State, lab.RunState)
        );
        Assert.Equal(0, lab["load"].TryNumber);
        lab.Mark("before", TaskState.Skipped);
        Assert.Equal((TaskState.Skipped, TaskState.Skipped), (lab["load"].State, lab["after"].State));
    }

    [Fact]
    public void Cancel_ends_a_group_that_waits_for_its_next_try()
    {
        var lab = FailSwap(Loading().Succeed("stage").Succeed("side")).On(new RunEvent.CancelRequested(Start, "enough"));
        Assert.Equal((TaskState.Failed, RunState.Cancelled), (lab["load"].State, lab.RunState));
        Assert.Null(RunDecider.NextTimer(lab.Snapshot));
    }

    [Fact]
    public void A_mark_that_takes_the_failure_away_ends_the_group_well_also_when_the_run_had_ended()
    {
        var lab = FailSwap(Loading().Succeed("stage").Succeed("side")).Mark("swap", TaskState.Success);
        Assert.Equal((TaskState.Success, TaskState.Scheduled), (lab["load"].State, lab["after"].State));

        lab = FailSwap(Loading(retries: 0).Succeed("stage").Succeed("side"));
        Assert.Equal(
            ("try 1 of 1 failed (transient: swap: boom); the group has no retries", RunState.Failed),
            (lab["load"].Reason, lab.RunState)
        );
        lab.Mark("swap", TaskState.Success).Admit();
        Assert.Equal((TaskState.Success, TaskState.Scheduled, RunState.Running), (lab["load"].State, lab["after"].State, lab.RunState));

        lab = FailSwap(Loading().Succeed("stage").Succeed("side")).Mark("load", TaskState.Success);
        Assert.Equal(TaskState.Scheduled, lab["after"].State);
        Assert.Null(RunDecider.NextTimer(lab.Snapshot));
    }

    [Fact]
    public void A_task_that_is_run_again_by_hand_takes_the_place_of_the_groups_next_try()
    {
        var lab = FailSwap(Loading().Succeed("stage").Succeed("side")).Clear(Key("swap"));
        Assert.Equal((TaskState.None, TaskState.Scheduled), (lab["load"].State, lab["swap"].State));
        Assert.Null(RunDecider.NextTimer(lab.Snapshot));
        lab.Succeed("swap");
        Assert.Equal((TaskState.Success, 2), (lab["load"].State, lab["load"].TryNumber));
        Assert.Equal(1, lab["stage"].TryNumber);
    }

    [Fact]
    public void The_items_of_a_mapped_task_are_found_again_in_each_try()
    {
        var lab = new Lab(Pipeline(Task("each") with { ForEach = "{{ [1, 2] }}" }, Group(1, "each"))).Admit().Items("each", 2);
        lab.Succeed("each", 0).Fail("each", 1);
        Assert.Equal("try 1 of 2 failed (transient: each[1]: boom); try 2 starts at 2001-01-06T02:45:00Z", lab["load"].Reason);
        lab.Advance(Delay).Items("each", 1).Succeed("each", 0);
        Assert.Equal((TaskState.Success, RunState.Success), (lab["load"].State, lab.RunState));
    }

    [Fact]
    public void Of_several_failures_the_longest_wait_counts_and_what_another_try_would_not_mend_is_named()
    {
        var lab = Loading().Succeed("stage").Fail("swap").Advance(TimeSpan.FromMinutes(1));
        lab.Begin("swap").Ended("swap", Told(FailureClass.RateLimited, TimeSpan.FromHours(2))).Fail("side");
        Assert.Equal((TaskState.UpForRetry, (DateTimeOffset?)lab.Now.AddHours(2)), (lab["load"].State, lab["load"].DueAt));
        Assert.Equal("swap: told", lab["load"].Failure!.Message);

        lab = Loading().Succeed("stage").Fail("side");
        lab.Begin("swap").Ended("swap", Told(FailureClass.Schema, null));
        Assert.Equal((TaskState.Failed, "swap: told"), (lab["load"].State, lab["load"].Failure!.Message));

        // Whichever comes first.
        lab = Loading().Fail("stage", failure: FailureClass.Auth).Fail("side");
        Assert.Equal((TaskState.Failed, "stage: boom"), (lab["load"].State, lab["load"].Failure!.Message));
        Assert.EndsWith("another try would not mend it", lab["load"].Reason, StringComparison.Ordinal);

        static Outcome Told(FailureClass kind, TimeSpan? after) => new Outcome.Failed(new Failure(kind, "told", RetryAfter: after));
    }

    [Fact]
    public void A_group_whose_tasks_are_blocked_is_blocked()
    {
        var lab = new Lab(Pipeline(Task("before"), Task("stage", "before"), Group(2, "stage"), Task("after", "load"))).Admit();
        lab.Fail("before", check: true);
        Assert.Equal((TaskState.Blocked, TaskState.Blocked), (lab["load"].State, lab["after"].State));
        Assert.Equal("its tasks were not run: stage is blocked", lab["load"].Reason);
    }

    [Fact]
    public void A_try_that_ends_while_the_run_is_ending_is_the_last()
    {
        var lab = Loading().Succeed("stage").Fail("side").Begin("swap");
        lab.On(new RunEvent.CancelRequested(lab.Now, "enough")).Ended("swap", new Outcome.Stopped());
        Assert.Equal(RunState.Cancelled, lab.RunState);
        Assert.True(lab["load"].State.IsEnd());
        Assert.Null(RunDecider.NextTimer(lab.Snapshot));
    }

    [Fact]
    public void Each_try_is_an_attempt_with_a_token_of_its_own_and_the_group_started_with_its_first()
    {
        var lab = FailSwap(Loading().Succeed("stage").Succeed("side"));
        var first = lab["load"];
        Assert.Equal(lab.Now, first.StartedAt);
        lab.Advance(Delay - TimeSpan.FromMinutes(1));
        Assert.Equal(TaskState.UpForRetry, lab["load"].State);
        lab.Advance(TimeSpan.FromMinutes(1)).Succeed("stage").Succeed("side").Succeed("swap");
        Assert.Equal((2, first.Token + 1, first.StartedAt), (lab["load"].TryNumber, lab["load"].Token, lab["load"].StartedAt));
        Assert.Equal(
            [(1, first.Token, AttemptState.Failed), (2, first.Token + 1, AttemptState.Succeeded)],
            lab.Attempts.Where(attempt => attempt.Key == Key("load")).Select(attempt => (attempt.Number, attempt.Token, attempt.State))
        );
    }
}
