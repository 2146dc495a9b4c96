using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private const string AlertColumnsOfRow = """
        a.id, a.kind, a.severity, a.dedup_key, a.once_key, a.pipeline, a.run_number, a.run_id, a.logical_ms, a.task, a.message, a.tags, a.facts,
        a.notify, a.created_ms, a.resolves, a.routed_ms, a.resolved_ms
        """;
    private static readonly Sql AlertOne = new($"select {AlertColumnsOfRow} from alerts a where a.id = @id");
    private static readonly Sql AlertsLast = new($"select {AlertColumnsOfRow} from alerts a order by a.id desc limit @limit");
    private static readonly Sql AlertsOfPipeline = new(
        $"select {AlertColumnsOfRow} from alerts a where a.pipeline = @pipeline order by a.id desc limit @limit"
    );
    private static readonly Sql AlertsOfRun = new($"select {AlertColumnsOfRow} from alerts a where a.run_number = @run order by a.id");
    private static readonly Sql AlertsTroubled = new(
        """
        select distinct task from alerts
        where pipeline = @pipeline and resolved_ms is null and kind in ('failed', 'blocked', 'sla_missed')
        """
    );
    private static readonly Sql RunTold = new(
        "select 1 from alerts where run_number = @run and kind in ('failed', 'blocked') and resolved_ms is null limit 1"
    );

    /// <summary>An alert; null when there is none of that number.</summary>
    public StoredAlert? Alert(long id) => Use(AlertOne).Set("@id", id).First(AlertOf);

    /// <summary>Alerts of all pipelines, the newest first.</summary>
    public IReadOnlyList<StoredAlert> Alerts(int limit) => Use(AlertsLast).Set("@limit", limit).All(AlertOf);

    /// <summary>Alerts of one pipeline, the newest first.</summary>
    public IReadOnlyList<StoredAlert> Alerts(PipelineName pipeline, int limit) =>
        Use(AlertsOfPipeline).Set("@pipeline", pipeline.Value).Set("@limit", limit).All(AlertOf);

    /// <summary>All alerts about a run, in the order in which they were written.</summary>
    public IReadOnlyList<StoredAlert> Alerts(RunNumber run) => Use(AlertsOfRun).Set(run).All(AlertOf);

    /// <summary>Whether anything that is not over was told of the failure of a run.</summary>
    public bool IsTold(RunNumber run) => Use(RunTold).Set(run).Scalar() is not null;

    /// <summary>The tasks of a pipeline that are in trouble, for any run; null stands for runs as a whole.</summary>
    private protected IReadOnlyList<TaskName?> Troubled(PipelineName pipeline) =>
        Use(AlertsTroubled)
            .Set("@pipeline", pipeline.Value)
            .All(row => row.TextOrNull() is { } task ? new TaskName(task) : (TaskName?)null);

    private protected static StoredAlert AlertOf(Statement row)
    {
        var id = row.Long();
        var alert = new Alert
        {
            Kind = row.Word(Names.AlertKindOf),
            Severity = row.Word(Names.AlertSeverityOf),
            DedupKey = row.Text(),
            OnceKey = row.TextOrNull(),
            Pipeline = row.TextOrNull() is { } pipeline ? new PipelineName(pipeline) : null,
            Run = row.LongOrNull() is { } run ? new RunNumber(run) : null,
            RunId = row.TextOrNull() is { } runId ? new RunId(runId) : null,
            LogicalDate = row.TimeOrNull(),
            Task = row.TextOrNull() is { } task ? new TaskName(task) : null,
            Message = row.Text(),
            Tags = AlertColumns.Texts(row.Text()),
            Facts = AlertColumns.Facts(row.Text()),
            Notify = AlertColumns.Texts(row.Text()),
            At = row.Time(),
        };
        return new StoredAlert(id, alert, row.LongOrNull(), row.TimeOrNull(), row.TimeOrNull());
    }
}

public sealed partial class WriteSession
{
    /// <summary>The kind of the outbox's messages about alerts. Their payload is the number of the alert.</summary>
    public const string AlertMessage = "alert";

    private static readonly Sql AddOneAlert = new(
        """
        insert into alerts (kind, severity, dedup_key, once_key, pipeline, run_number, run_id, logical_ms, task, message, tags, facts, notify,
            resolves, created_ms)
        values (@kind, @severity, @dedup_key, @once_key, @pipeline, @run_number, @run_id, @logical_ms, @task, @message, @tags, @facts, @notify,
            @resolves, @created_ms)
        on conflict (once_key) do nothing returning id
        """
    );
    private static readonly Sql ResolveOfTask = new(
        $"""
        update alerts set resolved_ms = @at
        where pipeline = @pipeline and task = @task and logical_ms <= @logical_ms and resolved_ms is null
            and kind in ('failed', 'blocked', 'sla_missed')
        returning {ReturnedAlert}
        """
    );
    private static readonly Sql ResolveOfRun = new(
        $"""
        update alerts set resolved_ms = @at
        where pipeline = @pipeline and task is null and logical_ms <= @logical_ms and resolved_ms is null
            and kind in ('failed', 'blocked', 'sla_missed')
        returning {ReturnedAlert}
        """
    );
    private static readonly Sql ResolveOfKey = new(
        $"""
        update alerts set resolved_ms = @at where dedup_key = @dedup_key and kind <> 'resolved' and resolved_ms is null
        returning {ReturnedAlert}
        """
    );
    private static readonly Sql ReleaseOfTask = new(
        "update alerts set once_key = null where run_number = @run and task = @task and kind in ('failed', 'blocked')"
    );
    private static readonly Sql ReleaseOfRun = new(
        "update alerts set once_key = null where run_number = @run and task is null and kind in ('failed', 'blocked')"
    );

    private const string ReturnedAlert = """
        id, kind, severity, dedup_key, once_key, pipeline, run_number, run_id, logical_ms, task, message, tags, facts, notify, created_ms,
        resolves, routed_ms, resolved_ms
        """;

    /// <summary>
    /// Writes an alert, and the message that has it routed and delivered. Null: it was written before, as its once key says.
    /// </summary>
    public long? AddAlert(Alert alert) => AddAlert(alert, resolves: null);

    /// <summary>
    /// What was told of a task for a logical date and earlier ones is over: it is noted, and those who were told are told of it.
    /// </summary>
    /// <param name="task">Null: of the runs as a whole.</param>
    /// <param name="by">The run that succeeded, in a few words.</param>
    /// <returns>How many alerts were resolved.</returns>
    public int ResolveAlerts(PipelineName pipeline, TaskName? task, DateTimeOffset logicalDate, string by, DateTimeOffset at)
    {
        var statement = task is { } name
            ? Use(ResolveOfTask).Set("@at", at).Set("@pipeline", pipeline.Value).Set("@task", name.Value)
            : Use(ResolveOfRun).Set("@at", at).Set("@pipeline", pipeline.Value);
        return Resolve(
            statement.Set("@logical_ms", logicalDate).All(AlertOf),
            what => $"{(what.Task is { } of ? $"{of} of {pipeline}" : pipeline.Value)} is well again: {by}",
            at
        );
    }

    /// <summary>A dataset that was told to be late is fresh again: it is noted, and those who were told are told of it.</summary>
    /// <param name="dedupKey">The key of the alerts.</param>
    /// <param name="message">A sentence.</param>
    /// <returns>How many alerts were resolved.</returns>
    public int ResolveLateness(string dedupKey, string message, DateTimeOffset at) => ResolveAlert(dedupKey, message, at);

    private int Resolve(IReadOnlyList<StoredAlert> over, Func<Alert, string> message, DateTimeOffset at)
    {
        foreach (var stored in over.OrderBy(stored => stored.Id))
        {
            var what = stored.Alert;
            AddAlert(
                what with
                {
                    Kind = AlertKind.Resolved,
                    Severity = AlertSeverity.Info,
                    OnceKey = null,
                    Message = message(what),
                    Facts = [new AlertFact("was", what.Message)],
                    At = at,
                },
                stored.Id
            );
        }

        return over.Count;
    }

    /// <summary>What was told under a key is over: it is noted, and those who were told are told of it.</summary>
    /// <param name="message">What people are told.</param>
    /// <returns>How many alerts were resolved.</returns>
    public int ResolveAlert(string dedupKey, string message, DateTimeOffset at) =>
        Resolve(Use(ResolveOfKey).Set("@at", at).Set("@dedup_key", dedupKey).All(AlertOf), _ => message, at);

    /// <summary>Writes what people are told of decisions about runs, in their order.</summary>
    /// <returns>Whether there is something to deliver.</returns>
    public bool Write(IEnumerable<(Run Run, RunAlerts Alerts)> decisions)
    {
        var isNew = false;
        var troubled = new Dictionary<PipelineName, IReadOnlyList<TaskName?>>();
        foreach (var (run, alerts) in decisions)
        {
            foreach (var task in alerts.Released)
            {
                (
                    task is { } name ? Use(ReleaseOfTask).Set(run.Number).Set("@task", name.Value) : Use(ReleaseOfRun).Set(run.Number)
                ).Execute();
            }

            foreach (var alert in Raised(run, alerts))
            {
                isNew |= AddAlert(alert) is not null;
                troubled.Remove(run.Pipeline);
            }

            foreach (var task in alerts.Recovered)
            {
                if (!troubled.TryGetValue(run.Pipeline, out var tasks))
                {
                    troubled[run.Pipeline] = tasks = Troubled(run.Pipeline);
                }

                if (tasks.Contains(task))
                {
                    isNew |= ResolveAlerts(run.Pipeline, task, run.LogicalDate, $"it succeeded in {run.Id}", alerts.At) > 0;
                }
            }
        }

        return isNew;
    }

    private IEnumerable<Alert> Raised(Run run, RunAlerts alerts)
    {
        foreach (var alert in alerts.Raised)
        {
            yield return alert;
        }

        if (alerts.IfUntold is { } last && !IsTold(run.Number))
        {
            yield return last;
        }
    }

    private long? AddAlert(Alert alert, long? resolves)
    {
        var id = Use(AddOneAlert)
            .Set("@kind", Names.Of(alert.Kind))
            .Set("@severity", Names.Of(alert.Severity))
            .Set("@dedup_key", alert.DedupKey)
            .Set("@once_key", alert.OnceKey)
            .Set("@pipeline", alert.Pipeline?.Value)
            .Set("@run_number", alert.Run?.Value)
            .Set("@run_id", alert.RunId?.Value)
            .Set("@logical_ms", alert.LogicalDate)
            .Set("@task", alert.Task?.Value)
            .Set("@message", alert.Message)
            .Set("@tags", AlertColumns.Of(alert.Tags))
            .Set("@facts", AlertColumns.Of(alert.Facts))
            .Set("@notify", AlertColumns.Of(alert.Notify))
            .Set("@resolves", resolves)
            .Set("@created_ms", alert.At)
            .Scalar();
        if (id is { } number)
        {
            AddMessage(AlertMessage, number.ToString(CultureInfo.InvariantCulture), alert.At);
        }

        return id;
    }
}
