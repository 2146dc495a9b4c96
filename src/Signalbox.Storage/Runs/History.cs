using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>A line of the history of all runs.</summary>
/// <param name="Id">Rising in the order in which lines are written.</param>
public sealed record HistoryLine(long Id, RunNumber Run, PipelineName Pipeline, HistoryEntry Entry);

public partial class ReadSession
{
    private static readonly Sql HistoryAfter = new(
        """
        select h.id, h.run_number, r.pipeline, h.at_ms, h.task, h.map_index, h.number, h.from_state, h.event, h.to_state, h.reason
        from history h join runs r on r.number = h.run_number
        where h.id > @after and (@run is null or h.run_number = @run) and (@pipeline is null or r.pipeline = @pipeline)
        order by h.id limit @limit
        """
    );
    private static readonly Sql HistoryEnd = new("select max(id) from history");

    private static readonly Sql HistoryOfRun = new(
        """
        select at_ms, task, map_index, number, from_state, event, to_state, reason from history
        where run_number = @run and (@task is null or (task = @task and map_index = @map_index)) order by id
        """
    );

    /// <summary>What happened in a run, in the order in which it was written.</summary>
    /// <param name="key">Only the lines about this task; null for all.</param>
    public IReadOnlyList<HistoryEntry> History(RunNumber run, TaskKey? key = null)
    {
        var found = new List<HistoryEntry>();
        using var row = Use(HistoryOfRun).Set("@run", run.Value).Set("@task", key?.Task.Value).Set("@map_index", key?.MapIndex);
        while (row.Read())
        {
            var at = row.Time();
            var task = row.TextOrNull();
            var index = row.Int();
            TaskKey? about = task is null ? null : new TaskKey(new(task), index);
            found.Add(new(at, about, row.Int(), row.Text(), row.Text(), row.Text(), row.TextOrNull()));
        }

        return found;
    }

    /// <summary>What happened in all runs after a line, in the order in which it was written.</summary>
    /// <param name="run">Only in this run; null for all.</param>
    /// <param name="pipeline">Only in runs of this pipeline; null for all.</param>
    public IReadOnlyList<HistoryLine> HistorySince(long after, int limit, RunNumber? run = null, PipelineName? pipeline = null) =>
        Use(HistoryAfter)
            .Set("@after", after)
            .Set("@run", run?.Value)
            .Set("@pipeline", pipeline?.Value)
            .Set("@limit", limit)
            .All(row =>
            {
                var (id, number, name, at) = (row.Long(), new RunNumber(row.Long()), new PipelineName(row.Text()), row.Time());
                var task = row.TextOrNull();
                var index = row.Int();
                TaskKey? about = task is null ? null : new TaskKey(new(task), index);
                return new HistoryLine(id, number, name, new(at, about, row.Int(), row.Text(), row.Text(), row.Text(), row.TextOrNull()));
            });

    /// <summary>The last line of the history of all runs; 0 when there is none.</summary>
    public long LastHistory() => Use(HistoryEnd).Scalar() ?? 0;
}

public sealed partial class WriteSession
{
    private static readonly Sql AddHistory = new(
        """
        insert into history (run_number, at_ms, task, map_index, number, from_state, event, to_state, reason)
        values (@run, @at_ms, @task, @map_index, @number, @from_state, @event, @to_state, @reason)
        """
    );

    /// <summary>Adds a line to the history of a run, for what is no change of its rows.</summary>
    public void AddHistoryLine(RunNumber run, HistoryEntry entry) => Write(run, entry);

    private void Write(RunNumber run, HistoryEntry entry) =>
        Use(AddHistory)
            .Set("@run", run.Value)
            .Set("@at_ms", entry.At)
            .Set("@task", entry.Task?.Task.Value)
            .Set("@map_index", entry.Task?.MapIndex ?? TaskKey.NotMapped)
            .Set("@number", entry.Number)
            .Set("@from_state", entry.From)
            .Set("@event", entry.Event)
            .Set("@to_state", entry.To)
            .Set("@reason", entry.Reason)
            .Post();
}
