using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>What stands in the rows of a task and its attempts, event by event, as far as people and other tasks see it.</summary>
public sealed class AttemptRecordTests
{
    private static readonly TaskNode Work = Task("a") with
    {
        Timeout = TimeSpan.FromHours(2),
        Retry = new RetryPolicy { Retries = 1 },
    };

    [Fact]
    [Trait("Requirement", "S88")]
    public void What_is_known_of_a_process_is_kept_from_its_start_to_its_end()
    {
        var lab = new Lab(Pipeline(Work)).Admit().Grant("a");
        Assert.Equal("attempt 1 is being started", lab["a"].Reason);
        var started = lab.Advance(TimeSpan.FromMinutes(1)).Now;
        lab.On(new RunEvent.AttemptStarted(started, Key("a"), lab.Token("a"), new ProcessFacts("7", "boot")));
        Assert.Equal((started, started.AddHours(2), "attempt 1 runs"), (lab["a"].StartedAt, lab["a"].Deadline, lab["a"].Reason));
        Assert.Equal(new ProcessFacts("7", "boot"), lab.Attempts[^1].Process);

        var exited = lab.Advance(TimeSpan.FromMinutes(10)).Now;
        lab.On(
            new RunEvent.AttemptExited(exited, Key("a"), lab.Token("a"), 0, new ProcessFacts(null, null, TimeSpan.FromSeconds(3), 4096))
        );
        Assert.Equal(new RunCommand.Publish(Key("a"), 1, lab.Token("a")), Assert.Single(lab.Commands));
        Assert.Equal("attempt 1 ended well; its outputs are checked and published", lab["a"].Reason);
        Assert.Equal((started, started.AddHours(2)), (lab["a"].StartedAt, lab["a"].Deadline));

        lab.Advance(TimeSpan.FromMinutes(1)).Ended("a", new Outcome.Succeeded("{}"));
        var attempt = Assert.Single(lab.Attempts);
        Assert.Equal((AttemptState.Succeeded, started, (int?)0), (attempt.State, attempt.StartedAt, attempt.ExitCode));
        Assert.Equal(new ProcessFacts("7", "boot", TimeSpan.FromSeconds(3), 4096), attempt.Process);
        Assert.Equal(("{}", started, lab.Now), (lab["a"].Result, lab["a"].StartedAt, lab["a"].EndedAt));
    }

    [Fact]
    [Trait("Requirement", "S88")]
    public void An_attempt_that_failed_keeps_its_exit_code_and_process_and_the_next_one_has_its_own()
    {
        var lab = new Lab(Pipeline(Work)).Admit().Begin("a");
        var failure = new Outcome.Failed(new Failure(FailureClass.Transient, "exit code 75"));
        lab.On(
            new RunEvent.AttemptEnded(lab.Now, Key("a"), lab.Token("a"), failure, 75, new ProcessFacts(null, null, TimeSpan.FromSeconds(1)))
        );
        var first = Assert.Single(lab.Attempts);
        Assert.Equal((75, TimeSpan.FromMinutes(5)), (first.ExitCode, first.NextDelay));
        Assert.Equal(new ProcessFacts("1", null, TimeSpan.FromSeconds(1)), first.Process);
        var began = lab["a"].StartedAt;
        lab.Advance(TimeSpan.FromMinutes(5)).Begin("a");
        Assert.Equal((began, 2, (int?)null), (lab["a"].StartedAt, lab["a"].TryNumber, lab.Attempts[^1].ExitCode));
        Assert.Equal(lab.Now.AddHours(2), lab["a"].Deadline);
    }

    [Fact]
    public void An_attempt_whose_start_was_never_told_starts_when_its_end_is()
    {
        var lab = new Lab(Pipeline(Work, Task("b"))).Admit().Grant("a").Grant("b").Advance(TimeSpan.FromMinutes(3));
        lab.Exited("a");
        Assert.Equal((lab.Now, lab.Now.AddHours(2)), (lab["a"].StartedAt, lab["a"].Deadline));
        Assert.Equal(lab.Now, lab.Attempts.Single(attempt => attempt.Key == Key("a")).StartedAt);
        lab.Ended("b", new Outcome.Failed(new Failure(FailureClass.Permanent, "no")));
        Assert.Equal(lab.Now, lab.Attempts.Single(attempt => attempt.Key == Key("b")).StartedAt);
    }

    [Fact]
    public void An_attempt_that_was_to_stop_before_it_had_started_is_told_again_when_it_has()
    {
        var watched = Work with { Kind = new TaskKind.Shell("train"), SilenceTimeout = TimeSpan.FromMinutes(10) };
        var lab = new Lab(Pipeline(watched)).Admit().Grant("a").On(new RunEvent.CancelRequested(Start, "enough"));
        Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands));
        lab.Started("a");
        Assert.Equal(StopReason.Cancelled, Assert.IsType<RunCommand.StopAttempt>(Assert.Single(lab.Commands)).Why);
        Assert.Equal("enough", lab["a"].Reason);
    }

    [Fact]
    public void A_success_that_was_told_to_stop_before_it_published_is_none()
    {
        var lab = new Lab(Pipeline(Work)).Admit().Begin("a").On(new RunEvent.CancelRequested(Start, "enough"));
        lab.Exited("a");
        Assert.Equal((TaskState.Failed, AttemptState.Cancelled), (lab["a"].State, lab.Attempts[^1].State));

        lab = new Lab(Pipeline(Work)).Admit().Begin("a").On(new RunEvent.CancelRequested(Start, "enough"));
        lab.Ended("a", new Outcome.Succeeded("late"));
        Assert.Equal((TaskState.Failed, null), (lab["a"].State, lab["a"].Result));
    }

    [Fact]
    public void A_second_start_or_exit_of_the_same_attempt_changes_nothing()
    {
        var lab = new Lab(Pipeline(Work)).Admit().Begin("a");
        var start = new RunEvent.AttemptStarted(lab.Now.AddHours(1), Key("a"), lab.Token("a"), new ProcessFacts("2"));
        Assert.Empty(RunDecider.Decide(lab.Snapshot, start).Changes);
        lab.Exited("a");
        Assert.Equal("1", lab.Attempts[^1].Process?.Id);
        var exit = new RunEvent.AttemptExited(lab.Now.AddHours(1), Key("a"), lab.Token("a"), 1, null);
        Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, exit));
    }

    [Fact]
    public void A_task_that_skips_itself_lets_what_follows_be_skipped_and_keeps_no_failure()
    {
        var lab = new Lab(Pipeline(Work, Task("b", "a"))).Admit().Fail("a").Advance(TimeSpan.FromMinutes(5));
        lab.Begin("a").Ended("a", new Outcome.Skipped("nothing to do"));
        Assert.Equal((TaskState.Skipped, "nothing to do", null), (lab["a"].State, lab["a"].Reason, lab["a"].Failure));
        Assert.Equal((AttemptState.Skipped, lab.Now), (lab.Attempts[^1].State, lab.Attempts[^1].EndedAt));
        Assert.Equal(TaskState.Skipped, lab["b"].State);
    }

    [Fact]
    [Trait("Requirement", "S93")]
    public void Losses_are_forgiven_as_often_as_the_budget_says_and_then_no_more()
    {
        var lab = new Lab(Pipeline(Work with { Retry = new RetryPolicy { LostBudget = 2 } })).Admit();
        for (var loss = 1; loss <= 2; loss++)
        {
            lab.Begin("a").Ended("a", new Outcome.Lost("gone"));
            Assert.Equal((TaskState.UpForRetry, loss, lab.Now.AddSeconds(5)), (lab["a"].State, lab["a"].LostCount, lab["a"].DueAt));
            Assert.Equal((AttemptState.Lost, RetryPolicy.LostDelay), (lab.Attempts[^1].State, lab.Attempts[^1].NextDelay));
            lab.Advance(TimeSpan.FromSeconds(5));
        }

        lab.Begin("a").Ended("a", new Outcome.Stopped());
        Assert.Equal((TaskState.Failed, FailureClass.Lost, 3), (lab["a"].State, lab["a"].Failure!.Class, lab["a"].LostCount));
        Assert.Null(lab.Attempts[^1].NextDelay);
        // By hand the budget is new.
        lab.Clear(Key("a")).Admit().Begin("a").Ended("a", new Outcome.Lost("gone"));
        Assert.Equal((TaskState.UpForRetry, 1), (lab["a"].State, lab["a"].LostCount));
    }

    [Fact]
    public void Retries_are_counted_anew_after_a_rerun_and_losses_are_none_of_them()
    {
        var lab = new Lab(Pipeline(Work)).Admit().Fail("a").Advance(TimeSpan.FromMinutes(5));
        lab.Begin("a").Ended("a", new Outcome.Lost("gone")).Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TaskState.Failed, lab.Fail("a")["a"].State);
        lab.Clear(Key("a")).Admit().Fail("a");
        Assert.Equal((TaskState.UpForRetry, 4), (lab["a"].State, lab["a"].TryNumber));
        lab.Advance(TimeSpan.FromMinutes(5)).Fail("a");
        Assert.Equal(TaskState.Failed, lab["a"].State);
    }

    [Fact]
    public void A_report_about_an_attempt_whose_end_is_known_is_noted_when_it_says_something_else()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b"))).Admit().Succeed("a");
        var token = lab["a"].Token;
        var lines = lab.History.Count;
        lab.Ended("a", new Outcome.Succeeded(null), token: token).On(new RunEvent.AttemptExited(lab.Now, Key("a"), token, 0, null));
        Assert.Equal(lines, lab.History.Count);
        (Outcome Outcome, string Word)[] others =
        [
            (new Outcome.Failed(new Failure(FailureClass.Permanent, "no")), "failed"),
            (new Outcome.Skipped("no"), "skipped itself"),
            (new Outcome.Lost("no"), "was lost"),
            (new Outcome.Stopped(), "was stopped"),
        ];
        foreach (var (outcome, word) in others)
        {
            lab.Ended("a", outcome, token: token);
            Assert.Equal(
                (HistoryEntry.StaleRejected, $"refused a late report that attempt 1 {word}: its end is already decided"),
                (lab.History[^1].Event, lab.History[^1].Reason)
            );
        }

        lab.Fail("b");
        lab.Ended("b", new Outcome.Succeeded(null), token: lab["b"].Token);
        Assert.Contains("attempt 1 succeeded", lab.History[^1].Reason, StringComparison.Ordinal);
        Assert.Equal(TaskState.Failed, lab["b"].State);
    }

    [Fact]
    public void A_message_about_a_task_that_is_not_there_or_of_another_kind_changes_nothing()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("w") with { Kind = new TaskKind.WaitForTime("06:00") })).Admit().Begin("a");
        RunEvent[] strangers =
        [
            new RunEvent.AttemptStarted(lab.Now, Key("x"), 1, new ProcessFacts("1")),
            new RunEvent.SlotGranted(lab.Now, Key("x")),
            new RunEvent.Cleared(lab.Now, [Key("x")], "again"),
            new RunEvent.Marked(lab.Now, Key("x"), TaskState.Success, "by hand"),
            new RunEvent.ItemsKnown(lab.Now, new TaskName("x"), []),
            new RunEvent.NotYet(lab.Now, Key("a"), lab.Token("a"), "not there", lab.Now.AddMinutes(1)),
            new RunEvent.Answered(lab.Now, Key("a"), lab.Token("a")),
            new RunEvent.Answered(lab.Now, Key("w"), lab.Token("w")),
            new RunEvent.AttemptExited(lab.Now, Key("w"), lab.Token("w"), 0, null),
            new RunEvent.RunAdmitted(lab.Now.AddHours(1)),
            new RunEvent.RunRefused(lab.Now, "too late"),
        ];
        Assert.All(strangers, e => Assert.Same(Decision.Nothing, RunDecider.Decide(lab.Snapshot, e)));
    }
}
