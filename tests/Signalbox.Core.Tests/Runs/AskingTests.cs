using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using static Signalbox.Core.Tests.Runs.Lab;

namespace Signalbox.Core.Tests.Runs;

public sealed class AskingTests
{
    private static readonly TaskNode Ask = Task("ask") with
    {
        Kind = new TaskKind.Approve(new ApprovalSpec { Message = "go on?" }),
        Timeout = TimeSpan.FromHours(1),
        Retry = new RetryPolicy { Retries = 5 },
    };

    [Fact]
    public void A_question_holds_no_slot_and_an_answer_has_it_looked_at_at_once()
    {
        var lab = Asked();
        Assert.Empty(lab.Snapshot.Holders);
        Assert.Equal(TaskState.UpForReschedule, lab["ask"].State);
        lab.On(new RunEvent.Answered(lab.Now, Key("ask"), lab.Token("ask")));
        Assert.IsType<RunCommand.Poll>(Assert.Single(lab.Commands));
        Assert.Null(lab["ask"].DueAt);
        lab.Ended("ask", new Outcome.Succeeded("{}"));
        Assert.Equal(TaskState.Scheduled, lab["b"].State);
    }

    [Fact]
    public void The_time_out_is_looked_at_once_and_decides_nothing_by_itself()
    {
        var lab = Asked().Advance(TimeSpan.FromHours(1));
        Assert.IsType<RunCommand.Poll>(Assert.Single(lab.Commands));
        Assert.Equal(TaskState.UpForReschedule, lab["ask"].State);
        Assert.Null(lab["ask"].Deadline);
        Assert.Empty(lab.Advance(TimeSpan.FromHours(1)).Commands);

        // The engine that was to look has died: the next one looks.
        Assert.IsType<RunCommand.Poll>(Assert.Single(RunDecider.Resume(lab.Snapshot).Commands));
    }

    [Theory]
    [InlineData(FailureClass.Permanent)]
    [InlineData(FailureClass.Timeout)]
    [InlineData(FailureClass.Transient)]
    public void What_was_decided_is_not_asked_again(FailureClass failure)
    {
        var lab = Asked().Ended("ask", new Outcome.Failed(new Failure(failure, "rejected by bob")));
        Assert.Equal(TaskState.Failed, lab["ask"].State);
        Assert.Equal(TaskState.UpstreamFailed, lab["b"].State);
        Assert.Contains("not asked again", lab["ask"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_look_out_of_turn_may_change_what_is_asked_and_the_same_look_twice_changes_nothing()
    {
        var lab = Asked();
        var anew = new RunEvent.NotYet(lab.Now, Key("ask"), lab.Token("ask"), "asked anew", lab.Now.AddMinutes(7));
        lab.On(anew);
        Assert.Equal("asked anew", lab["ask"].Reason);
        Assert.Equal(lab.Now.AddMinutes(7), lab["ask"].DueAt);
        Assert.Empty(RunDecider.Decide(lab.Snapshot, anew).Changes);
        Assert.Empty(RunDecider.Decide(lab.Snapshot, anew with { Reason = "at once", NextAt = lab.Now }).Changes);
        lab.On(anew with { Reason = "asked of others" });
        Assert.Equal(("asked of others", lab.Now.AddMinutes(7)), (lab["ask"].Reason, lab["ask"].DueAt));
        Assert.Equal(lab.Now.AddMinutes(9), lab.On(anew with { Reason = "asked of others", NextAt = lab.Now.AddMinutes(9) })["ask"].DueAt);
    }

    [Fact]
    public void An_answer_to_an_earlier_attempt_is_refused()
    {
        var lab = Asked();
        var token = lab.Token("ask");
        lab.Clear(Key("ask"));
        lab.On(new RunEvent.Answered(lab.Now, Key("ask"), token));
        Assert.Empty(lab.Commands);
        Assert.Equal(HistoryEntry.StaleRejected, lab.History[^1].Event);
    }

    [Fact]
    public void A_question_ends_with_its_run()
    {
        var lab = Asked().On(new RunEvent.CancelRequested(Start, "enough"));
        Assert.Equal(TaskState.Failed, lab["ask"].State);
        Assert.Equal(RunState.Cancelled, lab.RunState);
    }

    private static Lab Asked()
    {
        var lab = new Lab(Pipeline(Ask, Task("b", "ask"))).Admit();
        Assert.IsType<RunCommand.Poll>(Assert.Single(lab.Commands));
        return lab.On(new RunEvent.NotYet(lab.Now, Key("ask"), lab.Token("ask"), "waits for approval", lab.Now.AddMinutes(10)));
    }
}
