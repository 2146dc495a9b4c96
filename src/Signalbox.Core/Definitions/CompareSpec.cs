namespace Signalbox.Core.Definitions;

/// <summary>How <c>shadow</c> compares what two versions of a pipeline made of an output.</summary>
public sealed record CompareSpec
{
    /// <summary>
    /// The columns that together name a row: a row of one side is compared with the row of the other that has the same. Default none: whole rows
    /// are compared, each as often as it is there.
    /// </summary>
    public ImmutableArray<string> Keys { get; init; } = [];

    /// <summary>Columns of numbers, with the absolute difference up to which two values are the same. Needs <see cref="Keys"/>. Default none.</summary>
    public ImmutableSortedDictionary<string, double> Tolerance { get; init; } =
        ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);
}
