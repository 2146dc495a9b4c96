using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Foresight;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Time;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.Engine.Foresight;

/// <summary>A tick of a plan.</summary>
/// <param name="Run">Position of its run in <see cref="Plan.Forecast"/>; null when it is skipped whatever happens until then.</param>
/// <param name="Skip">Why it becomes no run; null: it does.</param>
/// <param name="Reason">The same as a sentence.</param>
public readonly record struct PlanTick(Pipeline Pipeline, DecidedTick Tick, int? Run, SkipReason? Skip, string? Reason);

/// <summary>A run that updates of datasets are expected to start.</summary>
/// <param name="Run">Its position in <see cref="Plan.Forecast"/>.</param>
public readonly record struct PlanConsumer(Pipeline Pipeline, int Run);

/// <summary>How full a pool is expected to be.</summary>
public sealed record PlanPool(string Name, int Slots, ImmutableArray<PoolLoad> Load);

/// <summary>
/// What the schedules of pipelines do in a window, played forward by the scheduler's own decisions (<see cref="Timetable"/>) on a virtual
/// clock, with what is expected of each run.
/// </summary>
public sealed record Plan
{
    // Further ahead, what runs now has long ended.
    private static readonly TimeSpan Near = TimeSpan.FromDays(7);

    public required DateTimeOffset From { get; init; }

    /// <summary>Not included.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>
    /// In the order in which they fire; at one instant by the name of the pipeline. Those before now fired while nobody looked, and become
    /// what catching up makes of them; of more than <see cref="DueTicks.MostListed"/> that are skipped only the newest are here.
    /// </summary>
    public required IReadOnlyList<PlanTick> Ticks { get; init; }

    /// <summary>Runs that what is published by those of the ticks, and by those that are there, is expected to start; in order.</summary>
    public required IReadOnlyList<PlanConsumer> Consumers { get; init; }

    /// <summary>Of the runs that are there (<see cref="Active"/> of them, first), of those of the ticks, and of <see cref="Consumers"/>.</summary>
    public required Forecast Forecast { get; init; }

    /// <summary>How many of the runs in <see cref="Forecast"/> are there already.</summary>
    public required int Active { get; init; }

    /// <summary>The pools that are used, by name.</summary>
    public required ImmutableArray<PlanPool> Pools { get; init; }

    /// <param name="session">The store with the history; null: nothing ever ran.</param>
    /// <param name="pipelines">Definitions without mistakes, each name once.</param>
    /// <param name="from">The first instant of the window.</param>
    /// <param name="to">The first instant after it.</param>
    public static Plan Make(
        ReadSession? session,
        Project project,
        IReadOnlyList<Pipeline> pipelines,
        DateTimeOffset from,
        DateTimeOffset to,
        DateTimeOffset now
    )
    {
        var runs = new List<PlannedRun>();
        if (session is not null && to > now && from - now < Near)
        {
            runs.AddRange(Forecaster.Runs(session));
        }

        var active = runs.Count;
        var coming = new ComingTicks(session, from, to, now);
        var models = new PlanModels(session);
        var ticks = pipelines
            .Where(each => !each.Schedules.IsDefaultOrEmpty)
            .OrderBy(each => each.Name.Value, StringComparer.Ordinal)
            .SelectMany(coming.Of)
            .OrderBy(each => each.Tick.Tick.FiresAt.UtcTicks);
        var listed = new List<PlanTick>();
        foreach (var (tick, at) in ticks)
        {
            if (tick.Skip is null)
            {
                listed.Add(tick with { Run = runs.Count });
                runs.Add(PlannedRun.Of(models.Of(tick.Pipeline), tick.Tick) with { CreatedAt = at });
            }
            else
            {
                listed.Add(tick);
            }
        }

        var course = new Course(runs, Forecaster.LimitsOf(project), active > 0 || now < from ? now : from, from, to);
        var made = AlongDatasets.AddTo(course, session, pipelines.Where(each => coming.TakesRuns(each.Name)), models);
        var (forecast, pools) = (course.Forecast, course.Pools);
        for (var i = 0; i < listed.Count; i++)
        {
            if (listed[i].Run is { } run && forecast.SkippedOf(run) is { } reason)
            {
                listed[i] = listed[i] with { Skip = SkipReason.Overlap, Reason = reason };
            }
        }

        return new Plan
        {
            From = from,
            To = to,
            Ticks = listed,
            Consumers = made,
            Forecast = forecast,
            Active = active,
            Pools = [.. pools.Select(pool => new PlanPool(pool.Key, pool.Value.Slots, pool.Value.Load))],
        };
    }
}
