using System.Collections.Immutable;
using System.Globalization;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.PipelineFiles.Shapes;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>
/// The settings of a task that may also be given once for many: in <c>defaults:</c> of a project, of a pipeline, and on the task
/// itself. Null is "not said here"; the nearest that says it wins. <see cref="Env"/> is joined name by name.
/// </summary>
public sealed record TaskDefaults
{
    /// <summary>Nothing is said.</summary>
    public static readonly TaskDefaults None = new();

    public int? Retries { get; internal set; }

    /// <summary>Whether <see cref="Retries"/> is <c>auto</c>; said together with it.</summary>
    public bool? RetryTable { get; internal set; }

    public TimeSpan? RetryDelay { get; internal set; }

    public Backoff? Backoff { get; internal set; }

    public TimeSpan? MaxRetryDelay { get; internal set; }

    public TimeSpan? Jitter { get; internal set; }

    public ImmutableArray<FailureClass>? RetryOn { get; internal set; }

    public int? LostBudget { get; internal set; }

    /// <summary>Joined: the nearer go first.</summary>
    public ImmutableArray<FailureRule> FailureRules { get; internal set; } = [];

    public TimeSpan? Timeout { get; internal set; }

    public TimeSpan? StartTimeout { get; internal set; }

    public TimeSpan? SilenceTimeout { get; internal set; }

    public TimeSpan? Grace { get; internal set; }

    public string? Pool { get; internal set; }

    public string? Target { get; internal set; }

    public int? Slots { get; internal set; }

    public ResourceSpec? Resources { get; internal set; }

    public int? Priority { get; internal set; }

    public bool? Idempotent { get; internal set; }

    public bool? Metrics { get; internal set; }

    public bool? Reuse { get; internal set; }

    public TriggerRule? TriggerRule { get; internal set; }

    public ImmutableArray<string>? OnFailure { get; internal set; }

    public ImmutableArray<string>? OnRetry { get; internal set; }

    public ImmutableSortedDictionary<string, string> Env { get; internal set; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>These settings, and what they do not say from <paramref name="outer"/>.</summary>
    public TaskDefaults Over(TaskDefaults outer) =>
        new()
        {
            Retries = Retries ?? outer.Retries,
            RetryTable = RetryTable ?? outer.RetryTable,
            RetryDelay = RetryDelay ?? outer.RetryDelay,
            Backoff = Backoff ?? outer.Backoff,
            MaxRetryDelay = MaxRetryDelay ?? outer.MaxRetryDelay,
            Jitter = Jitter ?? outer.Jitter,
            RetryOn = RetryOn ?? outer.RetryOn,
            LostBudget = LostBudget ?? outer.LostBudget,
            FailureRules = FailureRules.AddRange(outer.FailureRules),
            Timeout = Timeout ?? outer.Timeout,
            StartTimeout = StartTimeout ?? outer.StartTimeout,
            SilenceTimeout = SilenceTimeout ?? outer.SilenceTimeout,
            Grace = Grace ?? outer.Grace,
            Pool = Pool ?? outer.Pool,
            Target = Target ?? outer.Target,
            Slots = Slots ?? outer.Slots,
            Resources = Resources ?? outer.Resources,
            Priority = Priority ?? outer.Priority,
            Idempotent = Idempotent ?? outer.Idempotent,
            Metrics = Metrics ?? outer.Metrics,
            Reuse = Reuse ?? outer.Reuse,
            TriggerRule = TriggerRule ?? outer.TriggerRule,
            OnFailure = OnFailure ?? outer.OnFailure,
            OnRetry = OnRetry ?? outer.OnRetry,
            Env = Joined(outer.Env),
        };

    private ImmutableSortedDictionary<string, string> Joined(ImmutableSortedDictionary<string, string> outer)
    {
        foreach (var (name, value) in Env)
        {
            outer = outer.SetItem(name, value);
        }

        return outer;
    }

    /// <summary>The task with these settings; what they do not say stays as the model has it.</summary>
    public TaskNode On(TaskNode task) =>
        task with
        {
            Retry = Over(
                RetryTable switch
                {
                    true => RetryPolicy.Table,
                    false => RetryPolicy.Default,
                    null => task.Retry,
                }
            ),
            FailureRules = FailureRules,
            Timeout = Timeout ?? task.Timeout,
            StartTimeout = StartTimeout ?? task.StartTimeout,
            SilenceTimeout = SilenceTimeout ?? task.SilenceTimeout,
            Grace = Grace ?? task.Grace,
            Pool = Pool ?? (Resources is { Gpu: > 0 } ? ResourceSpec.GpuPool : task.Pool),
            Target = Target ?? task.Target,
            Slots = Slots ?? (Resources is { Gpu: > 0 and var devices } ? devices : task.Slots),
            Resources = Resources ?? task.Resources,
            Priority = Priority ?? task.Priority,
            Idempotent = Idempotent ?? task.Idempotent,
            Metrics = Metrics ?? task.Metrics,
            Reuse = Reuse ?? task.Reuse,
            TriggerRule = TriggerRule ?? task.TriggerRule,
            OnFailure = OnFailure ?? task.OnFailure,
            OnRetry = OnRetry ?? task.OnRetry,
            Env = Env,
        };

    /// <summary>The retries of what is more than a task: once, where nothing is said of how often.</summary>
    internal RetryPolicy ToPolicy() =>
        (this with { Retries = Retries ?? 1 }).Over(RetryTable == true ? RetryPolicy.Table : RetryPolicy.Default);

    private RetryPolicy Over(RetryPolicy policy) =>
        policy with
        {
            Retries = Retries ?? policy.Retries,
            Delay = RetryDelay ?? policy.Delay,
            Backoff = Backoff ?? policy.Backoff,
            MaxDelay = MaxRetryDelay ?? policy.MaxDelay,
            Jitter = Jitter ?? policy.Jitter,
            RetryOn = RetryOn ?? policy.RetryOn,
            LostBudget = LostBudget ?? policy.LostBudget,
        };

    internal static readonly IReadOnlyList<Field<TaskDefaults>> Fields =
    [
        new Field<TaskDefaults, string>(
            "retries",
            Scalars.WholeOr("auto", 0, 1000),
            (d, v) =>
            {
                d.RetryTable = v == "auto";
                d.Retries = v == "auto" ? RetryPolicy.Table.Retries : int.Parse(v, CultureInfo.InvariantCulture);
            },
            "Extra attempts after the first: 2 means at most 3 attempts. auto: as the class of the failure deserves, up to 5, after 1, 2, 4, 8 and 16 seconds; a resource that is not available up to 3."
        )
        {
            Default = "0",
        },
        new Field<TaskDefaults, TimeSpan>("retry_delay", Durations.Any, (d, v) => d.RetryDelay = v, "Time before the first retry.")
        {
            Default = "\"5m\"",
        },
        new Field<TaskDefaults, string>(
            "backoff",
            Scalars.Choice(typeof(Backoff), i => Names.Of((Backoff)i)),
            (d, v) => d.Backoff = Names.BackoffOf(v),
            "How the delay grows: the same each time, or doubled each time up to `max_retry_delay`."
        )
        {
            Default = "\"fixed\"",
        },
        new Field<TaskDefaults, TimeSpan>(
            "max_retry_delay",
            Durations.Any,
            (d, v) => d.MaxRetryDelay = v,
            "The longest delay before jitter; a longer wait that the other side asks for still wins."
        )
        {
            Default = "\"30m\"",
        },
        new Field<TaskDefaults, TimeSpan>(
            "jitter",
            Durations.OrSwitch(TimeSpan.FromSeconds(1)),
            (d, v) => d.Jitter = v,
            "The most that is added by chance to a delay under exponential backoff; true is 1s, false is none."
        )
        {
            Default = "\"1s\"",
        },
        new Field<TaskDefaults, string[]>(
            "retry_on",
            new ListShape<string>(
                Scalars.Choice(typeof(FailureClass), i => Names.Of((FailureClass)i)),
                "a list of failure classes",
                orSingle: true,
                minItems: 1
            ),
            (d, v) => d.RetryOn = [.. v.Select(word => Names.FailureClassOf(word)!.Value)],
            "The classes of failure that are retried. Unstated: all but auth, schema, validation, disk_full, permanent and cancelled."
        )
        {
            Examples = ["[\"transient\", \"rate_limited\", \"lost\"]"],
        },
        new Field<TaskDefaults, FailureRule[]>(
            "failure_rules",
            FailureRuleShape.List,
            (d, v) => d.FailureRules = [.. v],
            "What exit codes and last lines of standard error mean. Rules of a task are asked before those under `defaults`, and all of them before what the program reads out of output by itself."
        )
        {
            Examples =
            [
                "[{\"lines\": \"lock wait timeout\", \"class\": \"resource_unavailable\"}, {\"exit_code\": 3, \"class\": \"validation\"}]",
            ],
        },
        new Field<TaskDefaults, int>(
            "lost_budget",
            Scalars.Whole(0, 1000),
            (d, v) => d.LostBudget = v,
            "How often an attempt may be lost (nobody knows how it ended) before the task fails; not counted as retries."
        )
        {
            Default = "3",
        },
        new Field<TaskDefaults, TimeSpan>(
            "timeout",
            Durations.Positive,
            (d, v) => d.Timeout = v,
            "Limit of one attempt; for a task that waits, of the whole wait."
        )
        {
            Default = "\"24h\"",
        },
        new Field<TaskDefaults, TimeSpan>(
            "start_timeout",
            Durations.Positive,
            (d, v) => d.StartTimeout = v,
            "How long the task may wait for its slots once it is ready; past it it fails without having begun. Unstated: as long as its run may."
        )
        {
            Examples = ["\"30m\""],
        },
        new Field<TaskDefaults, TimeSpan>(
            "silence_timeout",
            Durations.Positive,
            (d, v) => d.SilenceTimeout = v,
            "How long a command may write nothing, neither to standard output nor to standard error: past it the attempt is stopped and counts as timed out. Unstated: as long as its timeout."
        )
        {
            Examples = ["\"10m\""],
        },
        new Field<TaskDefaults, TimeSpan>(
            "grace",
            Durations.Any,
            (d, v) => d.Grace = v,
            "Time between the signal TERM and the signal KILL when an attempt is stopped."
        )
        {
            Default = "\"10s\"",
        },
        new Field<TaskDefaults, string>("pool", Scalars.Slug, (d, v) => d.Pool = v, "The pool whose slots an attempt takes.")
        {
            Default = "\"default\"",
        },
        new Field<TaskDefaults, string>(
            "target",
            Scalars.Slug,
            (d, v) => d.Target = v,
            "What outside the task depends on, by its name under `targets` in signalbox.yaml: whose circuit breaker and retry budget count."
        )
        {
            Examples = ["\"partner_api\""],
        },
        new Field<TaskDefaults, int>("slots", Scalars.Whole(1), (d, v) => d.Slots = v, "Slots of the pool that an attempt takes.")
        {
            Default = "1",
        },
        new Field<TaskDefaults, ResourceSpec>(
            "resources",
            ResourceShape.Mapping,
            (d, v) => d.Resources = v,
            "What an attempt may use at most."
        )
        {
            Examples = ["{\"memory\": \"4GiB\", \"cpu\": 2}"],
        },
        new Field<TaskDefaults, int>(
            "priority",
            Scalars.Whole(int.MinValue),
            (d, v) => d.Priority = v,
            "Added to the pipeline's priority; higher goes first when slots are short."
        )
        {
            Default = "0",
        },
        new Field<TaskDefaults, bool>(
            "idempotent",
            Scalars.Boolean,
            (d, v) => d.Idempotent = v,
            "Whether the task may be started again when nobody knows how far an attempt came; false leaves it to a person."
        )
        {
            Default = "true",
        },
        new Field<TaskDefaults, bool>(
            "reuse",
            Scalars.Boolean,
            (d, v) => d.Reuse = v,
            "Whether the task is left out where its definition, the versions of its inputs, its parameters and its date are those of an earlier success."
        )
        {
            Default = "false",
        },
        new Field<TaskDefaults, bool>(
            "metrics",
            Scalars.Boolean,
            (d, v) => d.Metrics = v,
            "Whether the JSON numbers written to $SIGNALBOX_METRICS are kept."
        )
        {
            Default = "true",
        },
        new Field<TaskDefaults, string>(
            "trigger_rule",
            Scalars.Choice(typeof(TriggerRule), i => Names.Of((TriggerRule)i)),
            (d, v) => d.TriggerRule = Names.TriggerRuleOf(v),
            "Which outcomes of the tasks in `needs` let this task run; the names are Airflow's."
        )
        {
            Default = "\"all_success\"",
        },
        NotifyShape.Field(
            "on_failure",
            (d, v) => d.OnFailure = v,
            "Channels that are told when the task has failed and is not tried again, beside those of the routes."
        ),
        NotifyShape.Field("on_retry", (d, v) => d.OnRetry = v, "Channels that are told of each attempt that failed and is tried again."),
        new Field<TaskDefaults, Named<string>[]>(
            "env",
            NameMaps.Environment,
            (d, v) => d.Env = NameMaps.Sorted(v),
            "Environment variables: a text, which may have {{ }} in it, or `secret:NAME`."
        )
        {
            Examples = ["{\"API_KEY\": \"secret:api_key\", \"DAY\": \"{{ ds }}\"}"],
        },
    ];

    private static readonly string[] OfRetries = ["retries", "retry_delay", "backoff", "max_retry_delay", "jitter", "retry_on"];

    /// <summary>The settings about retries alone, for what is run again as a whole.</summary>
    internal static Shape<TaskDefaults> RetryShape(string key) =>
        new MappingShape<TaskDefaults>(
            key,
            $"`{key}`",
            () => new TaskDefaults(),
            [.. Fields.Where(field => OfRetries.Contains(field.Name))]
        );

    internal static readonly Shape<TaskDefaults> Shape = new MappingShape<TaskDefaults>(
        "defaults",
        "`defaults`",
        () => new TaskDefaults(),
        Fields
    );
}
