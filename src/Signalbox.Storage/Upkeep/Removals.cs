using Signalbox.Core;
using Signalbox.Core.Definitions;

namespace Signalbox.Storage;

/// <summary>Which ended runs of a pipeline are past what is kept.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Before">Runs that ended earlier may go, and versions that were replaced earlier.</param>
/// <param name="Newest">So many ended runs stay, the newest, however old.</param>
/// <param name="WaitedFrom">Runs whose interval ends later stay, for runs that have not ended wait for them. Null: nobody waits.</param>
public sealed record RetentionWindow(PipelineName Pipeline, DateTimeOffset Before, int Newest, DateTimeOffset? WaitedFrom);

/// <summary>A run that is past what is kept.</summary>
/// <param name="Stays">Why it stays all the same, a sentence; null when it goes.</param>
public sealed record PastRun(PipelineName Pipeline, RunNumber Run, DateTimeOffset EndedAt, string? Stays);

/// <summary>What is going: decided, and not wholly done.</summary>
/// <param name="Run">The run; null for the records.</param>
/// <param name="RecordsBefore">Records from before that are going; null for a run.</param>
/// <param name="AuditBefore">Lines of the audit from before that are going; null for a run.</param>
/// <param name="RowsGone">Whether the rows are gone, so that only what lies on the disk remains to be wiped.</param>
public sealed record Removal(long Id, RunNumber? Run, DateTimeOffset? RecordsBefore, DateTimeOffset? AuditBefore, bool RowsGone);

/// <summary>A run that must not go.</summary>
public sealed record Pin(RunNumber Run, string Who, string Reason, DateTimeOffset At);

public partial class ReadSession
{
    private const string SameLine =
        "n.pipeline = r.pipeline and n.state = 'success' and coalesce(n.namespace, '') = coalesce(r.namespace, '')";

    // Why a run stays that is past what is kept: the first that holds is told.
    private static readonly (string Condition, string Sentence)[] Protections =
    [
        ("exists (select 1 from pins x where x.run_number = r.number)", "it is pinned"),
        (
            $"""
            r.state = 'success' and (not exists (select 1 from runs n where {SameLine} and n.number > r.number)
                or not exists (select 1 from runs n where {SameLine} and n.interval_start_ms >= r.interval_start_ms
                    and (n.interval_start_ms > r.interval_start_ms or n.number > r.number)))
            """,
            "it is the last that succeeded"
        ),
        (
            """
            exists (select 1 from publications p join current_versions c on c.path = p.path and c.publication = p.id
                where p.run_number = r.number)
            """,
            "a version that it published is current"
        ),
        (
            """
            exists (select 1 from publications p where p.run_number = r.number and (p.state = 'prepared'
                or exists (select 1 from version_switches s where s.from_publication = p.id and (s.ended_ms is null or s.at_ms >= @before_ms))
                or exists (select 1 from version_switches s where s.to_publication = p.id and s.ended_ms is null)))
            """,
            "a version that it published was current until lately"
        ),
        (
            """
            exists (select 1 from publications p join publications q on q.path = p.path and q.sha256 = p.sha256 and q.id > p.id
                where p.run_number = r.number and p.kept is not null and q.run_number <> r.number and q.kept is null and q.state = 'published')
            """,
            "what is kept of it is a later version too"
        ),
        ("exists (select 1 from model_versions m where m.run_number = r.number)", "it made a version of a model"),
        ("exists (select 1 from backfills b where b.id = r.backfill and b.ended_ms is null)", "its backfill has not ended"),
        (
            """
            exists (select 1 from rejected j where j.run_number = r.number and j.state in ('prepared', 'kept'))
                or exists (select 1 from rejected j where j.replay_run = r.number and j.run_number <> r.number)
            """,
            "rows that checks put aside rest on it"
        ),
        (
            "exists (select 1 from fingerprints f where f.source_run = r.number and f.run_number <> r.number)",
            "other runs took over what it made"
        ),
        (
            """
            exists (select 1 from verdicts v join pipelines l on l.name = v.pipeline and l.version = v.version where v.first_run = r.number)
                or exists (select 1 from verdicts v join pipelines l on l.name = v.pipeline and l.version = v.version where v.second_run = r.number)
            """,
            "a proof of idempotency rests on it"
        ),
        (
            """
            exists (select 1 from dataset_updates u where u.run_number = r.number and (
                exists (select 1 from dataset_partitions d where d.last_update = u.id)
                or exists (select 1 from dataset_cursors k where k.dataset = u.dataset and k.cursor < u.id)
                or exists (select 1 from dataset_consumptions w where w.update_id = u.id and (w.state = 'waiting' or w.run_number <> r.number))))
            """,
            "other runs rest on its updates of datasets"
        ),
        ("r.interval_end_ms > @waited_ms", "a run that has not ended waits for runs of its time"),
    ];

    private static readonly string Past = $"""
        select r.number, r.ended_ms, case {string.Join(
            '\n',
            Protections.Select((each, index) => $"when {each.Condition} then {index}")
        )} else -1 end
        from runs r where r.pipeline = @pipeline and r.ended_ms < @before_ms and r.number <= coalesce((select n.number from runs n
            where n.pipeline = @pipeline and n.ended_ms is not null order by n.number desc limit 1 offset @newest), 0)
        """;

    private static readonly Sql PastOfPipeline = new(Past + " order by r.number");
    private static readonly Sql PastNumbered = new(Past + " and r.number = @run");
    private static readonly Sql RemovalsAll = new(
        "select id, run_number, records_ms, audit_ms, rows_gone from removals where id > @after order by id limit @limit"
    );
    private static readonly Sql RemovalsCounted = new("select count(*) from removals");
    private static readonly Sql LiveDefinitions = new(
        "select pipeline, version, min(interval_start_ms) from runs where ended_ms is null group by pipeline, version"
    );
    private static readonly Sql PinOfRun = new("select run_number, who, reason, at_ms from pins where run_number = @run");

    /// <summary>The runs of a pipeline that are past what is kept, oldest first: what goes, and what stays and why.</summary>
    public IReadOnlyList<PastRun> PastRuns(RetentionWindow window) =>
        Bind(Use(PastOfPipeline), window).All(row => PastOf(window.Pipeline, row));

    /// <summary>One run among them; null when it is not.</summary>
    public PastRun? PastRun(RetentionWindow window, RunNumber run) =>
        Bind(Use(PastNumbered), window).Set(run).First(row => PastOf(window.Pipeline, row));

    /// <summary>What is going, the oldest first.</summary>
    public IReadOnlyList<Removal> Removals(long after, int limit) =>
        Use(RemovalsAll)
            .Set("@after", after)
            .Set("@limit", limit)
            .All(row => new Removal(
                row.Long(),
                row.LongOrNull() is { } run ? new RunNumber(run) : null,
                row.TimeOrNull(),
                row.TimeOrNull(),
                row.Bool()
            ));

    /// <summary>How many removals are not wholly done.</summary>
    public long RemovalsLeft() => Use(RemovalsCounted).Scalar()!.Value;

    /// <summary>The definitions that runs which have not ended are of, and the earliest beginning of an interval among those runs.</summary>
    public IReadOnlyList<(Pipeline Pipeline, DateTimeOffset From)> LivePipelines() =>
        Use(LiveDefinitions)
            .All(row => (Name: new PipelineName(row.Text()), Version: new VersionHash(row.Text()), From: row.Time()))
            .ConvertAll(each => (Definition(each.Name, each.Version)!.Pipeline, each.From));

    /// <summary>Null when it is not pinned.</summary>
    public Pin? PinOf(RunNumber run) =>
        Use(PinOfRun).Set(run).First(row => new Pin(new RunNumber(row.Long()), row.Text(), row.Text(), row.Time()));

    private static Statement Bind(Statement statement, RetentionWindow window) =>
        statement
            .Set("@pipeline", window.Pipeline.Value)
            .Set("@before_ms", window.Before)
            .Set("@newest", (long)window.Newest)
            .Set("@waited_ms", window.WaitedFrom?.ToUnixTimeMilliseconds() ?? long.MaxValue);

    private static PastRun PastOf(PipelineName pipeline, Statement row) =>
        new(pipeline, new RunNumber(row.Long()), row.Time(), row.Int() is >= 0 and var index ? Protections[index].Sentence : null);
}

public sealed partial class WriteSession
{
    private static readonly Sql MarkRun = new(
        "insert into removals (pipeline, run_number, marked_ms) values (@pipeline, @run, @at_ms) on conflict (run_number) do nothing"
    );
    private static readonly Sql MarkOld = new(
        "insert into removals (records_ms, audit_ms, marked_ms) values (@records_ms, @audit_ms, @at_ms)"
    );
    private static readonly Sql NoteRowsGone = new("update removals set rows_gone = 1 where id = @id");
    private static readonly Sql EndRemovalNumbered = new("delete from removals where id = @id");
    private static readonly Sql PutPin = new(
        """
        insert into pins (run_number, who, reason, at_ms) values (@run, @who, @reason, @at_ms)
        on conflict (run_number) do update set who = excluded.who, reason = excluded.reason, at_ms = excluded.at_ms
        """
    );
    private static readonly Sql DropPin = new("delete from pins where run_number = @run");

    /// <summary>Decides that a run goes. Nothing happens when that was decided before.</summary>
    public void MarkRemoval(PipelineName pipeline, RunNumber run, DateTimeOffset at) =>
        Use(MarkRun).Set("@pipeline", pipeline.Value).Set(run).Set("@at_ms", at).Post();

    /// <summary>Decides that records go that are older.</summary>
    public void MarkRecords(DateTimeOffset before, DateTimeOffset auditBefore, DateTimeOffset at) =>
        Use(MarkOld).Set("@records_ms", before).Set("@audit_ms", auditBefore).Set("@at_ms", at).Post();

    /// <summary>The rows of the run are gone; what lies on the disk remains to be wiped.</summary>
    public void RemovalRowsGone(long removal) => Use(NoteRowsGone).Set("@id", removal).Post();

    /// <summary>All of it is done, or it was thought better of.</summary>
    public void EndRemoval(long removal) => Use(EndRemovalNumbered).Set("@id", removal).Post();

    /// <summary>Keeps a run, whatever the retention says.</summary>
    public void PinRun(Pin pin) => Use(PutPin).Set(pin.Run).Set("@who", pin.Who).Set("@reason", pin.Reason).Set("@at_ms", pin.At).Post();

    /// <returns>Whether it was pinned.</returns>
    public bool UnpinRun(RunNumber run) => Use(DropPin).Set(run).Execute() > 0;
}
