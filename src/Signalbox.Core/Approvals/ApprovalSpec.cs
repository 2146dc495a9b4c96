using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.Core.Approvals;

/// <summary>What is asked of people before work goes on, of whom, and what follows from their answers.</summary>
public sealed record ApprovalSpec
{
    /// <summary>Nothing but a yes of anybody.</summary>
    public static readonly ApprovalSpec Default = new();

    /// <summary>
    /// A template of what people are asked. Null in a promotion, which then tells the numbers of the candidate and of the version that the
    /// alias points to.
    /// </summary>
    public string? Message { get; init; }

    /// <summary>What an approval must state; obeys the same rules as the parameters of a run. Default none.</summary>
    public ImmutableArray<ParamSpec> Form { get; init; } = [];

    /// <summary>People, or groups of the project, who may answer. Empty: anybody.</summary>
    public ImmutableArray<string> Who { get; init; } = [];

    /// <summary>Approvals that are needed, of different people. Default 1. One rejection is enough to reject.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>Whether the person who started the run may not answer (four eyes). Default false.</summary>
    public bool NotAuthor { get; init; }

    /// <summary>What the task's time-out means. Default: the task fails.</summary>
    public ApprovalDefault OnTimeout { get; init; } = ApprovalDefault.Fail;

    /// <summary>What a rejection means. Default: the task fails.</summary>
    public ApprovalRejection OnReject { get; init; } = ApprovalRejection.Fail;

    /// <summary>Time between reminders. Default none.</summary>
    public TimeSpan? RemindEvery { get; init; }

    /// <summary>What a task of a run asks of people; null when it asks nothing.</summary>
    public static ApprovalSpec? Of(TaskKind kind, RunTrigger trigger) =>
        kind switch
        {
            TaskKind.Approve approve => approve.Spec,
            TaskKind.Promote { InBackfill: BackfillPromotion.Approve } promote when trigger == RunTrigger.Backfill =>
                promote.BackfillApproval ?? promote.Approval ?? Default,
            TaskKind.Promote promote => promote.Approval,
            _ => null,
        };
}

/// <summary>What no decision within the time-out means.</summary>
public enum ApprovalDefault
{
    /// <summary>The task fails with the class timeout.</summary>
    Fail,
    Approve,
    Reject,
}

/// <summary>What becomes of the task that was rejected.</summary>
public enum ApprovalRejection
{
    Fail,
    Skip,
}
