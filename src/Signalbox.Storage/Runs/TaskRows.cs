using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private const string TaskColumns = """
        task, map_index, state, token, try_number, tries_before, lost_count, reason, due_ms, deadline_ms, ready_ms, started_ms, ended_ms, polls,
        failed_polls, map_count, item, label, result, attempt, stopping, marked_as, failure_class, failure_message, failure_rule, failure_retry_after_ms, failure_check, revision
        """;
    private static readonly Sql TasksOfRun = new($"select {TaskColumns} from tasks where run_number = @run");
    private static readonly Sql TasksOfRunPlain = new($"select {TaskColumns} from tasks where run_number = @run and map_index = -1");
    private static readonly Sql TaskOfRun = new(
        $"select {TaskColumns} from tasks where run_number = @run and task = @task and map_index = @map_index"
    );

    /// <summary>All tasks of a run; by name and map index.</summary>
    public ImmutableArray<TaskRun> Tasks(RunNumber run)
    {
        var found = ImmutableArray.CreateBuilder<TaskRun>();
        using var row = Use(TasksOfRun).Set("@run", run.Value);
        while (row.Read())
        {
            found.Add(TaskOf(row));
        }

        return found.DrainToImmutable();
    }

    /// <summary>The tasks of a run without the instances of mapped ones, which may be many.</summary>
    public ImmutableArray<TaskRun> TasksWithoutInstances(RunNumber run) => [.. Use(TasksOfRunPlain).Set(run).All(TaskOf)];

    public TaskRun? Task(RunNumber run, TaskKey key)
    {
        using var row = Use(TaskOfRun).Set("@run", run.Value).Set("@task", key.Task.Value).Set("@map_index", key.MapIndex);
        return row.Read() ? TaskOf(row) : null;
    }

    private static TaskRun TaskOf(Statement row) =>
        new()
        {
            Key = new(new(row.Text()), row.Int()),
            State = row.Word(Names.TaskStateOf),
            Token = row.Long(),
            TryNumber = row.Int(),
            TriesBefore = row.Int(),
            LostCount = row.Int(),
            Reason = row.TextOrNull(),
            DueAt = row.TimeOrNull(),
            Deadline = row.TimeOrNull(),
            ReadyAt = row.TimeOrNull(),
            StartedAt = row.TimeOrNull(),
            EndedAt = row.TimeOrNull(),
            Polls = row.Int(),
            FailedPolls = row.Int(),
            MapCount = row.IntOrNull(),
            Item = row.TextOrNull(),
            Label = row.TextOrNull(),
            Result = row.TextOrNull(),
            Attempt = row.WordOrNull(Names.AttemptStateOf),
            Stopping = row.WordOrNull(Names.StopReasonOf),
            MarkedAs = row.WordOrNull(Names.TaskStateOf),
            Failure = FailureOf(row),
            Revision = row.Long(),
        };

    private static Failure? FailureOf(Statement row)
    {
        var kind = row.WordOrNull(Names.FailureClassOf);
        var message = row.TextOrNull();
        var rule = row.TextOrNull();
        var after = row.SpanOrNull();
        var check = row.Bool();
        return kind is { } known ? new Failure(known, message ?? "", rule, after, check) : null;
    }
}

public sealed partial class WriteSession
{
    private static readonly Sql AddTask = new(
        """
        insert into tasks (run_number, task, map_index, state, token, try_number, tries_before, lost_count, reason, due_ms, deadline_ms, ready_ms,
            started_ms, ended_ms, polls, failed_polls, map_count, item, label, result, attempt, stopping, marked_as, failure_class, failure_message, failure_rule,
            failure_retry_after_ms, failure_check, revision)
        values (@run, @task, @map_index, @state, @token, @try_number, @tries_before, @lost_count, @reason, @due_ms, @deadline_ms, @ready_ms,
            @started_ms, @ended_ms, @polls, @failed_polls, @map_count, @item, @label, @result, @attempt, @stopping, @marked_as, @failure_class, @failure_message,
            @failure_rule, @failure_retry_after_ms, @failure_check, @revision)
        on conflict do nothing
        """
    );
    private static readonly Sql ChangeTask = new(
        """
        update tasks set state = @state, token = @token, try_number = @try_number, tries_before = @tries_before, lost_count = @lost_count,
            reason = @reason, due_ms = @due_ms, deadline_ms = @deadline_ms, ready_ms = @ready_ms, started_ms = @started_ms,
            ended_ms = @ended_ms, polls = @polls, failed_polls = @failed_polls, map_count = @map_count, item = @item, label = @label, result = @result,
            attempt = @attempt, stopping = @stopping, marked_as = @marked_as, failure_class = @failure_class, failure_message = @failure_message,
            failure_rule = @failure_rule, failure_retry_after_ms = @failure_retry_after_ms, failure_check = @failure_check, revision = @revision
        where run_number = @run and task = @task and map_index = @map_index and revision = @revision - 1
        """
    );
    private static readonly Sql HoldToken = new(
        """
        select 1 from tasks where run_number = @run and task = @task and map_index = @map_index and token = @token {for share}
        """
    );

    /// <summary>Makes sure that an attempt is the current one of its task until the commit, for what it leaves behind.</summary>
    /// <exception cref="StoreConflict">The attempt is stale: it was disowned, or another has begun.</exception>
    public void HoldAttempt(RunNumber run, TaskKey key, long token) =>
        Use(HoldToken)
            .Set("@run", run.Value)
            .Set("@task", key.Task.Value)
            .Set("@map_index", key.MapIndex)
            .Set("@token", token)
            .Post(() => new StoreConflict($"run {run}, task {key}: the attempt with token {token} is stale"));

    private void InsertTask(RunNumber run, TaskRun task) =>
        Bind(Use(AddTask).Set("@run", run.Value).Set("@task", task.Key.Task.Value).Set("@map_index", task.Key.MapIndex), task)
            .Post(() => new StoreConflict($"run {run} has a task {task.Key} already"));

    private void Write(RunNumber run, TaskRun task) =>
        Bind(Use(ChangeTask), task)
            .Set("@run", run.Value)
            .Set("@task", task.Key.Task.Value)
            .Set("@map_index", task.Key.MapIndex)
            .Post(() => new StoreConflict($"run {run}, task {task.Key}: revision {task.Revision - 1} is stale"));

    private static Statement Bind(Statement statement, TaskRun task)
    {
        statement
            .Set("@state", Names.Of(task.State))
            .Set("@token", task.Token)
            .Set("@try_number", task.TryNumber)
            .Set("@tries_before", task.TriesBefore)
            .Set("@lost_count", task.LostCount)
            .Set("@reason", task.Reason)
            .Set("@due_ms", task.DueAt)
            .Set("@deadline_ms", task.Deadline)
            .Set("@ready_ms", task.ReadyAt)
            .Set("@started_ms", task.StartedAt)
            .Set("@ended_ms", task.EndedAt)
            .Set("@polls", task.Polls)
            .Set("@failed_polls", task.FailedPolls)
            .Set("@map_count", task.MapCount)
            .Set("@item", task.Item)
            .Set("@label", task.Label)
            .Set("@result", task.Result)
            .Set("@attempt", task.Attempt is { } attempt ? Names.Of(attempt) : null)
            .Set("@stopping", task.Stopping is { } why ? Names.Of(why) : null)
            .Set("@marked_as", task.MarkedAs is { } marked ? Names.Of(marked) : null);
        return Bind(statement, task.Failure).Set("@revision", task.Revision);
    }

    private static Statement Bind(Statement statement, Failure? failure) =>
        statement
            .Set("@failure_class", failure is null ? null : Names.Of(failure.Class))
            .Set("@failure_message", failure?.Message)
            .Set("@failure_rule", failure?.Rule)
            .Set("@failure_retry_after_ms", failure?.RetryAfter)
            .Set("@failure_check", failure?.CheckFailed ?? false);
}
