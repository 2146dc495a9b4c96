using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql ActiveStates = new(
        """
        select t.state, count(*) from runs r join tasks t on t.run_number = r.number
        where r.ended_ms is null and t.map_count is null group by t.state
        """
    );

    /// <summary>How many tasks of the runs that have not ended are in which state; a mapped task counts by its instances.</summary>
    public IReadOnlyDictionary<TaskState, int> ActiveTaskStates() =>
        Use(ActiveStates)
            .All(row => (State: row.Word(Names.TaskStateOf), Count: row.Int()))
            .ToDictionary(each => each.State, each => each.Count);
}
