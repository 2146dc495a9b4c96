using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

/// <summary>How a task becomes ready or ends without having begun, and what is said of it and of its run.</summary>
public sealed class ReadinessTests
{
    [Fact]
    [Trait("Requirement", "S8")]
    public void A_condition_decides_whether_the_task_runs_and_is_told_with_its_values()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b", "a") with { When = "{{ x > 1 }}" }, Task("c", "b"))).Admit().Succeed("a");
        Assert.Equal("its condition is being evaluated", lab["b"].Reason);
        Assert.Equal([new RunCommand.Evaluate(new TaskName("b"))], RunDecider.Resume(lab.Snapshot).Commands);
        Known(lab, "b", runs: true, "2 > 1");
        Assert.Equal(TaskState.Scheduled, lab["b"].State);
        Assert.Equal("its condition is true: 2 > 1; ready; wants 1 slot of pool default", lab["b"].Reason);
        // A second answer, and one for a task that has not asked, change nothing.
        Known(lab, "b", runs: false, "1 > 1");
        Known(lab, "c", runs: false, "1 > 1");
        Known(lab, "nobody", runs: false, "1 > 1");
        Assert.Equal((TaskState.Scheduled, TaskState.None), (lab["b"].State, lab["c"].State));
        Assert.Equal(RunState.Success, lab.Succeed("b").Succeed("c").RunState);

        lab.Clear(Key("b")).Admit();
        Known(lab, "b", runs: true, explanation: null);
        Assert.Equal("ready; wants 1 slot of pool default", lab["b"].Reason);
        lab.Clear(Key("b"));
        Known(lab, "b", runs: false, "1 > 1");
        Assert.Equal((TaskState.Skipped, "its condition is false: 1 > 1"), (lab["b"].State, lab["b"].Reason));
        Assert.Equal(RunState.Success, lab.RunState);
        Assert.Equal("every leaf task ended well", lab.Snapshot.Run.Reason);
        lab.Clear(Key("b")).Admit();
        Known(lab, "b", runs: false, explanation: null);
        Assert.Equal("its condition is false", lab["b"].Reason);
    }

    [Fact]
    public void A_condition_that_cannot_be_evaluated_fails_the_task()
    {
        var lab = new Lab(Pipeline(Task("b") with { When = "{{ x }}" }, Task("c", "b"))).Admit();
        var failure = new Failure(FailureClass.Permanent, "x is not known");
        lab.On(new RunEvent.EvaluationFailed(lab.Now, new TaskName("b"), failure));
        Assert.Equal(
            (TaskState.Failed, "could not be evaluated: x is not known", failure),
            (lab["b"].State, lab["b"].Reason, lab["b"].Failure)
        );
        Assert.Equal((TaskState.UpstreamFailed, RunState.Failed), (lab["c"].State, lab.RunState));
        lab.On(new RunEvent.EvaluationFailed(lab.Now, new TaskName("c"), failure));
        Assert.Equal(TaskState.UpstreamFailed, lab["c"].State);
        Assert.Contains(lab.History, entry => entry.Task == Key("b") && entry.Event == "evaluation_failed");
    }

    [Fact]
    public void A_condition_and_a_list_of_one_task_are_two_answers()
    {
        var lab = new Lab(Pipeline(Task("m") with { When = "{{ x }}", ForEach = "{{ y }}" })).Admit();
        Known(lab, "m", runs: true, "true");
        Assert.Equal((TaskState.None, (DateTimeOffset?)Start), (lab["m"].State, lab["m"].ReadyAt));
        lab.Items("m", 2);
        Assert.Equal((TaskState.Running, 2), (lab["m"].State, lab["m"].MapCount));
        // The items of a task that has none are nobody's answer.
        var plain = new Lab(Pipeline(Task("b") with { When = "{{ x }}" })).Admit().Items("b", 2);
        Assert.Equal((TaskState.None, (int?)null), (plain["b"].State, plain["b"].MapCount));
    }

    [Fact]
    public void What_keeps_a_task_from_running_is_told_by_name_or_by_number()
    {
        var lab = new Lab(
            Pipeline(
                Task("a"),
                Task("b"),
                Task("c"),
                Task("d"),
                Task("all", "a", "b", "c", "d"),
                Task("last", "all"),
                Task("rescue", "a", "b", "c") with
                {
                    TriggerRule = TriggerRule.AllFailed,
                },
                Task("skips", "c", "d") with
                {
                    TriggerRule = TriggerRule.AllSkipped,
                }
            )
        ).Admit();
        lab.Fail("a").Fail("b", check: true).Succeed("c").Mark("d", TaskState.Skipped);
        Assert.Equal((TaskState.Blocked, TaskState.Blocked), (lab["all"].State, lab["last"].State));
        Assert.Equal("not run, for an output upstream failed a check: a is failed, b is failed, d is skipped", lab["all"].Reason);
        Assert.Equal("skipped by its trigger rule all_failed: upstream 1 success, 2 failed", lab["rescue"].Reason);
        Assert.Equal("skipped by its trigger rule all_skipped: upstream 1 success, 1 not ended", lab["skips"].Reason);
        Assert.Equal((RunState.Failed, "task a failed"), (lab.RunState, lab.Snapshot.Run.Reason));

        var many = new Lab(
            Pipeline([
                .. "abcde".Select(name => Task($"{name}")),
                Task("z", "a", "b", "c", "d", "e") with
                {
                    TriggerRule = TriggerRule.OneSuccess,
                },
            ])
        ).Admit();
        many.Fail("a").Fail("b").Fail("c").Fail("d").Fail("e");
        Assert.Equal(
            "not run, for its trigger rule one_success can no longer be met: a is failed, b is failed, c is failed and 2 more",
            many["z"].Reason
        );
    }

    [Fact]
    public void What_was_not_run_itself_is_named_and_counted_too()
    {
        var lab = new Lab(
            Pipeline(
                Task("bad"),
                Task("checked"),
                Task("late", "bad"),
                Task("held", "checked"),
                Task("free"),
                Task("end", "late", "held", "free"),
                Task("none", "late", "held", "free") with
                {
                    TriggerRule = TriggerRule.NoneSkipped,
                },
                Task("last", "late") with
                {
                    TriggerRule = TriggerRule.OneSuccess,
                }
            )
        ).Admit();
        lab.Fail("bad").Fail("checked", check: true).Mark("free", TaskState.Skipped);
        Assert.Equal(
            "not run, for an output upstream failed a check: late is upstream_failed, held is blocked, free is skipped",
            lab["end"].Reason
        );
        Assert.Equal("skipped by its trigger rule none_skipped: upstream 1 upstream_failed, 1 blocked, 1 skipped", lab["none"].Reason);
        Assert.Equal("not run, for its trigger rule one_success can no longer be met: late is upstream_failed", lab["last"].Reason);
    }

    [Fact]
    public void The_leaves_alone_say_how_a_run_ends()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("rescue", "a") with { TriggerRule = TriggerRule.OneFailed }))
            .Admit()
            .Fail("a")
            .Succeed("rescue");
        Assert.Equal((RunState.Success, "every leaf task ended well"), (lab.RunState, lab.Snapshot.Run.Reason));

        // A leaf that an earlier cancel kept from starting is none that ended well.
        lab = new Lab(Pipeline(Task("a"), Task("b"))).Admit().Begin("a");
        lab.On(new RunEvent.CancelRequested(lab.Now, "enough")).Ended("a", new Outcome.Stopped());
        Assert.Equal((TaskState.Skipped, RunState.Cancelled), (lab["b"].State, lab.RunState));
        lab.Clear(Key("a")).Admit().Succeed("a");
        Assert.Equal((RunState.Failed, "a leaf task was not run"), (lab.RunState, lab.Snapshot.Run.Reason));
    }

    [Fact]
    public void A_timer_that_comes_too_early_changes_nothing()
    {
        var retry = new RetryPolicy { Retries = 1, Delay = TimeSpan.FromMinutes(5) };
        var lab = new Lab(
            Pipeline(
                Task("retries") with
                {
                    Retry = retry,
                },
                Task("waits") with
                {
                    Kind = new TaskKind.WaitForTime("06:00"),
                    Timeout = TimeSpan.FromHours(9),
                },
                Task("speaks") with
                {
                    Kind = new TaskKind.Shell("train"),
                    SilenceTimeout = TimeSpan.FromMinutes(5),
                    Timeout = TimeSpan.FromHours(1),
                },
                Task("wants") with
                {
                    StartTimeout = TimeSpan.FromMinutes(5),
                }
            )
        ).Admit();
        lab.Fail("retries")
            .Begin("speaks")
            .On(new RunEvent.NotYet(lab.Now, Key("waits"), lab.Token("waits"), "not there", lab.Now.AddMinutes(5)));
        lab.Advance(TimeSpan.FromMinutes(4));
        Assert.Empty(lab.Commands);
        Assert.Equal(
            (TaskState.UpForRetry, TaskState.UpForReschedule, TaskState.Running, TaskState.Scheduled),
            (lab["retries"].State, lab["waits"].State, lab["speaks"].State, lab["wants"].State)
        );
        lab.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((TaskState.Scheduled, TaskState.Failed), (lab["retries"].State, lab["wants"].State));
        Assert.Equal(2, lab.Commands.Count);

        // Of a run that is not going on nothing is due.
        var queued = new Lab(Pipeline(Task("a")) with { Timeout = TimeSpan.FromMinutes(1) });
        Assert.Equal(RunState.Queued, queued.Advance(TimeSpan.FromHours(1)).RunState);
    }

    [Fact]
    public void A_run_begins_once_and_keeps_the_time_at_which_it_did()
    {
        var lab = new Lab(Pipeline(Task("a")) with { Timeout = TimeSpan.FromHours(1) });
        Assert.Equal((RunState.Queued, (DateTimeOffset?)null), (lab.RunState, lab.Snapshot.Run.StartedAt));
        lab.Admit().Advance(TimeSpan.FromMinutes(10)).Admit();
        Assert.Equal((Start, (DateTimeOffset?)Start.AddHours(1)), (lab.Snapshot.Run.StartedAt!.Value, lab.Snapshot.Run.Deadline));
        lab.Succeed("a").Clear(Key("a")).Advance(TimeSpan.FromMinutes(1)).Admit();
        Assert.Equal((Start, (DateTimeOffset?)lab.Now.AddHours(1)), (lab.Snapshot.Run.StartedAt!.Value, lab.Snapshot.Run.Deadline));
    }

    [Fact]
    public void A_new_run_is_queued_and_has_a_row_for_each_task_and_a_line_of_its_history()
    {
        var pipeline = Pipeline(Task("a"), Task("b", "a"));
        var run = NewRun(pipeline) with { State = RunState.Failed, Revision = 9, OnlyTasks = [new TaskName("b")], Reason = "by hand" };
        var created = RunDecider.Create(pipeline, run);
        var row = Assert.IsType<Change.RunChanged>(created.Changes[0]).After;
        Assert.Equal((RunState.Queued, 1), (row.State, row.Revision));
        Assert.Equal(
            [(Key("a"), TaskState.Success, 1), (Key("b"), TaskState.None, 1)],
            created
                .Changes.OfType<Change.TaskChanged>()
                .Select(change => (change.After.Key, change.After.State, (int)change.After.Revision))
        );
        var line = Assert.Single(created.Changes.OfType<Change.HistoryAdded>()).Entry;
        Assert.Equal(
            (Start, null, 0, "none", "created", "queued", "by hand"),
            (line.At, line.Task, line.Number, line.From, line.Event, line.To, line.Reason)
        );
        Assert.Empty(created.Commands);
    }

    [Fact]
    [Trait("Requirement", "S93")]
    public void After_a_restart_what_was_begun_is_asked_for_again_and_an_end_is_told_again()
    {
        var lab = new Lab(Pipeline(Task("a"), Task("b"), Task("c"), Task("m") with { ForEach = "{{ x }}" })).Admit();
        lab.Grant("a").Begin("b").Exited("b").Begin("c");
        Assert.Equal(
            [
                new RunCommand.StartAttempt(Key("a"), 1, lab.Token("a")),
                new RunCommand.Publish(Key("b"), 1, lab.Token("b")),
                new RunCommand.Evaluate(new TaskName("m")),
            ],
            RunDecider.Resume(lab.Snapshot).Commands
        );
        lab.On(new RunEvent.CancelRequested(lab.Now, "enough"));
        Assert.Contains(
            new RunCommand.StopAttempt(Key("c"), 1, lab.Token("c"), TaskNode.DefaultGrace, StopReason.Cancelled),
            RunDecider.Resume(lab.Snapshot).Commands
        );
        var ended = new Lab(Pipeline(Task("a"))).Admit().Succeed("a");
        Assert.Equal([new RunCommand.RunEnded(RunState.Success)], RunDecider.Resume(ended.Snapshot).Commands);
        Assert.Same(Decision.Nothing, RunDecider.Resume(new Lab(Pipeline(Task("a"))).Snapshot));
    }

    private static void Known(Lab lab, string task, bool runs, string? explanation) =>
        lab.On(new RunEvent.ConditionKnown(lab.Now, new TaskName(task), runs, explanation));
}
