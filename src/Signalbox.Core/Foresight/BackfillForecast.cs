using Signalbox.Core.Definitions;

namespace Signalbox.Core.Foresight;

/// <summary>What a backfill is expected to take.</summary>
/// <remarks>
/// As many runs as may be active at one time are played forward beside each other (<see cref="Forecast"/>); the others follow them in as many such
/// waves as it needs. What waits for the world is taken as there already, for the dates of a backfill are past. Other runs of the project are not
/// looked at.
/// </remarks>
/// <param name="Duration">From its beginning to its end, by the medians.</param>
/// <param name="LateDuration">The same if every task takes as long as its 95th percentile.</param>
/// <param name="Work">Of all its runs together, by the medians.</param>
/// <param name="Samples">How many successes the best known of its tasks has; at least 1.</param>
/// <param name="IsComplete">Whether all its tasks have succeeded before; false: it takes at least so long.</param>
public sealed record BackfillForecast(TimeSpan Duration, TimeSpan LateDuration, TimeSpan Work, int Samples, bool IsComplete)
{
    /// <summary>What so many runs take; null when nothing is known of any task, none is to run, or a limit keeps them from ending ever.</summary>
    /// <param name="model">The pipeline, of the tasks that run.</param>
    /// <param name="runs">How many there are.</param>
    /// <param name="maxActive">How many of them may be active at one time, at least 1.</param>
    /// <param name="every">The least time between the beginnings of two of them; null: none.</param>
    public static BackfillForecast? Of(PipelineModel model, int runs, int maxActive, TimeSpan? every, ForecastLimits limits)
    {
        ArgumentNullException.ThrowIfNull(model);
        var samples = model.Count == 0 ? 0 : Enumerable.Range(0, model.Count).Max(node => model.HistoryOf(node).Count);
        if (runs == 0 || samples == 0)
        {
            return null;
        }

        var atOnce = Math.Min(runs, Math.Min(maxActive, Places(model.Pipeline)));
        if (Play(model, atOnce, limits) is not { } wave || Play(model, 1, limits) is not { } single)
        {
            return null;
        }

        return new BackfillForecast(
            Paced(wave.Expected, single.Expected, atOnce),
            Paced(wave.Late, single.Late, atOnce),
            single.Expected * runs,
            samples,
            model.IsComplete
        );

        TimeSpan Paced(TimeSpan wave, TimeSpan single, int atOnce)
        {
            var full = wave * Math.Ceiling((double)runs / atOnce);
            // Runs that begin so far apart take at least that long, all but the last, which takes its own time.
            var paced = every is { } pace ? (pace * (runs - 1)) + single : TimeSpan.Zero;
            return full > paced ? full : paced;
        }
    }

    /// <summary>Runs of backfills that a pipeline has room for: where live runs come by themselves the last place is kept for them.</summary>
    private static int Places(Pipeline pipeline) =>
        pipeline.Schedules.IsDefaultOrEmpty && pipeline.Triggers.IsDefaultOrEmpty
            ? pipeline.MaxActiveRuns
            : Math.Max(1, pipeline.MaxActiveRuns - 1);

    private static (TimeSpan Expected, TimeSpan Late)? Play(PipelineModel model, int runs, ForecastLimits limits)
    {
        // Long enough after the dates that nothing is waited for.
        var now = DateTimeOffset.UnixEpoch.AddYears(100);
        var planned = new PlannedRun
        {
            Model = model,
            DueAt = DateTimeOffset.UnixEpoch,
            CreatedAt = now,
            IsBackfill = true,
        };
        var forecast = Forecast.Of([.. Enumerable.Repeat(planned, runs)], limits, now);
        var spans = Enumerable.Range(0, runs).Select(run => forecast.SpanOf(run)).ToList();
        return spans.TrueForAll(span => span is { End: not null, LateEnd: not null })
            ? (spans.Max(span => span.End!.Value) - now, spans.Max(span => span.LateEnd!.Value) - now)
            : null;
    }
}
