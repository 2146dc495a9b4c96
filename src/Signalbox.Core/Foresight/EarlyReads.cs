using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Foresight;

/// <summary>A task that is expected to read a dataset before it is made, without waiting for it.</summary>
/// <param name="Early">How many of the runs.</param>
/// <param name="Runs">Those whose partition is made within what is foretold.</param>
/// <param name="ReadsAt">In the first of those that are early: when the task is expected to begin.</param>
/// <param name="MadeAt">In the same: when the producer is expected to be done.</param>
public sealed record EarlyRead(
    PipelineName Consumer,
    TaskName Task,
    string Dataset,
    PipelineName Producer,
    TaskName By,
    int Early,
    int Runs,
    DateTimeOffset ReadsAt,
    DateTimeOffset MadeAt
);

/// <summary>Finds schedules that read before what they read is there, by how long its producers take.</summary>
/// <remarks>
/// Compared are a run of a schedule and the runs that make its partition, by the medians of their history. What is started by the dataset, or
/// has a wait (for anything but a time of day) before it, is left alone; so is what is not cut into partitions, for nothing says which of its
/// versions is meant.
/// </remarks>
public static class EarlyReads
{
    /// <summary>All of them, in the order of the lineage.</summary>
    /// <param name="pipelines">All pipelines of the project.</param>
    /// <param name="forecast">Of their runs in some time to come.</param>
    public static ImmutableArray<EarlyRead> Find(IReadOnlyCollection<Pipeline> pipelines, Forecast forecast)
    {
        ArgumentNullException.ThrowIfNull(pipelines);
        ArgumentNullException.ThrowIfNull(forecast);
        var edges = Lineage.Of(pipelines);
        var runs = Enumerable.Range(0, forecast.Count).ToLookup(run => forecast.PlannedOf(run).Model.Pipeline.Name);
        var found = ImmutableArray.CreateBuilder<EarlyRead>();
        foreach (var read in edges.Where(edge => edge.Role == LineageRole.Reads))
        {
            foreach (var made in edges.Where(edge => edge.Role == LineageRole.Produces && edge.Dataset == read.Dataset))
            {
                if (made.Pipeline != read.Pipeline && Compare(read, made, runs, forecast) is { } early)
                {
                    found.Add(early);
                }
            }
        }

        return found.DrainToImmutable();
    }

    private static EarlyRead? Compare(LineageEdge read, LineageEdge made, ILookup<PipelineName, int> runs, Forecast forecast)
    {
        var (early, all) = (0, 0);
        (DateTimeOffset ReadsAt, DateTimeOffset MadeAt)? first = null;
        foreach (var run in runs[read.Pipeline])
        {
            var planned = forecast.PlannedOf(run);
            if (planned.Tick is null || planned.Partition.Length == 0 || IsReady(planned.Model, read))
            {
                continue;
            }

            var scheme = planned.Model.Pipeline.CalendarOf().Partitions;
            DateTimeOffset? last = null;
            foreach (var other in runs[made.Pipeline])
            {
                if (EndOf(other, made.Task!.Value, forecast) is { } end && forecast.PlannedOf(other).Partition is { Length: > 0 } partition)
                {
                    var isPart = PartitionMapping.Map(partition, end, scheme) is { Maps: true } mapped && mapped.Key == planned.Partition;
                    last = isPart && !(end < last) ? end : last;
                }
            }

            if (last is { } there && forecast.SpanOf(run, planned.Model.Graph.IndexOf(read.Task!.Value)).Start is { } begins)
            {
                all++;
                early += there > begins ? 1 : 0;
                first ??= there > begins ? (begins, there) : null;
            }
        }

        return first is { } example
            ? new EarlyRead(
                read.Pipeline,
                read.Task!.Value,
                read.Dataset,
                made.Pipeline,
                made.Task!.Value,
                early,
                all,
                example.ReadsAt,
                example.MadeAt
            )
            : null;
    }

    /// <summary>Whether the task begins only after somebody has looked.</summary>
    private static bool IsReady(PipelineModel model, LineageEdge read)
    {
        var before = model.Graph.WithUpstream([model.Graph.IndexOf(read.Task!.Value)]);
        return DatasetChain.TriggerOf(model.Pipeline)?.When.Names.Contains(read.Dataset) == true
            || model.Pipeline.Tasks.Where((_, node) => before[node]).Any(task => task.Kind is { Waits: true } and not TaskKind.WaitForTime);
    }

    private static DateTimeOffset? EndOf(int run, TaskName task, Forecast forecast) =>
        forecast.PlannedOf(run).Model.Graph.IndexOf(task) is >= 0 and var node ? forecast.SpanOf(run, node).End : null;
}
