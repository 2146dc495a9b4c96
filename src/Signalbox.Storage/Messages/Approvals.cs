using Signalbox.Core;
using Signalbox.Core.Approvals;

namespace Signalbox.Storage;

/// <summary>A question to people, asked by one attempt of a task.</summary>
/// <param name="Id">0 until it is stored.</param>
/// <param name="Round">Raised when what it is about has changed and it is asked anew: answers of earlier rounds no longer count.</param>
/// <param name="Message">What people are asked.</param>
/// <param name="About">JSON of what a promotion would move; null for a plain question.</param>
/// <param name="State"><c>open</c>, <c>approved</c>, <c>rejected</c> or <c>expired</c>.</param>
/// <param name="Reason">How it was decided.</param>
/// <param name="RemindAt">When people are reminded next; null: never.</param>
/// <param name="IsLive">Whether the task still waits for it; an open question of a task that was cancelled, cleared or marked is not.</param>
public sealed record StoredApproval(
    long Id,
    RunNumber Run,
    TaskKey Task,
    long Token,
    int Round,
    string Message,
    string? About,
    string State,
    string? Reason,
    DateTimeOffset AskedAt,
    DateTimeOffset? Deadline,
    DateTimeOffset? RemindAt,
    int Reminders,
    DateTimeOffset? ClosedAt,
    bool IsLive
)
{
    /// <summary>Whether it can be answered.</summary>
    public bool IsOpen => State == "open" && IsLive;
}

public partial class ReadSession
{
    private const string ApprovalColumns = """
        a.id, a.run_number, a.task, a.map_index, a.token, a.round, a.message, a.about, a.state, a.reason, a.asked_ms, a.deadline_ms, a.remind_ms,
        a.reminders, a.closed_ms, case when t.state = 'up_for_reschedule' and t.token = a.token then 1 else 0 end
        """;
    private const string ApprovalTables = """
        approvals a join tasks t on t.run_number = a.run_number and t.task = a.task and t.map_index = a.map_index
        """;
    private static readonly Sql ApprovalOfAttempt = new(
        $"""
        select {ApprovalColumns} from {ApprovalTables}
        where a.run_number = @run and a.task = @task and a.map_index = @map_index and a.token = @token
        """
    );
    private static readonly Sql ApprovalsOpen = new(
        $"""
        select {ApprovalColumns} from {ApprovalTables}
        where a.state = 'open' and t.state = 'up_for_reschedule' and t.token = a.token order by a.id
        """
    );
    private static readonly Sql ApprovalsLast = new($"select {ApprovalColumns} from {ApprovalTables} order by a.id desc limit @limit");
    private static readonly Sql AnswersOf = new(
        """
        select who, approves, reason, form, at_ms from approval_answers where approval = @approval and round = @round order by id
        """
    );

    /// <summary>What an attempt asks; null when it has not asked yet.</summary>
    public StoredApproval? Approval(RunNumber run, TaskKey task, long token) =>
        Use(ApprovalOfAttempt).Set(run).Set(task).Set("@token", token).First(ApprovalOf);

    /// <summary>The questions that can be answered, the oldest first.</summary>
    public IReadOnlyList<StoredApproval> OpenApprovals() => Use(ApprovalsOpen).All(ApprovalOf);

    /// <summary>Questions in any state, the newest first.</summary>
    public IReadOnlyList<StoredApproval> Approvals(int limit) => Use(ApprovalsLast).Set("@limit", limit).All(ApprovalOf);

    /// <summary>The answers that count for a question, in the order in which they came.</summary>
    public IReadOnlyList<ApprovalAnswer> ApprovalAnswers(StoredApproval approval) =>
        Use(AnswersOf)
            .Set("@approval", approval.Id)
            .Set("@round", approval.Round)
            .All(row => new ApprovalAnswer(row.Text(), row.Bool(), row.TextOrNull(), row.Text(), row.Time()));

    private static StoredApproval ApprovalOf(Statement row) =>
        new(
            row.Long(),
            new(row.Long()),
            row.Key(),
            row.Long(),
            row.Int(),
            row.Text(),
            row.TextOrNull(),
            row.Text(),
            row.TextOrNull(),
            row.Time(),
            row.TimeOrNull(),
            row.TimeOrNull(),
            row.Int(),
            row.TimeOrNull(),
            row.Bool()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AskOne = new(
        """
        insert into approvals (run_number, task, map_index, token, round, message, about, state, asked_ms, deadline_ms, remind_ms, reminders)
        values (@run, @task, @map_index, @token, @round, @message, @about, 'open', @asked_ms, @deadline_ms, @remind_ms, 0)
        on conflict (run_number, task, map_index, token) do update set round = excluded.round, message = excluded.message,
            about = excluded.about, asked_ms = excluded.asked_ms, remind_ms = excluded.remind_ms
        where approvals.state = 'open' and approvals.round < excluded.round
        """
    );
    private static readonly Sql RemindOne = new(
        """
        update approvals set reminders = reminders + 1, remind_ms = @remind_ms
        where id = @id and state = 'open' and reminders = @reminders
        """
    );
    private static readonly Sql CloseOne = new(
        """
        insert into approvals (run_number, task, map_index, token, round, message, about, state, reason, asked_ms, deadline_ms, reminders,
            closed_ms)
        values (@run, @task, @map_index, @token, @round, @message, @about, @state, @reason, @asked_ms, @deadline_ms, 0, @closed_ms)
        on conflict (run_number, task, map_index, token) do update set state = excluded.state, reason = excluded.reason,
            closed_ms = excluded.closed_ms where approvals.state = 'open'
        """
    );
    private static readonly Sql AddAnswer = new(
        """
        insert into approval_answers (approval, round, who, approves, reason, form, at_ms)
        select a.id, a.round, @who, @approves, @reason, @form, @at_ms
        from approvals a join tasks t on t.run_number = a.run_number and t.task = a.task and t.map_index = a.map_index
        where a.id = @id and a.round = @round and a.state = 'open' and t.state = 'up_for_reschedule' and t.token = a.token
        on conflict (approval, round, who) do nothing
        """
    );

    /// <summary>Asks, or asks anew in a later round. False: it is asked already, or decided.</summary>
    public bool Ask(StoredApproval approval) =>
        Use(AskOne)
            .Set(approval.Run)
            .Set(approval.Task)
            .Set("@token", approval.Token)
            .Set("@round", approval.Round)
            .Set("@message", approval.Message)
            .Set("@about", approval.About)
            .Set("@asked_ms", approval.AskedAt)
            .Set("@deadline_ms", approval.Deadline)
            .Set("@remind_ms", approval.RemindAt)
            .Execute() == 1;

    /// <summary>Notes that people are reminded. False: somebody else has reminded them, or it is decided.</summary>
    public bool Remind(StoredApproval approval, DateTimeOffset next) =>
        Use(RemindOne).Set("@remind_ms", next).Set("@id", approval.Id).Set("@reminders", (long)approval.Reminders).Execute() == 1;

    /// <summary>Notes how a question was decided; one that was decided before it was ever asked is kept, too.</summary>
    /// <param name="approval">With the state, the reason and the time of the decision.</param>
    public void CloseApproval(StoredApproval approval) =>
        Use(CloseOne)
            .Set(approval.Run)
            .Set(approval.Task)
            .Set("@token", approval.Token)
            .Set("@round", approval.Round)
            .Set("@message", approval.Message)
            .Set("@about", approval.About)
            .Set("@state", approval.State)
            .Set("@reason", approval.Reason)
            .Set("@asked_ms", approval.AskedAt)
            .Set("@deadline_ms", approval.Deadline)
            .Set("@closed_ms", approval.ClosedAt)
            .Post();

    /// <summary>Keeps an answer. False: the question is decided, was asked anew or is gone, or this person has answered it.</summary>
    public bool Answer(StoredApproval approval, ApprovalAnswer answer) =>
        Use(AddAnswer)
            .Set("@who", answer.Who)
            .Set("@approves", answer.Approves)
            .Set("@reason", answer.Reason)
            .Set("@form", answer.Form)
            .Set("@at_ms", answer.At)
            .Set("@id", approval.Id)
            .Set("@round", (long)approval.Round)
            .Execute() == 1;
}
