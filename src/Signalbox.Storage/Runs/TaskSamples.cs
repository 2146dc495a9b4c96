using Signalbox.Core;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;

namespace Signalbox.Storage;

public partial class ReadSession
{
    private static readonly Sql SamplesOf = new(
        """
        select t.task, t.started_ms, t.ended_ms, case when r.started_by = 'scheduled' then r.interval_end_ms end, t.map_count,
            case when t.map_count is not null then (
                select sum(i.ended_ms - i.started_ms) from tasks i
                where i.run_number = t.run_number and i.task = t.task and i.map_index >= 0 and i.started_ms is not null and i.ended_ms >= i.started_ms
            ) end
        from (
            select number, started_by, interval_end_ms from runs
            where pipeline = @pipeline and namespace is null and ended_ms is not null order by number desc limit @limit
        ) r
        join tasks t on t.run_number = r.number
        where t.map_index = -1 and t.state = 'success' and t.marked_as is null and t.started_ms is not null and t.ended_ms >= t.started_ms
        """
    );

    /// <summary>
    /// How long the tasks of a pipeline took in its newest live runs that have ended, at most <see cref="TaskHistory.MostSamples"/> of them; of a
    /// mapped task all its instances together, with how many they were. Only successes that nobody gave them count.
    /// </summary>
    public IReadOnlyDictionary<TaskName, TaskHistory> TaskHistories(PipelineName pipeline)
    {
        var samples = new Dictionary<string, List<TaskSample>>(StringComparer.Ordinal);
        using (var row = Use(SamplesOf).Set("@pipeline", pipeline.Value).Set("@limit", TaskHistory.MostSamples))
        {
            while (row.Read())
            {
                var task = row.Text();
                if (!samples.TryGetValue(task, out var list))
                {
                    samples.Add(task, list = []);
                }

                list.Add(
                    new TaskSample(row.Time(), row.Time(), row.TimeOrNull())
                    {
                        Items = row.IntOrNull(),
                        Work = row.SpanOrNull() ?? TimeSpan.Zero,
                    }
                );
            }
        }

        return samples.ToDictionary(task => new TaskName(task.Key), task => new TaskHistory(task.Value));
    }
}
