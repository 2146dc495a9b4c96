using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public sealed partial class WriteSession
{
    private static readonly Sql NextRun = new("update counters set value = value + 1 where name = 'run' returning value");
    private static readonly Sql AddRun = new(
        """
        insert into runs (number, run_id, pipeline, version, logical_ms, interval_start_ms, interval_end_ms, partition_key, started_by,
            state, priority, params, backfill, namespace, only_tasks, author, reason, created_ms, started_ms, ended_ms, deadline_ms, retries,
            retry_ms, ending, revision, owner, epoch)
        values (@number, @run_id, @pipeline, @version, @logical_ms, @interval_start_ms, @interval_end_ms, @partition_key, @started_by,
            @state, @priority, @params, @backfill, @namespace, @only_tasks, @author, @reason, @created_ms, @started_ms, @ended_ms, @deadline_ms,
            @retries, @retry_ms, @ending, @revision, @owner, @epoch)
        on conflict do nothing
        """
    );
    private static readonly Sql ChangeRun = new(
        """
        update runs set state = @state, priority = @priority, reason = @reason, started_ms = @started_ms, ended_ms = @ended_ms,
            deadline_ms = @deadline_ms, retries = @retries, retry_ms = @retry_ms, ending = @ending, only_tasks = @only_tasks, revision = @revision
        where number = @number and revision = @revision - 1 and owner = @owner and epoch = @epoch
        """
    );
    private static readonly Sql HoldRun = new(
        "select 1 from runs where number = @number and owner = @owner and epoch = @epoch {for share}"
    );
    private static readonly Sql ClaimOne = new("update runs set owner = @owner, epoch = epoch + 1 where number = @number returning epoch");
    private static readonly Sql ReleaseAll = new("update runs set owner = null where owner = @owner and ended_ms is null");

    /// <summary>The number for a new run. It is taken when the transaction is kept, and given again when it is not.</summary>
    public RunNumber NextRunNumber() => new(Use(NextRun).Scalar() ?? throw new StoreCorrupt("the counter of runs is missing"));

    /// <summary>
    /// Writes the rows of a new run: what <c>RunDecider.Create</c> decided for it.
    /// </summary>
    /// <param name="decision">A new run (revision 1), its tasks and its history.</param>
    /// <param name="owner">Who drives it from now on; null leaves it to whoever claims it.</param>
    /// <returns>The fence for further changes; null without an owner.</returns>
    /// <exception cref="StoreConflict">A run of that id, or a scheduled run of that logical date, is there already.</exception>
    public Fence? CreateRun(Decision decision, Guid? owner)
    {
        Fence? fence = owner is { } known ? new Fence(known, 1) : null;
        RunNumber? number = null;
        foreach (var change in decision.Changes)
        {
            switch (change)
            {
                case Change.RunChanged { After: var run }:
                    number = run.Number;
                    InsertRun(run, fence);
                    break;
                case Change.TaskChanged { After: var task }:
                    InsertTask(Created(number), task);
                    break;
                case Change.AttemptChanged { After: var attempt }:
                    Write(Created(number), attempt);
                    break;
                case Change.HistoryAdded { Entry: var entry }:
                    Write(Created(number), entry);
                    break;
            }
        }

        _ = Created(number);
        return fence;
    }

    /// <summary>
    /// Writes what was decided for a run: all of it, or nothing when the fence or a single revision is stale.
    /// </summary>
    /// <exception cref="StoreConflict">The message names what is stale. Stop, and forget what you know of the run.</exception>
    public void Apply(RunNumber number, Fence fence, Decision decision)
    {
        var held = false;
        foreach (var change in decision.Changes)
        {
            if (change is Change.RunChanged { After: var run })
            {
                held = true;
                Write(run, fence);
            }
        }

        if (!held)
        {
            Hold(number, fence);
        }

        foreach (var change in decision.Changes)
        {
            switch (change)
            {
                case Change.RunChanged:
                    break;
                case Change.TaskChanged { After: var task } when task.Revision == 1:
                    InsertTask(number, task);
                    break;
                case Change.TaskChanged { After: var task }:
                    Write(number, task);
                    break;
                case Change.AttemptChanged { After: var attempt }:
                    Write(number, attempt);
                    break;
                case Change.HistoryAdded { Entry: var entry }:
                    Write(number, entry);
                    break;
            }
        }
    }

    /// <summary>Takes a run: from now on only the result may change it, whoever had it before.</summary>
    /// <exception cref="StoreConflict">There is no such run.</exception>
    public Fence ClaimRun(RunNumber number, Guid owner) =>
        Use(ClaimOne).Set("@owner", Text(owner)).Set("@number", number.Value).Scalar() is { } epoch
            ? new Fence(owner, epoch)
            : throw new StoreConflict($"there is no run {number} to claim");

    /// <summary>Gives back all active runs of an owner that stops in good order.</summary>
    public int ReleaseRuns(Guid owner) => Use(ReleaseAll).Set("@owner", Text(owner)).Execute();

    /// <summary>Makes sure that the fence is good until the commit, for writes about a run that are not part of a decision.</summary>
    /// <exception cref="StoreConflict">Somebody else has claimed the run.</exception>
    public void Hold(RunNumber number, Fence fence) =>
        Use(HoldRun)
            .Set("@number", number.Value)
            .Set("@owner", Text(fence.Owner))
            .Set("@epoch", fence.Epoch)
            .Post(() => new StoreConflict($"run {number}: claim {fence.Epoch} is stale; somebody else has claimed the run"));

    private void InsertRun(Run run, Fence? fence) =>
        Use(AddRun)
            .Set("@number", run.Number.Value)
            .Set("@run_id", run.Id.Value)
            .Set("@pipeline", run.Pipeline.Value)
            .Set("@version", run.Version.Value)
            .Set("@logical_ms", run.LogicalDate)
            .Set("@interval_start_ms", run.IntervalStart)
            .Set("@interval_end_ms", run.IntervalEnd)
            .Set("@partition_key", run.Partition)
            .Set("@started_by", Names.Of(run.Trigger))
            .Set("@state", Names.Of(run.State))
            .Set("@priority", run.Priority)
            .Set("@params", run.Params)
            .Set("@backfill", run.Backfill)
            .Set("@namespace", run.Namespace?.Value)
            .Set("@only_tasks", OnlyTasks(run))
            .Set("@author", run.Author)
            .Set("@reason", run.Reason)
            .Set("@created_ms", run.CreatedAt)
            .Set("@started_ms", run.StartedAt)
            .Set("@ended_ms", run.EndedAt)
            .Set("@deadline_ms", run.Deadline)
            .Set("@retries", run.Retries)
            .Set("@retry_ms", run.RetryAt)
            .Set("@ending", run.Ending is { } end ? Names.Of(end) : null)
            .Set("@revision", run.Revision)
            .Set("@owner", fence is { } held ? Text(held.Owner) : null)
            .Set("@epoch", fence?.Epoch ?? 0)
            .Post(() => AlreadyThere(run));

    private void Write(Run run, Fence fence) =>
        Use(ChangeRun)
            .Set("@state", Names.Of(run.State))
            .Set("@priority", run.Priority)
            .Set("@reason", run.Reason)
            .Set("@started_ms", run.StartedAt)
            .Set("@ended_ms", run.EndedAt)
            .Set("@deadline_ms", run.Deadline)
            .Set("@retries", run.Retries)
            .Set("@retry_ms", run.RetryAt)
            .Set("@ending", run.Ending is { } end ? Names.Of(end) : null)
            .Set("@only_tasks", OnlyTasks(run))
            .Set("@revision", run.Revision)
            .Set("@number", run.Number.Value)
            .Set("@owner", Text(fence.Owner))
            .Set("@epoch", fence.Epoch)
            .Post(() =>
                new StoreConflict(
                    $"run {run.Number}: claim {fence.Epoch} or revision {run.Revision - 1} is stale; somebody else has changed the run"
                )
            );

    private static StoreConflict AlreadyThere(Run run) =>
        new(
            run.Trigger == RunTrigger.Scheduled
                ? $"pipeline {run.Pipeline} has a run {run.Id}, or a scheduled run for {run.LogicalDate:yyyy-MM-ddTHH:mm:ssZ}, already"
                : $"pipeline {run.Pipeline} has a run {run.Id} already"
        );

    private static RunNumber Created(RunNumber? number) =>
        number ?? throw new InvalidOperationException("a decision that creates a run begins with the run");

    private static string OnlyTasks(Run run) => run.OnlyTasks.IsDefaultOrEmpty ? "" : string.Join(',', run.OnlyTasks);

    private static string Text(Guid owner) => owner.ToString("N");
}
