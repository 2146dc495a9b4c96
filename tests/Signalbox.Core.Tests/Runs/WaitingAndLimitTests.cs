using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

public sealed class WaitingAndLimitTests
{
    private static readonly TaskNode Wait = Task("w") with
    {
        Kind = new TaskKind.WaitForTime("06:00"),
        Timeout = TimeSpan.FromSeconds(3600),
        Retry = new RetryPolicy { Retries = 5 },
    };

    [Fact]
    [Trait("Requirement", "S45")]
    public void A_wait_past_its_limit_fails_once_without_retries_and_what_needs_it_is_upstream_failed()
    {
        var lab = new Lab(Pipeline(Wait, Task("b", "w"))).Admit();
        Assert.Equal(TaskState.UpForReschedule, lab["w"].State);
        Assert.Empty(lab.Snapshot.Holders);
        for (var poll = 1; poll < 60; poll++)
        {
            lab.On(new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "not there", lab.Now.AddMinutes(1)));
            Assert.IsType<RunCommand.Poll>(Assert.Single(lab.Advance(TimeSpan.FromMinutes(1)).Commands));
        }

        var lines = lab.History.Count;
        lab.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TaskState.Failed, lab["w"].State);
        Assert.Equal(FailureClass.Timeout, lab["w"].Failure!.Class);
        Assert.Equal(TaskState.UpstreamFailed, lab["b"].State);
        Assert.Equal(RunState.Failed, lab.RunState);
        Assert.Equal(3, lab.History.Count - lines);
        Assert.Single(lab.Attempts);
    }

    [Fact]
    [Trait("Requirement", "S117")]
    public void Every_look_is_counted_and_one_that_failed_ends_nothing()
    {
        var lab = new Lab(Pipeline(Wait)).Admit();
        lab.On(new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "not there", lab.Now.AddSeconds(60)))
            .Advance(TimeSpan.FromSeconds(60));
        lab.On(
            new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "looking failed: connection refused", lab.Now.AddSeconds(60))
            {
                Failed = true,
            }
        );
        Assert.Equal((TaskState.UpForReschedule, 2, 1), (lab["w"].State, lab["w"].Polls, lab["w"].FailedPolls));
        Assert.Equal("looking failed: connection refused (failed looks: 1 of 2; it goes on)", lab["w"].Reason);
        Assert.Equal(lab.Now.AddSeconds(60), lab["w"].DueAt);
        lab.Advance(TimeSpan.FromSeconds(60))
            .On(new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "not there", lab.Now.AddSeconds(60)));
        Assert.Equal(("not there", 3, 1), (lab["w"].Reason, lab["w"].Polls, lab["w"].FailedPolls));
        lab.Clear(Key("w"));
        Assert.Equal((0, 0), (lab["w"].Polls, lab["w"].FailedPolls));
    }

    [Fact]
    [Trait("Requirement", "S40")]
    public void An_attempt_past_its_limit_is_stopped_and_counts_as_a_failure()
    {
        var task = Task("a") with
        {
            Timeout = TimeSpan.FromMinutes(20),
            Retry = new RetryPolicy { Retries = 1 },
        };
        var lab = new Lab(Pipeline(task)).Admit().Begin("a").Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(StopReason.Timeout, Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands)).Why);
        lab.Ended("a", new Outcome.Failed(new Failure(FailureClass.Permanent, "exit code 3")));
        Assert.Equal(TaskState.UpForRetry, lab["a"].State);
        Assert.Equal(
            (FailureClass.Timeout, "attempt 1 ran longer than its limit of 20m", "timeout"),
            (lab["a"].Failure!.Class, lab["a"].Failure!.Message, lab["a"].Failure!.Rule)
        );
    }

    [Fact]
    public void A_command_is_listened_to_as_long_after_its_last_word_as_it_may_be_silent_and_stopped_when_nothing_came()
    {
        var task = Task("a") with
        {
            Kind = new TaskKind.Shell("train"),
            Timeout = TimeSpan.FromHours(3),
            SilenceTimeout = TimeSpan.FromMinutes(10),
            Retry = new RetryPolicy { Retries = 1 },
        };
        var lab = new Lab(Pipeline(task)).Admit().Begin("a");
        Assert.Equal(lab.Now.AddMinutes(10), RunDecider.NextTimer(lab.Snapshot));

        // It wrote four minutes ago.
        var listen = Assert.IsType<RunCommand.Listen>(Assert.Single(lab.Advance(TimeSpan.FromMinutes(10)).Commands));
        // Should the server die now, the next one looks.
        Assert.Equal(listen, Assert.Single(RunDecider.Resume(lab.Snapshot).Commands));
        var said = lab.Now.AddMinutes(-4);
        lab.On(new RunEvent.Heard(lab.Now, Key("a"), lab.Token("a") + 1, null));
        lab.On(new RunEvent.Heard(lab.Now, Key("a"), lab.Token("a"), said));
        Assert.Equal((TaskState.Running, said.AddMinutes(10)), (lab["a"].State, lab["a"].DueAt));
        Assert.Empty(lab.Commands);
        Assert.Empty(RunDecider.Resume(lab.Snapshot).Commands);

        // Nothing since.
        lab.Advance(TimeSpan.FromMinutes(6)).On(new RunEvent.Heard(lab.Now, Key("a"), lab.Token("a"), said));
        Assert.Equal(StopReason.Silence, Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands)).Why);
        lab.Ended("a", new Outcome.Stopped());
        Assert.Equal((TaskState.UpForRetry, FailureClass.Timeout), (lab["a"].State, lab["a"].Failure!.Class));
        Assert.Equal(
            ("attempt 1 wrote nothing for its silence_timeout of 10m", "silence timeout"),
            (lab["a"].Failure!.Message, lab["a"].Failure!.Rule)
        );

        // The next attempt is counted from its own start, and one that publishes is not listened to.
        lab.Advance(TimeSpan.FromMinutes(5)).Begin("a");
        lab.Advance(TimeSpan.FromMinutes(10)).On(new RunEvent.Heard(lab.Now, Key("a"), lab.Token("a"), lab.Now)).Exited("a");
        Assert.Null(lab["a"].DueAt);
        lab.On(new RunEvent.Heard(lab.Now, Key("a"), lab.Token("a"), null));
        Assert.Empty(lab.Commands);
        Assert.Equal(RunState.Success, lab.Ended("a", new Outcome.Succeeded(null)).RunState);
    }

    [Fact]
    public void A_command_that_began_before_the_clock_was_set_back_may_be_silent_as_long_as_any_other()
    {
        var task = Task("a") with { Kind = new TaskKind.Shell("train"), SilenceTimeout = TimeSpan.FromMinutes(10) };
        var lab = new Lab(Pipeline(task)).Admit().Begin("a");
        var listen = lab.Advance(TimeSpan.FromMinutes(10)).Now.AddHours(-5);
        var silent = RunDecider.Decide(lab.Snapshot, new RunEvent.Heard(listen, Key("a"), lab.Token("a"), null));
        Assert.Equal(listen.AddMinutes(10), Assert.IsType<Change.TaskChanged>(Assert.Single(silent.Changes)).After.DueAt);
        lab.On(new RunEvent.Heard(listen, Key("a"), lab.Token("a"), listen.AddMinutes(-3)));
        Assert.Equal(listen.AddMinutes(7), lab["a"].DueAt);
        lab.On(new RunEvent.TimerFired(listen.AddMinutes(7)));
        lab.On(new RunEvent.Heard(listen.AddMinutes(7), Key("a"), lab.Token("a"), listen.AddMinutes(-3)));
        Assert.Equal(StopReason.Silence, Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands)).Why);
    }

    [Fact]
    public void A_task_that_gets_no_slot_in_time_fails_without_an_attempt_and_one_that_gets_it_is_left_alone()
    {
        var task = Task("a") with
        {
            StartTimeout = TimeSpan.FromMinutes(5),
            Retry = new RetryPolicy { Retries = 3 },
        };
        var lab = new Lab(Pipeline(task, Task("b") with { StartTimeout = TimeSpan.FromMinutes(5) })).Admit();
        Assert.Equal(lab.Now.AddMinutes(5), lab["a"].Deadline);
        lab.Grant("b").Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((TaskState.Failed, 0), (lab["a"].State, lab["a"].TryNumber));
        Assert.Equal((FailureClass.Timeout, "start timeout"), (lab["a"].Failure!.Class, lab["a"].Failure!.Rule));
        Assert.Equal("not started within 5m: it wanted 1 slot of pool default all that time", lab["a"].Reason);
        Assert.Equal((TaskState.Queued, (DateTimeOffset?)null), (lab["b"].State, lab["b"].Deadline));
        lab.Started("b").Ended("b", new Outcome.Succeeded(null));
        Assert.Equal(RunState.Failed, lab.RunState);
        // By hand it waits anew.
        lab.Clear(Key("a")).Admit();
        Assert.Equal((TaskState.Scheduled, lab.Now.AddMinutes(5)), (lab["a"].State, lab["a"].Deadline));
    }

    [Fact]
    public void What_published_before_it_could_be_stopped_has_succeeded()
    {
        var lab = new Lab(Pipeline(Task("a"))).Admit().Begin("a").Exited("a");
        lab.On(new RunEvent.CancelRequested(lab.Now, "enough")).Ended("a", new Outcome.Succeeded(null));
        Assert.Equal(TaskState.Success, lab["a"].State);
        Assert.Equal(RunState.Cancelled, lab.RunState);
    }

    [Fact]
    public void A_lost_attempt_is_not_a_retry_and_a_task_that_is_not_idempotent_waits_for_a_person()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b") with { Idempotent = false })).Admit();
        lab.Begin("a").Ended("a", new Outcome.Lost("process 7 is gone"));
        lab.Begin("b").Ended("b", new Outcome.Lost("process 8 is gone"));
        Assert.Equal(TaskState.UpForRetry, lab["a"].State);
        Assert.Equal(TaskState.Failed, lab["b"].State);
        lab.Advance(RetryPolicy.LostDelay).Fail("a");
        Assert.Contains("it has no retries", lab["a"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S146")]
    public void A_list_without_items_is_a_success_and_what_reduces_it_runs()
    {
        var lab = new Lab(Pipeline(Task("m") with { ForEach = "{{ x }}" }, Task("z", "m"))).Admit().Items("m", 0);
        Assert.Equal(TaskState.Success, lab["m"].State);
        Assert.Equal(RunState.Success, lab.Succeed("z").RunState);
    }

    [Fact]
    [Trait("Requirement", "S146")]
    public void A_list_that_is_too_long_fails_with_the_limit()
    {
        var lab = new Lab(Pipeline(Task("m") with { ForEach = "{{ x }}" })).Admit().Items("m", RunDecider.MaxMapItems + 1);
        Assert.Equal(TaskState.Failed, lab["m"].State);
        Assert.Contains("at most 100000", lab["m"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_check_blocks_what_needs_the_output_and_all_behind_it()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"), Task("c", "b"))).Admit();
        lab.Fail("a", failure: FailureClass.Validation, check: true);
        Assert.Equal(TaskState.Blocked, lab["b"].State);
        Assert.Equal(TaskState.Blocked, lab["c"].State);
    }

    [Fact]
    public void A_run_past_its_limit_is_failed_and_starts_nothing_more()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a")) with { Timeout = TimeSpan.FromHours(2) }).Admit().Begin("a");
        lab.Advance(TimeSpan.FromHours(2)).Ended("a", new Outcome.Stopped());
        Assert.Equal(RunState.Failed, lab.RunState);
        Assert.Equal(TaskState.Skipped, lab["b"].State);
        Assert.Contains("2h", lab.Snapshot.Run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Requirement", "S117")]
    public void A_look_that_is_told_twice_counts_once_and_one_that_is_late_is_due_at_once()
    {
        var lab = new Lab(Pipeline(Wait)).Admit();
        lab.On(new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "not there", lab.Now.AddMinutes(1)));
        var again = new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "still not there", lab.Now.AddMinutes(5));
        Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, again));
        lab.Advance(TimeSpan.FromMinutes(1));
        lab.On(new RunEvent.NotYet(lab.Now, Key("w"), lab.Token("w"), "not there", lab.Now.AddMinutes(-3)));
        Assert.Equal(lab.Now, lab["w"].DueAt);
    }

    [Fact]
    public void A_wait_that_failed_waits_on_from_when_it_began()
    {
        var lab = new Lab(Pipeline(Wait)).Admit();
        var (began, first) = (lab.Now, lab.Token("w"));
        lab.Ended("w", new Outcome.Failed(new Failure(FailureClass.Transient, "no connection"))).Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((TaskState.UpForReschedule, 2, first + 1), (lab["w"].State, lab["w"].TryNumber, lab["w"].Token));
        Assert.Equal((began, began.AddSeconds(3600), (DateTimeOffset?)null), (lab["w"].StartedAt, lab["w"].Deadline, lab["w"].DueAt));
        Assert.Equal(TaskState.Failed, lab.Advance(TimeSpan.FromMinutes(55))["w"].State);
        Assert.Equal("not there within 1h", lab["w"].Failure!.Message);
    }

    [Fact]
    public void A_wait_whose_time_is_up_is_not_begun_again()
    {
        var lab = new Lab(Pipeline(Wait)).Admit().Advance(TimeSpan.FromMinutes(58));
        lab.Ended("w", new Outcome.Failed(new Failure(FailureClass.Transient, "no connection"))).Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((TaskState.Failed, FailureClass.Timeout, 1), (lab["w"].State, lab["w"].Failure!.Class, lab["w"].TryNumber));
    }
}
