using System.Text.Json.Serialization;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>How often a dataset must be updated; counted from its last update.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Within), "within")]
[JsonDerivedType(typeof(By), "by")]
public abstract record FreshnessSpec
{
    private FreshnessSpec() { }

    /// <summary><c>within: 26h</c>: the last update is never older than that.</summary>
    public sealed record Within(TimeSpan Limit) : FreshnessSpec
    {
        /// <inheritdoc/>
        public override DateTimeOffset? DueAfter(DateTimeOffset updated) => updated + Limit;

        /// <inheritdoc/>
        public override DateTimeOffset? NextAfter(DateTimeOffset missed) => null;

        /// <inheritdoc/>
        public override string Sentence => $"within {Duration.Print(Limit)}";
    }

    /// <summary><c>cron: "0 6 * * 1"</c>: at every tick there was an update since the tick before.</summary>
    /// <param name="Cron">A cron expression.</param>
    /// <param name="TimeZone">An IANA zone id.</param>
    public sealed record By(string Cron, string TimeZone = "UTC") : FreshnessSpec
    {
        /// <inheritdoc/>
        public override DateTimeOffset? DueAfter(DateTimeOffset updated)
        {
            // An update at the very tick is in time for it.
            var ticks = Time.Schedule.Parse(Cron, TimeZone).Schedule;
            return ticks?.Next(updated.AddTicks(-1)) is { } first ? ticks.Next(first)?.Utc : null;
        }

        /// <inheritdoc/>
        public override DateTimeOffset? NextAfter(DateTimeOffset missed) => Time.Schedule.Parse(Cron, TimeZone).Schedule?.Next(missed)?.Utc;

        /// <inheritdoc/>
        public override string Sentence => $"by {Cron} {TimeZone}";
    }

    /// <summary>By when the next update must have come; null: never, for the expression has no further tick.</summary>
    /// <param name="updated">The last update; of a dataset without one, when the need was first stated.</param>
    public abstract DateTimeOffset? DueAfter(DateTimeOffset updated);

    /// <summary>When it is missed again if nothing comes; null: it is not, before there is an update.</summary>
    /// <param name="missed">The deadline that passed.</param>
    public abstract DateTimeOffset? NextAfter(DateTimeOffset missed);

    /// <summary>In words, e.g. <c>within 1d2h</c>.</summary>
    [JsonIgnore]
    public abstract string Sentence { get; }
}
