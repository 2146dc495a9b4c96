using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>A run with all its tasks, as the store holds them.</summary>
/// <param name="Fence">Who may change it; null when nobody has claimed it.</param>
public sealed record StoredRun(Run Run, ImmutableArray<TaskRun> Tasks, Fence? Fence);

/// <summary>Which runs are wanted; what is null does not matter.</summary>
/// <param name="Before">Only runs with a smaller number: the last one of the page before.</param>
/// <param name="Limit">At most so many, the newest first.</param>
public sealed record RunFilter(
    PipelineName? Pipeline = null,
    RunState? State = null,
    RunTrigger? Trigger = null,
    long? Backfill = null,
    RunNumber? Before = null,
    int Limit = 100
);

public partial class ReadSession
{
    private const string RunColumns = """
        number, run_id, pipeline, version, logical_ms, interval_start_ms, interval_end_ms, partition_key, started_by, state, priority, params,
        backfill, namespace, only_tasks, author, reason, created_ms, started_ms, ended_ms, deadline_ms, retries, retry_ms, ending, revision, owner, epoch
        """;
    private static readonly Sql RunNumbered = new($"select {RunColumns} from runs where number = @number");
    private static readonly Sql RunNamed = new($"select {RunColumns} from runs where pipeline = @pipeline and run_id = @run_id");
    private static readonly Sql NumbersActive = new("select number from runs where ended_ms is null order by number");
    private static readonly Sql NumbersHolding = new(
        """
        select number from runs
        where ended_ms is null and exists (select 1 from tasks where run_number = number and state in ('queued', 'running'))
        order by number
        """
    );
    private static readonly Sql RunsActive = new($"select {RunColumns} from runs where ended_ms is null order by number");
    private static readonly Sql RunsWhere = new(
        $"""
        select {RunColumns} from runs
        where number < @before and (@pipeline is null or pipeline = @pipeline) and (@state is null or state = @state)
            and (@started_by is null or started_by = @started_by) and (@backfill is null or backfill = @backfill)
        order by number desc limit @limit
        """
    );
    private static readonly Sql RunsOfPipelineWhere = new(
        $"""
        select {RunColumns} from runs
        where pipeline = @pipeline and number < @before and (@state is null or state = @state)
            and (@started_by is null or started_by = @started_by) and (@backfill is null or backfill = @backfill)
        order by number desc limit @limit
        """
    );
    private static readonly Sql ActiveCount = new(
        "select count(*) from runs where ended_ms is null and pipeline = @pipeline and state = 'running'"
    );

    /// <summary>A run without its tasks; null when there is none.</summary>
    public Run? Run(RunNumber number)
    {
        using var row = Use(RunNumbered).Set("@number", number.Value);
        return row.Read() ? RunOf(row, out _) : null;
    }

    /// <summary>The run that people call so; null when there is none.</summary>
    public Run? Run(PipelineName pipeline, RunId id)
    {
        using var row = Use(RunNamed).Set("@pipeline", pipeline.Value).Set("@run_id", id.Value);
        return row.Read() ? RunOf(row, out _) : null;
    }

    /// <summary>A run with all its tasks; null when there is none.</summary>
    public StoredRun? LoadRun(RunNumber number)
    {
        Run run;
        Fence? fence;
        using (var row = Use(RunNumbered).Set("@number", number.Value))
        {
            if (!row.Read())
            {
                return null;
            }

            run = RunOf(row, out fence);
        }

        return new(run, Tasks(number), fence);
    }

    /// <summary>The runs that have not ended, oldest first.</summary>
    public IReadOnlyList<Run> ActiveRuns() => RunsOf(Use(RunsActive));

    /// <summary>Their numbers alone.</summary>
    public IReadOnlyList<RunNumber> ActiveRunNumbers() => Use(NumbersActive).All(row => new RunNumber(row.Long()));

    /// <summary>The numbers of those of which a task holds slots.</summary>
    public IReadOnlyList<RunNumber> RunNumbersHoldingSlots() => Use(NumbersHolding).All(row => new RunNumber(row.Long()));

    /// <summary>How many runs of a pipeline are running: what its limit counts.</summary>
    public int RunningRuns(PipelineName pipeline) => (int)(Use(ActiveCount).Set("@pipeline", pipeline.Value).Scalar() ?? 0);

    /// <summary>Runs, newest first.</summary>
    public IReadOnlyList<Run> Runs(RunFilter filter)
    {
        var query = filter.Pipeline is null ? Use(RunsWhere) : Use(RunsOfPipelineWhere);
        return RunsOf(
            query
                .Set("@pipeline", filter.Pipeline?.Value)
                .Set("@before", filter.Before?.Value ?? long.MaxValue)
                .Set("@state", filter.State is { } state ? Names.Of(state) : null)
                .Set("@started_by", filter.Trigger is { } trigger ? Names.Of(trigger) : null)
                .Set("@backfill", filter.Backfill)
                .Set("@limit", filter.Limit)
        );
    }

    private protected static List<Run> RunsOf(Statement query)
    {
        var found = new List<Run>();
        using (query)
        {
            while (query.Read())
            {
                found.Add(RunOf(query, out _));
            }
        }

        return found;
    }

    private static Run RunOf(Statement row, out Fence? fence)
    {
        var run = new Run
        {
            Number = new(row.Long()),
            Id = new(row.Text()),
            Pipeline = new(row.Text()),
            Version = new(row.Text()),
            LogicalDate = row.Time(),
            IntervalStart = row.Time(),
            IntervalEnd = row.Time(),
            Partition = row.Text(),
            Trigger = row.Word(Names.RunTriggerOf),
            State = row.Word(Names.RunStateOf),
            Priority = row.Int(),
            Params = row.Text(),
            Backfill = row.LongOrNull(),
            Namespace = row.TextOrNull() is { } space ? new RunNamespace(space) : null,
            OnlyTasks = TaskNames(row.Text()),
            Author = row.TextOrNull(),
            Reason = row.TextOrNull(),
            CreatedAt = row.Time(),
            StartedAt = row.TimeOrNull(),
            EndedAt = row.TimeOrNull(),
            Deadline = row.TimeOrNull(),
            Retries = row.Int(),
            RetryAt = row.TimeOrNull(),
            Ending = row.WordOrNull(Names.RunStateOf),
            Revision = row.Long(),
        };
        var owner = row.TextOrNull();
        var epoch = row.Long();
        fence = owner is null ? null : new Fence(Guid.Parse(owner), epoch);
        return run;
    }

    // Names have no commas.
    private static ImmutableArray<TaskName> TaskNames(string text) =>
        text.Length == 0 ? [] : [.. text.Split(',').Select(name => new TaskName(name))];
}
