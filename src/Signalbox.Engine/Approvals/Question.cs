using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.TaskKinds;
using Signalbox.Storage;

namespace Signalbox.Engine.Approvals;

/// <summary>What was approved, and by whom.</summary>
/// <param name="Json">JSON object of the decision and its answers.</param>
/// <param name="Reason">The decision in words.</param>
/// <param name="Who">Those who approved; null when the time-out did.</param>
internal sealed record Approved(string Json, string Reason, string? Who);

/// <summary>
/// One look at a question to people: asks it, reminds, and says what the answers come to. Everything it knows is in the rows, so it makes no
/// difference which engine looks, or how often.
/// </summary>
internal sealed class Question(ReadSession session, AttemptContext context, ApprovalSpec spec)
{
    // Answers wake the task at once; this is for what was missed.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    private readonly DateTimeOffset _now = context.Parts.Time.GetUtcNow();

    private RunNumber Run => context.Run.Number;

    private TaskKey Key => context.Task.Key;

    /// <summary>Looks.</summary>
    /// <param name="message">What people are asked; made only when it is asked.</param>
    /// <param name="about">What a promotion would move: when it changes, it is asked anew. Null for a plain question.</param>
    /// <param name="approved">What follows from an approval.</param>
    public Sighting Look(Func<string> message, string? about, Func<Approved, Sighting.Over> approved)
    {
        // The limit of the wait has come when there is none any more: what that means is declared.
        var isOut = context.Task.Deadline is null;
        var stored = session.Approval(Run, Key, context.Token);
        if (!isOut && (stored is null || stored.About != about))
        {
            return Ask(stored, message(), about);
        }

        stored ??= New(round: 1, message(), about);
        var answers = stored.About == about ? session.ApprovalAnswers(stored) : [];
        switch (ApprovalRules.Judge(spec.Quorum, answers))
        {
            case ApprovalVerdict.Approved:
                var approvers = string.Join(", ", answers.Take(spec.Quorum).Select(answer => answer.Who));
                var reasons = string.Join("; ", answers.Take(spec.Quorum).Select(answer => answer.Reason).OfType<string>());
                var how = $"approved by {approvers}{(reasons.Length > 0 ? $": {reasons}" : "")}";
                var json = QuestionJson.Decision("approved", byTimeout: false, answers[spec.Quorum - 1].Form, answers);
                return Decide(stored, "approved", how, approved(new Approved(json, how, approvers)));
            case ApprovalVerdict.Rejected:
                var no = answers.First(answer => !answer.Approves);
                return Reject(stored, $"rejected by {no.Who}{(no.Reason is { } why ? $": {why}" : "")}");
            default:
                return isOut ? TimeOut(stored, answers, approved) : Wait(stored, answers);
        }
    }

    private Sighting.NotYet Ask(StoredApproval? stored, string message, string? about)
    {
        if (ApprovalRules.Impossible(spec, context.Run.Author, context.Parts.Project.Groups) is { } impossible)
        {
            throw TaskRefused.Because(FailureClass.Permanent, $"tasks.{context.Node.Name}: {impossible}", "quorum");
        }

        var asked = New((stored?.Round ?? 0) + 1, message, about);
        var again = stored is null ? "" : " anew, for what it was about has changed";
        return new Sighting.NotYet(
            Waits(asked, approvals: 0),
            Next(asked),
            write =>
            {
                if (write.Ask(asked))
                {
                    Tell(write, asked, $"waits for approval{again}");
                    Note(write, "asked", $"asks {Asked}{again}: {asked.Message}");
                }
            }
        );
    }

    private Sighting.NotYet Wait(StoredApproval stored, IReadOnlyList<ApprovalAnswer> answers)
    {
        var reason = Waits(stored, answers.Count);
        if (spec.RemindEvery is not { } every || stored.RemindAt is not { } due || due > _now)
        {
            return new Sighting.NotYet(reason, Next(stored));
        }

        var next = stored with { RemindAt = _now + every };
        return new Sighting.NotYet(
            reason,
            Next(next),
            write =>
            {
                if (write.Remind(stored, _now + every))
                {
                    Tell(write, stored, "still waits for approval");
                    Note(write, "reminded", $"reminds {Asked}: {stored.Message}");
                }
            }
        );
    }

    /// <summary>Tells those whom routes name; who may answer is a fact of the alert.</summary>
    private void Tell(WriteSession write, StoredApproval asked, string what)
    {
        var run = context.Run;
        var facts = new List<AlertFact>
        {
            new("asked", spec.Who.IsDefaultOrEmpty ? "anybody" : string.Join(", ", spec.Who)),
            new("approvals_needed", spec.Quorum.ToString(CultureInfo.InvariantCulture)),
            new("answer", $"signalbox approvals approve {run.Number} {Key}"),
        };
        if (asked.Deadline is { } until)
        {
            facts.Add(new("until", $"{until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}"));
        }

        write.AddAlert(
            new Alert
            {
                Kind = AlertKind.ApprovalReminder,
                Severity = AlertSeverity.Info,
                DedupKey = $"{Alert.KeyOf(run.Pipeline, run.Id, Key.Task)}/approval",
                Pipeline = run.Pipeline,
                Tags = context.Pipeline.Tags,
                Run = run.Number,
                RunId = run.Id,
                LogicalDate = run.LogicalDate,
                Task = Key.Task,
                Message = $"{Key} of {run.Pipeline} {what}: {asked.Message}",
                Facts = [.. facts],
                At = _now,
            }
        );
    }

    private Sighting.Over TimeOut(StoredApproval stored, IReadOnlyList<ApprovalAnswer> answers, Func<Approved, Sighting.Over> approved)
    {
        var limit = Duration.Print(context.Node.Timeout ?? TaskNode.DefaultTimeout);
        var undecided = $"no decision within {limit} ({answers.Count} of {Count(spec.Quorum)})";
        switch (spec.OnTimeout)
        {
            case ApprovalDefault.Approve:
                var how = $"approved by on_timeout: {undecided}";
                var form = ParamChecker.CheckForm(spec.Form, "").Json ?? "{}";
                var json = QuestionJson.Decision("approved", byTimeout: true, form, answers);
                return Decide(stored, "approved", how, approved(new Approved(json, how, Who: null)));
            case ApprovalDefault.Reject:
                return Reject(stored, $"rejected by on_timeout: {undecided}");
            default:
                var failure = new Failure(FailureClass.Timeout, undecided, "timeout");
                return Decide(stored, "expired", undecided, new Sighting.Over(new Outcome.Failed(failure)));
        }
    }

    private Sighting.Over Reject(StoredApproval stored, string how) =>
        Decide(
            stored,
            "rejected",
            how,
            new Sighting.Over(
                spec.OnReject == ApprovalRejection.Skip
                    ? new Outcome.Skipped(how)
                    : new Outcome.Failed(new Failure(FailureClass.Permanent, how, "rejected"))
            )
        );

    private Sighting.Over Decide(StoredApproval stored, string state, string reason, Sighting.Over then) =>
        then with
        {
            Write = write =>
            {
                write.CloseApproval(stored with { State = state, Reason = reason, ClosedAt = _now });
                then.Write?.Invoke(write);
            },
        };

    private StoredApproval New(int round, string message, string? about) =>
        new(
            Id: 0,
            Run,
            Key,
            context.Token,
            round,
            message,
            about,
            "open",
            Reason: null,
            _now,
            context.Task.Deadline,
            spec.RemindEvery is { } every ? _now + every : null,
            Reminders: 0,
            ClosedAt: null,
            IsLive: true
        );

    private DateTimeOffset Next(StoredApproval asked) =>
        asked.RemindAt is { } remind && remind < _now + LongestPause ? remind : _now + LongestPause;

    private void Note(WriteSession write, string happened, string what)
    {
        var state = Names.Of(TaskState.UpForReschedule);
        write.AddHistoryLine(Run, new HistoryEntry(_now, Key, context.Number, state, happened, state, what));
    }

    private string Waits(StoredApproval asked, int approvals)
    {
        var task = Key.IsInstance ? $"'{Key}'" : Key.ToString();
        return $"waits for approval by {Asked} ({approvals.ToString(CultureInfo.InvariantCulture)} of {Count(spec.Quorum)}): {asked.Message}; "
            + $"answer with `signalbox approvals approve {Run} {task}`";
    }

    private string Asked => spec.Who.IsDefaultOrEmpty ? "anybody" : string.Join(", ", spec.Who);

    private static string Count(int approvals) => approvals == 1 ? "1 approval" : $"{approvals} approvals";
}
