namespace Signalbox.Core.Time;

/// <summary>A static list by which data is cut beside time, or instead of it: regions, say.</summary>
/// <param name="Name">What the list is of, e.g. <c>region</c>.</param>
/// <param name="Keys">Its keys, each once, in the order of the file.</param>
public sealed record PartitionDimension(string Name, ImmutableArray<string> Keys);

/// <summary>
/// The cells of several dimensions: one key of each. The key of a partition is that of its time, then its cell, with <c>/</c> between:
/// <c>2001-01-05/eu/free</c>, or <c>eu/free</c> of data that is not cut by time.
/// </summary>
public static class PartitionCells
{
    /// <summary>Stands between the parts of a key.</summary>
    public const char Separator = '/';

    /// <summary>The most cells that a pipeline may have.</summary>
    public const int Most = 10_000;

    /// <summary>Every combination, the keys of the last dimension changing first; none without dimensions.</summary>
    public static ImmutableArray<ImmutableArray<string>> Of(ImmutableArray<PartitionDimension> dimensions)
    {
        if (dimensions.IsDefaultOrEmpty)
        {
            return [];
        }

        ImmutableArray<ImmutableArray<string>> cells =
        [
            [],
        ];
        foreach (var dimension in dimensions)
        {
            cells = [.. cells.SelectMany(_ => dimension.Keys, (cell, key) => cell.Add(key))];
        }

        return cells;
    }

    /// <summary>The cells as they stand in keys.</summary>
    public static ImmutableArray<string> KeysOf(ImmutableArray<PartitionDimension> dimensions) =>
        [.. Of(dimensions).Select(cell => string.Join(Separator, cell))];

    /// <summary>The key of a cell of a slice of time; of the slice alone when there is no cell.</summary>
    public static string Key(string time, string cell) =>
        time.Length == 0 ? cell
        : cell.Length == 0 ? time
        : $"{time}{Separator}{cell}";

    /// <summary>The keys of every cell of every slice; the slices themselves when there are no cells.</summary>
    public static ImmutableArray<string> Expand(IEnumerable<string> times, ImmutableArray<string> cells) =>
        cells.IsDefaultOrEmpty ? [.. times] : [.. times.SelectMany(_ => cells, Key)];
}
