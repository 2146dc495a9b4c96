using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Foresight;

/// <summary>
/// The runs of a pipeline that updates of datasets are expected to start: where a foretold run is expected to publish, its consumers begin.
/// What becomes of the updates is decided by the code that decides it then (<see cref="DatasetDecider"/>).
/// </summary>
/// <remarks>
/// An update comes when the task that publishes it is expected to end. Those of backfills and of runs in namespaces start nothing, and
/// neither does what has ended before now: that is in the store. Under <c>batch</c> and <c>latest</c> a run counts as over after as long as it
/// takes with all pools to itself.
/// </remarks>
public static class DatasetChain
{
    /// <summary>The trigger by which a pipeline waits for updates; null when it has none.</summary>
    public static TriggerSpec.Datasets? TriggerOf(Pipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return pipeline.Triggers.OfType<TriggerSpec.Datasets>().FirstOrDefault();
    }

    /// <summary>Whether a task of one pipeline publishes what starts another.</summary>
    public static bool Feeds(Pipeline producer, Pipeline consumer)
    {
        ArgumentNullException.ThrowIfNull(producer);
        return TriggerOf(consumer) is { } trigger
            && producer.Tasks.Any(task => task.Outputs.Any(output => output.Dataset is { } name && trigger.When.Names.Contains(name)));
    }

    /// <summary>The runs of a consumer, in the order in which they are made.</summary>
    /// <param name="consumer">A pipeline with a trigger.</param>
    /// <param name="state">The updates that wait for it now, and what is known of its datasets.</param>
    /// <param name="runs">What is foretold.</param>
    /// <param name="forecast">The course of those.</param>
    /// <param name="limits">What a run of the consumer may take.</param>
    /// <param name="now">Nothing is published before.</param>
    public static ImmutableArray<PlannedRun> Of(
        PipelineModel consumer,
        SubscriberState state,
        IReadOnlyList<PlannedRun> runs,
        Forecast forecast,
        ForecastLimits limits,
        DateTimeOffset now
    )
    {
        ArgumentNullException.ThrowIfNull(consumer);
        ArgumentNullException.ThrowIfNull(state);
        var trigger = TriggerOf(consumer.Pipeline) ?? throw new ArgumentException("it waits for no dataset", nameof(consumer));
        var scheme = consumer.Pipeline.CalendarOf().Partitions;
        var coming = Updates(trigger, runs, forecast, now).OrderBy(update => update.At).ToList();
        var made = ImmutableArray.CreateBuilder<PlannedRun>();
        var (there, latest) = (new HashSet<(string, string)>(), new Dictionary<string, string>(StringComparer.Ordinal));
        var waiting = state.Updates;
        var id = waiting.IsEmpty ? 0 : waiting.Max(update => update.Id);
        var over = EndOfThose(consumer, runs, forecast) ?? now;
        for (var i = 0; i < coming.Count; )
        {
            // Of those that wait for the end of a run, all that came until then are one run.
            var at = trigger.Consume != ConsumeMode.Each && over > coming[i].At ? over : coming[i].At;
            for (; i < coming.Count && coming[i].At <= at; i++)
            {
                waiting = waiting.Add(coming[i] with { Id = ++id });
                there.Add((coming[i].Dataset, coming[i].Partition));
                latest[coming[i].Dataset] = coming[i].Partition;
            }

            if (at == DateTimeOffset.MaxValue)
            {
                break;
            }

            var plan = DatasetDecider.Decide(
                trigger,
                scheme,
                state with
                {
                    Updates = waiting,
                    HasUnfinishedRun = false,
                    IsThere = (dataset, partition) => there.Contains((dataset, partition)) || state.IsThere(dataset, partition),
                    LatestOf = dataset => latest.GetValueOrDefault(dataset) ?? state.LatestOf(dataset),
                }
            );
            foreach (var cause in plan.Runs)
            {
                var run = new PlannedRun
                {
                    Model = consumer,
                    DueAt = at,
                    CreatedAt = at,
                    Cause = cause,
                };
                made.Add(run);
                over = trigger.Consume == ConsumeMode.Each ? over : Forecast.Of([run], limits, at).SpanOf(0).End ?? DateTimeOffset.MaxValue;
            }

            var left = plan.Waiting.SelectMany(partition => partition.Updates).ToHashSet();
            waiting = waiting.RemoveAll(update => !left.Contains(update.Id));
        }

        return made.DrainToImmutable();
    }

    /// <summary>When the last of the consumer's runs that are there is expected to end; null when there is none.</summary>
    private static DateTimeOffset? EndOfThose(PipelineModel consumer, IReadOnlyList<PlannedRun> runs, Forecast forecast)
    {
        DateTimeOffset? last = null;
        for (var run = 0; run < runs.Count; run++)
        {
            if (runs[run].Run is { Trigger: RunTrigger.Dataset, Namespace: null } row && row.Pipeline == consumer.Pipeline.Name)
            {
                var end = forecast.SpanOf(run).End ?? DateTimeOffset.MaxValue;
                last = last is null || end > last ? end : last;
            }
        }

        return last;
    }

    private static IEnumerable<DatasetUpdate> Updates(
        TriggerSpec.Datasets trigger,
        IReadOnlyList<PlannedRun> runs,
        Forecast forecast,
        DateTimeOffset now
    )
    {
        var wanted = trigger.When.Names;
        for (var run = 0; run < runs.Count; run++)
        {
            var planned = runs[run];
            if (planned.Run is { Backfill: not null } or { Namespace: not null })
            {
                continue;
            }

            var tasks = planned.Model.Pipeline.Tasks;
            for (var node = 0; node < tasks.Length; node++)
            {
                foreach (var output in tasks[node].Outputs)
                {
                    if (output.Dataset is { } dataset && wanted.Contains(dataset) && !planned.LeavesOut(tasks[node].Name))
                    {
                        if (forecast.SpanOf(run, node).End is { } end && end >= now)
                        {
                            yield return new DatasetUpdate(0, dataset, planned.Partition, end);
                        }
                    }
                }
            }
        }
    }
}
