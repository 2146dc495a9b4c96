using Signalbox.Core.Definitions;

namespace Signalbox.Core.Triggers;

/// <summary>The runs of one pipeline that follow from partitions that are made again.</summary>
/// <param name="Datasets">By updates of which, by name.</param>
/// <param name="Partitions">The keys of its partitions, each once, by key; one that is empty for a pipeline that is not cut.</param>
public sealed record DownstreamRuns(PipelineName Pipeline, ImmutableArray<string> Datasets, ImmutableArray<string> Partitions);

/// <summary>What runs again when a pipeline is: those that its datasets start, those that theirs start, and so on.</summary>
public static class Cascade
{
    /// <summary>
    /// Every pipeline at most once, and never the one that it begins with, in the order in which they follow. What a trigger waits for beside these
    /// datasets is taken to be there.
    /// </summary>
    /// <param name="only">The tasks that run; all when there is none.</param>
    /// <param name="partitions">The partitions that are made again.</param>
    /// <param name="all">The pipelines of the project.</param>
    /// <param name="now">Tells the partition of a consumer whose dataset is not cut.</param>
    public static ImmutableArray<DownstreamRuns> Of(
        Pipeline pipeline,
        IReadOnlyCollection<string> only,
        IReadOnlyCollection<string> partitions,
        IReadOnlyCollection<Pipeline> all,
        DateTimeOffset now
    )
    {
        var found = ImmutableArray.CreateBuilder<DownstreamRuns>();
        var seen = new HashSet<PipelineName> { pipeline.Name };
        var next = new Queue<(ImmutableArray<string> Datasets, IReadOnlyCollection<string> Partitions)>();
        next.Enqueue((Made(pipeline, only), partitions));
        while (next.TryDequeue(out var made))
        {
            foreach (var consumer in all.OrderBy(each => each.Name.Value, StringComparer.Ordinal))
            {
                if (
                    consumer.Triggers.OfType<TriggerSpec.Datasets>().FirstOrDefault() is not { } trigger
                    || made.Datasets.Intersect(trigger.When.Names).ToImmutableArray() is not { IsEmpty: false } by
                    || seen.Contains(consumer.Name)
                )
                {
                    continue;
                }

                var scheme = consumer.CalendarOf().Partitions;
                var keys = made
                    .Partitions.Select(key => PartitionMapping.Map(key, now, scheme).Key)
                    .OfType<string>()
                    .Distinct()
                    .Order(StringComparer.Ordinal)
                    .ToImmutableArray();
                if (keys.IsEmpty)
                {
                    continue;
                }

                seen.Add(consumer.Name);
                found.Add(new DownstreamRuns(consumer.Name, by, keys));
                next.Enqueue((Made(consumer, []), keys));
            }
        }

        return found.ToImmutable();
    }

    private static ImmutableArray<string> Made(Pipeline pipeline, IReadOnlyCollection<string> only) =>
        [
            .. pipeline
                .Tasks.Where(task => only.Count == 0 || only.Contains(task.Name.Value))
                .SelectMany(task => task.Outputs)
                .Select(output => output.Dataset)
                .OfType<string>()
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
}
