using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Scheduling;

/// <summary>
/// All times of a pipeline: which ticks become runs, and why others do not. The scheduler and whoever foretells it ask the same
/// <see cref="Decide(DateTimeOffset?, DateTimeOffset)"/>; what is decided besides, at run time, is <see cref="Overlaps"/>.
/// </summary>
/// <remarks>Made once from a definition that has been checked, and good as long as that is; pure, and safe to share.</remarks>
public sealed class Timetable
{
    private readonly Pipeline _pipeline;
    private readonly Blackouts _blackouts;

    private Timetable(Pipeline pipeline)
    {
        _pipeline = pipeline;
        var zone = Zone.Find(pipeline.TimeZone).Zone ?? Zone.Utc;
        _blackouts = new Blackouts(pipeline.Blackouts, zone);
        Entries =
        [
            .. pipeline.Schedules.Select(
                (spec, index) =>
                {
                    var name = pipeline.ScheduleName(index);
                    var schedule = spec.Schedule();
                    var jitter = StableHash.DeterministicJitter($"{pipeline.Name.Value}/{name}", spec.Jitter);
                    return new TimetableEntry(name, index, schedule, pipeline.CalendarOf(schedule), jitter);
                }
            ),
        ];
    }

    /// <summary>The schedules of the pipeline, in their order; empty when it has none.</summary>
    public ImmutableArray<TimetableEntry> Entries { get; }

    /// <summary>The times of a definition that has been checked.</summary>
    public static Timetable Of(Pipeline pipeline) => new(pipeline);

    /// <summary>Decides all ticks that fire after the cursor and not after now.</summary>
    /// <param name="cursor">The <see cref="TickDecision.Cursor"/> of the last look; null when there was none.</param>
    /// <param name="now">The instant of this look. Not after the cursor (the clock went back): nothing is due.</param>
    public TickDecision Decide(DateTimeOffset? cursor, DateTimeOffset now) => Decide(cursor, now, _pipeline.CatchUp, _blackouts.Hinder);

    /// <summary>
    /// What becomes of the ticks of a pause when it ends at an instant: under <see cref="CatchUp.None"/> all are skipped, for pausing is a
    /// decision and no downtime; under the other policies they count as missed and are decided by <see cref="Decide(DateTimeOffset?, DateTimeOffset)"/>.
    /// </summary>
    /// <param name="cursor">The cursor when it was paused; null when it never ran, which is not a pause.</param>
    /// <param name="now">When the pause ends.</param>
    /// <param name="reason">Why they are skipped, a sentence.</param>
    public TickDecision DecidePause(DateTimeOffset? cursor, DateTimeOffset now, string reason = "the pipeline was paused") =>
        cursor is null || _pipeline.CatchUp != CatchUp.None
            ? Decide(cursor, now)
            : Decide(cursor, now, CatchUp.None, (tick, _) => new SkippedTick(tick, reason, SkipReason.Paused));

    /// <summary>When the next tick fires after an instant, also one that will be skipped; null when none does.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        DateTimeOffset? first = null;
        foreach (var entry in Entries)
        {
            if (entry.Schedule.Unfiltered.Next(after - entry.Jitter) is { } tick && !(tick.Utc + entry.Jitter >= first))
                first = tick.Utc + entry.Jitter;
        }
        return first;
    }

    /// <summary>The next tick after an instant that becomes a run, as far as can be known; null when none does within the next 10,000 ticks.</summary>
    public DecidedTick? NextRun(DateTimeOffset after) =>
        Between(after.AddTicks(1), Zone.Instant(Zone.Clamp(long.MaxValue))).Take(10_000).FirstOrDefault(tick => tick.Run is not null);

    /// <summary>
    /// The ticks that fire from one instant (included) to another (excluded), in order, computed while they are read: what
    /// <see cref="Decide(DateTimeOffset?, DateTimeOffset)"/> says of them when somebody looks all the time.
    /// </summary>
    public IEnumerable<DecidedTick> Between(DateTimeOffset from, DateTimeOffset to) =>
        Entries.Length == 1 ? Between(Entries[0], from, to) : Merged(from, to);

    /// <summary>The stretches of blackout that touch the time from one instant to another, in order of their beginnings.</summary>
    public IEnumerable<BlackoutSpan> BlackoutsBetween(DateTimeOffset from, DateTimeOffset to) => _blackouts.Between(from, to);

    /// <summary>The blackout that holds an instant; null when there is none.</summary>
    public BlackoutSpan? BlackoutAt(DateTimeOffset at) => _blackouts.At(at);

    private IEnumerable<DecidedTick> Merged(DateTimeOffset from, DateTimeOffset to)
    {
        var heads = new PriorityQueue<IEnumerator<DecidedTick>, (DateTimeOffset, int, DateTime)>();
        foreach (var entry in Entries)
        {
            var ticks = Between(entry, from, to).GetEnumerator();
            if (ticks.MoveNext())
                heads.Enqueue(ticks, (ticks.Current.FiresAt, entry.Index, ticks.Current.Tick.Label));
        }
        while (heads.TryDequeue(out var ticks, out var at))
        {
            yield return ticks.Current;
            if (ticks.MoveNext())
                heads.Enqueue(ticks, (ticks.Current.FiresAt, at.Item2, ticks.Current.Tick.Label));
        }
    }

    private IEnumerable<DecidedTick> Between(TimetableEntry entry, DateTimeOffset from, DateTimeOffset to)
    {
        Tick? last = null;
        Tick? lastOfAll = null;
        foreach (var tick in entry.Schedule.Unfiltered.Between(from - entry.Jitter, to - entry.Jitter))
        {
            if (tick.Utc > _pipeline.End)
                yield break;
            var skip = entry.Schedule.LeavesOut(tick)
                ? new SkippedTick(tick, DueTicks.LeftOut, SkipReason.Calendar)
                : _blackouts.Hinder(tick, tick.Utc + entry.Jitter);
            var previous =
                (skip is null ? last ?? entry.Schedule.Previous(tick) : lastOfAll ?? entry.Schedule.Unfiltered.Previous(tick)) ?? tick;
            lastOfAll = tick;
            if (!entry.Schedule.LeavesOut(tick))
                last = tick;
            if (previous.Utc < _pipeline.Start)
                continue;
            yield return skip is null ? Run(entry, new DataInterval(previous, tick)) : Skipped(entry, skip);
        }
    }

    private TickDecision Decide(
        DateTimeOffset? cursor,
        DateTimeOffset now,
        CatchUp catchUp,
        Func<Tick, DateTimeOffset, SkippedTick?> hindrance
    )
    {
        var ticks = new List<DecidedTick>();
        var older = new List<SkippedTicks>();
        foreach (var entry in Entries)
        {
            var plan = DueTicks.Find(
                entry.Schedule,
                cursor - entry.Jitter,
                now - entry.Jitter,
                _pipeline.Start,
                _pipeline.End,
                catchUp,
                _pipeline.MaxCatchUp,
                tick => hindrance(tick, tick.Utc + entry.Jitter)
            );
            ticks.AddRange(plan.Due.Select(interval => Run(entry, interval)));
            ticks.AddRange(plan.Skipped.Select(skip => Skipped(entry, skip)));
            if (plan.OlderSkipped is { } span)
                older.Add(new SkippedTicks(entry.Name, span));
        }
        // By the time, and at one time in the order of the schedules and of their labels.
        var order = Entries.ToDictionary(entry => entry.Name, entry => entry.Index, StringComparer.Ordinal);
        return new TickDecision(
            [.. ticks.OrderBy(tick => tick.FiresAt).ThenBy(tick => order[tick.Schedule]).ThenBy(tick => tick.Tick.Label)],
            [.. older],
            cursor > now ? cursor.Value : now
        );
    }

    private static DecidedTick Skipped(TimetableEntry entry, SkippedTick skip) =>
        new(entry.Name, entry.Schedule.KeyOf(skip.Tick), skip.Tick, skip.Tick.Utc + entry.Jitter, Run: null, skip.Kind, skip.Reason);

    private DecidedTick Run(TimetableEntry entry, DataInterval interval)
    {
        var named = _pipeline.LogicalDate == LogicalDateMode.FireTime ? interval.Tick : interval.Previous;
        // Two labels in one gap are one instant, so the second needs its label in its name.
        var label =
            named.Dst == Dst.ShiftedByGap && entry.Schedule.Previous(named) is { } before && before.Utc == named.Utc
                ? named.Label
                : (DateTime?)null;
        var slice = entry.Slices.Of(interval);
        var id = ScheduledRunId.Of(slice.LogicalDate, entry.Index == 0 ? null : entry.Name, label);
        return new(
            entry.Name,
            entry.Schedule.KeyOf(interval.Tick),
            interval.Tick,
            interval.End + entry.Jitter,
            new TickRun(id, interval, slice)
        );
    }
}

/// <summary>One schedule of a pipeline.</summary>
/// <param name="Name">Under which its ticks are unique.</param>
/// <param name="Index">Its place among the schedules, from 0.</param>
/// <param name="Schedule">Its ticks.</param>
/// <param name="Slices">What the runs of its ticks are about.</param>
/// <param name="Jitter">How much later each tick is acted on.</param>
public sealed record TimetableEntry(string Name, int Index, Schedule Schedule, SliceCalendar Slices, TimeSpan Jitter);
