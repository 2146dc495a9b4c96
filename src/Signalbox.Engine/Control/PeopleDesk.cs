using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Core.Models;
using Signalbox.Core.Runs;
using Signalbox.Engine.Driving;
using Signalbox.Engine.Models;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>Carries out what people decide: their answers to what tasks ask, and the aliases of models that they move by hand.</summary>
internal sealed class PeopleDesk(EngineParts parts, RunDriver driver, Guid owner)
{
    private const int MostMoves = 1000;

    private DateTimeOffset Now => parts.Time.GetUtcNow();

    /// <summary>Whether a task is one that asks people.</summary>
    public static bool Asks(ReadSession session, Run run, TaskKey key) => SpecOf(session, run, key) is not null;

    /// <summary>Keeps an answer, and has the task looked at: in one transaction with the answer to the request.</summary>
    public Deed Answer(Request.AnswerApproval wanted, string who, WriteSession session)
    {
        var number = new RunNumber(wanted.Run);
        var key = new TaskKey(new TaskName(wanted.Task), wanted.MapIndex);
        var run = session.Run(number) ?? throw new RequestRefused($"there is no run {wanted.Run}");
        var task = session.Task(number, key) ?? throw new RequestRefused($"run {wanted.Run} has no task `{key}`");
        var spec = SpecOf(session, run, key) ?? throw new RequestRefused($"{key} of run {wanted.Run} asks nobody anything");
        var asked = session.Approval(number, key, task.Token);
        if (asked is not { IsOpen: true })
        {
            throw new RequestRefused(
                asked is { Reason: { } decided } ? $"{key} of run {wanted.Run} is decided already: {decided}"
                : task.State.IsEnd() ? $"{key} of run {wanted.Run} has ended already ({Names.Of(task.State)})"
                : $"{key} of run {wanted.Run} does not ask yet: it is {Names.Of(task.State)}"
            );
        }

        var given = session.ApprovalAnswers(asked);
        if (ApprovalRules.Refusal(spec, who, run.Author, parts.Project.Groups, given) is { } refusal)
        {
            throw new RequestRefused(refusal);
        }

        if (ApprovalRules.Judge(spec.Quorum, given) != ApprovalVerdict.Open)
        {
            throw new RequestRefused($"{key} of run {wanted.Run} is decided already");
        }

        var form = "{}";
        if (wanted.Approves)
        {
            var values = ParamChecker.CheckForm(spec.Form, wanted.Form);
            form =
                values.Json
                ?? throw new RequestRefused(string.Join("; ", values.Problems.Select(problem => $"{problem.Path}: {problem.Message}")));
        }
        else if (string.IsNullOrWhiteSpace(wanted.Reason))
        {
            throw new RequestRefused("a rejection has a reason: --reason TEXT");
        }

        var fence = session.LoadRun(number)!.Fence is { } held && held.Owner == owner ? held : session.ClaimRun(number, owner);
        var live = LiveRun.Load(session, number, fence);
        var happened = new RunEvent.Answered(Now, key, task.Token);
        if (asked.About is { } about && !Promotion.IsCurrent(session, about))
        {
            var stale = new Answer(
                Done: false,
                wanted.Run,
                $"{key} of run {wanted.Run}: the alias has moved since this was asked, so it is asked anew; look at the numbers with `signalbox approvals list` and answer again"
            );
            return new Deed(stale, live, happened);
        }

        var answer = new ApprovalAnswer(who, wanted.Approves, wanted.Reason, form, Now);
        return new Deed(
            Told(wanted, spec, given.Count, who),
            live,
            happened,
            Write: write => Keep(write, wanted, spec, asked, answer, task)
        );
    }

    /// <summary>Moves an alias by hand, with a reason.</summary>
    public Deed MoveAlias(Request.MoveAlias wanted, string who, WriteSession session)
    {
        if (string.IsNullOrWhiteSpace(wanted.Reason))
        {
            throw new RequestRefused("an alias moves by hand for a reason: --reason TEXT");
        }

        if (Slug.Problem(wanted.Alias) is { } problem)
        {
            throw new RequestRefused($"--alias: {problem}");
        }

        var versions = session.ModelVersions(wanted.Model);
        if (versions.Count == 0)
        {
            throw new RequestRefused($"there is no model `{wanted.Model}`{Suggestion.DidYouMean(wanted.Model, session.Models())}");
        }

        var now = session.ModelAlias(wanted.Model, wanted.Alias)?.Version;
        var to = wanted.Back ? Former(session, wanted) : wanted.Version!.Value;
        var next =
            versions.FirstOrDefault(version => version.Version == to)
            ?? throw new RequestRefused($"{wanted.Model} has no version {to}; its versions are 1 to {versions[0].Version}");
        if (now == to)
        {
            throw new RequestRefused($"{wanted.Alias} of {wanted.Model} points to version {to} already");
        }

        session.MoveModelAlias(new ModelAlias(wanted.Model, wanted.Alias, to, Run: null, wanted.Reason, Now), now, who, wanted.Back);
        ModelNews.TellAlias(session, wanted.Model, wanted.Alias, to, Now);
        session.AddAudit(
            new AuditLine(
                Now,
                who,
                $"{wanted.Alias} of {wanted.Model} moved from {(now is { } from ? $"{from}" : "nothing")} to {to}",
                wanted.Reason
            )
        );
        var before = now is { } known ? session.ModelVersion(wanted.Model, known) : null;
        return new Deed(new Answer(Done: true, to, $"{wanted.Alias} of {new AliasStep(next, before)}"), Then: Follow);

        void Follow()
        {
            driver.LookAtPromotions();
            parts.Outbox.Ring();
        }
    }

    /// <summary>The version to go back to: the one named, if the alias ever pointed to it, else the one that it pointed to before.</summary>
    private static int Former(ReadSession session, Request.MoveAlias wanted)
    {
        // What a rollback left is not what the next one goes to: going back twice goes further back, not to and fro.
        var path = new List<int>();
        foreach (var move in session.ModelAliasMoves(wanted.Model, wanted.Alias, MostMoves).Reverse())
        {
            var place = move.Back ? path.LastIndexOf(move.To) : -1;
            if (place >= 0)
            {
                path.RemoveRange(place + 1, path.Count - place - 1);
            }
            else
            {
                path.Add(move.To);
            }
        }

        if (wanted.Version is { } version)
        {
            return path.Contains(version)
                ? version
                : throw new RequestRefused(
                    $"{wanted.Alias} of {wanted.Model} never pointed to version {version} before; `models promote` moves it to any version"
                );
        }

        return path.Count > 1
            ? path[^2]
            : throw new RequestRefused($"{wanted.Alias} of {wanted.Model} pointed to no other version before; name one with --to");
    }

    private Answer Keep(
        WriteSession write,
        Request.AnswerApproval wanted,
        ApprovalSpec spec,
        StoredApproval asked,
        ApprovalAnswer answer,
        TaskRun task
    )
    {
        if (!write.Answer(asked, answer))
        {
            return new Answer(Done: false, wanted.Run, $"{task.Key} of run {wanted.Run} was decided, or is asked anew, just now");
        }

        var what = $"{(answer.Approves ? "approved" : "rejected")} by {answer.Who}{(answer.Reason is { } reason ? $": {reason}" : "")}";
        var state = Names.Of(TaskState.UpForReschedule);
        write.AddHistoryLine(asked.Run, new HistoryEntry(answer.At, task.Key, task.TryNumber, state, "answered", state, what));
        write.AddAudit(
            new AuditLine(
                answer.At,
                answer.Who,
                $"{(answer.Approves ? "approved" : "rejected")} {task.Key} of run {wanted.Run}: {asked.Message}",
                answer.Reason
            )
        );
        return Told(wanted, spec, write.ApprovalAnswers(asked).Count(each => each.Approves) - (answer.Approves ? 1 : 0), answer.Who);
    }

    private static Answer Told(Request.AnswerApproval wanted, ApprovalSpec spec, int before, string who)
    {
        var what = $"{new TaskKey(new TaskName(wanted.Task), wanted.MapIndex)} of run {wanted.Run}";
        return new Answer(
            Done: true,
            wanted.Run,
            !wanted.Approves ? $"{what} is rejected by {who}"
                : before + 1 >= spec.Quorum ? $"{what} is approved by {who}"
                : $"{what}: {who} approves, {before + 1} of {spec.Quorum}"
        );
    }

    private static ApprovalSpec? SpecOf(ReadSession session, Run run, TaskKey key) =>
        session.Definition(run.Pipeline, run.Version)?.Pipeline.Tasks.FirstOrDefault(task => task.Name == key.Task) is { } node
            ? ApprovalSpec.Of(node.Kind, run.Trigger)
            : null;
}
