using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.Engine.Driving;

/// <summary>
/// Tells time that passed from a clock that was set. Deadlines are rows, in the time on the wall; when somebody sets that clock, or the machine slept, they are
/// moved by as much, so that a time-out ends when its time has passed and not when a clock says so.
/// </summary>
/// <remarks>
/// The clock that only counts (CLOCK_MONOTONIC) is one for all processes of a machine from its start on, and stands still while the machine sleeps. How far the
/// clock on the wall is from it is a row too: so the next engine knows what happened to the clock while there was none. After another start of the machine,
/// or on another machine, there is nothing to compare with, and the time on the wall is what counts.
/// </remarks>
public sealed class EngineClock
{
    // What is less is of no account to a time-out: two clocks are never read at one instant.
    private static readonly TimeSpan Smallest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestReading = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;

    // Replaced as a whole: others read it while the driver moves deadlines.
    private volatile ClockMark _mark;

    private EngineClock(TimeProvider time, ClockMark mark) => (_time, _mark) = (time, mark);

    /// <summary>What the deadlines in the rows go by.</summary>
    public ClockMark Mark => _mark;

    /// <summary>How far the clock on the wall is from the one that counts. The same as in the rows, unless it was set since they were put in order.</summary>
    public TimeSpan Offset
    {
        get
        {
            var offset = Measure(_time);
            return (offset - _mark.Offset).Duration() < Smallest ? _mark.Offset : offset;
        }
    }

    /// <summary>The time as the rows have it: that on the wall, or what it was to be when it was set and the rows are not yet in order.</summary>
    public DateTimeOffset Now => InRows(_time.GetUtcNow(), Offset);

    /// <summary>Puts the rows of a store in order for an engine that begins; its lock is held.</summary>
    /// <param name="boot">Names the start of the machine that <paramref name="time"/> counts from.</param>
    /// <returns>The clock, and how far deadlines were moved.</returns>
    public static async Task<(EngineClock Clock, TimeSpan Moved)> StartAsync(Store store, TimeProvider time, string boot)
    {
        var clock = new EngineClock(time, new ClockMark(boot, Measure(time), MovedAt: null));
        var known = store.Read(session => session.ClockMark);
        if (known?.Boot == boot)
        {
            clock._mark = known;
        }

        var next = clock.Next();
        var by = next.Offset - clock._mark.Offset;
        if (next != known)
        {
            await store.WriteAsync(session => Put(session, next, by), CancellationToken.None);
            clock._mark = next;
        }

        return (clock, by);
    }

    /// <summary>The mark that the rows are to go by: the one that they go by, unless the clock was set.</summary>
    public ClockMark Next()
    {
        var offset = Offset;
        return offset == _mark.Offset ? _mark : new ClockMark(_mark.Boot, offset, _time.GetUtcNow());
    }

    /// <summary>Moves all deadlines in the store to go by another mark.</summary>
    public void Move(WriteSession session, ClockMark next) => Put(session, next, next.Offset - _mark.Offset);

    /// <summary>Takes note of what the rows go by now.</summary>
    /// <returns>How far they were moved since the last time.</returns>
    public TimeSpan Follow(ClockMark? stored)
    {
        var before = _mark;
        _mark = stored ?? before;
        return _mark.Offset - before.Offset;
    }

    /// <summary>An event with the times that the rows have.</summary>
    /// <param name="offset"><see cref="Offset"/> when the event happened.</param>
    public RunEvent InRows(RunEvent happened, TimeSpan offset) =>
        offset == _mark.Offset ? happened
        : happened is RunEvent.NotYet wait ? wait with { At = InRows(wait.At, offset), NextAt = InRows(wait.NextAt, offset) }
        : happened with { At = InRows(happened.At, offset) };

    /// <summary>
    /// When something happened that a file tells, or the latest that it can have been: a file that was written before the clock was set has a time that says
    /// nothing now.
    /// </summary>
    public DateTimeOffset? Told(DateTimeOffset? written) =>
        written is { } at && _mark.MovedAt is { } moved && (at < moved || at > Now) ? moved : written;

    private DateTimeOffset InRows(DateTimeOffset at, TimeSpan offset) => at - (offset - _mark.Offset);

    private static void Put(WriteSession session, ClockMark mark, TimeSpan by)
    {
        if (by != TimeSpan.Zero)
        {
            session.MoveDeadlines(by);
        }

        session.SaveClockMark(mark);
    }

    private static TimeSpan Measure(TimeProvider time)
    {
        while (true)
        {
            var before = time.GetElapsedTime(0);
            var wall = time.GetUtcNow() - DateTimeOffset.UnixEpoch;
            var after = time.GetElapsedTime(0);
            if (after - before < LongestReading)
            {
                return TimeSpan.FromMilliseconds(Math.Round((wall - after).TotalMilliseconds));
            }
        }
    }
}
