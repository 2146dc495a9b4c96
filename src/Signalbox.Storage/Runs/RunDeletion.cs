using Signalbox.Core;

namespace Signalbox.Storage;

public sealed partial class WriteSession
{
    private static readonly Sql[] WhatLeadsToRun =
    [
        new("select 1 from publications where run_number = @run and state <> 'aborted' limit 1"),
        new("select 1 from backfill_items where run_number = @run limit 1"),
        new("select 1 from verdicts where first_run = @run or second_run = @run limit 1"),
        new("select 1 from fingerprints where source_run = @run and run_number <> @run limit 1"),
        new("select 1 from rejected where run_number = @run or replay_run = @run limit 1"),
        new("select 1 from pins where run_number = @run"),
    ];
    private static readonly string[] WhyItStays =
    [
        "it published versions of datasets, and those say who made them",
        "it belongs to a backfill, whose dates say what became of them",
        "a proof of idempotency rests on it",
        "other runs took over what it made",
        "rows that its checks put aside can still be handed back",
        "it is pinned",
    ];
    private static readonly Sql TickWithoutRun = new(
        "update ticks set run_number = null, skipped = 'its run was deleted' where run_number = @run"
    );
    private static readonly Sql MessageWithoutRun = new(
        "update inbox set state = 'dropped', run_number = null, reason = 'its run was deleted' where run_number = @run"
    );
    private static readonly Sql UpdateWithoutRun = new(
        """
        update dataset_consumptions set state = 'unmatched', label = null, run_number = null, reason = 'its run was deleted'
        where run_number = @run
        """
    );

    // What lies on the disk is swept with what is past what is kept.
    private static readonly Sql FolderOfRun = new(
        """
        insert into removals (pipeline, run_number, marked_ms, rows_gone) select pipeline, number, ended_ms, 1 from runs where number = @run
        on conflict (run_number) do update set rows_gone = 1
        """
    );
    private static readonly Sql[] RowsOfRun =
    [
        new("delete from check_results where run_number = @run"),
        new("delete from deadlines where run_number = @run"),
        new("delete from signals where run_number = @run"),
        new("delete from runs_with_downstream where run_number = @run"),
        new("delete from approval_answers where approval in (select id from approvals where run_number = @run)"),
        new("delete from approvals where run_number = @run"),
        new("delete from publications where run_number = @run"),
        new("delete from refusals where run_number = @run"),
        new("delete from metrics where run_number = @run"),
        new("delete from fingerprints where run_number = @run"),
        new("delete from trials where run_number = @run"),
        new("delete from run_confs where run_number = @run"),
        new("delete from pins where run_number = @run"),
        new("delete from attempts where run_number = @run"),
        new("delete from tasks where run_number = @run"),
        new("delete from history where run_number = @run"),
        new("delete from runs where number = @run"),
    ];

    /// <summary>Wipes a run that has ended with all that is its own, when nothing that is kept leads back to it.</summary>
    /// <returns>Why it stays; null when it is gone.</returns>
    /// <exception cref="StoreConflict">Something else that is kept leads back to it.</exception>
    public string? DeleteRun(RunNumber run)
    {
        if (Run(run) is { EndedAt: null })
        {
            return "it has not ended; cancel it first";
        }

        for (var i = 0; i < WhatLeadsToRun.Length; i++)
        {
            if (Use(WhatLeadsToRun[i]).Set(run).Scalar() is not null)
            {
                return WhyItStays[i];
            }
        }

        Use(FolderOfRun).Set(run).Execute();
        WipeRun(run);
        return null;
    }

    /// <summary>What is left of a run when nothing leads to it any more but what can do without it.</summary>
    private void WipeRun(RunNumber run)
    {
        Use(TickWithoutRun).Set(run).Execute();
        Use(MessageWithoutRun).Set(run).Execute();
        Use(UpdateWithoutRun).Set(run).Execute();
        foreach (var rows in RowsOfRun)
        {
            Use(rows).Set(run).Execute();
        }
    }
}
