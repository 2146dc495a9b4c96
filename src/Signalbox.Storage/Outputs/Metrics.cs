using Signalbox.Core;

namespace Signalbox.Storage;

/// <summary>A number that an attempt reported.</summary>
public sealed record Metric(TaskKey Task, int Attempt, string Name, double Value);

/// <summary>A metric of the last attempt of a task in one run.</summary>
public sealed record MetricPoint(RunNumber Run, DateTimeOffset LogicalDate, double Value);

public partial class ReadSession
{
    private static readonly Sql MetricsOfRun = new(
        "select task, map_index, attempt, name, value from metrics where run_number = @run order by task, map_index, attempt, name"
    );
    private static readonly Sql MetricSeriesOf = new(
        """
        select r.number, r.logical_ms, m.value from metrics m join runs r on r.number = m.run_number
        where r.pipeline = @pipeline and m.task = @task and m.map_index = @map_index and m.name = @name
            and m.attempt = (select max(l.attempt) from metrics l where l.run_number = m.run_number and l.task = m.task
                and l.map_index = m.map_index and l.name = m.name)
        order by r.number desc limit @limit
        """
    );

    /// <summary>All metrics of a run.</summary>
    public IReadOnlyList<Metric> Metrics(RunNumber run) =>
        Use(MetricsOfRun).Set(run).All(row => new Metric(row.Key(), row.Int(), row.Text(), row.Double()));

    /// <summary>One metric over the runs of a pipeline, the newest first.</summary>
    public IReadOnlyList<MetricPoint> MetricSeries(PipelineName pipeline, TaskKey task, string name, int limit) =>
        Use(MetricSeriesOf)
            .Set("@pipeline", pipeline.Value)
            .Set(task)
            .Set("@name", name)
            .Set("@limit", limit)
            .All(row => new MetricPoint(new(row.Long()), row.Time(), row.Double()));
}

public sealed partial class WriteSession
{
    private static readonly Sql SetMetric = new(
        """
        insert into metrics (run_number, task, map_index, attempt, name, value) values (@run, @task, @map_index, @attempt, @name, @value)
        on conflict (run_number, task, map_index, attempt, name) do update set value = excluded.value
        """
    );

    /// <summary>Keeps a number that an attempt reported; the last one of a name counts.</summary>
    public void SaveMetric(RunNumber run, Metric metric) =>
        Use(SetMetric)
            .Set(run)
            .Set(metric.Task)
            .Set("@attempt", metric.Attempt)
            .Set("@name", metric.Name)
            .Set("@value", (double?)metric.Value)
            .Post();
}
