using System.Globalization;

namespace Signalbox.App.Api;

/// <summary>A part of a list.</summary>
/// <param name="Next">What to send as <c>after</c> to get the next part; null when this is the last.</param>
internal sealed record Page<T>(T[] Items, string? Next)
{
    /// <summary>A page of rows of which one more was read than is wanted, to see whether there is a next page.</summary>
    /// <param name="place">What the last item of a page is found by.</param>
    public static Page<T> Of<TRow>(IReadOnlyList<TRow> rows, int limit, Func<TRow, string> place, Func<TRow, T> toItem) =>
        new([.. rows.Take(limit).Select(toItem)], rows.Count > limit ? place(rows[limit - 1]) : null);
}

/// <summary>How lists are read: <c>?limit=</c> and <c>?after=</c>.</summary>
internal static class Paging
{
    public const int Default = 50;
    public const int Most = 1000;

    public static int Limit(int? told) =>
        told is null ? Default
        : told is >= 1 and <= Most ? told.Value
        : throw ApiException.Invalid($"limit: it is 1 to {Most}, not {told}");

    /// <summary>The number behind which the page begins; null from the beginning.</summary>
    public static long? Number(string? after) =>
        after is null ? null
        : long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw ApiException.Invalid($"after: `{after}` is not what a page before gave as `next`");

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
