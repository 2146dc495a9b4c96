using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Approvals;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Models;
using Signalbox.Storage;

namespace Signalbox.Engine.TaskKinds;

/// <summary>
/// <c>promote:</c>: moves an alias of a model to the version that this run made; where people are asked, after they have approved. A backfill
/// never overwrites what people chose unless it is told to.
/// </summary>
internal static class PromoteTask
{
    /// <summary>A promotion that asks nobody, whatever started the run.</summary>
    public static Task<Work> PrepareAsync(TaskKind.Promote kind, AttemptContext context, CancellationToken cancellationToken) =>
        context.Parts.Store.ReadAsync<Work>(
            session =>
            {
                var now = Now(kind, context, session);
                return new Work.Inline(now.Outcome, now.Write);
            },
            cancellationToken
        );

    /// <summary>A promotion that asks, if not in this run then in another.</summary>
    public static Task<Sighting> LookAsync(TaskKind.Promote kind, AttemptContext context, CancellationToken cancellationToken) =>
        context.Parts.Store.ReadAsync(session => Look(kind, context, session), cancellationToken);

    private static Sighting Look(TaskKind.Promote kind, AttemptContext context, ReadSession session)
    {
        var asks = ApprovalSpec.Of(kind, context.Run.Trigger);
        if (asks is null || WhySkipped(kind, context) is not null)
        {
            return Now(kind, context, session);
        }

        var promotion = Promotion.Of(session, context, kind);
        return promotion.MovesNothing
            ? Over(promotion, approved: null)
            : new Question(session, context, asks).Look(
                () =>
                    asks.Message is { } message
                        ? $"{context.Render(message, "promote.approval.message")} ({promotion})"
                        : promotion.ToString(),
                promotion.About,
                approved => Over(promotion, approved)
            );
    }

    private static Sighting.Over Now(TaskKind.Promote kind, AttemptContext context, ReadSession session) =>
        WhySkipped(kind, context) is { } skipped
            ? new Sighting.Over(new Outcome.Skipped(skipped))
            : Over(Promotion.Of(session, context, kind), approved: null);

    private static string? WhySkipped(TaskKind.Promote kind, AttemptContext context) =>
        context.Run.Namespace is { } space ? $"this run is in the namespace {space}: it moves no alias that others read"
        : context.Run.Trigger == RunTrigger.Backfill && kind.InBackfill == BackfillPromotion.Skip
            ? $"a backfill does not move {kind.Alias} of {kind.Model}; `in_backfill: approve` asks people, `in_backfill: allow` lets it"
        : null;

    private static Sighting.Over Over(Promotion promotion, Approved? approved) =>
        promotion.WhyNone is { } none
            ? new Sighting.Over(new Outcome.Skipped(none))
            : new Sighting.Over(
                new Outcome.Succeeded(promotion.Result(approved)),
                promotion.MovesNothing ? null : write => promotion.Write(write, approved)
            );
}
