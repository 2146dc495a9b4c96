using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>When runs are due: by a cron expression, at a fixed interval, or by a recurrence rule; exactly one of the three.</summary>
/// <param name="Cron">The five-field expression as written, e.g. <c>15 2 * * *</c> or <c>@daily</c>; null for the other two.</param>
/// <param name="TimeZone">An IANA zone id. Default <c>UTC</c>; never the server's.</param>
/// <param name="Means">
/// What is required of it, in the words in which <c>cron explain</c> says what an expression means; the linter compares. Default none.
/// </param>
public sealed record ScheduleSpec(string? Cron, string TimeZone = "UTC", string? Means = null)
{
    /// <summary>
    /// What keeps it the same schedule over edits, for its ticks are unique under this name. Default: <c>schedule</c> for the first of a
    /// pipeline, <c>schedule_2</c> for the second, and so on.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>The fixed length from tick to tick; null for the other two.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>A recurrence rule of RFC 5545; null for the other two.</summary>
    public string? RRule { get; init; }

    /// <summary>
    /// Any one tick of <see cref="Every"/>, or the instant from which <see cref="RRule"/> counts. Default: midnight of 2000-01-01 in the zone.
    /// </summary>
    public DateTimeOffset? Anchor { get; init; }

    /// <summary>The days on which it may fire. Default: every day.</summary>
    public CalendarUse? Calendar { get; init; }

    /// <summary>
    /// Each tick is acted on up to this much later, always the same for the same pipeline and schedule. What the run is about does not
    /// change. Default none.
    /// </summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>What is written of when it fires: <c>15 2 * * *</c>, <c>every 10m</c>, or the rule.</summary>
    public string Text => Cron ?? (Every is { } every ? $"every {Duration.Print(every)}" : RRule ?? "");
}

/// <summary>A calendar as a schedule uses it, with its days as they were when the definition was made.</summary>
/// <param name="Name">The name among the project's calendars, or the path of the file.</param>
/// <param name="Mode">What it does to the ticks.</param>
/// <param name="Days">Its days.</param>
public sealed record CalendarUse(string Name, CalendarMode Mode, BusinessCalendar Days);

/// <summary>What becomes of a new run while a live one of its pipeline has not ended. Runs of backfills and in namespaces do not count.</summary>
public enum OverlapPolicy
{
    /// <summary>It waits until fewer than <see cref="Pipeline.MaxActiveRuns"/> are active. The default.</summary>
    Queue,

    /// <summary>A tick becomes no run, which is recorded; runs that are asked for wait.</summary>
    Skip,

    /// <summary>As <see cref="Skip"/>; and a run that is asked for is refused.</summary>
    Reject,

    /// <summary>The others are cancelled, and it begins.</summary>
    CancelRunning,

    /// <summary>It begins at once: <see cref="Pipeline.MaxActiveRuns"/> does not count.</summary>
    Allow,
}

/// <summary>A time in which the schedules of a pipeline make no runs: either one stretch, or one that begins at each time of a cron expression.</summary>
public sealed record BlackoutSpec
{
    /// <summary>First instant of the one stretch; null when it recurs.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>First instant after the one stretch; null when it recurs.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>When the stretches begin, in the zone of the pipeline; null for the one stretch.</summary>
    public string? Cron { get; init; }

    /// <summary>How long each lasts, at most 31 days; null for the one stretch.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Why, for people. Default none.</summary>
    public string? Reason { get; init; }
}
