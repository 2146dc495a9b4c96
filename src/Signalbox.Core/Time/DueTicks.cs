namespace Signalbox.Core.Time;

/// <summary>Why a tick becomes no run.</summary>
public enum SkipReason
{
    /// <summary>It was missed, and the pipeline does not catch up on all that it missed.</summary>
    CatchUp,

    /// <summary>Its day is none of the schedule's calendar.</summary>
    Calendar,

    /// <summary>It is in a blackout of the pipeline.</summary>
    Blackout,

    /// <summary>Another run of the pipeline had not ended.</summary>
    Overlap,

    /// <summary>The pipeline was paused.</summary>
    Paused,

    /// <summary>There is a scheduled run for its logical date already.</summary>
    SameDate,

    /// <summary>The pipeline has parameters that a schedule cannot give.</summary>
    Params,
}

/// <summary>A tick that did not become a run, and why; kept so that nobody has to wonder.</summary>
/// <param name="Tick">The tick.</param>
/// <param name="Reason">A sentence for people.</param>
/// <param name="Kind">The reason for programs.</param>
public sealed record SkippedTick(Tick Tick, string Reason, SkipReason Kind = SkipReason.CatchUp);

/// <summary>All ticks of a stretch that are too many to list one by one.</summary>
/// <param name="From">First instant of the stretch; no skipped tick is earlier.</param>
/// <param name="To">The last tick in it.</param>
/// <param name="Reason">Why they were skipped.</param>
/// <param name="Kind">The reason for programs; of the newest of them where they differ.</param>
public sealed record SkippedSpan(DateTimeOffset From, DateTimeOffset To, string Reason, SkipReason Kind = SkipReason.CatchUp);

/// <summary>What is to be done at an instant for one schedule.</summary>
/// <param name="Due">The intervals that become runs, oldest first.</param>
/// <param name="Skipped">The newest ticks that do not, oldest first; at most <see cref="DueTicks.MostListed"/>.</param>
/// <param name="OlderSkipped">The skipped ticks before those in <paramref name="Skipped"/>, or null.</param>
/// <param name="Cursor">Up to and with this instant everything is decided: what to pass as cursor next time. Never goes back.</param>
public sealed record DuePlan(
    ImmutableArray<DataInterval> Due,
    ImmutableArray<SkippedTick> Skipped,
    SkippedSpan? OlderSkipped,
    DateTimeOffset Cursor
);

/// <summary>Which ticks become runs between the last look at a schedule and now.</summary>
/// <remarks>
/// A cursor is the instant of the last look: all ticks up to it, itself included, are decided. Ticks at one instant (two labels
/// in a gap) are always decided together, so an instant is enough. Work is bounded: the search goes back from now and stops
/// after the ticks that are due or listed.
/// </remarks>
public static class DueTicks
{
    /// <summary>The most skipped ticks that are listed one by one; older ones are one <see cref="SkippedSpan"/>.</summary>
    public const int MostListed = 100;

    /// <summary>
    /// A look that comes no later than this after the one before is not a downtime: all its ticks are due, under every policy.
    /// The scheduler looks about once a second; a minute leaves room for a machine that sleeps or is short of CPU.
    /// </summary>
    public static readonly TimeSpan LiveWindow = TimeSpan.FromMinutes(1);

    internal const string LeftOut = "its day is left out by the calendar of the schedule";

    /// <summary>Decides all ticks after the cursor and not after now.</summary>
    /// <param name="schedule">Whose ticks.</param>
    /// <param name="cursor">
    /// The <see cref="DuePlan.Cursor"/> of the last look, or null when the pipeline is unpaused for the first time.
    /// </param>
    /// <param name="now">The instant of this look. Before the cursor (the clock went back): nothing is due.</param>
    /// <param name="start">No interval that starts before it is created, nor recorded as skipped.</param>
    /// <param name="end">No interval that ends after it is created, nor recorded as skipped.</param>
    /// <param name="catchUp">
    /// After a downtime and at the first unpause: <see cref="CatchUp.None"/> and <see cref="CatchUp.Latest"/> create the latest due
    /// interval, <see cref="CatchUp.All"/> creates all. The first two differ in <see cref="CursorOnUnpause"/>.
    /// </param>
    /// <param name="maxCatchUp">The most intervals under <see cref="CatchUp.All"/>, the newest; less than 1 counts as 1.</param>
    /// <param name="hindrance">
    /// What keeps a tick from ever becoming a run, or null. Such ticks are skipped and do not count for the catch-up. Default: nothing does,
    /// beside the calendar of the schedule.
    /// </param>
    public static DuePlan Find(
        Schedule schedule,
        DateTimeOffset? cursor,
        DateTimeOffset now,
        DateTimeOffset? start,
        DateTimeOffset? end,
        CatchUp catchUp,
        int maxCatchUp,
        Func<Tick, SkippedTick?>? hindrance = null
    )
    {
        ArgumentNullException.ThrowIfNull(schedule);
        if (cursor >= now)
            return new DuePlan([], [], OlderSkipped: null, cursor.Value);

        var isLive = cursor is { } last && now - last <= LiveWindow;
        var most =
            isLive ? int.MaxValue
            : catchUp == CatchUp.All ? Math.Max(1, maxCatchUp)
            : 1;
        // Without a start nothing says since when runs were missed.
        var isBounded = cursor is not null || start is not null;
        if (!isBounded)
            most = 1;

        var due = new List<DataInterval>();
        var skipped = new List<SkippedTick>();
        SkippedSpan? older = null;
        var reason =
            catchUp == CatchUp.All
                ? $"max_catchup is {Math.Max(1, maxCatchUp)}: only the newest missed intervals run; a backfill can make this one"
                : $"catch-up is {(catchUp == CatchUp.None ? "none" : "latest")}: only the latest due interval runs; a backfill can make this one";

        var latest = end is { } limit && limit < now ? limit : now;
        // Without a beginning there is nothing to list, so the days that the calendar leaves out are not looked at either.
        var walk = isBounded ? schedule.Unfiltered : schedule;
        var tick = latest == DateTimeOffset.MaxValue ? walk.Previous(latest) : walk.Previous(latest.AddTicks(1));
        while (tick is { } found && !(found.Utc <= cursor))
        {
            var skip = schedule.LeavesOut(found) ? new SkippedTick(found, LeftOut, SkipReason.Calendar) : hindrance?.Invoke(found);
            var previous = walk.Previous(found);
            var interval = new DataInterval((skip is null ? schedule.Previous(found) : previous) ?? found, found);
            if (interval.Start < start)
                break;
            // Two labels in one gap are one instant: the policies that keep the latest keep both.
            if (skip is null && (due.Count < most || (catchUp != CatchUp.All && found.Utc == due[0].End)))
                due.Add(interval);
            else if (!isBounded)
            {
                if (skip is not null)
                    skipped.Add(skip);
                break;
            }
            else if (skipped.Count < MostListed)
                skipped.Add(skip ?? new SkippedTick(found, reason));
            else
            {
                older ??= new SkippedSpan(
                    OldestSkipped(cursor, start),
                    found.Utc,
                    skip?.Reason ?? reason,
                    skip?.Kind ?? SkipReason.CatchUp
                );
                if (due.Count >= most)
                    break;
                // Only those that may be due are looked for from here on.
                if (!ReferenceEquals(walk, schedule))
                {
                    walk = schedule;
                    previous = walk.Previous(found);
                }
            }
            tick = previous;
        }

        due.Reverse();
        skipped.Reverse();
        return new DuePlan([.. due], [.. skipped], older, now);
    }

    /// <summary>
    /// The cursor with which a pipeline goes on when it is unpaused. Pausing is a decision, not a downtime: under
    /// <see cref="CatchUp.None"/> the ticks of the pause are gone, under the other policies they count as missed.
    /// </summary>
    /// <param name="catchUp">The pipeline's policy.</param>
    /// <param name="cursor">The cursor when it was paused; null when it never ran, which stays null.</param>
    /// <param name="now">When it is unpaused.</param>
    public static DateTimeOffset? CursorOnUnpause(CatchUp catchUp, DateTimeOffset? cursor, DateTimeOffset now) =>
        cursor is null || catchUp != CatchUp.None ? cursor
        : cursor > now ? cursor
        : now;

    private static DateTimeOffset OldestSkipped(DateTimeOffset? cursor, DateTimeOffset? start) =>
        cursor is null ? start!.Value
        : start is null || cursor > start ? cursor.Value
        : start.Value;
}
