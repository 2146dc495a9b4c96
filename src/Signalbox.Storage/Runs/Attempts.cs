using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private const string AttemptColumns = """
        task, map_index, number, token, state, submitted_ms, started_ms, ended_ms, exit_code, failure_class, failure_message, failure_rule,
        failure_retry_after_ms, failure_check, process_id, process_identity, cpu_ms, peak_memory, next_delay_ms, gpus
        """;
    private static readonly Sql AttemptsOfRun = new(
        $"select {AttemptColumns} from attempts where run_number = @run order by task, map_index, number"
    );
    private static readonly Sql AttemptsOfTask = new(
        $"select {AttemptColumns} from attempts where run_number = @run and task = @task and map_index = @map_index order by number"
    );

    private static readonly Sql LostAttempts = new(
        $"select {AttemptColumns}, run_number from attempts where state = 'lost' and ended_ms > @since_ms order by ended_ms"
    );

    /// <summary>The attempts that were declared lost after an instant, with their runs.</summary>
    public IReadOnlyList<(RunNumber Run, Attempt Attempt)> AttemptsLostSince(DateTimeOffset since) =>
        Use(LostAttempts)
            .Set("@since_ms", since)
            .All(row => (AttemptOf(row), new RunNumber(row.Long())))
            .ConvertAll(each => (each.Item2, each.Item1));

    /// <summary>All attempts of a run, by task and number.</summary>
    public IReadOnlyList<Attempt> Attempts(RunNumber run) => AttemptsOf(Use(AttemptsOfRun).Set("@run", run.Value));

    /// <summary>The attempts of one task, by number.</summary>
    public IReadOnlyList<Attempt> Attempts(RunNumber run, TaskKey key) =>
        AttemptsOf(Use(AttemptsOfTask).Set("@run", run.Value).Set("@task", key.Task.Value).Set("@map_index", key.MapIndex));

    private static List<Attempt> AttemptsOf(Statement query)
    {
        var found = new List<Attempt>();
        using (query)
        {
            while (query.Read())
            {
                found.Add(AttemptOf(query));
            }
        }

        return found;
    }

    private static Attempt AttemptOf(Statement query) =>
        new()
        {
            Key = new(new(query.Text()), query.Int()),
            Number = query.Int(),
            Token = query.Long(),
            State = query.Word(Names.AttemptStateOf),
            SubmittedAt = query.Time(),
            StartedAt = query.TimeOrNull(),
            EndedAt = query.TimeOrNull(),
            ExitCode = query.IntOrNull(),
            Failure = FailureOf(query),
            Process = ProcessOf(query),
            NextDelay = query.SpanOrNull(),
            Gpus = query.TextOrNull(),
        };

    private static ProcessFacts? ProcessOf(Statement row)
    {
        var facts = new ProcessFacts(row.TextOrNull(), row.TextOrNull(), row.SpanOrNull(), row.LongOrNull());
        return facts == new ProcessFacts(null) ? null : facts;
    }
}

public sealed partial class WriteSession
{
    private static readonly Sql AddAttempt = new(
        """
        insert into attempts (run_number, task, map_index, number, token, state, submitted_ms, started_ms, ended_ms, exit_code, failure_class,
            failure_message, failure_rule, failure_retry_after_ms, failure_check, process_id, process_identity, cpu_ms, peak_memory, next_delay_ms, gpus)
        values (@run, @task, @map_index, @number, @token, @state, @submitted_ms, @started_ms, @ended_ms, @exit_code, @failure_class,
            @failure_message, @failure_rule, @failure_retry_after_ms, @failure_check, @process_id, @process_identity, @cpu_ms, @peak_memory, @next_delay_ms, @gpus)
        on conflict (run_number, task, map_index, number) do update set state = excluded.state, started_ms = excluded.started_ms,
            ended_ms = excluded.ended_ms, exit_code = excluded.exit_code, failure_class = excluded.failure_class,
            failure_message = excluded.failure_message, failure_rule = excluded.failure_rule,
            failure_retry_after_ms = excluded.failure_retry_after_ms, failure_check = excluded.failure_check, process_id = excluded.process_id,
            process_identity = excluded.process_identity, cpu_ms = excluded.cpu_ms, peak_memory = excluded.peak_memory,
            next_delay_ms = excluded.next_delay_ms
        where attempts.token = excluded.token and attempts.ended_ms is null
        """
    );

    // An attempt that has ended stays as it ended: a late verdict changes nothing.
    private void Write(RunNumber run, Attempt attempt)
    {
        var statement = Use(AddAttempt)
            .Set("@run", run.Value)
            .Set("@task", attempt.Key.Task.Value)
            .Set("@map_index", attempt.Key.MapIndex)
            .Set("@number", attempt.Number)
            .Set("@token", attempt.Token)
            .Set("@state", Names.Of(attempt.State))
            .Set("@submitted_ms", attempt.SubmittedAt)
            .Set("@started_ms", attempt.StartedAt)
            .Set("@ended_ms", attempt.EndedAt)
            .Set("@exit_code", attempt.ExitCode);
        Bind(statement, attempt.Failure)
            .Set("@process_id", attempt.Process?.Id)
            .Set("@process_identity", attempt.Process?.Identity)
            .Set("@cpu_ms", attempt.Process?.Cpu)
            .Set("@peak_memory", attempt.Process?.PeakMemory)
            .Set("@next_delay_ms", attempt.NextDelay)
            .Set("@gpus", attempt.Gpus)
            .Post(() =>
                new StoreConflict(
                    $"run {run}, task {attempt.Key}: attempt {attempt.Number} with token {attempt.Token} is stale, or has ended already"
                )
            );
    }
}
