using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A backfill, as <c>backfill --json</c> prints it. Dates that do not run are in <paramref name="Skipped"/>.</summary>
/// <param name="BackfillId">Null for one that was not started.</param>
internal sealed record BackfillDocument(
    long? BackfillId,
    string Pipeline,
    string State,
    string? Reason,
    double? EstimatedSeconds,
    BackfillRunDocument[] Runs,
    BackfillSkipDocument[] Skipped
)
{
    public static BackfillDocument Planned(BackfillPlan plan) =>
        new(
            BackfillId: null,
            plan.Pipeline.Name.Value,
            "planned",
            plan.Selection.Reason,
            plan.Estimate?.TotalSeconds,
            [
                .. plan.Dates.Select(slice => new BackfillRunDocument(
                    InstantText.Utc(slice.LogicalDate),
                    slice.Partition,
                    "planned",
                    RunId: null,
                    RunNumber: null,
                    plan.Selection.Reason
                )),
            ],
            Skips(plan)
        );

    public static BackfillDocument Read(ReadSession session, long id, BackfillPlan? plan)
    {
        var backfill = session.Backfill(id)!;
        return new BackfillDocument(
            id,
            backfill.Pipeline.Value,
            BackfillWords.Of(backfill.State),
            backfill.Reason,
            plan?.Estimate?.TotalSeconds,
            [
                .. session
                    .BackfillItems(id)
                    .Select(item =>
                    {
                        var run = item.Run is { } number ? session.Run(number) : null;
                        return new BackfillRunDocument(
                            InstantText.Utc(item.LogicalDate),
                            item.Partition,
                            BackfillWords.Of(item.State),
                            run?.Id.Value,
                            run?.Number.Value,
                            item.Reason ?? run?.Reason
                        );
                    }),
            ],
            plan is null ? [] : Skips(plan)
        );
    }

    private static BackfillSkipDocument[] Skips(BackfillPlan plan) =>
        [
            .. plan.Skipped.Select(date => new BackfillSkipDocument(
                InstantText.Utc(date.Slice.LogicalDate),
                date.Slice.Partition,
                date.Reason
            )),
        ];
}

/// <summary>One date of a backfill.</summary>
internal sealed record BackfillRunDocument(
    string LogicalDate,
    string Partition,
    string State,
    string? RunId,
    long? RunNumber,
    string? Reason
);

/// <summary>A date that a backfill leaves out.</summary>
internal sealed record BackfillSkipDocument(string LogicalDate, string Partition, string Reason);

/// <summary>The words for the states of backfills, which are those of runs where a run has them.</summary>
internal static class BackfillWords
{
    public static string Of(BackfillState state) =>
        state switch
        {
            BackfillState.Running => Names.Of(RunState.Running),
            BackfillState.Paused => "paused",
            BackfillState.Success => Names.Of(RunState.Success),
            BackfillState.Failed => Names.Of(RunState.Failed),
            _ => Names.Of(RunState.Cancelled),
        };

    public static string Of(BackfillItemState state) =>
        state switch
        {
            BackfillItemState.Pending => "pending",
            BackfillItemState.Running => Names.Of(RunState.Running),
            BackfillItemState.Success => Names.Of(RunState.Success),
            BackfillItemState.Failed => Names.Of(RunState.Failed),
            BackfillItemState.Skipped => "skipped",
            _ => Names.Of(RunState.Cancelled),
        };
}
