using System.Collections.Immutable;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Engine.Foresight;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>What a backfill is expected to take and to cost.</summary>
/// <param name="Forecast">By the history of its tasks.</param>
/// <param name="Cost">In what the project counts; null when it says no price.</param>
internal sealed record BackfillOutlook(BackfillForecast Forecast, double? Cost)
{
    /// <summary>Null when no task ever succeeded, or none is to run.</summary>
    /// <param name="only">The tasks that run; empty: all.</param>
    public static BackfillOutlook? Make(
        Pipeline pipeline,
        int runs,
        BackfillSelection selection,
        IReadOnlyList<string> only,
        Store? store,
        Project project
    )
    {
        var history = store?.Read(session => session.TaskHistories(pipeline.Name)) ?? ImmutableDictionary<TaskName, TaskHistory>.Empty;
        var forecast = BackfillForecast.Of(
            new PipelineModel(Only(pipeline, only), history),
            runs,
            selection.MaxActive,
            selection.Every,
            Forecaster.LimitsOf(project)
        );
        return forecast is null ? null : new BackfillOutlook(forecast, project.Backfills.CostPerHour * forecast.Work.TotalHours);
    }

    /// <summary>One line for people.</summary>
    public string Sentence()
    {
        var cost = Cost is { } price ? $", cost about {price.ToString("0.##", CultureInfo.InvariantCulture)}" : "";
        var least = Forecast.IsComplete ? "about" : "at least";
        return $"{least} {Span(Forecast.Duration)}, {Span(Forecast.LateDuration)} if all goes slowly; {Span(Forecast.Work)} of work{cost}, "
            + $"by the medians of {(Forecast.Samples == 1 ? "one success" : $"the latest {Forecast.Samples} successes")} of each task";
    }

    /// <summary>What is over the limits of the project, each with the key that says so.</summary>
    public static ImmutableArray<string> Warnings(int runs, BackfillOutlook? outlook, BackfillLimits limits)
    {
        var found = ImmutableArray.CreateBuilder<string>();
        if (runs > limits.WarnRuns)
        {
            found.Add($"{runs} runs are more than the {limits.WarnRuns} of backfills.warn_runs in {Project.FileName}");
        }

        if (outlook?.Forecast.Duration > limits.WarnDuration)
        {
            found.Add(
                $"about {Brief.Of(outlook.Forecast.Duration)} is longer than the {Brief.Of(limits.WarnDuration.Value)} of backfills.warn_duration in {Project.FileName}"
            );
        }

        if (outlook?.Cost is { } cost && cost > limits.WarnCost)
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

    /// <summary>The tasks that run; what they need beside each other counts as done.</summary>
    private static Pipeline Only(Pipeline pipeline, IReadOnlyList<string> only) =>
        only.Count == 0
            ? pipeline
            : pipeline with
            {
                Tasks =
                [
                    .. pipeline
                        .Tasks.Where(task => only.Contains(task.Name.Value))
                        .Select(task => task with { Needs = [.. task.Needs.Where(need => only.Contains(need.Value))] }),
                ],
            };

    private static string Span(TimeSpan span) => span < TimeSpan.FromSeconds(1) ? "a second" : Brief.Of(span);
}
