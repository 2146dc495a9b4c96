namespace Signalbox.Core;

/// <summary>The environment variables a command sees, and those the program itself reads. Written nowhere else.</summary>
public static class TaskEnvironment
{
    /// <summary>All names of ours begin so; a pipeline names none of its own like this.</summary>
    public const string Prefix = "SIGNALBOX_";

    /// <summary>The logical date as YYYY-MM-DD in the schedule's zone: what <c>{{ ds }}</c> is.</summary>
    public const string Ds = "SIGNALBOX_DS";

    /// <summary>The logical date as an ISO 8601 instant in UTC.</summary>
    public const string LogicalDate = "SIGNALBOX_LOGICAL_DATE";

    /// <summary>Beginning of the data interval, inclusive, ISO 8601 in UTC.</summary>
    public const string IntervalStart = "SIGNALBOX_INTERVAL_START";

    /// <summary>End of the data interval, exclusive, ISO 8601 in UTC.</summary>
    public const string IntervalEnd = "SIGNALBOX_INTERVAL_END";

    /// <summary>The key of the partition; empty for an unpartitioned pipeline.</summary>
    public const string Partition = "SIGNALBOX_PARTITION";
    public const string Pipeline = "SIGNALBOX_PIPELINE";
    public const string RunId = "SIGNALBOX_RUN_ID";
    public const string Task = "SIGNALBOX_TASK";

    /// <summary>The attempt number, from 1.</summary>
    public const string Attempt = "SIGNALBOX_ATTEMPT";

    /// <summary>The zero-based position in a mapped list; absent for a plain task.</summary>
    public const string MapIndex = "SIGNALBOX_MAP_INDEX";

    /// <summary>JSON of the item, for an instance of a mapped task.</summary>
    public const string Item = "SIGNALBOX_ITEM";

    /// <summary>File: JSON that the command writes for downstream tasks.</summary>
    public const string Result = "SIGNALBOX_RESULT";

    /// <summary>File: JSON object of numbers that the command writes.</summary>
    public const string Metrics = "SIGNALBOX_METRICS";

    /// <summary>File: JSON <c>{"class", "message", "retry_after"}</c> that the command writes to say why it failed.</summary>
    public const string Error = "SIGNALBOX_ERROR";

    /// <summary>File: JSON object of the run's parameters.</summary>
    public const string Params = "SIGNALBOX_PARAMS";

    /// <summary>Data file: rows that checks had rejected and that this run was started to take in again; absent for any other run.</summary>
    public const string Rejected = "SIGNALBOX_REJECTED";

    /// <summary>The date of a run of a backfill, as <see cref="Ds"/>; absent for any other run.</summary>
    public const string BackfillDate = "SIGNALBOX_BACKFILL_DATE";

    /// <summary>Why there is a backfill; absent for any other run.</summary>
    public const string BackfillReason = "SIGNALBOX_BACKFILL_REASON";

    /// <summary>
    /// W3C Trace Context (<c>00-trace-parent-01</c>): one trace a run, one parent an attempt, so that a task's own spans join the run's
    /// trace. The same run always has the same trace.
    /// </summary>
    public const string TraceParent = "TRACEPARENT";

    /// <summary>
    /// The devices that are the attempt's own, numbers or ids separated by commas; absent where it asked for none, or nobody said which
    /// there are.
    /// </summary>
    public const string Gpus = "SIGNALBOX_GPUS";

    /// <summary>
    /// The same where CUDA looks, and HIP, which takes it for its own. ROCR_VISIBLE_DEVICES would be applied before it and renumber what it names.
    /// </summary>
    public const string CudaDevices = "CUDA_VISIBLE_DEVICES";

    /// <summary>Has CUDA number devices as nvidia-smi does, and not the fastest first.</summary>
    public const string CudaDeviceOrder = "CUDA_DEVICE_ORDER";

    /// <summary>Marks every process of an attempt, so that none is lost sight of.</summary>
    public const string AttemptKey = "SIGNALBOX_ATTEMPT_KEY";

    /// <summary>The namespace of the run, where its outputs go to places apart; absent for a live run.</summary>
    public const string Namespace = "SIGNALBOX_NAMESPACE";

    /// <summary>What a program that is told of an alert tells a repetition by: the same for each try to tell it.</summary>
    public const string AlertId = "SIGNALBOX_ALERT_ID";
    public const string AlertKind = "SIGNALBOX_ALERT_KIND";
    public const string AlertSeverity = "SIGNALBOX_ALERT_SEVERITY";

    /// <summary>What the alert is about, the same for the trouble and for its end.</summary>
    public const string AlertDedupKey = "SIGNALBOX_ALERT_DEDUP_KEY";
    public const string AlertMessage = "SIGNALBOX_ALERT_MESSAGE";

    /// <summary>A variable of the program itself, for tests: the name of a point between two steps at which it kills itself.</summary>
    public const string Fault = "SIGNALBOX_FAULT";

    /// <summary>A variable of the program itself: the full path of libfaketime, where it is not in one of the usual places.</summary>
    public const string Faketime = "SIGNALBOX_FAKETIME";

    /// <summary>A variable of the program's own child process that loads rows: the address of the server, with its password.</summary>
    public const string LoadAddress = "SIGNALBOX_LOAD_ADDRESS";

    /// <summary>A variable of the program's own child process that makes a request: JSON of the headers that have secrets.</summary>
    public const string HttpSecrets = "SIGNALBOX_HTTP_SECRETS";

    /// <summary>A variable of the program itself: the file with the key of the secrets that it keeps, where that is not in the state folder.</summary>
    public const string KeyFile = "SIGNALBOX_KEY_FILE";

    /// <summary>A variable of the program itself: 1 adds a stack trace to the line about a fault of ours.</summary>
    public const string Debug = "SIGNALBOX_DEBUG";

    /// <summary>Variables of the program itself, OpenTelemetry's own: where telemetry goes; without it none is sent.</summary>
    public const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    public const string OtlpProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
    public const string OtlpHeaders = "OTEL_EXPORTER_OTLP_HEADERS";
    public const string OtlpInterval = "OTEL_METRIC_EXPORT_INTERVAL";
    public const string OtlpServiceName = "OTEL_SERVICE_NAME";

    /// <summary>Where an input is read from, by the input's name.</summary>
    public static string Input(string name) => "SIGNALBOX_INPUT_" + Upper(name);

    /// <summary>Where an output is written to: a staging place of this attempt alone, by the output's name.</summary>
    public static string Output(string name) => "SIGNALBOX_OUTPUT_" + Upper(name);

    /// <summary>A parameter's value as text, by its name.</summary>
    public static string Param(string name) => "SIGNALBOX_PARAM_" + Upper(name);

    /// <summary>The variable of the program itself that holds a secret, by the secret's name.</summary>
    public static string Secret(string name) => "SIGNALBOX_SECRET_" + Upper(name);

    /// <summary>The only variables of the program's own environment that a command inherits. TZ is always UTC, TMPDIR the attempt's own.</summary>
    public static readonly ImmutableArray<string> Inherited = ["PATH", "HOME", "USER", "LANG"];

    private static string Upper(string name) =>
        string.Create(
            name.Length,
            name,
            static (span, text) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsAsciiLetterOrDigit(text[i]) ? char.ToUpperInvariant(text[i]) : '_';
                }
            }
        );

    /// <summary>Of the program: the address of the server that verbs ask instead of opening a project here.</summary>
    public const string Server = "SIGNALBOX_SERVER";

    /// <summary>Of the program: the token that it calls a server with.</summary>
    public const string Token = "SIGNALBOX_TOKEN";

    /// <summary>Of the program: a file with that token, which nobody but its owner may read.</summary>
    public const string TokenFile = "SIGNALBOX_TOKEN_FILE";
}
