using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
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
    /// <summary>The definition that every date is run with.</summary>
    public string? Version { get; init; }

    /// <summary>The estimate if every task takes as long as its 95th percentile.</summary>
    public double? EstimatedLateSeconds { get; init; }

    /// <summary>Of all runs together, by the history of the pipeline.</summary>
    public double? EstimatedWorkSeconds { get; init; }

    /// <summary>In what the project counts; null when it says no price.</summary>
    public double? EstimatedCost { get; init; }

    /// <summary>Limits of the project that it is over.</summary>
    public string[] Warnings { get; init; } = [];

    /// <summary>What its promotions do in a backfill.</summary>
    public string[] Promotions { get; init; } = [];

    /// <summary>Of a plan with downstream: what runs again because of it.</summary>
    public DownstreamDocument[] Downstream { get; init; } = [];

    /// <summary>How many dates are in which state.</summary>
    public Dictionary<string, int> Progress { get; init; } = [];

    public static BackfillDocument Planned(BackfillPlan plan) =>
        new(
            BackfillId: null,
            plan.Pipeline.Name.Value,
            "planned",
            plan.Selection.Reason,
            plan.Outlook?.Forecast.Duration.TotalSeconds,
            [
                .. plan.Dates.Select(slice => new BackfillRunDocument(
                    InstantText.Utc(slice.LogicalDate),
                    slice.Partition,
                    "planned",
                    RunId: null,
                    RunNumber: null,
                    plan.Selection.Reason
                )
                {
                    MadeBy = plan.MadeBy.TryGetValue(slice.LogicalDate, out var made) ? made.Value : null,
                }),
            ],
            Skips(plan)
        )
        {
            Version = plan.Version.Value,
            EstimatedLateSeconds = plan.Outlook?.Forecast.LateDuration.TotalSeconds,
            EstimatedWorkSeconds = plan.Outlook?.Forecast.Work.TotalSeconds,
            EstimatedCost = plan.Outlook?.Cost,
            Warnings = [.. plan.Warnings],
            Promotions = [.. plan.Reviews],
            Downstream = [.. plan.Downstream.Select(DownstreamDocument.Of)],
        };

    public static BackfillDocument Read(ReadSession session, long id, BackfillPlan? plan)
    {
        var backfill = session.Backfill(id)!;
        return new BackfillDocument(
            id,
            backfill.Pipeline.Value,
            BackfillWords.Of(backfill.State),
            backfill.Reason,
            plan?.Outlook?.Forecast.Duration.TotalSeconds,
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
        )
        {
            Version = (Request.FromJson(backfill.Spec) as Request.StartBackfill)?.Version,
            EstimatedLateSeconds = plan?.Outlook?.Forecast.LateDuration.TotalSeconds,
            EstimatedWorkSeconds = plan?.Outlook?.Forecast.Work.TotalSeconds,
            EstimatedCost = plan?.Outlook?.Cost,
            Warnings = plan is null ? [] : [.. plan.Warnings],
            Promotions = plan is null ? [] : [.. plan.Reviews],
            Downstream = plan is null ? [] : [.. plan.Downstream.Select(DownstreamDocument.Of)],
            Progress = session.BackfillProgress(id).ToDictionary(state => BackfillWords.Of(state.Key), state => state.Value),
        };
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

/// <summary>A pipeline that runs again because of what a backfill publishes.</summary>
/// <param name="Datasets">By updates of which.</param>
/// <param name="Partitions">Each once.</param>
internal sealed record DownstreamDocument(string Pipeline, string[] Datasets, string[] Partitions)
{
    public static DownstreamDocument Of(Core.Triggers.DownstreamRuns runs) =>
        new(runs.Pipeline.Value, [.. runs.Datasets], [.. runs.Partitions]);
}

/// <summary>One date of a backfill.</summary>
internal sealed record BackfillRunDocument(
    string LogicalDate,
    string Partition,
    string State,
    string? RunId,
    long? RunNumber,
    string? Reason
)
{
    /// <summary>In a plan: the version that made the date before; null when none did.</summary>
    public string? MadeBy { get; init; }
}

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
