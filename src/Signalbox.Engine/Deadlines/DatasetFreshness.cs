using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Storage;

namespace Signalbox.Engine.Deadlines;

/// <summary>How often a pipeline wants a dataset of its own to be updated.</summary>
public sealed record FreshnessNeed(string Dataset, FreshnessSpec Rule);

/// <summary>How a dataset stands to a need.</summary>
/// <param name="UpdatedAt">Its last update; null when it had none.</param>
/// <param name="DueAt">By when the next one must come, or must have come; null: there is no such time.</param>
/// <param name="MissedAt">The last deadline that passed without one; null: it is fresh.</param>
public sealed record FreshnessStanding(FreshnessNeed Need, DateTimeOffset? UpdatedAt, DateTimeOffset? DueAt, DateTimeOffset? MissedAt)
{
    /// <summary>Whether something is to be written down: true for a new miss, false for the end of one, null for neither.</summary>
    internal bool? Late(IEnumerable<FreshnessMiss> open)
    {
        var known = open.ToList();
        return MissedAt is { } due
            ? known.Exists(miss => miss.DueAt == due)
                ? null
                : true
            : known.Count > 0
                ? false
                : null;
    }
}

/// <summary>Which datasets must be updated how often, and whether they were.</summary>
public static class DatasetFreshness
{
    /// <summary>The needs that a pipeline states, each dataset once, with the first that is stated of it.</summary>
    public static ImmutableArray<FreshnessNeed> Needs(Pipeline pipeline) =>
        [
            .. pipeline
                .Tasks.SelectMany(task => task.Outputs)
                .Where(output => output is { Dataset: not null, Freshness: not null })
                .DistinctBy(output => output.Dataset)
                .Select(output => new FreshnessNeed(output.Dataset!, output.Freshness!)),
        ];

    /// <summary>How all datasets stand whose freshness a current definition states, by dataset.</summary>
    public static ImmutableArray<(PipelineName Pipeline, FreshnessStanding Standing)> All(ReadSession session, DateTimeOffset now) =>
        [
            .. session
                .Pipelines()
                .Where(row => row.Version is not null)
                .Select(row => session.DefinitionIfReadable(row.Name, row.Version!.Value))
                .OfType<StoredDefinition>()
                .SelectMany(row =>
                    Needs(row.Pipeline).Select(need => (row.Pipeline.Name, Of(session, row.Pipeline, row.Version, need, now)))
                )
                .OrderBy(each => each.Item2.Need.Dataset, StringComparer.Ordinal),
        ];

    /// <summary>How a dataset stands to a need.</summary>
    public static FreshnessStanding Of(ReadSession session, Pipeline pipeline, VersionHash version, FreshnessNeed need, DateTimeOffset now)
    {
        var updated = session.FreshOf(need.Dataset);
        var since = updated ?? session.Definition(pipeline.Name, version)?.FirstSeen ?? now;
        DateTimeOffset? missed = null;
        var due = need.Rule.DueAfter(since);
        while (due is { } passed && passed < now)
        {
            missed = passed;
            due = need.Rule.NextAfter(passed);
        }

        return new FreshnessStanding(need, updated, due ?? missed, missed);
    }
}
