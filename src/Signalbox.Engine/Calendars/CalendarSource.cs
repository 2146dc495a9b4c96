using System.Collections.Immutable;

namespace Signalbox.Engine.Calendars;

/// <summary>A calendar as the project declares it. Paths are relative to the project folder.</summary>
/// <param name="Weekdays">Weekdays that are in it.</param>
/// <param name="Without">A file of dates that are not in it, whatever their weekday; null for none.</param>
/// <param name="Dates">A file of dates that are in it besides; null for none.</param>
public sealed record CalendarSource(ImmutableArray<DayOfWeek> Weekdays, string? Without, string? Dates);
