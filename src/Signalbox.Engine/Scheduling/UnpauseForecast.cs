using Signalbox.Core.Definitions;
using Signalbox.Core.Scheduling;
using Signalbox.Core.Time;
using Signalbox.Storage;

namespace Signalbox.Engine.Scheduling;

/// <summary>What the end of a pause would do at an instant: how many runs it creates at once, and how many ticks of the pause are skipped.</summary>
/// <param name="Runs">Runs that are created at once.</param>
/// <param name="First">The tick of the first of them; null when there is none.</param>
/// <param name="Last">The tick of the last of them.</param>
/// <param name="Skipped">Ticks that are skipped and recorded one by one.</param>
/// <param name="More">Whether more were skipped than are counted.</param>
/// <param name="Next">The next tick that becomes a run; null when there is none.</param>
public sealed record UnpauseForecast(int Runs, DateTimeOffset? First, DateTimeOffset? Last, int Skipped, bool More, DateTimeOffset? Next)
{
    /// <summary>The forecast as people read it.</summary>
    public string Sentence =>
        $"{Count(Runs, "run")} of missed ticks {(Runs == 1 ? "is" : "are")} created now"
        + (
            First is not { } first ? ""
            : first == Last ? $" ({Shown(first)})"
            : $" ({Shown(first)} to {Shown(Last!.Value)})"
        )
        + (Skipped == 0 ? "" : $", {(More ? "more than " : "")}{Count(Skipped, "tick")} {(Skipped == 1 ? "is" : "are")} skipped")
        + (Next is { } next ? $"; the next run is due at {Shown(next)}" : "; no further run is due");

    /// <summary>What would come of unpausing a pipeline.</summary>
    public static UnpauseForecast Of(ReadSession session, Pipeline pipeline, DateTimeOffset? cursor, DateTimeOffset now)
    {
        var times = Timetable.Of(pipeline);
        var decision = times.DecidePause(cursor, now);
        var fresh = decision.Ticks.Where(tick => !session.HasTick(pipeline.Name, tick.Schedule, tick.Key)).ToList();
        var due = fresh.Where(tick => tick.Run is not null).ToList();
        var runs = Overlaps.RunsOf(pipeline.Overlap, session.LiveRuns(pipeline.Name).Count, due.Count);
        var made = pipeline.Overlap == OverlapPolicy.CancelRunning ? due.TakeLast(runs).ToList() : due.Take(runs).ToList();
        return new UnpauseForecast(
            runs,
            made.Count == 0 ? null : made[0].Tick.Utc,
            made.Count == 0 ? null : made[^1].Tick.Utc,
            fresh.Count - runs,
            !decision.Older.IsEmpty,
            times.NextRun(now)?.Tick.Utc
        );
    }

    private static string Shown(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm}Z";

    private static string Count(int number, string one) => number == 1 ? $"1 {one}" : $"{number} {one}s";
}
