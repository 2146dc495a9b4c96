using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.Engine.Attempts;

/// <summary>What a run was started with, as templates see it at <c>dag_run.conf</c>.</summary>
public static class RunConf
{
    /// <summary>The name of the date of a backfill's run in the conf.</summary>
    public const string BackfillDate = "backfill_date";

    /// <summary>The name of the reason of a backfill in the conf of its runs.</summary>
    public const string BackfillReason = "backfill_reason";

    /// <summary>
    /// What was sent along, else the parameters; of a run of a backfill the parameters with its date, in the schedule's zone, and the reason of the
    /// backfill.
    /// </summary>
    /// <param name="parameters">Those of the run, which are given back as they are where nothing else is known.</param>
    public static Value.Map Of(ReadSession session, Run run, Pipeline pipeline, Value.Map parameters) =>
        run.Trigger == RunTrigger.Manual && session.Conf(run.Number) is { } sent
            ? Value.FromJson(sent) is { Succeeded: true, Value: Value.Map map }
                ? map
                : Value.Map.Empty
            : Reason(session, run) is { } reason
                ? new Value.Map([
                    .. parameters.Entries,
                    new(BackfillDate, new Value.Text(Date(run, pipeline))),
                    new(BackfillReason, new Value.Text(reason)),
                ])
                : parameters;

    /// <summary>Why there is the backfill that a run is of, as it was asked for; null for any other run.</summary>
    public static string? Reason(ReadSession session, Run run) =>
        run.Backfill is { } id && session.Backfill(id) is { } backfill
            ? ((Request.StartBackfill)Request.FromJson(backfill.Spec)).Reason
            : null;

    private static string Date(Run run, Pipeline pipeline)
    {
        var zone = Zone.Find(pipeline.Schedule?.TimeZone ?? "UTC").Zone ?? Zone.Utc;
        return run.LogicalDate.ToOffset(zone.OffsetAt(run.LogicalDate)).ToString("yyyy-MM-dd");
    }
}
