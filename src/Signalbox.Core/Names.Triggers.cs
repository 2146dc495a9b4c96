using System.Diagnostics;
using Signalbox.Core.Definitions;

namespace Signalbox.Core;

/// <content>The words of triggers.</content>
public static partial class Names
{
    public static string Of(ConsumeMode value) =>
        value switch
        {
            ConsumeMode.Each => "each",
            ConsumeMode.Batch => "batch",
            ConsumeMode.Latest => "latest",
            _ => throw new UnreachableException(),
        };

    /// <summary>The ConsumeMode of a word; null when it is none.</summary>
    public static ConsumeMode? ConsumeModeOf(string word) =>
        word switch
        {
            "each" => ConsumeMode.Each,
            "batch" => ConsumeMode.Batch,
            "latest" => ConsumeMode.Latest,
            _ => null,
        };

    public static string Of(PartitionCover value) =>
        value switch
        {
            PartitionCover.All => "all",
            PartitionCover.Any => "any",
            _ => throw new UnreachableException(),
        };

    /// <summary>The PartitionCover of a word; null when it is none.</summary>
    public static PartitionCover? PartitionCoverOf(string word) =>
        word switch
        {
            "all" => PartitionCover.All,
            "any" => PartitionCover.Any,
            _ => null,
        };
}
