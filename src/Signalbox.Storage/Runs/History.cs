using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
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
