using System.Diagnostics;
using Signalbox.Core.Foresight;
using Signalbox.Core.Sla;

namespace Signalbox.Core;

/// <content>The words of deadlines and forecasts.</content>
public static partial class Names
{
    public static string Of(DeadlineState value) =>
        value switch
        {
            DeadlineState.Open => "open",
            DeadlineState.Met => "met",
            DeadlineState.Missed => "missed",
            _ => throw new UnreachableException(),
        };

    /// <summary>The DeadlineState of a word; null when it is none.</summary>
    public static DeadlineState? DeadlineStateOf(string word) =>
        word switch
        {
            "open" => DeadlineState.Open,
            "met" => DeadlineState.Met,
            "missed" => DeadlineState.Missed,
            _ => null,
        };

    public static string Of(Outlook value) =>
        value switch
        {
            Outlook.OnTime => "on_time",
            Outlook.AtRisk => "at_risk",
            Outlook.Late => "late",
            Outlook.Unknown => "unknown",
            _ => throw new UnreachableException(),
        };

    /// <summary>The Outlook of a word; null when it is none.</summary>
    public static Outlook? OutlookOf(string word) =>
        word switch
        {
            "on_time" => Outlook.OnTime,
            "at_risk" => Outlook.AtRisk,
            "late" => Outlook.Late,
            "unknown" => Outlook.Unknown,
            _ => null,
        };

    public static string Of(ForecastBasis value) =>
        value switch
        {
            ForecastBasis.None => "none",
            ForecastBasis.Few => "few",
            ForecastBasis.History => "history",
            _ => throw new UnreachableException(),
        };

    /// <summary>The ForecastBasis of a word; null when it is none.</summary>
    public static ForecastBasis? ForecastBasisOf(string word) =>
        word switch
        {
            "none" => ForecastBasis.None,
            "few" => ForecastBasis.Few,
            "history" => ForecastBasis.History,
            _ => null,
        };
}
