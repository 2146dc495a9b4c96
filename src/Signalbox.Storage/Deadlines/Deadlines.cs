using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Core.Sla;

namespace Signalbox.Storage;

/// <summary>A deadline of a run, or of a tick that became no run.</summary>
/// <param name="Run">Null: no run was made for the tick.</param>
/// <param name="Task">The task that must have succeeded; null for the whole run.</param>
/// <param name="Ordinal">Position among the deadlines of the run, or of the task.</param>
/// <param name="Rule">The rule in words.</param>
/// <param name="BaseAt">When the run was due: from when the deadline is counted.</param>
/// <param name="JudgedAt">Not null exactly when <see cref="State"/> is an end.</param>
/// <param name="ExpectedAt">Of a missed one: when it was expected to be done after all, at the time of the miss; null when nobody could say.</param>
/// <param name="Reason">Of a missed one: how things stood then, a sentence.</param>
public sealed record StoredDeadline(
    long Id,
    PipelineName Pipeline,
    RunNumber? Run,
    TaskName? Task,
    int Ordinal,
    string Rule,
    DateTimeOffset BaseAt,
    DateTimeOffset DueAt,
    DeadlineState State,
    DateTimeOffset? JudgedAt,
    DateTimeOffset? ExpectedAt,
    string? Reason
);

/// <summary>A deadline with how its run, or its task, stands now.</summary>
/// <param name="RunState">Null: there is no run.</param>
/// <param name="RunEndedAt">When the run ended.</param>
/// <param name="TaskState">Null: the deadline is of the run, or there is no run.</param>
/// <param name="TaskEndedAt">When the task ended.</param>
/// <param name="Skipped">Why there is no run; null when there is one.</param>
public sealed record DeadlineStanding(
    StoredDeadline Deadline,
    RunState? RunState,
    DateTimeOffset? RunEndedAt,
    TaskState? TaskState,
    DateTimeOffset? TaskEndedAt,
    string? Skipped
);

public partial class ReadSession
{
    private const string DeadlineColumns = """
        d.id, d.pipeline, d.run_number, d.task, d.ordinal, d.rule, d.base_ms, d.due_ms, d.state, d.judged_ms, d.expected_ms, d.reason
        """;
    private const string StandingOfDeadline = $"""
        select {DeadlineColumns}, r.state, r.ended_ms, t.state, t.ended_ms,
            case when d.run_number is null then (
                select min(k.skipped) from ticks k where k.pipeline = d.pipeline and k.at_ms = d.base_ms and k.run_number is null
            ) end
        from deadlines d
        left join runs r on r.number = d.run_number
        left join tasks t on t.run_number = d.run_number and t.task = d.task and t.map_index = -1
        """;
    private static readonly Sql DeadlinesOpen = new($"{StandingOfDeadline} where d.state = 'open' order by d.due_ms, d.id");
    private static readonly Sql DeadlinesOfRun = new(
        $"select {DeadlineColumns} from deadlines d where d.run_number = @run order by d.due_ms, d.id"
    );
    private static readonly Sql DeadlinesOfRuns = new(
        $"select {DeadlineColumns} from deadlines d where d.run_number between @first and @last order by d.run_number, d.due_ms, d.id"
    );
    private static readonly Sql DeadlinesSince = new($"{StandingOfDeadline} where d.base_ms >= @from_ms order by d.base_ms, d.id");
    private static readonly Sql DeadlinesOfPipelineSince = new(
        $"{StandingOfDeadline} where d.pipeline = @pipeline and d.base_ms >= @from_ms order by d.base_ms, d.id"
    );

    /// <summary>The deadlines that are not judged, the nearest first, with how their runs and tasks stand.</summary>
    public IReadOnlyList<DeadlineStanding> OpenDeadlines() => Use(DeadlinesOpen).All(StandingOf);

    /// <summary>The deadlines of a run, the nearest first.</summary>
    public IReadOnlyList<StoredDeadline> DeadlinesOf(RunNumber run) => Use(DeadlinesOfRun).Set(run).All(DeadlineOf);

    /// <summary>The deadlines of the runs with numbers from one to another, both included.</summary>
    public IReadOnlyList<StoredDeadline> DeadlinesBetween(RunNumber first, RunNumber last) =>
        Use(DeadlinesOfRuns).Set("@first", first.Value).Set("@last", last.Value).All(DeadlineOf);

    /// <summary>The deadlines of what was due since an instant, the earliest due first.</summary>
    /// <param name="pipeline">Null: of all pipelines.</param>
    public IReadOnlyList<DeadlineStanding> DeadlineHistory(PipelineName? pipeline, DateTimeOffset from) =>
        (pipeline is { } name ? Use(DeadlinesOfPipelineSince).Set("@pipeline", name.Value) : Use(DeadlinesSince))
            .Set("@from_ms", from)
            .All(StandingOf);

    private static StoredDeadline DeadlineOf(Statement row) =>
        new(
            row.Long(),
            new(row.Text()),
            row.LongOrNull() is { } run ? new RunNumber(run) : null,
            row.Text() is { Length: > 0 } task ? new TaskName(task) : null,
            row.Int(),
            row.Text(),
            row.Time(),
            row.Time(),
            row.Word(Names.DeadlineStateOf),
            row.TimeOrNull(),
            row.TimeOrNull(),
            row.TextOrNull()
        );

    private static DeadlineStanding StandingOf(Statement row) =>
        new(
            DeadlineOf(row),
            row.WordOrNull(Names.RunStateOf),
            row.TimeOrNull(),
            row.WordOrNull(Names.TaskStateOf),
            row.TimeOrNull(),
            row.TextOrNull()
        );
}

public sealed partial class WriteSession
{
    private static readonly Sql AddDeadlineRow = new(
        """
        insert into deadlines (pipeline, run_number, task, ordinal, rule, base_ms, due_ms, state)
        values (@pipeline, @run, @task, @ordinal, @rule, @base_ms, @due_ms, 'open')
        on conflict do nothing
        """
    );
    private static readonly Sql JudgeDeadline = new(
        """
        update deadlines set state = @state, judged_ms = @judged_ms, expected_ms = @expected_ms, reason = @reason
        where id = @id and state = 'open'
        """
    );

    /// <summary>Writes the deadlines of a tick, in the transaction that decides it.</summary>
    /// <param name="run">The run that was made for it; null when the tick was skipped.</param>
    /// <param name="due">The tick, or when whatever else started the run came.</param>
    public void AddDeadlines(PipelineName pipeline, RunNumber? run, DateTimeOffset due, IEnumerable<Deadline> deadlines)
    {
        foreach (var deadline in deadlines)
        {
            Use(AddDeadlineRow)
                .Set("@pipeline", pipeline.Value)
                .Set("@run", run?.Value)
                .Set("@task", deadline.Task?.Value ?? "")
                .Set("@ordinal", deadline.Ordinal)
                .Set("@rule", deadline.Rule)
                .Set("@base_ms", due)
                .Set("@due_ms", deadline.DueAt)
                .Execute();
        }
    }

    /// <summary>Judges an open deadline as met. False: it has been judged before.</summary>
    public bool DeadlineMet(long id, DateTimeOffset at) => Judge(id, DeadlineState.Met, at, expected: null, reason: null);

    /// <summary>Judges an open deadline as missed. False: it has been judged before.</summary>
    /// <param name="expected">When it is expected to be done after all; null when nobody can say.</param>
    /// <param name="reason">How things stand, a sentence.</param>
    public bool DeadlineMissed(long id, DateTimeOffset at, DateTimeOffset? expected, string reason) =>
        Judge(id, DeadlineState.Missed, at, expected, reason);

    private bool Judge(long id, DeadlineState state, DateTimeOffset at, DateTimeOffset? expected, string? reason) =>
        Use(JudgeDeadline)
            .Set("@state", Names.Of(state))
            .Set("@judged_ms", at)
            .Set("@expected_ms", expected)
            .Set("@reason", reason)
            .Set("@id", id)
            .Execute() == 1;
}
