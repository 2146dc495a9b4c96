using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Scheduling;

/// <summary>A stretch of time in which schedules make no runs.</summary>
/// <param name="From">Its first instant.</param>
/// <param name="To">The first instant after it.</param>
/// <param name="Reason">Why, for people; null when nobody said.</param>
public sealed record BlackoutSpan(DateTimeOffset From, DateTimeOffset To, string? Reason);

/// <summary>The blackouts of a pipeline on the time line.</summary>
internal sealed class Blackouts
{
    private readonly ImmutableArray<BlackoutSpan> _once;
    private readonly ImmutableArray<(ZonedCron Starts, TimeSpan For, string? Reason)> _recurring;

    public Blackouts(ImmutableArray<BlackoutSpec> specs, Zone zone)
    {
        var once = ImmutableArray.CreateBuilder<BlackoutSpan>();
        var recurring = ImmutableArray.CreateBuilder<(ZonedCron, TimeSpan, string?)>();
        foreach (var spec in specs)
        {
            if (spec is { From: { } from, To: { } to })
                once.Add(new BlackoutSpan(from, to, spec.Reason));
            else if (spec is { Cron: { } cron, For: { } length } && CronExpression.Parse(cron).Expression is { } starts)
                recurring.Add((new ZonedCron(starts, zone), length, spec.Reason));
        }
        _once = once.ToImmutable();
        _recurring = recurring.ToImmutable();
    }

    public BlackoutSpan? At(DateTimeOffset instant)
    {
        foreach (var span in _once)
        {
            if (instant >= span.From && instant < span.To)
                return span;
        }
        foreach (var (starts, length, reason) in _recurring)
        {
            if (starts.Previous(instant.AddTicks(1)) is { } start && instant < start.Utc + length)
                return new BlackoutSpan(start.Utc, start.Utc + length, reason);
        }
        return null;
    }

    public IEnumerable<BlackoutSpan> Between(DateTimeOffset from, DateTimeOffset to) =>
        _once
            .Concat(
                _recurring.SelectMany(each =>
                    each.Starts.Between(from - each.For, to).Select(start => new BlackoutSpan(start.Utc, start.Utc + each.For, each.Reason))
                )
            )
            .Where(span => span.To > from && span.From < to)
            .OrderBy(span => span.From);

    public SkippedTick? Hinder(Tick tick, DateTimeOffset firesAt) =>
        (_once.IsEmpty && _recurring.IsEmpty) || At(firesAt) is not { } span
            ? null
            : new SkippedTick(
                tick,
                $"blackout until {span.To.UtcDateTime:yyyy-MM-dd HH:mm}Z{(span.Reason is { } why ? $": {why}" : "")}; a backfill can make this one",
                SkipReason.Blackout
            );
}
