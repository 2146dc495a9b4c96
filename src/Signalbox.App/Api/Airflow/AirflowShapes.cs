using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>What is ours in Airflow's words: a pipeline is a DAG, a run a DAG run, a task of a run a task instance.</summary>
internal static class AirflowShapes
{
    private const string Queue = "default";
    private const string NoConfig = "{}";

    private static readonly JsonElement Empty = ApprovalDocument.Parse("{}");

    public static string? Instant(DateTimeOffset? at) => at is { } known ? Instant(known) : null;

    /// <summary>With an offset and, where there is a fraction, microseconds.</summary>
    public static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString(
            at.UtcTicks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'+00:00'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'",
            CultureInfo.InvariantCulture
        );

    /// <summary>The word of a run's state; Airflow knows no cancelled runs.</summary>
    public static string State(RunState state) => state == RunState.Cancelled ? "failed" : Names.Of(state);

    /// <summary>The state of a word; a failed run is one that failed or was cancelled.</summary>
    public static RunState[] StatesOf(string word) =>
        word == "failed" ? [RunState.Failed, RunState.Cancelled]
        : Names.RunStateOf(word) is { } state and not RunState.Cancelled ? [state]
        : throw ApiException.Invalid($"state: `{word}` is none of queued, running, success, failed");

    public static DagV1 DagV1Of(StoredPipeline row, Pipeline pipeline, Project project, DateTimeOffset now)
    {
        var next = NextOf(row, pipeline, now);
        return new DagV1(
            pipeline.Name.Value,
            pipeline.Title ?? pipeline.Name.Value,
            row.Paused,
            IsActive: true,
            IsSubdag: false,
            RootDagId: null,
            LastParsedTime: null,
            LastPickled: null,
            LastExpired: null,
            SchedulerLock: null,
            PickleId: null,
            DefaultView: "grid",
            FileOf(row, project),
            TokenOf(row),
            pipeline.Owner is { } owner ? [owner] : [],
            pipeline.Description,
            pipeline.Schedule?.Cron is { } cron ? new CronExpressionV1("CronExpression", cron) : null,
            PipelineSentence.Of(pipeline),
            [.. pipeline.Tags.Select(tag => new DagTagV1(tag))],
            pipeline.MaxActiveTasks,
            pipeline.MaxActiveRuns,
            MaxConsecutiveFailedDagRuns: 0,
            pipeline.Tasks.Any(task => task.MaxParallel is not null),
            row.LoadError is not null,
            next is null ? null : Instant(next.Value.Slice.LogicalDate),
            next is null ? null : Instant(next.Value.Slice.Start),
            next is null ? null : Instant(next.Value.Slice.End),
            next is null ? null : Instant(next.Value.At)
        );
    }

    public static DagV2 DagV2Of(StoredPipeline row, Pipeline pipeline, Project project, DateTimeOffset now)
    {
        var next = NextOf(row, pipeline, now);
        var title = pipeline.Title ?? pipeline.Name.Value;
        return new DagV2(
            pipeline.Name.Value,
            title,
            row.Paused,
            IsStale: false,
            LastParsedTime: null,
            LastParseDuration: null,
            LastExpired: null,
            BundleName: null,
            BundleVersion: row.Version?.Value,
            row.SourceFile,
            FileOf(row, project),
            pipeline.Description,
            pipeline.Schedule?.Cron,
            PipelineSentence.Of(pipeline),
            [.. pipeline.Tags.Select(tag => new DagTagV2(tag, pipeline.Name.Value, title))],
            pipeline.MaxActiveTasks,
            pipeline.MaxActiveRuns,
            MaxConsecutiveFailedDagRuns: 0,
            pipeline.Tasks.Any(task => task.MaxParallel is not null),
            row.LoadError is not null,
            next is null ? null : Instant(next.Value.Slice.LogicalDate),
            next is null ? null : Instant(next.Value.Slice.Start),
            next is null ? null : Instant(next.Value.Slice.End),
            next is null ? null : Instant(next.Value.At),
            pipeline.Owner is { } owner ? [owner] : [],
            TokenOf(row)
        );
    }

    public static DagRunV1 RunV1Of(ReadSession session, Run run) =>
        new(
            run.Id.Value,
            run.Pipeline.Value,
            Instant(run.LogicalDate),
            Instant(run.LogicalDate),
            Instant(run.StartedAt),
            Instant(run.EndedAt),
            Instant(run.IntervalStart),
            Instant(run.IntervalEnd),
            LastSchedulingDecision: null,
            TypeOf(run, "dataset_triggered"),
            State(run.State),
            run.Trigger is not (RunTrigger.Scheduled or RunTrigger.Backfill),
            ConfOf(session, run),
            session.Note(run.Number)
        );

    public static DagRunV2 RunV2Of(ReadSession session, Run run) =>
        new(
            run.Id.Value,
            run.Pipeline.Value,
            Instant(run.LogicalDate),
            Instant(run.CreatedAt),
            Instant(run.StartedAt),
            Instant(run.EndedAt),
            (run.EndedAt - run.StartedAt)?.TotalSeconds,
            Instant(run.IntervalStart),
            Instant(run.IntervalEnd),
            Instant(run.Trigger == RunTrigger.Scheduled ? run.IntervalEnd : run.CreatedAt),
            LastSchedulingDecision: null,
            TypeOf(run, "asset_triggered"),
            State(run.State),
            run.Trigger switch
            {
                RunTrigger.Scheduled => "timetable",
                RunTrigger.Backfill => "backfill",
                RunTrigger.Dataset => "asset",
                _ => "rest_api",
            },
            run.Trigger == RunTrigger.Manual ? run.Author : null,
            ConfOf(session, run),
            session.Note(run.Number),
            [],
            run.Version.Value,
            run.Pipeline.Value
        );

    /// <summary>The instances of a run: a mapped task stands for itself only until it has instances.</summary>
    public static IEnumerable<TaskRun> InstancesOf(RunPicture picture) => picture.Tasks.Where(task => task.MapCount is null or 0);

    public static TaskInstanceV1 TaskV1Of(RunPicture picture, TaskRun task, Attempt? attempt)
    {
        var node = picture.Pipeline.Tasks.First(each => each.Name == task.Key.Task);
        return new TaskInstanceV1(
            task.Key.Task.Value,
            task.Key.Task.Value,
            picture.Run.Pipeline.Value,
            picture.Run.Id.Value,
            Instant(picture.Run.LogicalDate),
            Instant(task.StartedAt),
            Instant(task.EndedAt),
            (task.EndedAt - task.StartedAt)?.TotalSeconds,
            State(task.State),
            task.TryNumber,
            task.Key.MapIndex,
            node.Retry.Retries,
            Environment.MachineName,
            Environment.UserName,
            node.Pool,
            node.Slots,
            Queue,
            picture.Run.Priority,
            PipelineText.Kind(node),
            Instant(attempt?.SubmittedAt),
            Pid: null,
            Executor: null,
            NoConfig,
            SlaMiss: null,
            task.Label,
            Empty,
            Trigger: null,
            TriggererJob: null,
            Note: null
        );
    }

    public static TaskInstanceV2 TaskV2Of(RunPicture picture, TaskRun task, Attempt? attempt)
    {
        var node = picture.Pipeline.Tasks.First(each => each.Name == task.Key.Task);
        return new TaskInstanceV2(
            IdOf(picture.Run, task),
            task.Key.Task.Value,
            picture.Run.Pipeline.Value,
            picture.Run.Id.Value,
            task.Key.MapIndex,
            Instant(picture.Run.LogicalDate),
            Instant(picture.Run.CreatedAt),
            Instant(task.StartedAt),
            Instant(task.EndedAt),
            (task.EndedAt - task.StartedAt)?.TotalSeconds,
            State(task.State),
            task.TryNumber,
            node.Retry.Retries,
            task.Key.Task.Value,
            picture.Pipeline.Title ?? picture.Pipeline.Name.Value,
            Environment.MachineName,
            Environment.UserName,
            node.Pool,
            node.Slots,
            Queue,
            picture.Run.Priority,
            PipelineText.Kind(node),
            PipelineText.Kind(node),
            Instant(attempt?.SubmittedAt),
            Instant(task.ReadyAt),
            Pid: null,
            Executor: null,
            NoConfig,
            Note: null,
            task.Label,
            Empty,
            Trigger: null,
            TriggererJob: null,
            DagVersion: null
        );
    }

    /// <summary>Airflow has no word for a task that has not been looked at.</summary>
    public static string? State(TaskState state) =>
        state switch
        {
            TaskState.None => null,
            TaskState.Blocked => Names.Of(TaskState.UpstreamFailed),
            _ => Names.Of(state),
        };

    private static string TypeOf(Run run, string byDatasets) =>
        run.Trigger switch
        {
            RunTrigger.Scheduled => "scheduled",
            RunTrigger.Backfill => "backfill",
            RunTrigger.Dataset => byDatasets,
            _ => "manual",
        };

    private static JsonElement ConfOf(ReadSession session, Run run) =>
        ApprovalDocument.Parse(run.Trigger == RunTrigger.Manual ? session.Conf(run.Number) ?? run.Params : run.Params);

    private static (DateTimeOffset At, Slice Slice)? NextOf(StoredPipeline row, Pipeline pipeline, DateTimeOffset now)
    {
        var schedule = pipeline.ScheduleOf();
        return !row.Paused && schedule.Next(now) is { } tick ? (tick.Utc, pipeline.CalendarOf().Of(schedule.IntervalOf(tick))) : null;
    }

    private static string FileOf(StoredPipeline row, Project project) => Path.Combine(project.Folder, row.SourceFile ?? "");

    // It stands for the file; nothing can be read with it that could not be read without.
    private static string TokenOf(StoredPipeline row) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(row.SourceFile ?? "")));

    /// <summary>The same instance always has the same id.</summary>
    private static string IdOf(Run run, TaskRun task)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{run.Number}/{task.Key}"));
        return new Guid(hash.AsSpan(0, 16)).ToString();
    }
}
