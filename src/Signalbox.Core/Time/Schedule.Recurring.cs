namespace Signalbox.Core.Time;

/// <content>Schedules by a recurrence rule.</content>
public abstract partial record Schedule
{
    /// <summary>Ticks at the occurrences of a recurrence rule, on the wall clock of a zone, by the rule for clock changes of <see cref="ZonedCron"/>.</summary>
    /// <param name="Rule">Which wall-clock minutes.</param>
    public sealed record Recurring(RecurrenceRule Rule) : Schedule
    {
        /// <inheritdoc/>
        public override Zone Zone { get; init; } = Zone.Utc;

        private WallTimeline Line => new(Rule, Zone);

        /// <inheritdoc/>
        public override Tick? Next(DateTimeOffset after) => Line.Next(after);

        /// <inheritdoc/>
        public override Tick? Next(Tick after) => Line.Next(after);

        /// <inheritdoc/>
        public override Tick? Previous(DateTimeOffset before) => Line.Previous(before);

        /// <inheritdoc/>
        public override Tick? Previous(Tick before) => Line.Previous(before);

        /// <inheritdoc/>
        public override IEnumerable<Tick> Between(DateTimeOffset from, DateTimeOffset to) => Line.Between(from, to);

        /// <inheritdoc/>
        public override string KeyOf(Tick tick) => Rule.IsFixedTime ? LabelKey(tick) : base.KeyOf(tick);
    }
}
