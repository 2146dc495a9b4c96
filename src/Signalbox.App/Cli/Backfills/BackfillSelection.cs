using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary>What kind of backfill it is: it decides how its runs are named and whether the watermark moves.</summary>
internal enum BackfillKind
{
    /// <summary>Every date of a range.</summary>
    Full,

    /// <summary>The dates after the watermark, which moves.</summary>
    Incremental,

    /// <summary>Dates chosen one by one.</summary>
    Selective,
}

/// <summary>Which of the dates run.</summary>
internal enum BackfillFilter
{
    All,
    Missing,
    Failed,

    /// <summary>What never succeeded, and what another definition, or other inputs, would make otherwise now.</summary>
    Stale,
}

/// <summary>Which dates a backfill is about, and how it goes through them.</summary>
/// <param name="First">With <paramref name="LastDate"/>: the range, both ends included. Null: from the watermark, or by <paramref name="Last"/>.</param>
/// <param name="Last">The latest so many: dates of the calendar, or days when <paramref name="LastInDays"/>.</param>
internal sealed record BackfillSelection(
    BackfillKind Kind,
    DateOnly? First,
    DateOnly? LastDate,
    int? Last,
    bool LastInDays,
    IReadOnlyList<string> Dates,
    BackfillFilter Filter,
    bool Reverse,
    int MaxActive,
    string Reason
)
{
    /// <summary>The variant whose runs count as having been there; null is the live version.</summary>
    public RunNamespace? Variant { get; init; }

    /// <summary>Keys of partitions, or two of them with <c>..</c> between; empty unless they are what names the dates.</summary>
    public IReadOnlyList<string> Partitions { get; init; } = [];

    /// <summary>The least time between the beginnings of two runs; null: none.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>Whether dates are taken over from another backfill that is under way.</summary>
    public bool Replace { get; init; }

    /// <summary>Whether the consumers of what is published run again, for the same partitions.</summary>
    public bool Downstream { get; init; }

    /// <summary>The words in which it was asked for.</summary>
    public BackfillTerms Terms { get; init; } = BackfillTerms.CommandLine;
}
