using System.Diagnostics;
using Signalbox.Core.Access;
using Signalbox.Core.Approvals;
using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;
using Signalbox.Core.Proving;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Core.Time;

namespace Signalbox.Core;

/// <summary>
/// The words by which people, the store and JSON know the states and kinds: snake_case, Airflow's where Airflow has one. Written
/// here once, in both directions. An unknown word reads as null.
/// </summary>
public static partial class Names
{
    public static string Of(RunState value) =>
        value switch
        {
            RunState.Queued => "queued",
            RunState.Running => "running",
            RunState.Success => "success",
            RunState.Failed => "failed",
            RunState.Cancelled => "cancelled",
            _ => throw new UnreachableException(),
        };

    /// <summary>The RunState of a word; null when it is none.</summary>
    public static RunState? RunStateOf(string word) =>
        word switch
        {
            "queued" => RunState.Queued,
            "running" => RunState.Running,
            "success" => RunState.Success,
            "failed" => RunState.Failed,
            "cancelled" => RunState.Cancelled,
            _ => null,
        };

    public static string Of(TaskState value) =>
        value switch
        {
            TaskState.None => "none",
            TaskState.Scheduled => "scheduled",
            TaskState.Queued => "queued",
            TaskState.Running => "running",
            TaskState.Success => "success",
            TaskState.Failed => "failed",
            TaskState.Skipped => "skipped",
            TaskState.UpstreamFailed => "upstream_failed",
            TaskState.Blocked => "blocked",
            TaskState.UpForRetry => "up_for_retry",
            TaskState.UpForReschedule => "up_for_reschedule",
            TaskState.Removed => "removed",
            _ => throw new UnreachableException(),
        };

    /// <summary>The TaskState of a word; null when it is none.</summary>
    public static TaskState? TaskStateOf(string word) =>
        word switch
        {
            "none" => TaskState.None,
            "scheduled" => TaskState.Scheduled,
            "queued" => TaskState.Queued,
            "running" => TaskState.Running,
            "success" => TaskState.Success,
            "failed" => TaskState.Failed,
            "skipped" => TaskState.Skipped,
            "upstream_failed" => TaskState.UpstreamFailed,
            "blocked" => TaskState.Blocked,
            "up_for_retry" => TaskState.UpForRetry,
            "up_for_reschedule" => TaskState.UpForReschedule,
            "removed" => TaskState.Removed,
            _ => null,
        };

    public static string Of(AttemptState value) =>
        value switch
        {
            AttemptState.Submitting => "submitting",
            AttemptState.Running => "running",
            AttemptState.Publishing => "publishing",
            AttemptState.Succeeded => "success",
            AttemptState.Failed => "failed",
            AttemptState.Skipped => "skipped",
            AttemptState.Cancelled => "cancelled",
            AttemptState.Lost => "lost",
            _ => throw new UnreachableException(),
        };

    /// <summary>The AttemptState of a word; null when it is none.</summary>
    public static AttemptState? AttemptStateOf(string word) =>
        word switch
        {
            "submitting" => AttemptState.Submitting,
            "running" => AttemptState.Running,
            "publishing" => AttemptState.Publishing,
            "success" => AttemptState.Succeeded,
            "failed" => AttemptState.Failed,
            "skipped" => AttemptState.Skipped,
            "cancelled" => AttemptState.Cancelled,
            "lost" => AttemptState.Lost,
            _ => null,
        };

    public static string Of(StopReason value) =>
        value switch
        {
            StopReason.Timeout => "timeout",
            StopReason.Silence => "silence",
            StopReason.Cancelled => "cancelled",
            StopReason.Cleared => "cleared",
            StopReason.Marked => "marked",
            _ => throw new UnreachableException(),
        };

    /// <summary>The StopReason of a word; null when it is none.</summary>
    public static StopReason? StopReasonOf(string word) =>
        word switch
        {
            "timeout" => StopReason.Timeout,
            "silence" => StopReason.Silence,
            "cancelled" => StopReason.Cancelled,
            "cleared" => StopReason.Cleared,
            "marked" => StopReason.Marked,
            _ => null,
        };

    public static string Of(RunTrigger value) =>
        value switch
        {
            RunTrigger.Manual => "manual",
            RunTrigger.Scheduled => "scheduled",
            RunTrigger.Backfill => "backfill",
            RunTrigger.Dataset => "dataset",
            RunTrigger.Event => "event",
            _ => throw new UnreachableException(),
        };

    /// <summary>The RunTrigger of a word; null when it is none.</summary>
    public static RunTrigger? RunTriggerOf(string word) =>
        word switch
        {
            "manual" => RunTrigger.Manual,
            "scheduled" => RunTrigger.Scheduled,
            "backfill" => RunTrigger.Backfill,
            "dataset" => RunTrigger.Dataset,
            "event" => RunTrigger.Event,
            _ => null,
        };

    public static string Of(FailureClass value) =>
        value switch
        {
            FailureClass.Transient => "transient",
            FailureClass.ResourceUnavailable => "resource_unavailable",
            FailureClass.RateLimited => "rate_limited",
            FailureClass.Auth => "auth",
            FailureClass.Schema => "schema",
            FailureClass.Validation => "validation",
            FailureClass.DiskFull => "disk_full",
            FailureClass.Oom => "oom",
            FailureClass.Timeout => "timeout",
            FailureClass.Lost => "lost",
            FailureClass.Cancelled => "cancelled",
            FailureClass.Permanent => "permanent",
            _ => throw new UnreachableException(),
        };

    /// <summary>The FailureClass of a word; null when it is none.</summary>
    public static FailureClass? FailureClassOf(string word) =>
        word switch
        {
            "transient" => FailureClass.Transient,
            "resource_unavailable" => FailureClass.ResourceUnavailable,
            "rate_limited" => FailureClass.RateLimited,
            "auth" => FailureClass.Auth,
            "schema" => FailureClass.Schema,
            "validation" => FailureClass.Validation,
            "disk_full" => FailureClass.DiskFull,
            "oom" => FailureClass.Oom,
            "timeout" => FailureClass.Timeout,
            "lost" => FailureClass.Lost,
            "cancelled" => FailureClass.Cancelled,
            "permanent" => FailureClass.Permanent,
            _ => null,
        };

    public static string Of(Backoff value) =>
        value switch
        {
            Backoff.Fixed => "fixed",
            Backoff.Exponential => "exponential",
            _ => throw new UnreachableException(),
        };

    /// <summary>The Backoff of a word; null when it is none.</summary>
    public static Backoff? BackoffOf(string word) =>
        word switch
        {
            "fixed" => Backoff.Fixed,
            "exponential" => Backoff.Exponential,
            _ => null,
        };

    public static string Of(TriggerRule value) =>
        value switch
        {
            TriggerRule.AllSuccess => "all_success",
            TriggerRule.AllFailed => "all_failed",
            TriggerRule.AllDone => "all_done",
            TriggerRule.AllSkipped => "all_skipped",
            TriggerRule.OneFailed => "one_failed",
            TriggerRule.OneSuccess => "one_success",
            TriggerRule.OneDone => "one_done",
            TriggerRule.NoneFailed => "none_failed",
            TriggerRule.NoneFailedMinOneSuccess => "none_failed_min_one_success",
            TriggerRule.NoneSkipped => "none_skipped",
            TriggerRule.Always => "always",
            TriggerRule.AllDoneSetupSuccess => "all_done_setup_success",
            _ => throw new UnreachableException(),
        };

    /// <summary>The TriggerRule of a word; null when it is none.</summary>
    public static TriggerRule? TriggerRuleOf(string word) =>
        word switch
        {
            "all_success" => TriggerRule.AllSuccess,
            "all_failed" => TriggerRule.AllFailed,
            "all_done" => TriggerRule.AllDone,
            "all_skipped" => TriggerRule.AllSkipped,
            "one_failed" => TriggerRule.OneFailed,
            "one_success" => TriggerRule.OneSuccess,
            "one_done" => TriggerRule.OneDone,
            "none_failed" => TriggerRule.NoneFailed,
            "none_failed_min_one_success" => TriggerRule.NoneFailedMinOneSuccess,
            "none_skipped" => TriggerRule.NoneSkipped,
            "always" => TriggerRule.Always,
            "all_done_setup_success" => TriggerRule.AllDoneSetupSuccess,
            _ => null,
        };

    public static string Of(Severity value) =>
        value switch
        {
            Severity.Error => "error",
            Severity.Warning => "warning",
            _ => throw new UnreachableException(),
        };

    /// <summary>The Severity of a word; null when it is none.</summary>
    public static Severity? SeverityOf(string word) =>
        word switch
        {
            "error" => Severity.Error,
            "warning" => Severity.Warning,
            _ => null,
        };

    public static string Of(CheckSeverity value) =>
        value switch
        {
            CheckSeverity.Block => "block",
            CheckSeverity.Warn => "warn",
            CheckSeverity.Quarantine => "quarantine",
            _ => throw new UnreachableException(),
        };

    /// <summary>The CheckSeverity of a word; null when it is none.</summary>
    public static CheckSeverity? CheckSeverityOf(string word) =>
        word switch
        {
            "block" => CheckSeverity.Block,
            "warn" => CheckSeverity.Warn,
            "quarantine" => CheckSeverity.Quarantine,
            _ => null,
        };

    public static string Of(ParamType value) =>
        value switch
        {
            ParamType.Any => "any",
            ParamType.String => "string",
            ParamType.Integer => "integer",
            ParamType.Number => "number",
            ParamType.Boolean => "boolean",
            ParamType.Array => "array",
            ParamType.Object => "object",
            _ => throw new UnreachableException(),
        };

    /// <summary>The ParamType of a word; null when it is none.</summary>
    public static ParamType? ParamTypeOf(string word) =>
        word switch
        {
            "any" => ParamType.Any,
            "string" => ParamType.String,
            "integer" => ParamType.Integer,
            "number" => ParamType.Number,
            "boolean" => ParamType.Boolean,
            "array" => ParamType.Array,
            "object" => ParamType.Object,
            _ => null,
        };

    public static string Of(TaskMatch value) =>
        value switch
        {
            TaskMatch.Containing => "containing",
            TaskMatch.Identity => "identity",
            TaskMatch.Offset => "offset",
            _ => throw new UnreachableException(),
        };

    /// <summary>The TaskMatch of a word; null when it is none.</summary>
    public static TaskMatch? TaskMatchOf(string word) =>
        word switch
        {
            "containing" => TaskMatch.Containing,
            "identity" => TaskMatch.Identity,
            "offset" => TaskMatch.Offset,
            _ => null,
        };

    public static string Of(BackfillPromotion value) =>
        value switch
        {
            BackfillPromotion.Skip => "skip",
            BackfillPromotion.Allow => "allow",
            BackfillPromotion.Approve => "approve",
            _ => throw new UnreachableException(),
        };

    /// <summary>The BackfillPromotion of a word; null when it is none.</summary>
    public static BackfillPromotion? BackfillPromotionOf(string word) =>
        word switch
        {
            "skip" => BackfillPromotion.Skip,
            "allow" => BackfillPromotion.Allow,
            "approve" => BackfillPromotion.Approve,
            _ => null,
        };

    public static string Of(ApprovalDefault value) =>
        value switch
        {
            ApprovalDefault.Fail => "fail",
            ApprovalDefault.Approve => "approve",
            ApprovalDefault.Reject => "reject",
            _ => throw new UnreachableException(),
        };

    /// <summary>The ApprovalDefault of a word; null when it is none.</summary>
    public static ApprovalDefault? ApprovalDefaultOf(string word) =>
        word switch
        {
            "fail" => ApprovalDefault.Fail,
            "approve" => ApprovalDefault.Approve,
            "reject" => ApprovalDefault.Reject,
            _ => null,
        };

    public static string Of(ApprovalRejection value) =>
        value switch
        {
            ApprovalRejection.Fail => "fail",
            ApprovalRejection.Skip => "skip",
            _ => throw new UnreachableException(),
        };

    /// <summary>The ApprovalRejection of a word; null when it is none.</summary>
    public static ApprovalRejection? ApprovalRejectionOf(string word) =>
        word switch
        {
            "fail" => ApprovalRejection.Fail,
            "skip" => ApprovalRejection.Skip,
            _ => null,
        };

    public static string Of(LoadMode value) =>
        value switch
        {
            LoadMode.ReplacePartition => "replace_partition",
            LoadMode.Upsert => "upsert",
            LoadMode.ReplaceTable => "replace_table",
            LoadMode.Append => "append",
            _ => throw new UnreachableException(),
        };

    /// <summary>The LoadMode of a word; null when it is none.</summary>
    public static LoadMode? LoadModeOf(string word) =>
        word switch
        {
            "replace_partition" => LoadMode.ReplacePartition,
            "upsert" => LoadMode.Upsert,
            "replace_table" => LoadMode.ReplaceTable,
            "append" => LoadMode.Append,
            _ => null,
        };

    public static string Of(Role value) =>
        value switch
        {
            Role.Viewer => "viewer",
            Role.Admin => "admin",
            _ => throw new UnreachableException(),
        };

    /// <summary>The Role of a word; null when it is none.</summary>
    public static Role? RoleOf(string word) =>
        word switch
        {
            "viewer" => Role.Viewer,
            "admin" => Role.Admin,
            _ => null,
        };

    public static string Of(PartitionKind value) =>
        value switch
        {
            PartitionKind.None => "none",
            PartitionKind.Hour => "hour",
            PartitionKind.Day => "day",
            PartitionKind.Week => "week",
            PartitionKind.Month => "month",
            _ => throw new UnreachableException(),
        };

    /// <summary>The PartitionKind of a word; null when it is none.</summary>
    public static PartitionKind? PartitionKindOf(string word) =>
        word switch
        {
            "none" => PartitionKind.None,
            "hour" => PartitionKind.Hour,
            "day" => PartitionKind.Day,
            "week" => PartitionKind.Week,
            "month" => PartitionKind.Month,
            _ => null,
        };

    public static string Of(Cause value) =>
        value switch
        {
            Cause.Append => "append",
            Cause.WallClock => "wall_clock",
            Cause.Order => "order",
            Cause.Randomness => "randomness",
            Cause.MutablePath => "mutable_path",
            Cause.Encoding => "encoding",
            Cause.Leftover => "leftover",
            _ => throw new UnreachableException(),
        };
}
