using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>An update of a dataset.</summary>
/// <param name="Label">In a run's list: triggered_by, included or superseded. Null elsewhere.</param>
/// <param name="Publication">The version that a run published; null for a posted update.</param>
/// <param name="Run">The run that published it.</param>
/// <param name="Who">Who posted it.</param>
/// <param name="Group">The re-run or backfill whose consumers are re-run.</param>
/// <param name="Quiet">Why it starts no consumer; null: it does.</param>
/// <param name="Consumers">What became of it at each subscriber; null in a run's list.</param>
internal sealed record UpdateDocument(
    long Update,
    string Dataset,
    string Partition,
    string? Label,
    string? Version,
    long? Publication,
    long? Run,
    string? Who,
    string? Key,
    string? Group,
    string? Quiet,
    string At,
    ConsumerDocument[]? Consumers
)
{
    public static UpdateDocument Of(RunUpdate update) => Of(update.Update) with { Label = Names.Of(update.Label) };

    public static UpdateDocument Of(StoredUpdate update, ConsumerDocument[]? consumers = null) =>
        new(
            update.Id,
            update.Dataset,
            update.Partition,
            Label: null,
            update.Version,
            update.Publication,
            update.Run?.Value,
            update.Who,
            update.Key,
            update.Group,
            update.Quiet,
            InstantText.Fine(update.At),
            consumers
        );
}

/// <summary>What became of an update at one subscriber.</summary>
/// <param name="State">waiting, consumed or unmatched.</param>
/// <param name="Run">The run that consumed it.</param>
/// <param name="Reason">Why it is unmatched.</param>
internal sealed record ConsumerDocument(string Pipeline, string State, string? Label, long? Run, string? Reason)
{
    public static ConsumerDocument Of(Consumption consumption) =>
        new(
            consumption.Pipeline.Value,
            consumption.State,
            consumption.Label is { } label ? Names.Of(label) : null,
            consumption.Run?.Value,
            consumption.Reason
        );

    public string Sentence =>
        State switch
        {
            "consumed" => $"{Pipeline}: run {Run} ({Label})",
            "waiting" => $"{Pipeline}: waiting",
            _ => $"{Pipeline}: unmatched: {Reason}",
        };
}

/// <summary><c>datasets update --json</c>.</summary>
internal sealed record PostedDocument(long Update, string Message);

/// <summary>A partition of a dataset.</summary>
/// <param name="Updates">How often it was updated; 0 for one that is missing.</param>
/// <param name="LastUpdate">The number of its latest update.</param>
internal sealed record PartitionDocument(string Partition, bool IsThere, long Updates, long? LastUpdate, string? UpdatedAt);

/// <summary><c>datasets partitions --json</c>.</summary>
/// <param name="Page">From 1.</param>
/// <param name="HasMore">Whether there is a next page.</param>
internal sealed record PartitionPageDocument(string Dataset, int Page, bool HasMore, PartitionDocument[] Partitions);
