using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>A run that failed is run again from its failed tasks, on a budget of its own.</summary>
public sealed class RunRetryTests
{
    private static readonly RetryPolicy Twice = new() { Retries = 2, Delay = TimeSpan.FromMinutes(30) };

    private static Lab Abc(RetryPolicy? retry = null, TimeSpan? limit = null) =>
        new Lab(
            Pipeline(
                Task("a"),
                Task("b", "a") with
                {
                    Retry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromMinutes(5) },
                },
                Task("c", "b")
            ) with
            {
                RunRetry = retry ?? Twice,
                Timeout = limit,
            }
        ).Admit();

    private static Lab FailB(Lab lab) => lab.Fail("b").Advance(TimeSpan.FromMinutes(5)).Fail("b");

    [Fact]
    [Trait("Requirement", "S43")]
    [Trait("Requirement", "S89")]
    public void The_run_waits_and_goes_on_at_its_failed_task_whose_retries_begin_anew()
    {
        var lab = FailB(Abc().Succeed("a"));
        Assert.Equal((RunState.Running, lab.Now.AddMinutes(30)), (lab.RunState, lab.Snapshot.Run.RetryAt));
        Assert.Equal(
            "task b failed; retry 1 of 2 of the run, from its failed tasks, starts at 2001-01-06T02:50:00Z",
            lab.Snapshot.Run.Reason
        );
        Assert.Equal(lab.Snapshot.Run.RetryAt, RunDecider.NextTimer(lab.Snapshot));
        Assert.Equal((TaskState.Failed, TaskState.UpstreamFailed), (lab["b"].State, lab["c"].State));
        Assert.Empty(lab.Commands);
        Assert.Empty(RunDecider.Resume(lab.Snapshot).Commands);

        lab.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal((1, (DateTimeOffset?)null), (lab.Snapshot.Run.Retries, lab.Snapshot.Run.RetryAt));
        Assert.Equal((TaskState.Success, 1), (lab["a"].State, lab["a"].TryNumber));
        Assert.Equal((TaskState.Scheduled, 2), (lab["b"].State, lab["b"].TriesBefore));
        FailB(lab);
        Assert.Equal(lab.Now.AddMinutes(30), lab.Snapshot.Run.RetryAt);
        lab.Advance(TimeSpan.FromMinutes(30)).Succeed("b").Succeed("c");
        Assert.Equal((RunState.Success, 2, 5), (lab.RunState, lab.Snapshot.Run.Retries, lab["b"].TryNumber));
    }

    [Fact]
    public void When_its_retries_are_used_up_it_has_failed_and_a_rerun_by_hand_gives_it_new_ones()
    {
        var lab = FailB(Abc(Twice with { Retries = 1 }).Succeed("a")).Advance(TimeSpan.FromMinutes(30));
        FailB(lab);
        Assert.Equal((RunState.Failed, "task b failed"), (lab.RunState, lab.Snapshot.Run.Reason));
        Assert.Equal(new RunCommand.RunEnded(RunState.Failed), Assert.Single(lab.Commands));
        lab.Clear(Key("b")).Admit();
        Assert.Equal(0, lab.Snapshot.Run.Retries);
        FailB(lab);
        Assert.Equal(RunState.Running, lab.RunState);
    }

    [Theory]
    [InlineData(FailureClass.Auth)]
    [InlineData(FailureClass.Schema)]
    [InlineData(FailureClass.Validation)]
    [InlineData(FailureClass.DiskFull)]
    [InlineData(FailureClass.Permanent)]
    public void What_trying_again_cannot_mend_ends_the_run(FailureClass failure)
    {
        Assert.Equal(RunState.Failed, Abc().Fail("a", failure: failure).RunState);
    }

    [Fact]
    [Trait("Requirement", "S45")]
    public void A_wait_that_is_over_a_loss_that_a_person_must_look_at_and_a_limit_of_the_run_are_not_repeated()
    {
        var waiting = Task("w") with { Kind = new TaskKind.WaitForTime("06:00"), Timeout = TimeSpan.FromHours(1) };
        Assert.Equal(RunState.Failed, new Lab(Pipeline(waiting) with { RunRetry = Twice }).Admit().Advance(TimeSpan.FromHours(1)).RunState);
        var once = Task("a") with { Idempotent = false };
        Assert.Equal(
            RunState.Failed,
            new Lab(Pipeline(once) with { RunRetry = Twice }).Admit().Begin("a").Ended("a", new Outcome.Lost("gone")).RunState
        );
        // The limit of the run counts on while it waits for its retry.
        var lab = FailB(Abc(limit: TimeSpan.FromMinutes(20)).Succeed("a"));
        Assert.Equal(RunState.Running, lab.RunState);
        lab.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal((RunState.Failed, (DateTimeOffset?)null), (lab.RunState, lab.Snapshot.Run.RetryAt));
    }

    [Fact]
    public void While_it_waits_a_person_may_cancel_it_mark_the_task_or_run_it_at_once()
    {
        Lab Waiting() => FailB(Abc().Succeed("a"));

        var cancelled = Waiting();
        cancelled.On(new RunEvent.CancelRequested(cancelled.Now, "enough"));
        Assert.Equal((RunState.Cancelled, (DateTimeOffset?)null), (cancelled.RunState, cancelled.Snapshot.Run.RetryAt));

        var marked = Waiting().Mark("b", TaskState.Success);
        Assert.Equal((TaskState.Scheduled, (DateTimeOffset?)null), (marked["c"].State, marked.Snapshot.Run.RetryAt));
        Assert.Equal(RunState.Success, marked.Succeed("c").RunState);

        var cleared = Waiting().Clear(Key("b"), Key("c"));
        Assert.Equal((TaskState.Scheduled, (DateTimeOffset?)null), (cleared["b"].State, cleared.Snapshot.Run.RetryAt));
        Assert.Equal(RunState.Success, cleared.Succeed("b").Succeed("c").RunState);
        Assert.Equal(0, cleared.Snapshot.Run.Retries);
    }

    [Fact]
    [Trait("Requirement", "S98")]
    public void Of_a_mapped_task_only_the_failed_instances_run_again()
    {
        var lab = new Lab(Pipeline(Task("m") with { ForEach = "{{ x }}" }, Task("z", "m")) with { RunRetry = Twice }).Admit().Items("m", 3);
        lab.Succeed("m", 0).Fail("m", 1).Succeed("m", 2);
        Assert.NotNull(lab.Snapshot.Run.RetryAt);
        lab.Advance(TimeSpan.FromMinutes(30)).Succeed("m", 1).Succeed("z");
        Assert.Equal(RunState.Success, lab.RunState);
        Assert.Equal([1, 2, 1], Enumerable.Range(0, 3).Select(map => lab["m", map].TryNumber));
    }

    [Fact]
    public void Of_several_failures_the_longest_wait_counts()
    {
        foreach (var first in (string[])["a", "b"])
        {
            var lab = new Lab(Pipeline(Task("a"), Task("b")) with { RunRetry = Twice }).Admit();
            lab.Begin(first)
                .Ended(first, new Outcome.Failed(new Failure(FailureClass.RateLimited, "told", RetryAfter: TimeSpan.FromHours(2))));
            lab.Fail(first == "a" ? "b" : "a");
            Assert.Equal(lab.Now.AddHours(2), lab.Snapshot.Run.RetryAt);
            // Too early is as if nothing had been.
            var at = lab.Snapshot.Run.RetryAt;
            lab.Advance(TimeSpan.FromHours(1));
            Assert.Equal((0, TaskState.Failed), (lab.Snapshot.Run.Retries, lab["a"].State));
            Assert.Equal((RunState.Running, at), (lab.RunState, lab.Snapshot.Run.RetryAt));
            lab.Advance(TimeSpan.FromHours(1));
            Assert.Equal((1, "retry 1 of 2 of the run"), (lab.Snapshot.Run.Retries, lab.Snapshot.Run.Reason));
        }
    }

    [Fact]
    public void The_failure_of_a_list_of_one_is_retried_and_the_mark_of_an_empty_list_is_not()
    {
        var mapped = Pipeline(Task("m") with { ForEach = "{{ x }}" }, Task("b")) with { RunRetry = Twice };
        Assert.NotNull(new Lab(mapped).Admit().Succeed("b").Items("m", 1).Fail("m", 0).Snapshot.Run.RetryAt);
        Assert.Equal(RunState.Failed, new Lab(mapped).Admit().Items("m", 0).Mark("m", TaskState.Failed).Fail("b").RunState);
    }

    [Fact]
    public void What_may_be_done_once_only_is_retried_after_any_failure_but_a_loss()
    {
        var once = Task("a") with { Idempotent = false };
        Assert.NotNull(new Lab(Pipeline(once) with { RunRetry = Twice }).Admit().Fail("a").Snapshot.Run.RetryAt);
    }

    [Fact]
    public void What_the_limit_of_an_earlier_life_of_the_run_ended_is_not_retried()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b")) with { RunRetry = Twice, Timeout = TimeSpan.FromHours(1) }).Admit().Begin("a");
        lab.Advance(TimeSpan.FromHours(1)).Ended("a", new Outcome.Stopped()).Clear(Key("b")).Admit().Succeed("b");
        Assert.Equal((RunState.Failed, (DateTimeOffset?)null), (lab.RunState, lab.Snapshot.Run.RetryAt));

        // What it kept from starting is no failure of its own.
        lab = new Lab(Pipeline(Task("a"), Task("b")) with { RunRetry = Twice, Timeout = TimeSpan.FromHours(1) }).Admit().Begin("a");
        lab.Advance(TimeSpan.FromHours(1)).Ended("a", new Outcome.Stopped()).Clear(Key("a")).Admit().Fail("a");
        Assert.Equal((TaskState.Skipped, RunState.Running), (lab["b"].State, lab.RunState));
        Assert.NotNull(lab.Snapshot.Run.RetryAt);
    }

    [Fact]
    public void A_loss_is_repeated_where_the_task_is_idempotent()
    {
        foreach (var idempotent in (bool[])[true, false])
        {
            var task = Task("a") with
            {
                Idempotent = idempotent,
                Retry = new RetryPolicy { LostBudget = 0 },
            };
            var lab = new Lab(Pipeline(task) with { RunRetry = Twice })
                .Admit()
                .Begin("a")
                .Ended("a", new Outcome.Lost("the machine is gone"));
            Assert.Equal((TaskState.Failed, FailureClass.Lost), (lab["a"].State, lab["a"].Failure!.Class));
            Assert.Equal(idempotent ? RunState.Running : RunState.Failed, lab.RunState);
        }
    }

    [Fact]
    public void What_somebody_decided_is_not_asked_again()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b")) with { RunRetry = Twice }).Admit().Succeed("b").Mark("a", TaskState.Failed);
        Assert.Equal((RunState.Failed, (DateTimeOffset?)null), (lab.RunState, lab.Snapshot.Run.RetryAt));
        lab.Clear(Key("a")).Admit().Fail("a");
        Assert.NotNull(lab.Snapshot.Run.RetryAt);
        lab.Clear(Key("a"));
        Assert.Equal(((DateTimeOffset?)null, (string?)null), (lab.Snapshot.Run.RetryAt, lab.Snapshot.Run.Reason));
    }
}
