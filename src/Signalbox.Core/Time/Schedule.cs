using System.Globalization;

namespace Signalbox.Core.Time;

/// <summary>When runs are due. Pure: an instant in, ticks out; no method throws for any instant.</summary>
public abstract partial record Schedule
{
    /// <summary>The shortest interval of <see cref="Every"/>.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(1);

    private Schedule() { }

    /// <summary>The zone of labels and of <c>ds</c>.</summary>
    public abstract Zone Zone { get; init; }

    /// <summary>The schedule with the ticks that its calendar leaves out; itself when it has no such calendar.</summary>
    public virtual Schedule Unfiltered => this;

    /// <summary>Whether a tick of <see cref="Unfiltered"/> is left out by the calendar.</summary>
    public virtual bool LeavesOut(Tick tick) => false;

    /// <summary>Ticks at matching wall-clock times.</summary>
    public sealed record Cron(ZonedCron Times) : Schedule
    {
        /// <inheritdoc/>
        public override Zone Zone
        {
            get => Times.Zone;
            init => Times = Times with { Zone = value };
        }

        /// <inheritdoc/>
        public override Tick? Next(DateTimeOffset after) => Times.Next(after);

        /// <inheritdoc/>
        public override Tick? Next(Tick after) => Times.Next(after);

        /// <inheritdoc/>
        public override Tick? Previous(DateTimeOffset before) => Times.Previous(before);

        /// <inheritdoc/>
        public override Tick? Previous(Tick before) => Times.Previous(before);

        /// <inheritdoc/>
        public override IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to) => Times.Between(from, to);

        /// <inheritdoc/>
        public override string KeyOf(Tick tick) => Times.Expression.IsFixedTime ? LabelKey(tick) : base.KeyOf(tick);
    }

    /// <summary>Ticks a fixed length apart, whatever the clocks do: anchor, anchor + interval, and the same before the anchor.</summary>
    /// <param name="Interval">At least <see cref="ShortestInterval"/>; see <see cref="IntervalProblem"/>.</param>
    /// <param name="Anchor">Any one of the ticks.</param>
    public sealed record Every(TimeSpan Interval, DateTimeOffset Anchor) : Schedule
    {
        /// <summary>At least <see cref="ShortestInterval"/>.</summary>
        public TimeSpan Interval
        {
            get;
            init => field = Checked(value);
        } = Checked(Interval);

        /// <summary>The zone of labels only; default UTC.</summary>
        public override Zone Zone { get; init; } = Zone.Utc;

        /// <inheritdoc/>
        public override Tick? Next(DateTimeOffset after) => At(Steps(Zone.Clamp(after.UtcTicks)) + 1);

        /// <inheritdoc/>
        public override Tick? Next(Tick after) => Next(after.Utc);

        /// <inheritdoc/>
        public override Tick? Previous(DateTimeOffset before) => At(Steps(Zone.Clamp(before.UtcTicks) - 1));

        /// <inheritdoc/>
        public override Tick? Previous(Tick before) => Previous(before.Utc);

        /// <inheritdoc/>
        public override IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to)
        {
            for (var step = Steps(Zone.Clamp(from.UtcTicks) - 1) + 1; At(step) is { } tick && tick.Utc < to; step++)
                yield return tick;
        }

        private static TimeSpan Checked(TimeSpan interval) =>
            IntervalProblem(interval) is { } problem ? throw new ArgumentOutOfRangeException(nameof(interval), problem) : interval;

        private long Steps(long utc)
        {
            var (steps, rest) = Math.DivRem(utc - Anchor.UtcTicks, Interval.Ticks);
            return rest < 0 ? steps - 1 : steps;
        }

        private Tick? At(long step)
        {
            var utc = (Int128)step * Interval.Ticks + Anchor.UtcTicks;
            if (utc < Zone.Clamp(0) || utc > Zone.Clamp(long.MaxValue))
                return null;
            var instant = Zone.Instant((long)utc);
            var label = Zone.LabelAt(instant);
            var shown = Zone.At(label);
            var dst =
                shown.Kind != WallClockKind.Twice ? Dst.None
                : instant == shown.First ? Dst.FirstOfFold
                : Dst.SecondOfFold;
            return new Tick(instant, label, dst);
        }
    }

    /// <summary>Never: runs are started by hand, by events or by a backfill.</summary>
    public sealed record None : Schedule
    {
        /// <summary>The zone of <c>ds</c>; default UTC.</summary>
        public override Zone Zone { get; init; } = Zone.Utc;

        /// <inheritdoc/>
        public override Tick? Next(DateTimeOffset after) => null;

        /// <inheritdoc/>
        public override Tick? Next(Tick after) => null;

        /// <inheritdoc/>
        public override Tick? Previous(DateTimeOffset before) => null;

        /// <inheritdoc/>
        public override Tick? Previous(Tick before) => null;

        /// <inheritdoc/>
        public override IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to) => [];
    }

    /// <summary>A cron schedule from its two texts; the zone's default is UTC.</summary>
    public static ScheduleParse Parse(string cron, string timeZone = "UTC")
    {
        var parse = CronExpression.Parse(cron);
        var zone = Zone.Find(timeZone);
        return parse.Expression is { } expression && zone.Zone is { } found
            ? new ScheduleParse(new Cron(new ZonedCron(expression, found)), [], ZoneError: null)
            : new ScheduleParse(Schedule: null, parse.Errors, zone.Error);
    }

    /// <summary>Null when a length may be the interval of <see cref="Every"/>, else a sentence that says why not.</summary>
    public static string? IntervalProblem(TimeSpan interval) =>
        interval < ShortestInterval ? $"an interval of {Duration.Print(interval)} is too short; write 1s or more"
        : interval > Duration.Longest
            ? $"an interval of {Duration.Print(interval)} is too long; write at most {Duration.Print(Duration.Longest)}"
        : null;

    /// <summary>The first tick after an instant.</summary>
    public abstract Tick? Next(DateTimeOffset after);

    /// <summary>The tick that follows a tick, also when both are at one instant.</summary>
    public abstract Tick? Next(Tick after);

    /// <summary>The last tick before an instant.</summary>
    public abstract Tick? Previous(DateTimeOffset before);

    /// <summary>The tick that a tick follows, also when both are at one instant.</summary>
    public abstract Tick? Previous(Tick before);

    /// <summary>All ticks from one instant (included) to another (excluded), computed while they are read.</summary>
    public abstract IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to);

    /// <summary>
    /// What is unique about a tick in its schedule: the label of a fixed-time cron (<c>2026-10-25T01:30</c>), the instant of all
    /// others (<c>2026-10-25T00:30:00Z</c>).
    /// </summary>
    public virtual string KeyOf(Tick tick) =>
        tick.Utc.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string LabelKey(Tick tick) => tick.Label.ToString("s", CultureInfo.InvariantCulture)[..^":00".Length];

    /// <summary>The data interval that ends at a tick. The first tick there is has an empty one.</summary>
    public DataInterval IntervalOf(Tick tick) => new(Previous(tick) ?? tick, tick);

    /// <summary>The date that names the run of a tick.</summary>
    public LogicalDate LogicalDateOf(Tick tick, LogicalDateMode mode) => IntervalOf(tick).LogicalDate(mode);

    /// <summary>The data intervals that start from one instant (included) to another (excluded): the set of a backfill.</summary>
    public IEnumerable<DataInterval> IntervalsStarting(DateTimeOffset from, DateTimeOffset to)
    {
        Tick? previous = null;
        foreach (var tick in Between(from, to))
        {
            if (previous is { } start)
                yield return new DataInterval(start, tick);
            previous = tick;
        }
        if (previous is { } last && Next(last) is { } end)
            yield return new DataInterval(last, end);
    }
}

/// <summary>Either a schedule, or all that is wrong with its texts.</summary>
/// <param name="Schedule">The schedule, or null.</param>
/// <param name="CronErrors">Mistakes in the expression.</param>
/// <param name="ZoneError">What is wrong with the zone, or null.</param>
public sealed record ScheduleParse(Schedule? Schedule, ImmutableArray<CronError> CronErrors, string? ZoneError);
