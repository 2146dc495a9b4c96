using System.Diagnostics;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.Core;

/// <content>The words of schedules.</content>
public static partial class Names
{
    public static string Of(LogicalDateMode value) =>
        value switch
        {
            LogicalDateMode.IntervalStart => "interval_start",
            LogicalDateMode.FireTime => "fire_time",
            _ => throw new UnreachableException(),
        };

    /// <summary>The LogicalDateMode of a word; null when it is none.</summary>
    public static LogicalDateMode? LogicalDateModeOf(string word) =>
        word switch
        {
            "interval_start" => LogicalDateMode.IntervalStart,
            "fire_time" => LogicalDateMode.FireTime,
            _ => null,
        };

    public static string Of(CalendarMode value) =>
        value switch
        {
            CalendarMode.Include => "include",
            CalendarMode.Exclude => "exclude",
            CalendarMode.Shift => "shift",
            _ => throw new UnreachableException(),
        };

    /// <summary>The CalendarMode of a word; null when it is none.</summary>
    public static CalendarMode? CalendarModeOf(string word) =>
        word switch
        {
            "include" => CalendarMode.Include,
            "exclude" => CalendarMode.Exclude,
            "shift" => CalendarMode.Shift,
            _ => null,
        };

    public static string Of(OverlapPolicy value) =>
        value switch
        {
            OverlapPolicy.Queue => "queue",
            OverlapPolicy.Skip => "skip",
            OverlapPolicy.Reject => "reject",
            OverlapPolicy.CancelRunning => "cancel_running",
            OverlapPolicy.Allow => "allow",
            _ => throw new UnreachableException(),
        };

    /// <summary>The OverlapPolicy of a word; null when it is none.</summary>
    public static OverlapPolicy? OverlapPolicyOf(string word) =>
        word switch
        {
            "queue" => OverlapPolicy.Queue,
            "skip" => OverlapPolicy.Skip,
            "reject" => OverlapPolicy.Reject,
            "cancel_running" => OverlapPolicy.CancelRunning,
            "allow" => OverlapPolicy.Allow,
            _ => null,
        };

    public static string Of(SkipReason value) =>
        value switch
        {
            SkipReason.CatchUp => "catchup",
            SkipReason.Calendar => "calendar",
            SkipReason.Blackout => "blackout",
            SkipReason.Overlap => "overlap",
            SkipReason.Paused => "paused",
            SkipReason.SameDate => "same_date",
            SkipReason.Params => "params",
            _ => throw new UnreachableException(),
        };

    /// <summary>The SkipReason of a word; null when it is none.</summary>
    public static SkipReason? SkipReasonOf(string word) =>
        word switch
        {
            "catchup" => SkipReason.CatchUp,
            "calendar" => SkipReason.Calendar,
            "blackout" => SkipReason.Blackout,
            "overlap" => SkipReason.Overlap,
            "paused" => SkipReason.Paused,
            "same_date" => SkipReason.SameDate,
            "params" => SkipReason.Params,
            _ => null,
        };

    public static string Of(CatchUp value) =>
        value switch
        {
            CatchUp.None => "none",
            CatchUp.Latest => "latest",
            CatchUp.All => "all",
            _ => throw new UnreachableException(),
        };

    /// <summary>The CatchUp of a word; null when it is none.</summary>
    public static CatchUp? CatchUpOf(string word) =>
        word switch
        {
            "none" => CatchUp.None,
            "latest" => CatchUp.Latest,
            "all" => CatchUp.All,
            _ => null,
        };
}
