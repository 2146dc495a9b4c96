using Signalbox.Core;

namespace Signalbox.Storage;

public sealed partial class WriteSession
{
    private static readonly Sql AddBackfill = new(
        """
        insert into backfills (pipeline, spec, state, reason, created_ms) values (@pipeline, @spec, 'running', @reason, @created_ms)
        returning id
        """
    );
    private static readonly Sql AddBackfillItem = new(
        """
        insert into backfill_items (backfill, ordinal, logical_ms, partition_key, state, run_number, reason)
        values (@backfill, @ordinal, @logical_ms, @partition_key, @state, @run_number, @reason)
        """
    );
    private static readonly Sql ChangeBackfill = new(
        "update backfills set state = @state, reason = @reason, ended_ms = @ended_ms where id = @id and ended_ms is null"
    );
    private static readonly Sql StartItem = new(
        """
        update backfill_items set state = 'running', run_number = @run where backfill = @backfill and ordinal = @ordinal and state = 'pending'
        """
    );
    private static readonly Sql EndItem = new(
        """
        update backfill_items set state = @state, reason = @reason
        where backfill = @backfill and ordinal = @ordinal and state in ('pending', 'running')
        """
    );
    private static readonly Sql EndItemOfRun = new(
        "update backfill_items set state = @state, reason = @reason where run_number = @run and state = 'running'"
    );

    /// <summary>Makes a backfill with all its dates. Its number.</summary>
    /// <exception cref="StoreConflict">A date is twice among the items.</exception>
    public long CreateBackfill(PipelineName pipeline, string spec, IReadOnlyList<BackfillItem> items, string? reason, DateTimeOffset at)
    {
        var id = Use(AddBackfill)
            .Set("@pipeline", pipeline.Value)
            .Set("@spec", spec)
            .Set("@reason", reason)
            .Set("@created_ms", at)
            .Scalar()!
            .Value;
        foreach (var item in items)
        {
            Use(AddBackfillItem)
                .Set("@backfill", id)
                .Set("@ordinal", item.Ordinal)
                .Set("@logical_ms", item.LogicalDate)
                .Set("@partition_key", item.Partition)
                .Set("@state", Word(item.State))
                .Set("@run_number", item.Run?.Value)
                .Set("@reason", item.Reason)
                .Post();
        }

        return id;
    }

    /// <summary>Pauses, resumes or ends a backfill.</summary>
    /// <exception cref="StoreConflict">It has ended already, or is not there.</exception>
    public void SetBackfillState(long id, BackfillState state, string? reason, DateTimeOffset at) =>
        Use(ChangeBackfill)
            .Set("@state", Word(state))
            .Set("@reason", reason)
            .Set("@ended_ms", state is BackfillState.Running or BackfillState.Paused ? null : at)
            .Set("@id", id)
            .Post(() => new StoreConflict($"backfill {id} is not there, or has ended already"));

    /// <summary>Gives a date its run, in the transaction that creates the run.</summary>
    /// <exception cref="StoreConflict">The date is no longer pending.</exception>
    public void StartBackfillItem(long backfill, int ordinal, RunNumber run) =>
        Use(StartItem)
            .Set(run)
            .Set("@backfill", backfill)
            .Set("@ordinal", ordinal)
            .Post(() => new StoreConflict($"backfill {backfill}: date {ordinal} is no longer pending"));

    /// <summary>Ends a date without its run having decided it: skipped or cancelled. Nothing changes when it has ended.</summary>
    public void EndBackfillItem(long backfill, int ordinal, BackfillItemState state, string? reason) =>
        Use(EndItem).Set("@state", Word(state)).Set("@reason", reason).Set("@backfill", backfill).Set("@ordinal", ordinal).Post();

    /// <summary>Ends the date of a run that has ended. Nothing changes when the run belongs to no backfill.</summary>
    public void EndBackfillItemOf(RunNumber run, BackfillItemState state, string? reason) =>
        Use(EndItemOfRun).Set("@state", Word(state)).Set("@reason", reason).Set(run).Post();
}
