using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Core.Definitions;
using Signalbox.Storage;

namespace Signalbox.Engine.Deadlines;

/// <summary>Watches the datasets whose freshness is stated: one that is late is written down and told once, and so is the end of it.</summary>
/// <remarks>The miss, and what people are told of it, are one transaction: neither is lost nor told twice over a kill.</remarks>
internal sealed class FreshnessWatch(EngineParts parts, Action<string> say)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _guard = new();
    private readonly Dictionary<PipelineName, Watched> _known = [];

    /// <summary>Takes note of the current definition of a pipeline.</summary>
    public void Follow(Pipeline pipeline, VersionHash version)
    {
        var needs = DatasetFreshness.Needs(pipeline);
        lock (_guard)
        {
            if (needs.IsEmpty)
            {
                _known.Remove(pipeline.Name);
            }
            else
            {
                _known[pipeline.Name] = new Watched(pipeline, version, needs);
            }
        }
    }

    /// <summary>The file of a pipeline is gone, and with it the need.</summary>
    public void Drop(PipelineName pipeline)
    {
        lock (_guard)
        {
            _known.Remove(pipeline);
        }
    }

    /// <summary>Looks at the clock and the updates until the engine stops.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await LookAsync(cancellationToken);
            await Task.Delay(Pause, parts.Time, cancellationToken);
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        List<Watched> watched;
        lock (_guard)
        {
            watched = [.. _known.Values];
        }

        if (watched.Count == 0)
        {
            return;
        }

        var now = parts.Time.GetUtcNow();
        var changed = parts.Store.Read(session =>
        {
            var open = session.OpenMisses().ToLookup(miss => (miss.Pipeline, miss.Dataset));
            return watched
                .SelectMany(each =>
                    each.Needs.Select(need =>
                        (each.Pipeline, Standing: DatasetFreshness.Of(session, each.Pipeline, each.Version, need, now))
                    )
                )
                .Where(each => each.Standing.Late(open[(each.Pipeline.Name, each.Standing.Need.Dataset)]) is not null)
                .ToList();
        });
        if (changed.Count == 0)
        {
            return;
        }

        var told = await parts.Store.WriteAsync(
            session => changed.Select(each => Write(session, each.Pipeline, each.Standing, now)).OfType<string>().ToList(),
            cancellationToken
        );
        if (told.Count > 0)
        {
            parts.Alerts.Ring();
        }

        told.ForEach(say);
    }

    private static string? Write(WriteSession session, Pipeline pipeline, FreshnessStanding standing, DateTimeOffset now)
    {
        var (need, due) = (standing.Need, standing.MissedAt);
        var key = $"{pipeline.Name}/{need.Dataset}/freshness";
        if (due is null)
        {
            if (!session.EndMisses(pipeline.Name, need.Dataset, now))
            {
                return null;
            }

            var message = $"{need.Dataset} is fresh again: it was updated at {Time(standing.UpdatedAt ?? now)}";
            session.ResolveLateness(key, message, now);
            return message;
        }

        if (!session.AddMiss(pipeline.Name, need.Dataset, need.Rule.Sentence, due.Value, standing.UpdatedAt, now))
        {
            return null;
        }

        var late =
            $"{need.Dataset} is late: it had to be updated by {Time(due.Value)} ({need.Rule.Sentence}), and "
            + (standing.UpdatedAt is { } updated ? $"was last at {Time(updated)}" : "never was");
        session.AddAlert(
            new Alert
            {
                Kind = AlertKind.FreshnessMissed,
                Severity = AlertSeverity.Error,
                DedupKey = key,
                OnceKey = $"freshness_missed/{pipeline.Name}/{need.Dataset}/{due.Value.ToUnixTimeMilliseconds()}",
                Pipeline = pipeline.Name,
                Tags = pipeline.Tags,
                Message = late,
                Facts =
                [
                    new AlertFact("dataset", need.Dataset),
                    new AlertFact("deadline", Time(due.Value)),
                    new AlertFact("rule", need.Rule.Sentence),
                ],
                At = now,
            }
        );
        return late;
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private sealed record Watched(Pipeline Pipeline, VersionHash Version, System.Collections.Immutable.ImmutableArray<FreshnessNeed> Needs);
}
