using System.Globalization;
using System.Text.Json.Serialization;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>By when a run, or a task of it, must have succeeded; counted from the instant at which the run is due.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(By), "by")]
[JsonDerivedType(typeof(Within), "within")]
public abstract record SlaSpec
{
    private SlaSpec() { }

    /// <summary><c>by: "06:00"</c>: at the first instant after the run is due at which the clocks of a zone show a time of day.</summary>
    /// <param name="Time">The time of day, in whole seconds.</param>
    /// <param name="TimeZone">An IANA zone id. Null: the zone of the pipeline's schedule.</param>
    public sealed record By(TimeOnly Time, string? TimeZone = null) : SlaSpec
    {
        /// <inheritdoc/>
        public override DateTimeOffset DeadlineOf(DateTimeOffset due, Zone scheduleZone)
        {
            var zone = TimeZone is null ? scheduleZone : Zone.Find(TimeZone).Zone ?? scheduleZone;
            var day = DateOnly.FromDateTime(zone.LabelAt(due));
            for (var i = 0; ; i++)
            {
                // A label may be shown twice on the day on which the clocks go back; the first one after the run is due counts.
                var shown = zone.At(day.AddDays(i).ToDateTime(Time));
                if (shown.First > due)
                {
                    return shown.First;
                }

                if (shown.Last > due)
                {
                    return shown.Last;
                }
            }
        }

        /// <inheritdoc/>
        public override string Sentence =>
            $"by {Time.ToString(Time.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture)}{(TimeZone is null ? "" : $" {TimeZone}")}";
    }

    /// <summary><c>within: 3h</c>: so long after the run is due.</summary>
    public sealed record Within(TimeSpan Limit) : SlaSpec
    {
        /// <inheritdoc/>
        public override DateTimeOffset DeadlineOf(DateTimeOffset due, Zone scheduleZone) => due + Limit;

        /// <inheritdoc/>
        public override string Sentence => $"within {Duration.Print(Limit)}";
    }

    /// <summary>The deadline of a run, always after it is due.</summary>
    /// <param name="due">When the run is due: the tick of its schedule.</param>
    /// <param name="scheduleZone">The zone of the pipeline's schedule.</param>
    public abstract DateTimeOffset DeadlineOf(DateTimeOffset due, Zone scheduleZone);

    /// <summary>In words, e.g. <c>by 06:00 Europe/London</c> or <c>within 3h</c>.</summary>
    [JsonIgnore]
    public abstract string Sentence { get; }
}
