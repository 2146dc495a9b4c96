using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Foresight;

/// <summary>Reads from the store what a forecast needs, and makes it.</summary>
public static class Forecaster
{
    /// <summary>What is expected of every run that has not ended, oldest first.</summary>
    public static ImmutableArray<RunForecast> Active(ReadSession session, Project project, DateTimeOffset now) =>
        All(Forecast.Of(new Reading(session).Active(), LimitsOf(project), now));

    /// <summary>What is expected of a run; null when it has ended or is not there.</summary>
    public static RunForecast? Of(ReadSession session, Project project, RunNumber run, DateTimeOffset now)
    {
        var planned = new Reading(session).Active();
        var at = planned.FindIndex(each => each.Run!.Number == run);
        return at < 0 ? null : Forecast.Of(planned, LimitsOf(project), now)[at];
    }

    /// <summary>
    /// What is expected of the runs that schedules will make, the next first. The runs that have not ended take their part of the limits;
    /// pipelines that are paused make none.
    /// </summary>
    /// <param name="until">Up to this instant, not included.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="pipeline">Only of this pipeline; null for all.</param>
    public static ImmutableArray<RunForecast> Upcoming(
        ReadSession session,
        Project project,
        DateTimeOffset now,
        DateTimeOffset until,
        int most = 100,
        PipelineName? pipeline = null
    )
    {
        var reading = new Reading(session);
        var active = reading.Active();
        var coming = new List<PlannedRun>();
        foreach (var stored in session.Pipelines())
        {
            if (stored is { Paused: false, Version: { } version } && (pipeline is null || stored.Name == pipeline))
            {
                var model = reading.ModelOf(stored.Name, version);
                coming.AddRange(Runs(model, now.AddTicks(1), until).Take(most));
            }
        }

        coming.Sort((a, b) => a.CreatedAt.CompareTo(b.CreatedAt));
        var all = active.Concat(coming.Take(most)).ToList();
        var forecast = Forecast.Of(all, LimitsOf(project), now);
        return [.. Enumerable.Range(active.Count, all.Count - active.Count).Select(at => forecast[at])];
    }

    /// <summary>The runs that the schedules of a pipeline make in a window, in order, computed while they are read.</summary>
    public static IEnumerable<PlannedRun> Runs(PipelineModel model, DateTimeOffset from, DateTimeOffset to) =>
        Timetable.Of(model.Pipeline).Between(from, to).Where(tick => tick.Run is not null).Select(tick => PlannedRun.Of(model, tick));

    /// <summary>The runs that have not ended, oldest first.</summary>
    public static IReadOnlyList<PlannedRun> Runs(ReadSession session) => new Reading(session).Active();

    /// <summary>The limits that all runs of a project share.</summary>
    public static ForecastLimits LimitsOf(Project project) => new(project.MaxActiveTasks, project.Pools);

    private static ImmutableArray<RunForecast> All(Forecast forecast) =>
        [.. Enumerable.Range(0, forecast.Count).Select(at => forecast[at])];

    /// <summary>Definitions and histories, each read once.</summary>
    private sealed class Reading(ReadSession session)
    {
        private readonly Dictionary<(PipelineName, VersionHash), PipelineModel> _models = [];
        private readonly Dictionary<PipelineName, IReadOnlyDictionary<TaskName, TaskHistory>> _histories = [];

        public PipelineModel ModelOf(PipelineName pipeline, VersionHash version)
        {
            if (!_models.TryGetValue((pipeline, version), out var model))
            {
                if (!_histories.TryGetValue(pipeline, out var history))
                {
                    _histories.Add(pipeline, history = session.TaskHistories(pipeline));
                }

                model = new PipelineModel(session.Definition(pipeline, version)!.Pipeline, history);
                _models.Add((pipeline, version), model);
            }

            return model;
        }

        public List<PlannedRun> Active() =>
            [
                .. session
                    .ActiveRuns()
                    .Select(run => new PlannedRun
                    {
                        Model = ModelOf(run.Pipeline, run.Version),
                        Run = run,
                        DueAt = run.Trigger == RunTrigger.Scheduled ? run.IntervalEnd : run.CreatedAt,
                        CreatedAt = run.CreatedAt,
                        Tasks = run.State == RunState.Running ? session.TasksWithoutInstances(run.Number) : [],
                    }),
            ];
    }
}
