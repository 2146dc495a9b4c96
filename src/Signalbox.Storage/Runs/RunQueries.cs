using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>A run of another pipeline that a task waits for.</summary>
/// <param name="Task">State of the task asked for; null when none was asked for, or the run has no such task.</param>
public sealed record MatchingRun(
    RunNumber Number,
    DateTimeOffset LogicalDate,
    DateTimeOffset IntervalStart,
    DateTimeOffset IntervalEnd,
    RunState State,
    TaskState? Task
);

/// <summary>How long a task took in one run.</summary>
public sealed record TaskDuration(RunNumber Run, DateTimeOffset StartedAt, TimeSpan Duration);

public partial class ReadSession
{
    // A run in a namespace is nobody's run of that date unless somebody asks for that namespace.
    private const string MatchColumns = """
        r.number, r.logical_ms, r.interval_start_ms, r.interval_end_ms, r.state, t.state from runs r
        left join tasks t on t.run_number = r.number and t.task = @task and t.map_index = -1
        """;
    private static readonly Sql MatchingInterval = new(
        $"""
        select {MatchColumns}
        where r.pipeline = @pipeline and coalesce(r.namespace, '') = @namespace and ((r.interval_start_ms <= @from_ms and r.interval_end_ms >= @to_ms)
            or (r.interval_start_ms >= @from_ms and r.interval_end_ms <= @to_ms))
        order by r.interval_start_ms, r.number
        """
    );
    private static readonly Sql MatchingDate = new(
        $"""
        select {MatchColumns}
        where r.pipeline = @pipeline and coalesce(r.namespace, '') = @namespace and r.logical_ms = @logical_ms order by r.number
        """
    );
    private static readonly Sql RunsBetween = new(
        $"""
        select {RunColumns} from runs
        where pipeline = @pipeline and coalesce(namespace, '') = @namespace and logical_ms >= @from_ms and logical_ms < @to_ms
        order by number
        """
    );
    private static readonly Sql RunLatestSuccess = new(
        $"""
        select {RunColumns} from runs where pipeline = @pipeline and namespace is null and state = 'success'
        order by logical_ms desc, number desc limit 1
        """
    );
    private static readonly Sql DurationsOf = new(
        """
        select r.number, t.started_ms, t.ended_ms from tasks t join runs r on r.number = t.run_number
        where r.pipeline = @pipeline and r.namespace is null and t.task = @task and t.map_index = @map_index and t.state = 'success' and t.marked_as is null
            and t.started_ms is not null
        order by r.number desc limit @limit
        """
    );

    /// <summary>
    /// The runs of a pipeline whose data interval contains the one given, or is contained in it; by interval, then by number. An empty
    /// interval counts as contained in every one that touches it.
    /// </summary>
    /// <param name="task">The task whose state is wanted.</param>
    /// <param name="space">Those in this namespace; null for the live ones.</param>
    public IReadOnlyList<MatchingRun> RunsMatching(
        PipelineName pipeline,
        TaskName? task,
        DateTimeOffset from,
        DateTimeOffset to,
        RunNamespace? space = null
    ) =>
        Use(MatchingInterval)
            .Set("@task", task?.Value)
            .Set("@pipeline", pipeline.Value)
            .Set("@namespace", space?.Value ?? "")
            .Set("@from_ms", from)
            .Set("@to_ms", to)
            .All(MatchOf);

    /// <summary>The runs of a pipeline with exactly this logical date, by number.</summary>
    /// <param name="space">Those in this namespace; null for the live ones.</param>
    public IReadOnlyList<MatchingRun> RunsMatching(
        PipelineName pipeline,
        TaskName? task,
        DateTimeOffset logicalDate,
        RunNamespace? space = null
    ) =>
        Use(MatchingDate)
            .Set("@task", task?.Value)
            .Set("@pipeline", pipeline.Value)
            .Set("@namespace", space?.Value ?? "")
            .Set("@logical_ms", logicalDate)
            .All(MatchOf);

    /// <summary>The runs of a pipeline with a logical date from one instant up to, not including, another; by number.</summary>
    /// <param name="space">Those in this namespace; null for the live ones.</param>
    public IReadOnlyList<Run> RunsOf(PipelineName pipeline, DateTimeOffset from, DateTimeOffset to, RunNamespace? space = null) =>
        RunsOf(
            Use(RunsBetween).Set("@pipeline", pipeline.Value).Set("@namespace", space?.Value ?? "").Set("@from_ms", from).Set("@to_ms", to)
        );

    /// <summary>The successful run with the latest logical date; null when there is none.</summary>
    public Run? LatestSuccess(PipelineName pipeline) =>
        Use(RunLatestSuccess).Set("@pipeline", pipeline.Value).First(row => RunOf(row, out _));

    /// <summary>How long a task took when it succeeded, the newest first: its history tells when it will be done.</summary>
    public IReadOnlyList<TaskDuration> TaskDurations(PipelineName pipeline, TaskKey task, int limit) =>
        Use(DurationsOf)
            .Set("@pipeline", pipeline.Value)
            .Set(task)
            .Set("@limit", limit)
            .All(row =>
            {
                var (run, started) = (new RunNumber(row.Long()), row.Time());
                return new TaskDuration(run, started, row.Time() - started);
            });

    private static MatchingRun MatchOf(Statement row) =>
        new(new(row.Long()), row.Time(), row.Time(), row.Time(), row.Word(Names.RunStateOf), row.WordOrNull(Names.TaskStateOf));
}
