using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>A run that a schedule will start.</summary>
/// <param name="Local">The same instant on the wall clock of the schedule's zone.</param>
/// <param name="ExpectedSeconds">How long the latest successful runs took, as their median; null without one.</param>
internal sealed record DepartureDocument(
    string Pipeline,
    string At,
    DateTimeOffset Local,
    string TimeZone,
    string Partition,
    double? ExpectedSeconds
)
{
    /// <summary>The most that one window has.</summary>
    public const int Most = 1000;

    private const int Samples = 20;

    /// <summary>The runs that schedules start from one instant up to, not including, another, the soonest first. What is past starts nothing.</summary>
    public static DepartureDocument[] Between(ReadSession session, DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, int most)
    {
        var after = (from > now ? from : now).AddTicks(-1);
        var found = new List<(Tick Tick, Pipeline Pipeline)>();
        foreach (var row in session.Pipelines().Where(row => row is { Version: not null, Paused: false }))
        {
            var pipeline = session.Definition(row.Name, row.Version!.Value)!.Pipeline;
            var schedule = pipeline.ScheduleOf();
            var count = 0;
            for (var tick = schedule.Next(after); tick is { } next && next.Utc < to && count < most; tick = schedule.Next(next))
            {
                var interval = schedule.IntervalOf(next);
                if (interval.End > pipeline.End)
                {
                    break;
                }

                if (!(interval.Start < pipeline.Start))
                {
                    found.Add((next, pipeline));
                    count++;
                }
            }
        }

        var usual = new Dictionary<PipelineName, double?>();
        return
        [
            .. found
                .OrderBy(each => each.Tick.Utc)
                .ThenBy(each => each.Pipeline.Name.Value, StringComparer.Ordinal)
                .Take(most)
                .Select(each => Of(session, each.Pipeline, each.Tick, usual)),
        ];
    }

    private static DepartureDocument Of(ReadSession session, Pipeline pipeline, Tick tick, Dictionary<PipelineName, double?> usual)
    {
        if (!usual.TryGetValue(pipeline.Name, out var seconds))
        {
            usual[pipeline.Name] = seconds = UsualSeconds(session, pipeline.Name);
        }

        var schedule = pipeline.ScheduleOf();
        return new DepartureDocument(
            pipeline.Name.Value,
            InstantText.Utc(tick.Utc),
            tick.Utc.ToOffset(schedule.Zone.OffsetAt(tick.Utc)),
            pipeline.Schedule?.TimeZone ?? "UTC",
            pipeline.CalendarOf().Of(schedule.IntervalOf(tick)).Partition,
            seconds
        );
    }

    /// <summary>The median of the latest successful runs; null when there is none.</summary>
    public static double? UsualSeconds(ReadSession session, PipelineName pipeline)
    {
        var seconds = session
            .Runs(new RunFilter(pipeline, RunState.Success, Limit: Samples))
            .Where(run => run is { StartedAt: not null, Namespace: null })
            .Select(run => (run.EndedAt!.Value - run.StartedAt!.Value).TotalSeconds)
            .Order()
            .ToList();
        return seconds.Count == 0 ? null : (seconds[(seconds.Count - 1) / 2] + seconds[seconds.Count / 2]) / 2;
    }
}
