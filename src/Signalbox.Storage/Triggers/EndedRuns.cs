using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

/// <summary>The end of a run; a run that is taken up again ends again.</summary>
/// <param name="Line">The line of history that says so: rising in the order in which ends were written.</param>
/// <param name="State">The state in which it ended then.</param>
/// <param name="Run">The run as it is by now.</param>
public sealed record RunEnd(long Line, RunState State, Run Run);

public partial class ReadSession
{
    private static readonly Sql LastLine = new("select coalesce(max(id), 0) from history");
    private static readonly Sql EndsAfter = new(
        """
        select h.id, h.run_number, h.to_state from history h join runs r on r.number = h.run_number
        where h.id > @after and h.task is null and h.from_state <> h.to_state and h.to_state in ('success', 'failed', 'cancelled')
            and r.pipeline = @pipeline and r.namespace is null and r.started_by <> 'backfill'
        order by h.id limit @limit
        """
    );

    /// <summary>The newest line of all runs' history; 0 when there is none.</summary>
    public long LastHistoryLine() => Use(LastLine).Scalar() ?? 0;

    /// <summary>Ends of live runs of a pipeline in the order in which they were written; not those of backfills and variants.</summary>
    /// <param name="after">Only those written after this line of history.</param>
    public IReadOnlyList<RunEnd> RunEnds(PipelineName pipeline, long after, int limit)
    {
        var found = Use(EndsAfter)
            .Set("@after", after)
            .Set("@pipeline", pipeline.Value)
            .Set("@limit", limit)
            .All(row => (Line: row.Long(), Run: new RunNumber(row.Long()), State: row.Word(Names.RunStateOf)));
        return [.. found.Select(end => new RunEnd(end.Line, end.State, Run(end.Run)!))];
    }
}
