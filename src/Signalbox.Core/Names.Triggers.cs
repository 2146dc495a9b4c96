using System.Diagnostics;
using Signalbox.Core.Definitions;
using Signalbox.Core.Triggers;

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

    public static string Of(UpdateLabel value) =>
        value switch
        {
            UpdateLabel.TriggeredBy => "triggered_by",
            UpdateLabel.Included => "included",
            UpdateLabel.Superseded => "superseded",
            _ => throw new UnreachableException(),
        };

    public static string Of(DayOfWeek value) =>
        value switch
        {
            DayOfWeek.Monday => "monday",
            DayOfWeek.Tuesday => "tuesday",
            DayOfWeek.Wednesday => "wednesday",
            DayOfWeek.Thursday => "thursday",
            DayOfWeek.Friday => "friday",
            DayOfWeek.Saturday => "saturday",
            DayOfWeek.Sunday => "sunday",
            _ => throw new UnreachableException(),
        };

    /// <summary>The DayOfWeek of a word; null when it is none.</summary>
    public static DayOfWeek? DayOfWeekOf(string word) =>
        word switch
        {
            "monday" => DayOfWeek.Monday,
            "tuesday" => DayOfWeek.Tuesday,
            "wednesday" => DayOfWeek.Wednesday,
            "thursday" => DayOfWeek.Thursday,
            "friday" => DayOfWeek.Friday,
            "saturday" => DayOfWeek.Saturday,
            "sunday" => DayOfWeek.Sunday,
            _ => null,
        };

    public static string Of(LineageRole value) =>
        value switch
        {
            LineageRole.Produces => "produces",
            LineageRole.TriggeredBy => "triggered_by",
            LineageRole.WaitsFor => "waits_for",
            LineageRole.Reads => "reads",
            _ => throw new UnreachableException(),
        };

    /// <summary>The UpdateLabel of a word; null when it is none.</summary>
    public static UpdateLabel? UpdateLabelOf(string word) =>
        word switch
        {
            "triggered_by" => UpdateLabel.TriggeredBy,
            "included" => UpdateLabel.Included,
            "superseded" => UpdateLabel.Superseded,
            _ => null,
        };
}
