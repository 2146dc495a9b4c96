namespace Signalbox.Core.Time;

/// <content>Schedules that keep to a calendar.</content>
public abstract partial record Schedule
{
    /// <summary>The ticks of a schedule that fall on the days of a calendar, on the days that are not in it, or moved to its days.</summary>
    /// <param name="Inner">Whose ticks.</param>
    /// <param name="Calendar">The days, in the zone of the schedule.</param>
    /// <param name="Mode">What the calendar does to them.</param>
    public sealed record OnCalendar(Schedule Inner, BusinessCalendar Calendar, CalendarMode Mode) : Schedule
    {
        /// <inheritdoc/>
        public override Zone Zone
        {
            get => Inner.Zone;
            init => Inner = Inner with { Zone = value };
        }

        /// <inheritdoc/>
        public override Schedule Unfiltered => Mode == CalendarMode.Shift ? this : Inner;

        /// <inheritdoc/>
        public override Tick? Next(DateTimeOffset after) =>
            Mode == CalendarMode.Shift ? NextShifted(Inner.Zone.LabelAt(after), tick => tick.Utc > after) : Kept(Inner.Next(after));

        /// <inheritdoc/>
        public override Tick? Next(Tick after) =>
            Mode == CalendarMode.Shift ? NextShifted(after.Label, tick => tick.CompareTo(after) > 0) : Kept(Inner.Next(after));

        /// <inheritdoc/>
        public override Tick? Previous(DateTimeOffset before) =>
            Mode == CalendarMode.Shift
                ? PreviousShifted(Inner.Zone.LabelAt(before), tick => tick.Utc < before)
                : KeptBackwards(Inner.Previous(before));

        /// <inheritdoc/>
        public override Tick? Previous(Tick before) =>
            Mode == CalendarMode.Shift
                ? PreviousShifted(before.Label, tick => tick.CompareTo(before) < 0)
                : KeptBackwards(Inner.Previous(before));

        /// <inheritdoc/>
        public override IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to)
        {
            var first = from.UtcTicks == 0 ? from : from.AddTicks(-1);
            for (var tick = Next(first); tick is { } found && found.Utc < to; tick = Next(found))
                yield return found;
        }

        /// <inheritdoc/>
        public override string KeyOf(Tick tick) => Inner.KeyOf(tick);

        /// <inheritdoc/>
        public override bool LeavesOut(Tick tick) => Mode != CalendarMode.Shift && !Keeps(DateOf(tick));

        private static DateOnly DateOf(Tick tick) => DateOnly.FromDateTime(tick.Label);

        private bool Keeps(DateOnly day) => Calendar.Contains(day) == (Mode == CalendarMode.Include);

        private Tick? Kept(Tick? tick)
        {
            while (tick is { } found && !Keeps(DateOf(found)))
            {
                if (DateOf(found).AddDays(1) is var from && Calendar.FirstAtOrAfter(from, Mode == CalendarMode.Include) is not { } day)
                    return null;
                // From the first tick of that day on; where a clock change has put it before the tick at hand, the next one is looked at.
                var ahead = Inner.Next(Zone.StartOf(day).AddTicks(-1));
                tick = ahead is { } next && next.CompareTo(found) > 0 ? ahead : Inner.Next(found);
            }
            return tick;
        }

        private Tick? KeptBackwards(Tick? tick)
        {
            while (tick is { } found && !Keeps(DateOf(found)))
            {
                if (DateOf(found).AddDays(-1) is var from && Calendar.LastAtOrBefore(from, Mode == CalendarMode.Include) is not { } day)
                    return null;
                var back = Inner.Previous(Zone.StartOf(day.AddDays(1)).AddTicks(1));
                tick = back is { } previous && previous.CompareTo(found) < 0 ? back : Inner.Previous(found);
            }
            return tick;
        }

        private Tick? NextShifted(DateTime from, Func<Tick, bool> isAfter)
        {
            // A gap may put labels of one day after those of the next.
            var day = Calendar.FirstAtOrAfter(DateOnly.FromDateTime(from).AddDays(-1));
            while (day is { } at)
            {
                foreach (var tick in OfDay(at))
                {
                    if (isAfter(tick))
                        return tick;
                }
                // The next day on which a tick falls, or to which one moves.
                if (Inner.Next(Zone.StartOf(at.AddDays(1)).AddTicks(-1)) is not { } source)
                    return null;
                var next = Calendar.FirstAtOrAfter(at.AddDays(1));
                var of = Calendar.FirstAtOrAfter(DateOf(source) > at ? DateOf(source) : at.AddDays(1));
                day = next > of ? next : of;
            }
            return null;
        }

        private Tick? PreviousShifted(DateTime from, Func<Tick, bool> isBefore)
        {
            var day = Calendar.LastAtOrBefore(DateOnly.FromDateTime(from).AddDays(1));
            while (day is { } at)
            {
                foreach (var tick in Enumerable.Reverse(OfDay(at)))
                {
                    if (isBefore(tick))
                        return tick;
                }
                if (Calendar.LastAtOrBefore(at.AddDays(-1)) is not { } before)
                    return null;
                // All ticks up to that day are on it or before it, or have moved to it.
                if (Inner.Previous(Zone.StartOf(before.AddDays(1))) is not { } source)
                    return null;
                var of = Calendar.FirstAtOrAfter(DateOf(source));
                day = of < before ? of : before;
            }
            return null;
        }

        /// <summary>The ticks of a day of the calendar: its own, and those of the days before that are not in it; in order.</summary>
        private List<Tick> OfDay(DateOnly day)
        {
            var first = Calendar.LastAtOrBefore(day.AddDays(-1)) is { } before ? before.AddDays(1) : day.AddDays(-LongestShift);
            var ticks = new SortedSet<Tick>();
            // Backwards from the end of the day, for before the first day of a calendar there may be a long time without one.
            for (var tick = Inner.Previous(Zone.StartOf(day.AddDays(1)).AddTicks(1)); tick is { } found; tick = Inner.Previous(found))
            {
                var of = DateOf(found);
                if (of < first)
                    break;
                if (of <= day)
                    ticks.Add(of == day ? found : Moved(found, day));
            }
            return [.. ticks];
        }

        // Before the first listed day nothing says how long a tick may wait for it.
        private const int LongestShift = 31;

        private Tick Moved(Tick tick, DateOnly day)
        {
            var label = day.ToDateTime(TimeOnly.FromDateTime(tick.Label));
            var shown = Zone.At(label);
            var dst = shown.Kind switch
            {
                WallClockKind.Skipped => Dst.ShiftedByGap,
                WallClockKind.Twice => Dst.FirstOfFold,
                _ => Dst.None,
            };
            return new Tick(shown.First, label, dst);
        }
    }
}
