using System.Collections.Immutable;
using System.Globalization;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What a backfill takes, by the median of the runs of the pipeline that succeeded latest.</summary>
/// <param name="Duration">From its beginning to its end.</param>
/// <param name="Work">Of all its runs together.</param>
/// <param name="Cost">In what the project counts; null when it says no price.</param>
/// <param name="Runs">How many runs it is drawn from.</param>
internal sealed record BackfillForecast(TimeSpan Duration, TimeSpan Work, double? Cost, int Runs)
{
    // Enough to see what is usual, few enough to be quick.
    private const int MostHistory = 20;

    /// <summary>Null when no run ever succeeded, or none is to run.</summary>
    public static BackfillForecast? Make(Pipeline pipeline, int runs, BackfillSelection selection, Store? store, BackfillLimits limits)
    {
        var history = store?.Read(session => session.Runs(new RunFilter(pipeline.Name, RunState.Success, Limit: MostHistory))) ?? [];
        var spans = history
            .Where(run => run is { StartedAt: not null, EndedAt: not null })
            .Select(run => run.EndedAt!.Value - run.StartedAt!.Value)
            .Order()
            .ToList();
        if (spans.Count == 0 || runs == 0)
        {
            return null;
        }

        var median = spans[spans.Count / 2];
        var duration = median * Math.Ceiling((double)runs / Math.Min(selection.MaxActive, Places(pipeline)));
        // Runs that begin so far apart take at least that long, all but the last, which takes its own time.
        var paced = selection.Every is { } every ? (every * (runs - 1)) + median : TimeSpan.Zero;
        var work = median * runs;
        return new BackfillForecast(duration > paced ? duration : paced, work, limits.CostPerHour * work.TotalHours, spans.Count);
    }

    /// <summary>What is over the limits of the project, each with the key that says so.</summary>
    public static ImmutableArray<string> Warnings(int runs, BackfillForecast? forecast, BackfillLimits limits)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        if (runs > limits.WarnRuns)
        {
            found.Add($"{runs} runs are more than the {limits.WarnRuns} of backfills.warn_runs in {Project.FileName}");
        }

        if (forecast?.Duration > limits.WarnDuration)
        {
            found.Add(
                $"about {Brief.Of(forecast.Duration)} is longer than the {Brief.Of(limits.WarnDuration.Value)} of backfills.warn_duration in {Project.FileName}"
            );
        }

        if (forecast?.Cost is { } cost && cost > limits.WarnCost)
        {
            found.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a cost of about {cost:0.##} is more than the {limits.WarnCost:0.##} of backfills.warn_cost in {Project.FileName}"
                )
            );
        }

        return found.ToImmutable();
    }

    /// <summary>Runs of backfills that a pipeline has room for: where live runs come by themselves the last place is kept for them.</summary>
    private static int Places(Pipeline pipeline) =>
        pipeline.Schedules.IsDefaultOrEmpty && pipeline.Triggers.IsDefaultOrEmpty
            ? pipeline.MaxActiveRuns
            : Math.Max(1, pipeline.MaxActiveRuns - 1);
}
