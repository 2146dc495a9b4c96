using System.Text.Json;
using Signalbox.App.Api;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>One line of <c>pipelines --json</c>.</summary>
/// <param name="Schedule">The cron expression, `every 10m` or the recurrence rule, with `; ` between several; null when runs are started by hand or by a backfill.</param>
/// <param name="Next">The next tick; null when there is none, or it is paused.</param>
/// <param name="Idempotency"><c>verified</c>, <c>not_idempotent</c> or <c>unverified</c>, of this version.</param>
internal sealed record PipelineDocument(
    string Pipeline,
    string? Title,
    string File,
    string Version,
    string? Owner,
    string[] Tags,
    string? Schedule,
    string TimeZone,
    bool Paused,
    string? PausedReason,
    DateTimeOffset? Next,
    LastRunDocument? LastRun,
    int Tasks,
    string Idempotency
)
{
    public static PipelineDocument Of(Pipeline pipeline, string file, Store? store, DateTimeOffset now)
    {
        var (row, last) =
            store?.Read(session =>
                (session.Pipeline(pipeline.Name), session.Runs(new RunFilter(pipeline.Name, Limit: 1)) is [var newest, ..] ? newest : null)
            )
            ?? (null, null);
        var paused = row?.Paused ?? false;
        return new PipelineDocument(
            pipeline.Name.Value,
            pipeline.Title,
            file,
            PipelineJson.HashOf(PipelineJson.Write(pipeline)).Value,
            pipeline.Owner,
            [.. pipeline.Tags],
            pipeline.Schedule is null ? null : string.Join("; ", pipeline.Schedules.Select(schedule => schedule.Text)),
            pipeline.TimeZone,
            paused,
            row?.PausedReason,
            paused ? null : Timetable.Of(pipeline).NextRun(now)?.FiresAt,
            last is null ? null : new LastRunDocument(last.Number.Value, Brief.Slice(last), Names.Of(last.State), last.EndedAt),
            pipeline.Tasks.Length,
            ProofBadge.Of(store, pipeline).Idempotency
        );
    }
}

/// <summary>The newest run of a pipeline.</summary>
internal sealed record LastRunDocument(long Number, string For, string State, DateTimeOffset? EndedAt);

/// <summary><c>pipelines show --json</c>.</summary>
/// <param name="Params">JSON Schema of the parameters that a run is given.</param>
internal sealed record PipelineDetailDocument(
    PipelineDocument About,
    string Sentence,
    TickDocument[] NextTicks,
    PolicyDocument[] Policies,
    JsonElement Params
)
{
    private const int TicksShown = 3;

    public static PipelineDetailDocument Of(Pipeline pipeline, string file, Store? store, DateTimeOffset now) =>
        new(
            PipelineDocument.Of(pipeline, file, store, now),
            PipelineSentence.Of(pipeline),
            NextTicksOf(pipeline, now),
            [.. pipeline.Tasks.Select(PolicyDocument.Of)],
            ParamSchema.Of(pipeline)
        );

    private static TickDocument[] NextTicksOf(Pipeline pipeline, DateTimeOffset now)
    {
        var zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        var times = Timetable.Of(pipeline);
        var found = new List<TickDocument>();
        for (var tick = times.NextRun(now); tick is { } next && found.Count < TicksShown; tick = times.NextRun(next.FiresAt))
        {
            found.Add(new TickDocument(next.FiresAt, next.FiresAt.ToOffset(zone.OffsetAt(next.FiresAt))));
        }

        return [.. found];
    }
}

/// <summary>When a run is due, in UTC and on the wall clock of the schedule's zone.</summary>
internal sealed record TickDocument(DateTimeOffset Utc, DateTimeOffset Local);

/// <summary>How one task is limited and tried again. Times are in seconds.</summary>
/// <param name="Timeout">Null: the server's default counts.</param>
/// <param name="RetryOn">The classes of failure that are tried again.</param>
internal sealed record PolicyDocument(
    string Task,
    string Kind,
    double? Timeout,
    double DefaultTimeout,
    int Retries,
    int MaxAttempts,
    double RetryDelay,
    string Backoff,
    double MaxRetryDelay,
    string[] RetryOn,
    int LostBudget,
    string Pool,
    int Slots,
    string TriggerRule,
    string[] OnFailure,
    string[] OnRetry
)
{
    public static PolicyDocument Of(TaskNode task) =>
        new(
            task.Name.Value,
            PipelineText.Kind(task),
            task.Timeout?.TotalSeconds,
            TaskNode.DefaultTimeout.TotalSeconds,
            task.Retry.Retries,
            task.Retry.MaxAttempts,
            task.Retry.Delay.TotalSeconds,
            Names.Of(task.Retry.Backoff),
            task.Retry.MaxDelay.TotalSeconds,
            [
                .. Enum.GetValues<FailureClass>()
                    .Where(failure => failure != FailureClass.Lost && task.Retry.Covers(failure))
                    .Select(Names.Of),
            ],
            task.Retry.LostBudget,
            task.Pool,
            task.Slots,
            Names.Of(task.TriggerRule),
            [.. task.OnFailure],
            [.. task.OnRetry]
        );
}
