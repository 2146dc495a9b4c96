namespace Signalbox.Core.Definitions;

/// <summary>What counts when two results of an output are compared by <c>verify idempotency</c> and <c>backfill compare</c>.</summary>
public sealed record IdempotencySpec
{
    /// <summary>Columns that do not count. Default none.</summary>
    public ImmutableArray<string> Ignore { get; init; } = [];

    /// <summary>Columns of numbers, with the difference up to which two are the same. Default none.</summary>
    public ImmutableSortedDictionary<string, double> Tolerance { get; init; } =
        ImmutableSortedDictionary.Create<string, double>(StringComparer.Ordinal);

    /// <summary>Whether the rows may come in any order. Default false: another order is another content for who reads the bytes.</summary>
    public bool AnyOrder { get; init; }
}
