using Signalbox.Core;

namespace Signalbox.Storage;

public sealed partial class WriteSession
{
    private const string OwnVersions = "(select id from publications where run_number = @run)";
    private const string OwnUpdates = "(select id from dataset_updates where run_number = @run)";
    private static readonly Sql[] RowsThatLeadToRun =
    [
        new("delete from dataset_consumptions where update_id in " + OwnUpdates),
        new("delete from dataset_updates where run_number = @run"),
        new("delete from version_switches where to_publication in " + OwnVersions),
        new("update version_switches set from_publication = null where from_publication in " + OwnVersions),
        new("delete from verdicts where first_run = @run or second_run = @run"),
        new("delete from rejected where run_number = @run"),
        new("update backfill_items set run_number = null, reason = 'its run was removed' where run_number = @run"),
    ];

    /// <summary>
    /// Wipes a run that is past what is kept, with the versions that it published, whose contents are gone already. What is kept of others
    /// no longer leads to it.
    /// </summary>
    /// <exception cref="StoreConflict">Something that is kept leads to it after all: nothing is wiped.</exception>
    public void RemoveRun(RunNumber run)
    {
        foreach (var rows in RowsThatLeadToRun)
        {
            Use(rows).Set(run).Execute();
        }

        WipeRun(run);
    }
}
