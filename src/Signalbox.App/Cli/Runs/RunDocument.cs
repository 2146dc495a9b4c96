using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>A run, as <c>run --json</c>, <c>rerun --json</c> and <c>runs --json</c> print it.</summary>
/// <param name="Author">Who started it, or its backfill; null for a scheduled run.</param>
/// <param name="TriggeredBy">What started it, in full; in lists of runs what the row of the run says.</param>
/// <param name="Tasks">Null in lists of runs.</param>
/// <param name="Deadlines">Its deadlines, the nearest first; null where they were not asked for.</param>
/// <param name="Expected">When it is expected to be done; null when it has ended, or nobody asked.</param>
/// <param name="Published">What it published, in its order; null in lists of runs.</param>
internal sealed record RunDocument(
    string RunId,
    long Number,
    string Pipeline,
    string Version,
    string LogicalDate,
    string DataIntervalStart,
    string DataIntervalEnd,
    string Partition,
    string Trigger,
    TriggeredByDocument TriggeredBy,
    long? Backfill,
    string? Author,
    string State,
    string? Reason,
    JsonElement Params,
    string CreatedAt,
    string? StartedAt,
    string? EndedAt,
    double? DurationSeconds,
    TaskDocument[]? Tasks,
    PublishedDocument[]? Published = null,
    DeadlineDocument[]? Deadlines = null,
    ExpectedDocument? Expected = null
)
{
    /// <summary>What it was started with, as <c>dag_run.conf</c>: its parameters, and of a backfill the date and the reason. Null in lists of runs.</summary>
    public JsonElement? Conf { get; init; }

    /// <summary>How often it has been run again from its failed tasks by itself (`run_retry`), since it was started or last re-run by hand.</summary>
    public int Retries { get; init; }

    /// <summary>How often it may be; null in lists of runs.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>When it is run again from its failed tasks; null when that is not planned.</summary>
    public string? RetryAt { get; init; }

    /// <summary>A run with all its tasks and attempts, from one state of the store.</summary>
    public static RunDocument Read(ReadSession session, RunNumber number)
    {
        var run = session.LoadRun(number) ?? throw new InvalidOperationException($"Run {number} is gone.");
        var pipeline = session.Definition(run.Run.Pipeline, run.Run.Version)!.Pipeline;
        return Of(
            run.Run,
            TaskDocument.List(pipeline, RunFollower.InOrder(pipeline, run.Tasks), session.Attempts(number), session.CheckResults(number))
        ) with
        {
            MaxRetries = pipeline.RunRetry.Retries,
            TriggeredBy = TriggeredByDocument.Read(session, run.Run),
            Published = PublishedDocument.Read(session, number),
            Conf = ConfOf(session, run.Run, pipeline),
        };
    }

    private static JsonElement ConfOf(ReadSession session, Run run, Pipeline pipeline)
    {
        var parameters = Value.FromJson(run.Params) is { Succeeded: true, Value: Value.Map map } ? map : Value.Map.Empty;
        using var conf = JsonDocument.Parse(RunConf.Of(session, run, pipeline, parameters).ToJson());
        return conf.RootElement.Clone();
    }

    public static RunDocument Of(Run run, TaskDocument[]? tasks)
    {
        using var parameters = JsonDocument.Parse(run.Params);
        return new RunDocument(
            run.Id.Value,
            run.Number.Value,
            run.Pipeline.Value,
            run.Version.Value,
            InstantText.Utc(run.LogicalDate),
            InstantText.Utc(run.IntervalStart),
            InstantText.Utc(run.IntervalEnd),
            run.Partition,
            Names.Of(run.Trigger),
            TriggeredByDocument.Of(run),
            run.Backfill,
            run.Author,
            Names.Of(run.State),
            run.Reason,
            parameters.RootElement.Clone(),
            InstantText.Fine(run.CreatedAt),
            InstantText.Fine(run.StartedAt),
            InstantText.Fine(run.EndedAt),
            run.EndedAt - run.StartedAt is { } span ? span.TotalSeconds : null,
            tasks
        )
        {
            Retries = run.Retries,
            RetryAt = InstantText.Fine(run.RetryAt),
        };
    }
}

/// <summary>A task of a run, or one instance of a mapped task (a mapped task itself is listed only when it has no instances).</summary>
/// <param name="MapIndex">-1 for what is not an instance, as in Airflow.</param>
internal sealed record TaskDocument(
    string Task,
    int MapIndex,
    string? Label,
    string State,
    string? Reason,
    string? StartedAt,
    string? EndedAt,
    AttemptDocument[] Attempts,
    CheckDocument[] Checks
)
{
    /// <summary>When it is tried or looked at next; null when nothing is planned.</summary>
    public string? DueAt { get; init; }

    /// <summary>How many attempts it may have each time it is run: its retries and one; null for a task that waits.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How often a task that waits was looked at; null for other tasks.</summary>
    public int? Polls { get; init; }

    /// <summary>How many of these looks failed themselves.</summary>
    public int? FailedPolls { get; init; }

    public static TaskDocument[] List(
        Pipeline pipeline,
        IEnumerable<TaskRun> tasks,
        IEnumerable<Attempt> attempts,
        IEnumerable<StoredCheck> checks
    )
    {
        var nodes = pipeline.Tasks.ToDictionary(node => node.Name);
        var byTask = attempts.ToLookup(attempt => attempt.Key);
        var checksByTask = checks.ToLookup(check => check.Task);
        return
        [
            .. tasks
                .Where(task => task.MapCount is null or 0)
                .Select(task => Of(nodes[task.Key.Task], task, byTask[task.Key], checksByTask[task.Key])),
        ];
    }

    public static TaskDocument Of(TaskNode node, TaskRun task, IEnumerable<Attempt> attempts, IEnumerable<StoredCheck> checks) =>
        new(
            task.Key.Task.Value,
            task.Key.MapIndex,
            task.Label,
            Names.Of(task.State),
            task.Reason,
            InstantText.Fine(task.StartedAt),
            InstantText.Fine(task.EndedAt),
            [.. attempts.OrderBy(attempt => attempt.Number).Select(AttemptDocument.Of)],
            [.. checks.Select(CheckDocument.Of)]
        )
        {
            // While a command runs it is when its silence is judged, and nothing is planned.
            DueAt = task.State == TaskState.Running ? null : InstantText.Fine(task.DueAt),
            MaxAttempts = node.Kind.Waits ? null : node.Retry.MaxAttempts,
            Polls = task.Polls > 0 || task.State == TaskState.UpForReschedule ? task.Polls : null,
            FailedPolls = task.Polls > 0 || task.State == TaskState.UpForReschedule ? task.FailedPolls : null,
        };
}

/// <summary>One try of a task.</summary>
internal sealed record AttemptDocument(
    int Number,
    string State,
    int? ExitCode,
    string? StartedAt,
    string? EndedAt,
    double? NextDelaySeconds,
    double? CpuSeconds,
    long? PeakMemoryBytes,
    string[]? Gpus,
    FailureDocument? Failure
)
{
    public static AttemptDocument Of(Attempt attempt) =>
        new(
            attempt.Number,
            Names.Of(attempt.State),
            attempt.ExitCode,
            InstantText.Fine(attempt.StartedAt),
            InstantText.Fine(attempt.EndedAt),
            attempt.NextDelay?.TotalSeconds,
            attempt.Process?.Cpu?.TotalSeconds,
            attempt.Process?.PeakMemory,
            attempt.Gpus?.Split(','),
            FailureDocument.Of(attempt.Failure)
        );
}

/// <summary>Why a try failed.</summary>
internal sealed record FailureDocument(string Class, string Message, string? Rule)
{
    public static FailureDocument? Of(Failure? failure) =>
        failure is null ? null : new FailureDocument(Names.Of(failure.Class), failure.Message, failure.Rule);
}
