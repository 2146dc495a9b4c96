using Signalbox.Core.Sla;

namespace Signalbox.Core.Foresight;

/// <summary>When something is expected to begin and to end.</summary>
/// <param name="Start">By the medians. Null: never, for a limit keeps it from starting.</param>
/// <param name="End">By the medians; what has ended has its real end.</param>
/// <param name="LateStart">The same if every task takes as long as its 95th percentile.</param>
/// <param name="LateEnd">The same if every task takes as long as its 95th percentile.</param>
public readonly record struct ForecastSpan(DateTimeOffset? Start, DateTimeOffset? End, DateTimeOffset? LateStart, DateTimeOffset? LateEnd);

/// <summary>What is expected of a task in a run.</summary>
/// <param name="Samples">How many successes the forecast rests on.</param>
/// <param name="IsCritical">Whether a delay of it delays the whole run: it is on the path that decides the expected end.</param>
public sealed record TaskForecast(TaskName Task, ForecastSpan Span, ForecastBasis Basis, int Samples, bool IsCritical);

/// <summary>How a deadline looks beforehand.</summary>
public enum Outlook
{
    /// <summary>Met even if every task takes as long as its 95th percentile.</summary>
    OnTime,

    /// <summary>Met if all goes as usual; missed if every task takes as long as its 95th percentile.</summary>
    AtRisk,

    /// <summary>Missed even if all goes as usual.</summary>
    Late,

    /// <summary>Nothing is known of a task on the way to it.</summary>
    Unknown,
}

/// <summary>A deadline of a run with what is expected of it.</summary>
public sealed record DeadlineForecast(Deadline Deadline, Outlook Outlook, DateTimeOffset? ExpectedEnd, DateTimeOffset? LateEnd);

/// <summary>What is expected of a run.</summary>
/// <param name="Planned">The run.</param>
/// <param name="Span">Of the whole run.</param>
/// <param name="IsComplete">Whether all its tasks have a history; false: it takes at least so long.</param>
/// <param name="Tasks">In the order of the file.</param>
/// <param name="Deadlines">Those of the run and of its tasks; empty without any.</param>
/// <param name="Skipped">Why there will be no run, where its pipeline's rule for overlapping runs says so; null: there will be one.</param>
public sealed record RunForecast(
    PlannedRun Planned,
    ForecastSpan Span,
    bool IsComplete,
    ImmutableArray<TaskForecast> Tasks,
    ImmutableArray<DeadlineForecast> Deadlines,
    string? Skipped = null
)
{
    /// <summary>The worst outlook of its deadlines; null without any.</summary>
    public Outlook? Worst =>
        Deadlines.IsEmpty ? null
        : Deadlines.Any(each => each.Outlook == Outlook.Late) ? Outlook.Late
        : Deadlines.Any(each => each.Outlook == Outlook.AtRisk) ? Outlook.AtRisk
        : Deadlines.Any(each => each.Outlook == Outlook.Unknown) ? Outlook.Unknown
        : Outlook.OnTime;
}
