using Signalbox.Core.Lint;

namespace Signalbox.Core.Proving;

/// <summary>What made two runs of the same thing leave something else behind.</summary>
public enum Cause
{
    /// <summary>The second run added to what the first had left.</summary>
    Append,

    /// <summary>What time it was decided the result.</summary>
    WallClock,

    /// <summary>The same rows came in another order.</summary>
    Order,

    /// <summary>Chance decided the result.</summary>
    Randomness,

    /// <summary>Something was read, or written, under a name that is another thing after each run.</summary>
    MutablePath,

    /// <summary>The same rows in the same order, written as other bytes: a time or an identity in the file itself.</summary>
    Encoding,

    /// <summary>What the first run left behind kept the second from succeeding.</summary>
    Leftover,
}

/// <summary>What was seen of one output after two runs.</summary>
public sealed record Sighted
{
    /// <summary>Rows, or lines of a text; null where it is neither, or was not there.</summary>
    public long? FirstRows { get; init; }

    public long? SecondRows { get; init; }

    /// <summary>Rows of the first that the second has not; null where rows were not compared.</summary>
    public long? OnlyFirst { get; init; }

    public long? OnlySecond { get; init; }

    /// <summary>Whether rows that both have stand in one order.</summary>
    public bool SameOrder { get; init; } = true;

    /// <summary>Whether it was there after the first run, and after the second.</summary>
    public bool InFirst { get; init; } = true;

    public bool InSecond { get; init; } = true;

    /// <summary>Where the first ends the second goes on: all of the first stands at its beginning, byte for byte.</summary>
    public bool Continues { get; init; }

    /// <summary>Columns whose values differ.</summary>
    public ImmutableArray<string> DifferingColumns { get; init; } = [];

    /// <summary>Those of them whose values look like times, with how many seconds later the second's are on average.</summary>
    public ImmutableArray<(string Column, double ShiftSeconds)> TimeColumns { get; init; } = [];

    /// <summary>How much further the clock of the second run was set; 0 when it was not.</summary>
    public long ShiftSeconds { get; init; }

    /// <summary>What the linter finds in the task's sources: codes with their places, e.g. <c>append</c> at <c>jobs/load.py:5</c>.</summary>
    public ImmutableArray<(string Code, string Place)> Lint { get; init; } = [];

    /// <summary>Whether what differs, outside of columns, looks like a time: lines that differ in digits of a date or a clock.</summary>
    public bool LooksLikeTime { get; init; }
}

/// <summary>The likely cause of a difference, by evidence.</summary>
public static class CauseFinder
{
    /// <summary>The cause that the evidence speaks for most, and the evidence in words; null when none does.</summary>
    public static (Cause Cause, string Evidence)? Find(Sighted seen)
    {
        if (seen.InFirst != seen.InSecond)
        {
            return Place(seen, LintCodes.WallClockPath, LintCodes.WallClock) is { } reader
                    ? (Cause.WallClock, $"it is there after one run only, and {reader} uses the wall clock")
                : seen.ShiftSeconds != 0 ? (Cause.WallClock, "it is there after one run only, and the clock was another")
                : (Cause.MutablePath, "it is there after one run only");
        }

        if (Grew(seen) is { } grew)
        {
            return (Cause.Append, With(grew, Place(seen, LintCodes.Append), "appends"));
        }

        if (seen is { OnlyFirst: 0, OnlySecond: 0 })
        {
            return seen.SameOrder
                ? (Cause.Encoding, "the rows and their order are the same; something else in the file is not")
                : (Cause.Order, "the same rows in another order: sort them before they are written");
        }

        return Clock(seen)
            ?? (
                Place(seen, LintCodes.Unseeded) is { } chance
                    ? (Cause.Randomness, $"{Differing(seen)}, and {chance} draws by chance without a seed")
                : Place(seen, LintCodes.MutableName) is { } name
                    ? (Cause.MutablePath, $"{Differing(seen)}, and {name} names something that each run changes")
                : Place(seen, LintCodes.Append) is { } append ? (Cause.Append, $"{Differing(seen)}, and {append} appends")
                : Place(seen, LintCodes.WallClock, LintCodes.WallClockPath) is { } clock
                    ? (Cause.WallClock, $"{Differing(seen)}, and {clock} uses the wall clock")
                : seen.LooksLikeTime ? (Cause.WallClock, "what differs looks like a time")
                : seen.DifferingColumns.Length > 0 && seen.TimeColumns.Length == 0
                    ? (Cause.Randomness, $"{Differing(seen)}, by values that are no times")
                : ((Cause, string)?)null
            );
    }

    private static string? Grew(Sighted seen)
    {
        if (seen is not { FirstRows: > 0 and var first, SecondRows: { } second } || second <= first)
        {
            return null;
        }

        return second == 2 * first && seen is { OnlyFirst: 0 } or { Continues: true } ? "the rows doubled"
            : seen is { OnlyFirst: 0 } or { Continues: true } ? "all rows of the first run are still there, and more"
            : second == 2 * first ? "the rows doubled"
            : null;
    }

    private static (Cause, string)? Clock(Sighted seen)
    {
        if (seen.TimeColumns.IsEmpty || seen.TimeColumns.Length < seen.DifferingColumns.Length)
        {
            return null;
        }

        var columns = string.Join(", ", seen.TimeColumns.Select(column => $"`{column.Column}`"));
        var shifted =
            seen.ShiftSeconds != 0
            && seen.TimeColumns.All(column => Math.Abs(column.ShiftSeconds - seen.ShiftSeconds) < 0.5 * seen.ShiftSeconds);
        var evidence = shifted
            ? $"only times differ, in {columns}, by about as much as the clock was shifted"
            : $"only times differ, in {columns}";
        return (Cause.WallClock, With(evidence, Place(seen, LintCodes.WallClock, LintCodes.WallClockPath), "uses the wall clock"));
    }

    private static string Differing(Sighted seen) =>
        seen.DifferingColumns.IsEmpty ? "the content differs"
        : seen.DifferingColumns.Length <= 5 ? $"it differs in {string.Join(", ", seen.DifferingColumns.Select(column => $"`{column}`"))}"
        : $"it differs in {seen.DifferingColumns.Length} columns";

    private static string With(string evidence, string? place, string does) => place is null ? evidence : $"{evidence}, and {place} {does}";

    private static string? Place(Sighted seen, params ReadOnlySpan<string> codes)
    {
        foreach (var (code, place) in seen.Lint)
        {
            if (codes.Contains(code))
            {
                return place;
            }
        }

        return null;
    }
}
