using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Core.Scheduling;
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

    /// <summary>The runs that schedules start from one instant up to, not including, another, the soonest first. What is past, paused or drained starts nothing.</summary>
    /// <param name="most">So many at most.</param>
    /// <param name="mostOfOne">So many at most of one pipeline, so that one that runs each minute does not hide the others; null: no limit.</param>
    public static DepartureDocument[] Between(
        ReadSession session,
        DateTimeOffset from,
        DateTimeOffset to,
        DateTimeOffset now,
        int most,
        int? mostOfOne = null
    )
    {
        var begin = from > now ? from : now;
        var found = new List<(DecidedTick Tick, Pipeline Pipeline)>();
        var takeRuns = session.Pipelines().Where(row => row is { Version: not null, Paused: false } && session.Drain(row.Name) is null);
        foreach (var row in takeRuns)
        {
            var pipeline = session.Definition(row.Name, row.Version!.Value)!.Pipeline;
            found.AddRange(
                Timetable
                    .Of(pipeline)
                    .Between(begin, to)
                    .Where(tick => tick.Run is not null)
                    .Take(mostOfOne ?? most)
                    .Select(tick => (tick, pipeline))
            );
        }

        var usual = new Dictionary<PipelineName, double?>();
        return
        [
            .. found
                .OrderBy(each => each.Tick.FiresAt)
                .ThenBy(each => each.Pipeline.Name.Value, StringComparer.Ordinal)
                .Take(most)
                .Select(each => Of(session, each.Pipeline, each.Tick, usual)),
        ];
    }

    private static DepartureDocument Of(ReadSession session, Pipeline pipeline, DecidedTick tick, Dictionary<PipelineName, double?> usual)
    {
        if (!usual.TryGetValue(pipeline.Name, out var seconds))
        {
            usual[pipeline.Name] = seconds = UsualSeconds(session, pipeline.Name);
        }

        var zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        return new DepartureDocument(
            pipeline.Name.Value,
            InstantText.Utc(tick.FiresAt),
            tick.FiresAt.ToOffset(zone.OffsetAt(tick.FiresAt)),
            pipeline.TimeZone,
            tick.Run!.Slice.Partition,
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
