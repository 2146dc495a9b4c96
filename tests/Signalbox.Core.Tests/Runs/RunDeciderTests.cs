using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

public sealed class RunDeciderTests
{
    [Fact]
    [Trait("Requirement", "S62")]
    public void A_run_that_is_refused_fails_before_its_first_task_without_attempts_or_retries_and_may_be_run_again()
    {
        var pipeline = Pipeline(Task("a") with { Retry = new RetryPolicy { Retries = 3 } }, Task("b", "a")) with
        {
            RunRetry = new RetryPolicy { Retries = 2 },
        };
        var lab = new Lab(pipeline);
        lab.On(new RunEvent.RunRefused(lab.Now, "tasks.a.env.KEY: there is no secret `key`"));
        Assert.Equal((RunState.Failed, "tasks.a.env.KEY: there is no secret `key`"), (lab.RunState, lab.Snapshot.Run.Reason));
        Assert.Equal((TaskState.Skipped, TaskState.Skipped), (lab["a"].State, lab["b"].State));
        Assert.Equal(FailureClass.Permanent, lab["a"].Failure!.Class);
        Assert.Empty(lab.Attempts);
        lab.Clear(Key("a"), Key("b")).Admit().On(new RunEvent.RunRefused(lab.Now, "too late"));
        Assert.Equal(RunState.Success, lab.Succeed("a").Succeed("b").RunState);
    }

    [Fact]
    [Trait("Requirement", "S8")]
    public void A_chain_runs_in_order_and_the_run_succeeds()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a"))).Admit();

        Assert.Equal(TaskState.Scheduled, lab["a"].State);
        Assert.Equal(TaskState.None, lab["b"].State);
        lab.Succeed("a");
        Assert.Equal(TaskState.Scheduled, lab["b"].State);
        lab.Succeed("b");

        Assert.Equal(RunState.Success, lab.RunState);
        Assert.Equal(new RunCommand.RunEnded(RunState.Success), Assert.Single(lab.Commands));
        Assert.Equal(
            ["scheduled>queued", "queued>running", "running>running", "running>success"],
            lab.History.Where(h => h.Task == Key("b") && h.Event != "upstream_ended").Select(h => $"{h.From}>{h.To}")
        );
    }

    [Fact]
    [Trait("Requirement", "S43")]
    public void Two_retries_five_minutes_apart_and_the_third_failure_is_final()
    {
        var task = Task("a") with { Retry = new RetryPolicy { Retries = 2 } };
        var lab = new Lab(Pipeline(task, Task("b", "a"))).Admit().Fail("a");
        for (var retry = 1; retry <= 2; retry++)
        {
            Assert.Equal(TaskState.UpForRetry, lab["a"].State);
            Assert.Equal(lab.Now.AddMinutes(5), lab["a"].DueAt);
            Assert.Equal(lab["a"].DueAt, RunDecider.NextTimer(lab.Snapshot));
            Assert.Equal(TaskState.UpForRetry, lab.Advance(TimeSpan.FromSeconds(299))["a"].State);
            lab.Advance(TimeSpan.FromSeconds(1)).Fail("a");
        }

        Assert.Equal(TaskState.Failed, lab["a"].State);
        Assert.Equal(TaskState.UpstreamFailed, lab["b"].State);
        Assert.Equal(RunState.Failed, lab.RunState);
        Assert.Equal(3, lab.Attempts.Count);
        Assert.Contains("2 retries are used up", lab["a"].Reason, StringComparison.Ordinal);
    }

    /// <summary>A run of many instances takes no more for each of them than a small one, so nothing is gone through again for every event.</summary>
    [Fact]
    [Trait("Requirement", "S146")]
    public void An_event_of_one_instance_costs_the_same_among_a_hundred_and_among_ten_thousand()
    {
        FanOut(10);
        var few = FanOut(100);
        var many = FanOut(10_000);
        Assert.True(many < 1.5 * few, $"{few:0} bytes for an instance among 100, {many:0} among 10,000");
    }

    /// <summary>Bytes that were allocated for each instance.</summary>
    private static double FanOut(int count)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var mapped = Task("m", "a") with { ForEach = "{{ x }}" };
        var lab = new Lab(Pipeline(Task("a"), mapped, Task("z", "m"))).Admit().Succeed("a").Items("m", count);
        for (var i = 0; i < count; i++)
        {
            Step(new RunEvent.SlotGranted(Start, Key("m", i)));
            Step(new RunEvent.AttemptStarted(Start, Key("m", i), 1, new ProcessFacts("1")));
            Step(new RunEvent.AttemptExited(Start, Key("m", i), 1, 0, null));
            Step(new RunEvent.AttemptEnded(Start, Key("m", i), 1, new Outcome.Succeeded(null), 0, null));
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(RunState.Success, lab.Succeed("z").RunState);
        return (double)allocated / count;

        void Step(RunEvent e) => lab.Snapshot.Apply(RunDecider.Decide(lab.Snapshot, e));
    }
}
