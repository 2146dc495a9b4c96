using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Runs;

namespace Signalbox.Storage.Tests;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task A_question_is_asked_once_answered_once_by_each_and_decided_once()
    {
        using var store = Database.Open();
        var (run, _, asked) = await AskedAsync(store);

        Assert.False(await store.WriteAsync(s => s.Ask(asked), Ct));
        var open = Assert.Single(store.Read(s => s.OpenApprovals()));
        Assert.Equal(asked with { Id = open.Id }, open);
        Assert.True(open.IsOpen);
        Assert.Equal(open, store.Read(s => s.Approval(run.Number, asked.Task, asked.Token)));

        var yes = new ApprovalAnswer("ann", Approves: true, "fine", """{"n":1}""", Made.Noon.AddMinutes(1));
        Assert.True(await store.WriteAsync(s => s.Answer(open, yes), Ct));
        Assert.False(await store.WriteAsync(s => s.Answer(open, yes with { Approves = false }), Ct));
        Assert.Equal([yes], store.Read(s => s.ApprovalAnswers(open)));

        Assert.True(await store.WriteAsync(s => s.Remind(open, Made.Noon.AddHours(5)), Ct));
        Assert.False(await store.WriteAsync(s => s.Remind(open, Made.Noon.AddHours(5)), Ct));
        var decided = open with { State = "approved", Reason = "approved by ann", ClosedAt = Made.Noon.AddMinutes(2) };
        await store.WriteAsync(s => s.CloseApproval(decided), Ct);
        await store.WriteAsync(s => s.CloseApproval(decided with { State = "expired", Reason = "late" }), Ct);

        Assert.Empty(store.Read(s => s.OpenApprovals()));
        var kept = Assert.Single(store.Read(s => s.Approvals(10)));
        Assert.Equal(decided with { Reminders = 1, RemindAt = Made.Noon.AddHours(5) }, kept);
        Assert.False(await store.WriteAsync(s => s.Answer(kept, yes with { Who = "bob" }), Ct));
        Assert.False(await store.WriteAsync(s => s.Ask(asked with { Round = 2 }), Ct));
    }

    [Fact]
    public async Task What_is_asked_anew_leaves_earlier_answers_behind()
    {
        using var store = Database.Open();
        var (_, _, asked) = await AskedAsync(store);
        var first = Assert.Single(store.Read(s => s.OpenApprovals()));
        var yes = new ApprovalAnswer("ann", Approves: true, Reason: null, "{}", Made.Noon);
        await store.WriteAsync(s => s.Answer(first, yes), Ct);

        Assert.True(await store.WriteAsync(s => s.Ask(asked with { Round = 2, Message = "and now?", About = "{}" }), Ct));

        var second = Assert.Single(store.Read(s => s.OpenApprovals()));
        Assert.Equal((first.Id, 2, "and now?", "{}"), (second.Id, second.Round, second.Message, second.About));
        Assert.Empty(store.Read(s => s.ApprovalAnswers(second)));
        Assert.False(await store.WriteAsync(s => s.Answer(first, yes with { Who = "bob" }), Ct));
        Assert.True(await store.WriteAsync(s => s.Answer(second, yes), Ct));
    }

    [Fact]
    public async Task A_question_of_a_task_that_no_longer_waits_cannot_be_answered()
    {
        using var store = Database.Open();
        var (run, fence, asked) = await AskedAsync(store);
        var open = Assert.Single(store.Read(s => s.OpenApprovals()));
        var cleared = Waiting(asked) with { Token = asked.Token + 1, Revision = 3 };
        await store.WriteAsync(s => s.Apply(run.Number, fence, Made.Decision(new Change.TaskChanged(cleared))), Ct);

        Assert.Empty(store.Read(s => s.OpenApprovals()));
        Assert.False(Assert.Single(store.Read(s => s.Approvals(10))).IsOpen);
        Assert.False(await store.WriteAsync(s => s.Answer(open, new ApprovalAnswer("ann", true, null, "{}", Made.Noon)), Ct));
    }

    private static TaskRun Waiting(StoredApproval asked) =>
        Made.Task(asked.Task.Task.Value) with
        {
            State = TaskState.UpForReschedule,
            Token = asked.Token,
            TryNumber = 1,
            Revision = 2,
        };

    private static async Task<(Run Run, Fence Fence, StoredApproval Asked)> AskedAsync(Store store)
    {
        var (run, fence) = await store.CreateRun(tasks: ["ask"]);
        var asked = new StoredApproval(
            0,
            run.Number,
            new TaskKey(new TaskName("ask")),
            Token: 1,
            Round: 1,
            "go on?",
            About: null,
            "open",
            Reason: null,
            Made.Noon,
            Made.Noon.AddDays(1),
            Made.Noon.AddHours(4),
            Reminders: 0,
            ClosedAt: null,
            IsLive: true
        );
        await store.WriteAsync(
            s =>
            {
                s.Apply(run.Number, fence, Made.Decision(new Change.TaskChanged(Waiting(asked))));
                Assert.True(s.Ask(asked));
            },
            Ct
        );
        return (run, fence, asked);
    }
}
