using System.Text.Json;
using System.Text.Json.Serialization;

namespace Signalbox.App.Api;

/// <summary>A DAG, with the fields of Airflow 2.10.</summary>
internal sealed record DagV1(
    string DagId,
    string DagDisplayName,
    bool IsPaused,
    bool IsActive,
    bool IsSubdag,
    string? RootDagId,
    string? LastParsedTime,
    string? LastPickled,
    string? LastExpired,
    bool? SchedulerLock,
    string? PickleId,
    string? DefaultView,
    string Fileloc,
    string FileToken,
    string[] Owners,
    string? Description,
    CronExpressionV1? ScheduleInterval,
    string? TimetableDescription,
    DagTagV1[] Tags,
    int MaxActiveTasks,
    int MaxActiveRuns,
    int MaxConsecutiveFailedDagRuns,
    bool HasTaskConcurrencyLimits,
    bool HasImportErrors,
    string? NextDagrun,
    string? NextDagrunDataIntervalStart,
    string? NextDagrunDataIntervalEnd,
    string? NextDagrunCreateAfter
);

internal sealed record CronExpressionV1([property: JsonPropertyName("__type")] string Kind, string Value);

internal sealed record DagTagV1(string Name);

internal sealed record DagsV1(DagV1[] Dags, int TotalEntries);

/// <summary>A DAG, with the fields of Airflow 3.</summary>
internal sealed record DagV2(
    string DagId,
    string DagDisplayName,
    bool IsPaused,
    bool IsStale,
    string? LastParsedTime,
    double? LastParseDuration,
    string? LastExpired,
    string? BundleName,
    string? BundleVersion,
    string? RelativeFileloc,
    string Fileloc,
    string? Description,
    string? TimetableSummary,
    string? TimetableDescription,
    DagTagV2[] Tags,
    int MaxActiveTasks,
    int MaxActiveRuns,
    int MaxConsecutiveFailedDagRuns,
    bool HasTaskConcurrencyLimits,
    bool HasImportErrors,
    string? NextDagrunLogicalDate,
    string? NextDagrunDataIntervalStart,
    string? NextDagrunDataIntervalEnd,
    string? NextDagrunRunAfter,
    string[] Owners,
    string FileToken
);

internal sealed record DagTagV2(string Name, string DagId, string DagDisplayName);

internal sealed record DagsV2(DagV2[] Dags, int TotalEntries);

/// <summary>A run, with the fields of Airflow 2.10.</summary>
internal sealed record DagRunV1(
    string DagRunId,
    string DagId,
    string LogicalDate,
    string ExecutionDate,
    string? StartDate,
    string? EndDate,
    string DataIntervalStart,
    string DataIntervalEnd,
    string? LastSchedulingDecision,
    string RunType,
    string State,
    bool ExternalTrigger,
    JsonElement Conf,
    string? Note
);

internal sealed record DagRunsV1(DagRunV1[] DagRuns, long TotalEntries);

/// <summary>A run, with the fields of Airflow 3.</summary>
internal sealed record DagRunV2(
    string DagRunId,
    string DagId,
    string? LogicalDate,
    string? QueuedAt,
    string? StartDate,
    string? EndDate,
    double? Duration,
    string? DataIntervalStart,
    string? DataIntervalEnd,
    string RunAfter,
    string? LastSchedulingDecision,
    string RunType,
    string State,
    string? TriggeredBy,
    string? TriggeringUserName,
    JsonElement Conf,
    string? Note,
    JsonElement[] DagVersions,
    string? BundleVersion,
    string DagDisplayName
);

internal sealed record DagRunsV2(DagRunV2[] DagRuns, long TotalEntries);

/// <summary>A task instance, with the fields of Airflow 2.10.</summary>
internal sealed record TaskInstanceV1(
    string TaskId,
    string TaskDisplayName,
    string DagId,
    string DagRunId,
    string ExecutionDate,
    string? StartDate,
    string? EndDate,
    double? Duration,
    string? State,
    int TryNumber,
    int MapIndex,
    int MaxTries,
    string Hostname,
    string Unixname,
    string Pool,
    int PoolSlots,
    string Queue,
    int PriorityWeight,
    string Operator,
    string? QueuedWhen,
    int? Pid,
    string? Executor,
    string ExecutorConfig,
    JsonElement? SlaMiss,
    string? RenderedMapIndex,
    JsonElement RenderedFields,
    JsonElement? Trigger,
    JsonElement? TriggererJob,
    string? Note
);

internal sealed record TaskInstancesV1(TaskInstanceV1[] TaskInstances, int TotalEntries);

/// <summary>What a call to clear names, in Airflow 2.10.</summary>
internal sealed record TaskInstanceReferenceV1(string TaskId, string DagId, string ExecutionDate, string DagRunId);

internal sealed record TaskInstanceReferencesV1(TaskInstanceReferenceV1[] TaskInstances);

/// <summary>A task instance, with the fields of Airflow 3.</summary>
internal sealed record TaskInstanceV2(
    string Id,
    string TaskId,
    string DagId,
    string DagRunId,
    int MapIndex,
    string? LogicalDate,
    string RunAfter,
    string? StartDate,
    string? EndDate,
    double? Duration,
    string? State,
    int TryNumber,
    int MaxTries,
    string TaskDisplayName,
    string DagDisplayName,
    string? Hostname,
    string? Unixname,
    string Pool,
    int PoolSlots,
    string? Queue,
    int? PriorityWeight,
    string? Operator,
    string? OperatorName,
    string? QueuedWhen,
    string? ScheduledWhen,
    int? Pid,
    string? Executor,
    string ExecutorConfig,
    string? Note,
    string? RenderedMapIndex,
    JsonElement RenderedFields,
    JsonElement? Trigger,
    JsonElement? TriggererJob,
    JsonElement? DagVersion
);

internal sealed record TaskInstancesV2(TaskInstanceV2[] TaskInstances, int TotalEntries);

internal sealed record LogV1(string ContinuationToken, string Content);

/// <param name="Content">A line each.</param>
internal sealed record LogV2(LogLineV2[] Content, string? ContinuationToken);

/// <summary>A line. When it was written is not known, and such a field is left out rather than null.</summary>
internal sealed record LogLineV2(string Event)
{
    public static LogLineV2[] Of(string text) =>
        text.Length == 0 ? [] : [.. text.TrimEnd('\n').Split('\n').Select(line => new LogLineV2(line))];
}

internal sealed record HealthV1(
    HealthStatus Metadatabase,
    SchedulerHealth Scheduler,
    TriggererHealth Triggerer,
    ProcessorHealth DagProcessor
);

internal sealed record HealthStatus(string Status);

internal sealed record SchedulerHealth(string Status, string? LatestSchedulerHeartbeat);

internal sealed record TriggererHealth(string Status, string? LatestTriggererHeartbeat);

internal sealed record ProcessorHealth(string Status, string? LatestDagProcessorHeartbeat);

internal sealed record AirflowVersion(string Version, string? GitVersion);

/// <summary>What Airflow 3 answers with when a body is not of the right form.</summary>
internal sealed record InvalidBodyV2(InvalidFieldV2[] Detail)
{
    /// <param name="detail">A sentence; when it begins with the name of a field, that is the place.</param>
    public static InvalidBodyV2 Of(string detail)
    {
        var colon = detail.IndexOf(": ", StringComparison.Ordinal);
        string[] place =
            colon > 0 && detail[..colon].All(letter => char.IsAsciiLetterLower(letter) || letter == '_')
                ? ["body", detail[..colon]]
                : ["body"];
        return new InvalidBodyV2([new InvalidFieldV2("value_error", place, detail)]);
    }
}

internal sealed record InvalidFieldV2(string Type, string[] Loc, string Msg);

internal sealed record AirflowToken(string AccessToken);

internal sealed record AirflowTokenRequest(string Username, string Password);

/// <summary>The documents of Airflow's API. Every field is always there, as in Airflow's.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DagV1))]
[JsonSerializable(typeof(DagsV1))]
[JsonSerializable(typeof(DagV2))]
[JsonSerializable(typeof(DagsV2))]
[JsonSerializable(typeof(DagRunV1))]
[JsonSerializable(typeof(DagRunsV1))]
[JsonSerializable(typeof(DagRunV2))]
[JsonSerializable(typeof(DagRunsV2))]
[JsonSerializable(typeof(TaskInstanceV1))]
[JsonSerializable(typeof(TaskInstancesV1))]
[JsonSerializable(typeof(TaskInstanceReferencesV1))]
[JsonSerializable(typeof(TaskInstanceV2))]
[JsonSerializable(typeof(TaskInstancesV2))]
[JsonSerializable(typeof(LogV1))]
[JsonSerializable(typeof(LogV2))]
[JsonSerializable(typeof(LogLineV2))]
[JsonSerializable(typeof(HealthV1))]
[JsonSerializable(typeof(AirflowVersion))]
[JsonSerializable(typeof(InvalidBodyV2))]
[JsonSerializable(typeof(AirflowToken))]
[JsonSerializable(typeof(AirflowTokenRequest))]
internal sealed partial class AirflowJson : JsonSerializerContext;
