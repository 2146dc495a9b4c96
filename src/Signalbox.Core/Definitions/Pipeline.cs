using Signalbox.Core.Breakers;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>
/// A pipeline as its author wrote it, normalised: defaults are applied, durations parsed, names checked. It is plain data,
/// immutable, and the same whether it came from YAML, from C# or from an Airflow file. Its canonical JSON
/// (<c>PipelineJson</c>) is what the store keeps and what <see cref="VersionHash"/> is the hash of.
/// Templates stay text here: they are parsed where they are rendered, and <c>PipelineChecker</c> has parsed them all before.
/// </summary>
public sealed record Pipeline
{
    public required PipelineName Name { get; init; }

    /// <summary>Free text shown to people in place of the name. Default none.</summary>
    public string? Title { get; init; }

    public string? Description { get; init; }

    public string? Owner { get; init; }

    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>A Markdown file relative to the project folder. Default none.</summary>
    public string? Doc { get; init; }

    /// <summary>When runs are due, all in one zone. Default none: runs are started by hand or by a backfill.</summary>
    public ImmutableArray<ScheduleSpec> Schedules { get; init; } = [];

    /// <summary>The first of <see cref="Schedules"/>, which says what runs that are started by hand and backfills are about; null without one.</summary>
    public ScheduleSpec? Schedule
    {
        get => Schedules.IsDefaultOrEmpty ? null : Schedules[0];
        init => Schedules = value is null ? [] : [value];
    }

    /// <summary>The zone of all schedules, and of <c>ds</c>. Default <c>UTC</c>.</summary>
    public string TimeZone => Schedule?.TimeZone ?? "UTC";

    /// <summary>Which instant of its data interval names a run. Default: the start of the interval.</summary>
    public LogicalDateMode LogicalDate { get; init; } = LogicalDateMode.IntervalStart;

    /// <summary>How the data of the pipeline is cut. Default day.</summary>
    public PartitionKind Partition { get; init; } = PartitionKind.Day;

    /// <summary>The first day of a week, where the data is cut by weeks. Default Monday, as ISO 8601 has it.</summary>
    public DayOfWeek WeekStarts { get; init; } = DayOfWeek.Monday;

    /// <summary>The static lists by which datasets are cut beside time; a run makes all cells of its slice. Default none.</summary>
    public ImmutableArray<PartitionDimension> Dimensions { get; init; } = [];

    /// <summary>No data interval that starts before this instant is ever created by the schedule. Default none.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>No data interval that ends after this instant is ever created by the schedule. Default none.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>What happens to ticks missed while the server was down or the pipeline paused. Default none.</summary>
    public CatchUp CatchUp { get; init; } = CatchUp.None;

    /// <summary>The most missed ticks that become runs at once under <see cref="CatchUp.All"/>. Default 100.</summary>
    public int MaxCatchUp { get; init; } = 100;

    /// <summary>What becomes of a new run while another has not ended. Default: it waits for a place.</summary>
    public OverlapPolicy Overlap { get; init; } = OverlapPolicy.Queue;

    /// <summary>Times in which the schedules make no runs. Default none.</summary>
    public ImmutableArray<BlackoutSpec> Blackouts { get; init; } = [];

    /// <summary>Runs of this pipeline that may be active at one time; more wait as queued. Default 4.</summary>
    public int MaxActiveRuns { get; init; } = 4;

    /// <summary>Task attempts of this pipeline that may hold a slot at one time, over all its runs. Default 16.</summary>
    public int MaxActiveTasks { get; init; } = 16;

    /// <summary>Higher goes first when slots are short. Default 0.</summary>
    public int Priority { get; init; }

    /// <summary>Limit of a whole run from its start; past it the run is failed and what runs is killed. Default none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// How often a failed run is run again from its failed tasks, beside the retries of each of them: its budget is the run's own. Default never.
    /// </summary>
    public RetryPolicy RunRetry { get; init; } = RetryPolicy.Default;

    /// <summary>When new runs are held because runs fail one after the other. Default never.</summary>
    public BreakerSpec? CircuitBreaker { get; init; }

    /// <summary>How long its runs are kept. Default: as the project says.</summary>
    public RetentionSpec? Retention { get; init; }

    /// <summary>What starts runs beside the schedule, or instead of it, in the order of the file. Default nothing.</summary>
    public ImmutableArray<TriggerSpec> Triggers { get; init; } = [];

    /// <summary>By when a run must have succeeded. Default no deadline.</summary>
    public ImmutableArray<SlaSpec> Sla { get; init; } = [];

    public ImmutableArray<ParamSpec> Params { get; init; } = [];

    /// <summary>Where the name of the active variant is written too, for routers outside. Default nowhere but in the project's state.</summary>
    public ActiveVersionSpec? ActiveVersion { get; init; }

    /// <summary>The tasks in the order of the file. Names are unique, <see cref="TaskNode.Needs"/> exist, and there is no cycle (see <c>PipelineChecker</c>).</summary>
    public required ImmutableArray<TaskNode> Tasks { get; init; }
}

/// <summary>A flag outside the product that says which variant of a pipeline is active.</summary>
/// <param name="Connection">A Redis connection of the project.</param>
/// <param name="Key">
/// The key of the flag. Default <c>active_pipeline_version</c>; with more than one such pipeline on the connection
/// <c>active_pipeline_version:PIPELINE</c>.
/// </param>
public sealed record ActiveVersionSpec(string Connection, string? Key = null)
{
    /// <summary>The default of <see cref="Key"/>.</summary>
    public const string DefaultKey = "active_pipeline_version";
}

/// <summary>A typed parameter of a run, a small part of JSON Schema.</summary>
public sealed record ParamSpec
{
    public required string Name { get; init; }

    /// <summary>Default: any JSON value.</summary>
    public ParamType Type { get; init; }

    /// <summary>JSON text used when a run gives no value. Default none: the parameter must be given.</summary>
    public string? Default { get; init; }

    public double? Minimum { get; init; }

    public double? Maximum { get; init; }

    /// <summary>JSON texts of the allowed values. Empty: every value of the type.</summary>
    public ImmutableArray<string> Enum { get; init; } = [];

    /// <summary>A regular expression that a string must match somewhere. Default none.</summary>
    public string? Pattern { get; init; }

    public string? Description { get; init; }
}

/// <summary>The JSON type of a parameter.</summary>
public enum ParamType
{
    Any,
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}
