using Signalbox.Core;
using Signalbox.Core.Time;

namespace Signalbox.Storage;

/// <summary>What became of one occurrence of a schedule: a run, or a reason why there is none.</summary>
/// <param name="Schedule">Which schedule of the pipeline; the same as long as its occurrences are the same.</param>
/// <param name="Label">What makes the occurrence unique: its local label, or its instant.</param>
/// <param name="Run">The run; null when it was skipped.</param>
/// <param name="Skipped">Why it was skipped, a sentence; null when there is a run.</param>
/// <param name="Skip">The same for programs.</param>
public sealed record StoredTick(
    PipelineName Pipeline,
    string Schedule,
    string Label,
    DateTimeOffset At,
    RunNumber? Run,
    string? Skipped,
    DateTimeOffset RecordedAt,
    SkipReason? Skip = null
);

public partial class ReadSession
{
    private static readonly Sql TickNamed = new(
        "select 1 from ticks where pipeline = @pipeline and schedule = @schedule and label = @label"
    );
    private static readonly Sql TicksLast = new(
        """
        select pipeline, schedule, label, at_ms, run_number, skipped, recorded_ms, skip from ticks where pipeline = @pipeline
        order by at_ms desc, label desc limit @limit
        """
    );

    private static readonly Sql RunsLive = new(
        """
        select number from runs
        where pipeline = @pipeline and ended_ms is null and backfill is null and namespace is null order by number
        """
    );

    private static readonly Sql TickOfRun = new(
        "select pipeline, schedule, label, at_ms, run_number, skipped, recorded_ms, skip from ticks where run_number = @run"
    );

    /// <summary>The occurrence that became a run; null when no schedule made it.</summary>
    public StoredTick? TickOf(RunNumber run) => Use(TickOfRun).Set(run).First(StoredTickOf);

    /// <summary>Whether an occurrence has been decided.</summary>
    public bool HasTick(PipelineName pipeline, string schedule, string label) =>
        Use(TickNamed).Set("@pipeline", pipeline.Value).Set("@schedule", schedule).Set("@label", label).Scalar() is not null;

    /// <summary>The latest occurrences of a pipeline, newest first.</summary>
    public IReadOnlyList<StoredTick> Ticks(PipelineName pipeline, int limit) =>
        Use(TicksLast).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(StoredTickOf);

    private static StoredTick StoredTickOf(Statement row) =>
        new(
            new(row.Text()),
            row.Text(),
            row.Text(),
            row.Time(),
            row.LongOrNull() is { } run ? new RunNumber(run) : null,
            row.TextOrNull(),
            row.Time(),
            row.TextOrNull() is { } skip ? Names.SkipReasonOf(skip) : null
        );

    /// <summary>Live runs of a pipeline that have not ended, oldest first: neither of a backfill nor in a namespace.</summary>
    public IReadOnlyList<RunNumber> LiveRuns(PipelineName pipeline) =>
        Use(RunsLive).Set("@pipeline", pipeline.Value).All(row => new RunNumber(row.Long()));
}

public sealed partial class WriteSession
{
    private static readonly Sql AddTick = new(
        """
        insert into ticks (pipeline, schedule, label, at_ms, run_number, skipped, skip, recorded_ms)
        values (@pipeline, @schedule, @label, @at_ms, @run_number, @skipped, @skip, @recorded_ms)
        on conflict (pipeline, schedule, label) do nothing
        """
    );
    private static readonly Sql MoveCursor = new(
        """
        update pipelines set cursor_ms = @cursor_ms where name = @pipeline and (cursor_ms is null or cursor_ms < @cursor_ms)
        """
    );

    /// <summary>
    /// Records what became of an occurrence: in the transaction that creates the run, and that moves the pipeline's cursor past it
    /// (<see cref="AdvanceCursor"/>). Ask <see cref="ReadSession.HasTick"/> first, and only move the cursor when it is there.
    /// </summary>
    /// <exception cref="StoreConflict">The occurrence has been decided already: nothing of this transaction's work is kept.</exception>
    public void RecordTick(StoredTick tick) =>
        Use(AddTick)
            .Set("@pipeline", tick.Pipeline.Value)
            .Set("@schedule", tick.Schedule)
            .Set("@label", tick.Label)
            .Set("@at_ms", tick.At)
            .Set("@run_number", tick.Run?.Value)
            .Set("@skipped", tick.Skipped)
            .Set("@skip", tick.Skip is { } skip ? Names.Of(skip) : null)
            .Set("@recorded_ms", tick.RecordedAt)
            .Post(() => new StoreConflict($"pipeline {tick.Pipeline}: the occurrence {tick.Label} has been decided already"));

    /// <summary>Notes that every occurrence up to an instant has been decided. It never goes back.</summary>
    public void AdvanceCursor(PipelineName pipeline, DateTimeOffset to) =>
        Use(MoveCursor).Set("@cursor_ms", to).Set("@pipeline", pipeline.Value).Post();
}
