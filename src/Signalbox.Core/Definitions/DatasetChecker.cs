using Signalbox.Core.Time;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Definitions;

/// <summary>
/// Whether what a pipeline wants of datasets can ever come: whoever makes them cuts them so that their partitions map to its own. What never maps
/// would only be seen as runs that never start.
/// </summary>
public static class DatasetChecker
{
    /// <summary>Whether a pipeline wants something of datasets.</summary>
    public static bool Uses(Pipeline pipeline) =>
        pipeline.Triggers.OfType<TriggerSpec.Datasets>().Any() || pipeline.Tasks.Any(task => task.Kind is TaskKind.WaitForDataset);

    /// <summary>What is wrong with the triggers and the waits of a pipeline; warnings and errors name the field.</summary>
    /// <param name="all">All pipelines of the project by name, with itself. A dataset that none of them makes comes from outside.</param>
    public static IEnumerable<Diagnostic> Check(Pipeline pipeline, IReadOnlyDictionary<PipelineName, Pipeline> all)
    {
        var makers = all
            .Values.OrderBy(each => each.Name.Value, StringComparer.Ordinal)
            .SelectMany(each =>
                each.Tasks.SelectMany(task => task.Outputs).Select(output => (Pipeline: each, output.Dataset, IsCell: !output.Keys.IsEmpty))
            )
            .Where(made => made.Dataset is not null)
            .ToLookup(made => made.Dataset!, made => new Maker(made.Pipeline, made.IsCell), StringComparer.Ordinal);
        var own = pipeline.CalendarOf().Partitions;
        for (var i = 0; i < pipeline.Triggers.Length; i++)
        {
            if (pipeline.Triggers[i] is not TriggerSpec.Datasets trigger)
            {
                continue;
            }

            foreach (var (name, path) in Places(trigger.When, $"triggers[{i}].datasets"))
            {
                if (Unknown(name, makers) is { } advice)
                {
                    yield return new Diagnostic(
                        "unknown-dataset",
                        Severity.Warning,
                        path,
                        $"no pipeline makes `{name}`, so only updates that are posted from outside start this one{advice}"
                    );
                }
                else if (Never(own, [.. makers[name].Distinct()], name) is { } never)
                {
                    yield return new Diagnostic("never-maps", Severity.Error, path, never);
                }
            }
        }

        foreach (var task in pipeline.Tasks)
        {
            if (task.Kind is not TaskKind.WaitForDataset wait)
            {
                continue;
            }

            var path = $"tasks.{task.Name}.wait_for";
            if (Unknown(wait.Dataset, makers) is { } advice)
            {
                yield return new Diagnostic(
                    "unknown-dataset",
                    Severity.Warning,
                    $"{path}.dataset",
                    $"no pipeline makes `{wait.Dataset}`, so only updates that are posted from outside end this wait{advice}"
                );
                continue;
            }

            var producers = makers[wait.Dataset].Select(maker => maker.Pipeline).Distinct().ToList();
            if (producers.Count > 0 && producers.TrueForAll(producer => WeeksDiffer(own, producer.CalendarOf().Partitions)))
            {
                yield return new Diagnostic("never-maps", Severity.Error, $"{path}.dataset", Weeks(producers[0], own, wait.Dataset));
            }

            foreach (var problem in Range(wait, path, own, producers))
            {
                yield return problem;
            }
        }
    }

    /// <summary>The suggestion for a name that nothing makes and that is nearly one that something makes; null for others.</summary>
    private static string? Unknown(string name, ILookup<string, Maker> makers) =>
        !makers.Contains(name) && Suggestion.DidYouMean(name, makers.Select(made => made.Key)) is { Length: > 0 } advice ? advice : null;

    /// <summary>Why no update of any producer maps to a partition of the consumer, and what to write instead; null when one may.</summary>
    private static string? Never(PartitionScheme own, List<Maker> makers, string dataset)
    {
        if (makers.Count == 0 || makers.Exists(maker => Maps(maker, own)))
        {
            return null;
        }

        if (makers.Find(maker => maker.IsTimeless) is { Pipeline: var lists })
        {
            return $"{lists.Name} cuts `{dataset}` by lists alone, so its keys name no {Names.Of(own.Kind)}, by which this pipeline is cut; write `partition: none` here";
        }

        var coarser = makers.Find(maker => maker.Pipeline.Partition > own.Kind)?.Pipeline;
        return coarser is null
            ? Weeks(makers[0].Pipeline, own, dataset)
            : $"{coarser.Name} cuts `{dataset}` by {Names.Of(coarser.Partition)}s and this pipeline is cut by {Names.Of(own.Kind)}s: one update would be many runs, so none ever starts it; "
                + $"write `partition: {Names.Of(coarser.Partition)}` here, or cut {coarser.Name} by {Names.Of(own.Kind)}s";
    }

    private static bool Maps(Maker maker, PartitionScheme own) =>
        own.Kind == PartitionKind.None
        || (!maker.IsTimeless && maker.Pipeline.Partition <= own.Kind && !WeeksDiffer(own, maker.Pipeline.CalendarOf().Partitions));

    /// <summary>Who makes a dataset.</summary>
    /// <param name="IsCell">Whether an output of it is a cell of static lists.</param>
    private sealed record Maker(Pipeline Pipeline, bool IsCell)
    {
        public bool IsTimeless => IsCell && Pipeline.Partition == PartitionKind.None;
    }

    /// <summary>Keys of weeks look alike whatever their first day: nobody would see that they are different days.</summary>
    private static bool WeeksDiffer(PartitionScheme own, PartitionScheme made) =>
        own.Kind == PartitionKind.Week && made.Kind == PartitionKind.Week && own.FirstDayOfWeek != made.FirstDayOfWeek;

    private static string Weeks(Pipeline producer, PartitionScheme own, string dataset) =>
        $"the weeks of `{dataset}` begin on {Names.Of(producer.WeekStarts)} in {producer.Name} and on {Names.Of(own.FirstDayOfWeek)} here, so a key means other days; "
        + $"write `partition: {{ by: week, week_starts: {Names.Of(producer.WeekStarts)} }}` here";

    /// <summary>A range that is written down in the file can be read now.</summary>
    private static IEnumerable<Diagnostic> Range(TaskKind.WaitForDataset wait, string path, PartitionScheme own, List<Pipeline> producers)
    {
        var bounds = new List<Partition>();
        foreach (var (text, key) in new[] { (wait.From, "from"), (wait.To, "to") })
        {
            if (text is null || text.Contains("{{", StringComparison.Ordinal))
            {
                continue;
            }

            if (PartitionMapping.Read(text, own) is { } bound)
            {
                bounds.Add(bound);
            }
            else if (producers.Exists(producer => producer.Partition != PartitionKind.None))
            {
                yield return new Diagnostic(
                    "bad-partition",
                    Severity.Error,
                    $"{path}.{key}",
                    $"`{text}` is no partition of `{wait.Dataset}`; write one like {producers[0].CalendarOf().Partitions.PartitionOf(new DateTime(2001, 1, 5)).Key}, or a template"
                );
            }
        }

        if (bounds is [var first, var last] && first.Label >= last.EndLabel)
        {
            yield return new Diagnostic("empty-range", Severity.Error, $"{path}.to", $"`to` ({last.Key}) is before `from` ({first.Key})");
        }
    }

    private static IEnumerable<(string Name, string Path)> Places(DatasetCondition condition, string path) =>
        condition switch
        {
            DatasetCondition.All all => all.Of.SelectMany((each, i) => Places(each, $"{path}.all[{i}]")),
            DatasetCondition.Any any => any.Of.SelectMany((each, i) => Places(each, $"{path}.any[{i}]")),
            DatasetCondition.Updated updated => [(updated.Dataset, path)],
            _ => [],
        };
}
