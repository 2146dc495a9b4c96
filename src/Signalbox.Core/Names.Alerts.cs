using System.Diagnostics;
using Signalbox.Core.Alerts;

namespace Signalbox.Core;

/// <content>The words of alerts.</content>
public static partial class Names
{
    public static string Of(AlertKind value) =>
        value switch
        {
            AlertKind.Failed => "failed",
            AlertKind.Retried => "retried",
            AlertKind.Blocked => "blocked",
            AlertKind.SlaMissed => "sla_missed",
            AlertKind.FreshnessMissed => "freshness_missed",
            AlertKind.BackfillFinished => "backfill_finished",
            AlertKind.ApprovalReminder => "approval_reminder",
            AlertKind.TriggerDeadLetter => "trigger_dead_letter",
            AlertKind.BreakerOpened => "breaker_opened",
            AlertKind.Resolved => "resolved",
            _ => throw new UnreachableException(),
        };

    /// <summary>The AlertKind of a word; null when it is none.</summary>
    public static AlertKind? AlertKindOf(string word) =>
        word switch
        {
            "failed" => AlertKind.Failed,
            "retried" => AlertKind.Retried,
            "blocked" => AlertKind.Blocked,
            "sla_missed" => AlertKind.SlaMissed,
            "freshness_missed" => AlertKind.FreshnessMissed,
            "backfill_finished" => AlertKind.BackfillFinished,
            "approval_reminder" => AlertKind.ApprovalReminder,
            "trigger_dead_letter" => AlertKind.TriggerDeadLetter,
            "breaker_opened" => AlertKind.BreakerOpened,
            "resolved" => AlertKind.Resolved,
            _ => null,
        };

    public static string Of(AlertSeverity value) =>
        value switch
        {
            AlertSeverity.Info => "info",
            AlertSeverity.Warning => "warning",
            AlertSeverity.Error => "error",
            AlertSeverity.Critical => "critical",
            _ => throw new UnreachableException(),
        };

    /// <summary>The AlertSeverity of a word; null when it is none.</summary>
    public static AlertSeverity? AlertSeverityOf(string word) =>
        word switch
        {
            "info" => AlertSeverity.Info,
            "warning" => AlertSeverity.Warning,
            "error" => AlertSeverity.Error,
            "critical" => AlertSeverity.Critical,
            _ => null,
        };

    public static string Of(DeliveryState value) =>
        value switch
        {
            DeliveryState.Waiting => "waiting",
            DeliveryState.Delivered => "delivered",
            DeliveryState.GivenUp => "given_up",
            _ => throw new UnreachableException(),
        };

    /// <summary>The DeliveryState of a word; null when it is none.</summary>
    public static DeliveryState? DeliveryStateOf(string word) =>
        word switch
        {
            "waiting" => DeliveryState.Waiting,
            "delivered" => DeliveryState.Delivered,
            "given_up" => DeliveryState.GivenUp,
            _ => null,
        };
}
