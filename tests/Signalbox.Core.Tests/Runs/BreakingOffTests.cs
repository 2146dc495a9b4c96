using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>A run that is cancelled, refused or past its limit, with tasks in every state there is.</summary>
public sealed class BreakingOffTests
{
    private static readonly RetryPolicy Once = new() { Retries = 1, Delay = TimeSpan.FromMinutes(5) };

    private static Lab Cancelled(Lab lab) => lab.On(new RunEvent.CancelRequested(lab.Now, "enough"));

    [Fact]
    [Trait("Requirement", "S98")]
    public void Each_task_ends_as_what_it_was()
    {
        var lab = new Lab(
            Pipeline(
                Task("runs"),
                Task("queued"),
                Task("ready") with
                {
                    StartTimeout = TimeSpan.FromHours(1),
                },
                Task("retries") with
                {
                    Retry = Once,
                },
                Task("later", "runs"),
                Task("done")
            )
        ).Admit();
        lab.Begin("runs").Grant("queued").Fail("retries").Succeed("done");
        Cancelled(lab);
        var failure = lab["ready"].Failure!;
        Assert.Equal((FailureClass.Cancelled, "enough", "run cancelled"), (failure.Class, failure.Message, failure.Rule));
        Assert.Equal((TaskState.Skipped, "not started: enough"), (lab["ready"].State, lab["ready"].Reason));
        Assert.Equal((TaskState.Skipped, failure), (lab["later"].State, lab["later"].Failure));
        Assert.Equal((TaskState.Failed, "not tried again: enough"), (lab["retries"].State, lab["retries"].Reason));
        Assert.Equal((FailureClass.Transient, TaskState.Success), (lab["retries"].Failure!.Class, lab["done"].State));
        Assert.Equal((StopReason.Cancelled, StopReason.Cancelled), (lab["runs"].Stopping!.Value, lab["queued"].Stopping!.Value));
        Assert.Equal(2, lab.Commands.OfType<RunCommand.StopAttempt>().Count());

        // Nobody is told a second time, whoever asks.
        Cancelled(lab);
        Assert.Empty(lab.Commands);
        lab.Ended("runs", new Outcome.Stopped()).Ended("queued", new Outcome.Stopped());
        Assert.Equal((TaskState.Failed, TaskState.Failed), (lab["runs"].State, lab["queued"].State));
        Assert.Equal((RunState.Cancelled, "enough"), (lab.RunState, lab.Snapshot.Run.Reason));
        Cancelled(lab);
        Assert.Equal((RunState.Cancelled, 0), (lab.RunState, lab.Commands.Count));
    }

    [Fact]
    public void Instances_end_with_their_run_and_a_list_that_nobody_knows_yet_has_none()
    {
        var lab = new Lab(
            Pipeline(Task("m") with { ForEach = "{{ x }}", Retry = Once }, Task("n") with { ForEach = "{{ y }}" }, Task("z", "m", "n"))
        ).Admit();
        lab.Items("m", 4).Begin("m", 0).Succeed("m", 1).Fail("m", 2);
        Cancelled(lab);
        Assert.Equal(
            [TaskState.Running, TaskState.Success, TaskState.Failed, TaskState.Skipped],
            Enumerable.Range(0, 4).Select(map => lab["m", map].State)
        );
        Assert.Equal(("not started: enough", FailureClass.Cancelled), (lab["m", 3].Reason, lab["m", 3].Failure!.Class));
        Assert.Equal((TaskState.Skipped, TaskState.Skipped), (lab["n"].State, lab["z"].State));
        Assert.Equal(StopReason.Cancelled, lab["m", 0].Stopping);
        lab.Ended("m", new Outcome.Stopped(), 0);
        Assert.Equal((TaskState.Failed, RunState.Cancelled), (lab["m"].State, lab.RunState));
    }

    [Fact]
    [Trait("Requirement", "S62")]
    public void A_run_that_lacks_something_fails_before_its_first_task_and_only_then()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a")));
        lab.On(new RunEvent.RunRefused(lab.Now, "the secret `token` is not there"));
        Assert.Equal((RunState.Failed, "the secret `token` is not there"), (lab.RunState, lab.Snapshot.Run.Reason));
        Assert.Equal((TaskState.Skipped, FailureClass.Permanent), (lab["a"].State, lab["a"].Failure!.Class));
        Assert.Equal("run failed", lab["b"].Failure!.Rule);

        var begun = new Lab(Pipeline(Task("a"))).Admit();
        begun.On(new RunEvent.RunRefused(begun.Now, "too late"));
        Assert.Equal((RunState.Running, TaskState.Scheduled), (begun.RunState, begun["a"].State));
    }

    [Fact]
    public void Past_its_limit_a_run_stops_what_runs_as_timed_out_and_says_so()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a")) with { Timeout = TimeSpan.FromHours(1) }).Admit().Begin("a");
        lab.Advance(TimeSpan.FromMinutes(59));
        Assert.Null(lab["a"].Stopping);
        lab.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((StopReason.Timeout, FailureClass.Timeout), (lab["a"].Stopping!.Value, lab["b"].Failure!.Class));
        // A cancel comes too late, and another timer says nothing new.
        Cancelled(lab).Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((StopReason.Timeout, 0), (lab["a"].Stopping!.Value, lab.Commands.Count));
        lab.Ended("a", new Outcome.Stopped());
        Assert.Equal((TaskState.Failed, FailureClass.Timeout, RunState.Failed), (lab["a"].State, lab["a"].Failure!.Class, lab.RunState));
        Assert.Equal(("the run ran longer than its limit of 1h", "run timeout"), (lab["a"].Failure!.Message, lab["a"].Failure!.Rule));
        Assert.StartsWith("the run ran longer than its limit", lab.Snapshot.Run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_that_passes_while_a_run_is_being_cancelled_does_not_make_it_failed()
    {
        var lab = new Lab(Pipeline(Task("a")) with { Timeout = TimeSpan.FromHours(1) }).Admit().Begin("a");
        Cancelled(lab).Advance(TimeSpan.FromHours(2)).Ended("a", new Outcome.Stopped());
        Assert.Equal((RunState.Cancelled, "enough"), (lab.RunState, lab.Snapshot.Run.Reason));
    }

    [Fact]
    public void An_attempt_that_was_being_stopped_for_its_own_fault_ends_as_that_also_when_the_run_is_cancelled_meanwhile()
    {
        var late = Task("late") with { Timeout = TimeSpan.FromMinutes(10), Retry = Once };
        var silent = Task("silent") with { Kind = new TaskKind.Shell("train"), SilenceTimeout = TimeSpan.FromMinutes(10) };
        var lab = new Lab(Pipeline(late, silent)).Admit().Begin("late").Begin("silent").Advance(TimeSpan.FromMinutes(10));
        lab.On(new RunEvent.Heard(lab.Now, Key("silent"), lab.Token("silent"), null));
        Assert.Equal((StopReason.Timeout, StopReason.Silence), (lab["late"].Stopping!.Value, lab["silent"].Stopping!.Value));
        Cancelled(lab);
        Assert.Equal((StopReason.Timeout, StopReason.Silence), (lab["late"].Stopping!.Value, lab["silent"].Stopping!.Value));
        lab.Ended("late", new Outcome.Stopped()).Ended("silent", new Outcome.Stopped());
        foreach (var task in (string[])["late", "silent"])
        {
            Assert.Equal(
                (TaskState.Failed, FailureClass.Timeout, "enough"),
                (lab[task].State, lab[task].Failure!.Class, lab[task].Failure!.Message)
            );
        }

        Assert.EndsWith("; the run is ending", lab["late"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_attempts_that_a_cancel_ends_say_who_ended_them()
    {
        var wait = Task("w") with { Kind = new TaskKind.WaitForTime("06:00") };
        var lab = Cancelled(new Lab(Pipeline(Task("a"), wait)).Admit().Begin("a")).Ended("a", new Outcome.Stopped());
        Assert.Equal(2, lab.Attempts.Count);
        Assert.All(
            lab.Attempts,
            attempt => Assert.Equal((FailureClass.Cancelled, "enough"), (attempt.Failure!.Class, attempt.Failure.Message))
        );
    }

    [Fact]
    public void What_was_to_start_afresh_after_its_stop_does_not_when_the_run_is_cancelled_meanwhile()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit().Begin("a").Clear(Key("a"));
        Assert.Equal(StopReason.Cleared, lab["a"].Stopping);
        Cancelled(lab);
        Assert.Equal((StopReason.Cancelled, "enough"), (lab["a"].Stopping!.Value, lab["a"].Reason));
        Assert.Empty(lab.Commands.OfType<RunCommand.StopAttempt>());
        lab.Ended("a", new Outcome.Stopped());
        Assert.Equal((TaskState.Failed, RunState.Cancelled), (lab["a"].State, lab.RunState));
    }

    [Fact]
    public void An_instance_that_still_stops_when_its_list_has_become_shorter_is_removed_at_its_end()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("m", "a") with { ForEach = "{{ x }}" }))
            .Admit()
            .Succeed("a")
            .Items("m", 2)
            .Begin("m", 1)
            .Succeed("m", 0);
        lab.Clear(Key("a"), Key("m"));
        Assert.Equal(StopReason.Cleared, lab["m", 1].Stopping);
        lab.Fail("a");
        Assert.Equal((TaskState.None, TaskState.Running), (lab["m"].State, lab["m", 1].State));
        lab.Ended("m", new Outcome.Stopped(), 1);
        Assert.Equal((TaskState.UpstreamFailed, TaskState.Removed, RunState.Failed), (lab["m"].State, lab["m", 1].State, lab.RunState));
    }
}
