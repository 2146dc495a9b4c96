using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql ActiveRunCounts = new(
        "select state, count(*) from runs where ended_ms is null group by state order by state"
    );
    private static readonly Sql ActiveTaskCounts = new(
        """
        select t.state, count(*) from runs r join tasks t on t.run_number = r.number
        where r.ended_ms is null and t.ended_ms is null group by t.state order by t.state
        """
    );
    private static readonly Sql WaitingAlertCounts = new(
        "select channel, count(*) from alert_deliveries where state = 'waiting' group by channel order by channel"
    );

    /// <summary>Runs that have not ended, by state.</summary>
    public IReadOnlyList<(RunState State, long Count)> CountActiveRuns() =>
        Use(ActiveRunCounts).All(row => (row.Word(Names.RunStateOf), row.Long()));

    /// <summary>Tasks of these runs that have not ended, by state.</summary>
    public IReadOnlyList<(TaskState State, long Count)> CountActiveTasks() =>
        Use(ActiveTaskCounts).All(row => (row.Word(Names.TaskStateOf), row.Long()));

    /// <summary>Alerts that a channel has not taken yet, by channel.</summary>
    public IReadOnlyList<(string Channel, long Count)> CountWaitingAlerts() => Use(WaitingAlertCounts).All(row => (row.Text(), row.Long()));
}
