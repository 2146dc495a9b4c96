using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A question to people, as <c>approvals list --json</c> prints it.</summary>
/// <param name="State">open, approved, rejected, expired (the time-out failed the task) or withdrawn (the task no longer waits for it).</param>
/// <param name="Author">Who started the run; null when the schedule did.</param>
/// <param name="About">What a promotion would move; null for a plain question.</param>
internal sealed record ApprovalDocument(
    long Run,
    string Pipeline,
    string Task,
    int MapIndex,
    string? Label,
    string Partition,
    string State,
    string? Reason,
    string Message,
    int Round,
    string[] Who,
    int Quorum,
    bool NotAuthor,
    string? Author,
    string OnTimeout,
    string OnReject,
    string AskedAt,
    string? Deadline,
    int Reminders,
    string? ClosedAt,
    JsonElement? About,
    ApprovalFieldDocument[] Form,
    ApprovalAnswerDocument[] Answers
)
{
    public static ApprovalDocument Of(ReadSession session, StoredApproval asked)
    {
        var run = session.Run(asked.Run)!;
        var node = session.Definition(run.Pipeline, run.Version)!.Pipeline.Tasks.First(task => task.Name == asked.Task.Task);
        var spec = ApprovalSpec.Of(node.Kind, run.Trigger) ?? ApprovalSpec.Default;
        return new ApprovalDocument(
            run.Number.Value,
            run.Pipeline.Value,
            asked.Task.Task.Value,
            asked.Task.MapIndex,
            session.Task(asked.Run, asked.Task)?.Label,
            run.Partition,
            asked is { State: "open", IsLive: false } ? "withdrawn" : asked.State,
            asked.Reason,
            asked.Message,
            asked.Round,
            spec.Who.IsDefault ? [] : [.. spec.Who],
            spec.Quorum,
            spec.NotAuthor,
            run.Author,
            Names.Of(spec.OnTimeout),
            Names.Of(spec.OnReject),
            InstantText.Fine(asked.AskedAt),
            InstantText.Fine(asked.Deadline),
            asked.Reminders,
            InstantText.Fine(asked.ClosedAt),
            asked.About is { } about ? Parse(about) : null,
            [.. spec.Form.Select(ApprovalFieldDocument.Of)],
            [
                .. session
                    .ApprovalAnswers(asked)
                    .Select(answer => new ApprovalAnswerDocument(
                        answer.Who,
                        answer.Approves ? "approved" : "rejected",
                        answer.Reason,
                        Parse(answer.Form),
                        InstantText.Fine(answer.At)
                    )),
            ]
        );
    }

    internal static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

/// <summary>A field that an approval states.</summary>
internal sealed record ApprovalFieldDocument(string Name, string Type, JsonElement? Default, string? Description)
{
    public static ApprovalFieldDocument Of(ParamSpec spec) =>
        new(spec.Name, Names.Of(spec.Type), spec.Default is { } value ? ApprovalDocument.Parse(value) : null, spec.Description);
}

/// <summary>What one person answered.</summary>
internal sealed record ApprovalAnswerDocument(string Who, string Decision, string? Reason, JsonElement Form, string At);
