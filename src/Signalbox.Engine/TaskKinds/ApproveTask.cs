using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Approvals;
using Signalbox.Engine.Attempts;

namespace Signalbox.Engine.TaskKinds;

/// <summary><c>approve:</c>: people have answered, or the time-out decides. The answers are the task's result.</summary>
internal static class ApproveTask
{
    public static Task<Sighting> LookAsync(TaskKind.Approve kind, AttemptContext context, CancellationToken cancellationToken) =>
        context.Parts.Store.ReadAsync(
            session =>
                new Question(session, context, kind.Spec).Look(
                    () => context.Render(kind.Spec.Message ?? "", "approve.message"),
                    about: null,
                    approved => new Sighting.Over(new Outcome.Succeeded(approved.Json))
                ),
            cancellationToken
        );
}
