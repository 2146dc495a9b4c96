using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Breakers;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;
using Signalbox.Engine.Calendars;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>The whole of a pipeline file.</summary>
internal static class PipelineShape
{
    /// <summary>The task of a file that has no <c>tasks:</c> but says at its top what to do.</summary>
    public const string OnlyTask = "main";

    /// <summary>The keys that make a file a pipeline of one task.</summary>
    public static readonly string[] TopKinds = ["run", "python", "shell", "sql"];

    private static readonly Shape<ActiveVersionSpec> ActiveVersion = new MappingShape<ActiveVersionDraft>(
        "active_version",
        "`active_version`",
        () => new ActiveVersionDraft(),
        new Field<ActiveVersionDraft, string>("connection", Scalars.Slug, (d, v) => d.Connection = v, "A Redis connection of the project.")
        {
            Required = true,
            Examples = ["\"flags\""],
        },
        new Field<ActiveVersionDraft, string>(
            "key",
            Scalars.Text,
            (d, v) => d.Key = v,
            "The key; unstated: active_pipeline_version, with more than one such pipeline active_pipeline_version:PIPELINE."
        )
        {
            Examples = ["\"active_pipeline_version\""],
        }
    ).To((draft, _, _) => draft.Connection is { } connection ? new ActiveVersionSpec(connection, draft.Key) : null);

    private static readonly MappingShape<Draft> Mapping = new(
        "pipeline",
        "a pipeline",
        () => new Draft(),
        [
            new Field<Draft, string>("pipeline", Scalars.Slug, (d, v) => d.Name = v, "The name, unique in the project.")
            {
                Required = true,
                Examples = ["\"daily_flight_features\""],
            },
            new Field<Draft, string>("title", Scalars.Text, (d, v) => d.Title = v, "Free text shown to people in place of the name.")
            {
                Nullable = true,
            },
            new Field<Draft, string>("description", Scalars.Text, (d, v) => d.Description = v, "What it is for.") { Nullable = true },
            new Field<Draft, string>("owner", Scalars.Text, (d, v) => d.Owner = v, "Who answers for it.") { Nullable = true },
            new Field<Draft, string[]>(
                "tags",
                new ListShape<string>(Scalars.Text, "a tag or a list of tags", orSingle: true),
                (d, v) => d.Tags = v,
                "Words to find it by."
            ),
            new Field<Draft, string>("doc", Scalars.Text, (d, v) => d.Doc = v, "A Markdown file relative to the project folder.")
            {
                Nullable = true,
            },
            new Field<Draft, ScheduleShapes.ScheduleDraft[]>(
                "schedule",
                ScheduleShapes.All,
                (d, v) => d.Schedules = v,
                "When runs are due: a cron expression in UTC, a mapping with `cron`, `every` or `rrule`, or a list of these. Unstated: runs are started by hand."
            )
            {
                Nullable = true,
                Examples =
                [
                    "\"15 2 * * *\"",
                    "{\"cron\": \"30 23 * * 0\", \"timezone\": \"Europe/London\"}",
                    "{\"every\": \"10m\", \"anchor\": \"2026-01-01T00:05\"}",
                ],
            },
            new Field<Draft, TriggerSpec[]>(
                "triggers",
                TriggerShapes.All,
                (d, v) => d.Triggers = v,
                "What starts runs beside the schedule, or instead of it."
            )
            {
                Examples = ["[{\"datasets\": {\"all\": [\"flights/raw\"]}}]"],
            },
            new Field<Draft, string>(
                "logical_date",
                Scalars.Choice(typeof(LogicalDateMode), i => Names.Of((LogicalDateMode)i)),
                (d, v) => d.LogicalDate = Names.LogicalDateModeOf(v)!.Value,
                "Which instant names a run: the start of its data interval, or the instant at which the schedule fires."
            )
            {
                Default = "\"interval_start\"",
            },
            new Field<Draft, PartitionShape.Draft>("partition", PartitionShape.Partition, (d, v) => d.Partition = v, "How the data is cut.")
            {
                Default = "\"day\"",
                Examples =
                [
                    "\"week\"",
                    "{\"by\": \"week\", \"week_starts\": \"sunday\"}",
                    "{\"by\": \"day\", \"keys\": {\"region\": [\"eu\", \"us\"]}}",
                ],
            },
            new Field<Draft, string>(
                "start",
                ScheduleShapes.Instant,
                (d, v) => d.Start = v,
                "The schedule makes no data interval that begins earlier."
            )
            {
                Nullable = true,
                Examples = ["\"2001-01-01\""],
            },
            new Field<Draft, string>(
                "end",
                ScheduleShapes.Instant,
                (d, v) => d.End = v,
                "The schedule makes no data interval that ends later."
            )
            {
                Nullable = true,
            },
            new Field<Draft, string>(
                "catchup",
                Scalars.Choice(typeof(CatchUp), i => Names.Of((CatchUp)i)),
                (d, v) => d.CatchUp = Names.CatchUpOf(v)!.Value,
                "What becomes of times that passed while the server was down or the pipeline paused."
            )
            {
                Default = "\"none\"",
            },
            new Field<Draft, int>(
                "max_catchup",
                Scalars.Whole(1, 100_000),
                (d, v) => d.MaxCatchUp = v,
                "With `catchup: all`: the most missed times that become runs at once."
            )
            {
                Default = "100",
            },
            new Field<Draft, string>(
                "overlap",
                Scalars.Choice(typeof(OverlapPolicy), i => Names.Of((OverlapPolicy)i)),
                (d, v) => d.Overlap = Names.OverlapPolicyOf(v)!.Value,
                "What becomes of a new run while another has not ended: it waits for a place, its tick is skipped, it is refused too when it is asked for, the others are cancelled, or it begins beside them whatever `max_active_runs` says."
            )
            {
                Default = "\"queue\"",
            },
            new Field<Draft, ScheduleShapes.BlackoutDraft[]>(
                "blackout",
                ScheduleShapes.Blackouts,
                (d, v) => d.Blackouts = v,
                "Times in which the schedules make no runs; each tick in them is recorded as skipped."
            )
            {
                Examples = ["[{\"from\": \"2026-12-24\", \"to\": \"2026-12-27\"}, {\"cron\": \"0 22 * * 5\", \"for\": \"8h\"}]"],
            },
            new Field<Draft, int>(
                "max_active_runs",
                Scalars.Whole(1),
                (d, v) => d.MaxActiveRuns = v,
                "Runs that may be active at one time; more wait as queued."
            )
            {
                Default = "4",
            },
            new Field<Draft, int>(
                "max_active_tasks",
                Scalars.Whole(1),
                (d, v) => d.MaxActiveTasks = v,
                "Task attempts that may hold a slot at one time, over all runs."
            )
            {
                Default = "16",
            },
            new Field<Draft, int>(
                "priority",
                Scalars.Whole(int.MinValue),
                (d, v) => d.Priority = v,
                "Higher goes first when slots are short."
            )
            {
                Default = "0",
            },
            new Field<Draft, TimeSpan>(
                "timeout",
                Durations.Positive,
                (d, v) => d.Timeout = v,
                "Limit of a whole run; past it the run is failed and what runs is stopped."
            )
            {
                Nullable = true,
                Examples = ["\"2h\""],
            },
            new Field<Draft, TaskDefaults>(
                "run_retry",
                TaskDefaults.RetryShape("run_retry"),
                (d, v) => d.RunRetry = v.ToPolicy(),
                "How often a failed run is run again from its failed tasks, after a delay, beside the retries of each task. Unstated: never."
            )
            {
                Examples = ["{\"retries\": 1, \"retry_delay\": \"30m\"}"],
            },
            new Field<Draft, BreakerSpec>(
                "circuit_breaker",
                BreakerShapes.Breaker,
                (d, v) => d.CircuitBreaker = v,
                "When new runs are held because runs fail one after the other."
            )
            {
                Nullable = true,
                Examples = ["{\"failures\": 3, \"cool_down\": \"30m\"}"],
            },
            new Field<Draft, RetentionSpec>(
                "retention",
                RetentionShape.OfPipeline,
                (d, v) => d.Retention = v,
                "How long runs are kept after their end, with their logs and the versions that others have replaced: a run goes when neither its age nor its place among the newest keeps it."
            )
            {
                Nullable = true,
                Examples = ["{\"age\": \"90d\", \"runs\": 50}"],
            },
            new Field<Draft, SlaSpec[]>(
                "sla",
                SlaShape.List,
                (d, v) => d.Sla = v,
                "By when a scheduled run must have succeeded: a time of day, or a length of time after it is due; or a list of these."
            )
            {
                Examples = ["{\"by\": \"06:00\", \"timezone\": \"Europe/London\"}", "{\"within\": \"3h\"}"],
            },
            new Field<Draft, Named<ParamSpec>[]>(
                "params",
                ParamShapes.All,
                (d, v) => d.Params = v,
                "Values that a run may be given: a default, or a mapping with its type and limits."
            )
            {
                Examples = ["{\"min_rows\": {\"type\": \"integer\", \"default\": 1000, \"minimum\": 0}}"],
            },
            new Field<Draft, bool>(
                "reuse",
                Scalars.Boolean,
                (d, v) => d.Reuse = v,
                "Whether tasks that are current are left out; a task's own word, and that under `defaults`, goes first."
            )
            {
                Default = "false",
            },
            new Field<Draft, ActiveVersionSpec>(
                "active_version",
                ActiveVersion,
                (d, v) => d.ActiveVersion = v,
                "A flag in Redis that says which variant readers are served, for routers outside."
            )
            {
                Nullable = true,
                Examples = ["{\"connection\": \"flags\"}"],
            },
            new Field<Draft, TaskDefaults>(
                "defaults",
                TaskDefaults.Shape,
                (d, v) => d.Defaults = v,
                "Settings of every task that does not say otherwise."
            ),
            new Field<Draft, Named<WrittenTask>[]>("tasks", TaskShapes.All, (d, v) => d.Tasks = v, "The tasks, by name."),
            .. TaskShapes.KindFields<Draft>((draft, kind) => draft.Kind ??= kind),
        ]
    )
    {
        Rules = schema =>
            schema["oneOf"] = new JsonArray([
                .. new[] { "tasks" }.Concat(TopKinds).Select(key => (JsonNode)new JsonObject { ["required"] = new JsonArray(key) }),
            ]),
        Elsewhere = key =>
            TaskShapes.HasKey(key) ? $"`{key}` belongs to a task, under `tasks:`{(IsDefault(key) ? ", or into `defaults:`" : "")}" : null,
    };

    public static JsonObject Schema(SchemaDefinitions definitions) => Mapping.Schema(definitions);

    /// <summary>
    /// Reads what can be read: what could not be stands as its default, so that the rest can be checked too. Null when there is no
    /// pipeline to speak of.
    /// </summary>
    /// <param name="calendars">The calendars that schedules may name; null when there is no project.</param>
    /// <param name="files">Takes the other files that were read.</param>
    public static Pipeline? Read(
        YamlNode root,
        Reading reading,
        TaskDefaults projectDefaults,
        CalendarShelf? calendars,
        HashSet<string> files
    )
    {
        if (root is not YamlMapping mapping)
        {
            reading.Error(root, "wrong-value", $"a pipeline file is a mapping that begins with `pipeline: name`, not {root.Described}");
            return null;
        }

        if (!Mapping.TryRead(root, reading, out var draft))
        {
            return null;
        }

        WrittenTask[] written = [.. TaskGroups.Flat(draft.Tasks, reading)];
        var tops = mapping.Entries.Where(entry => entry.Key.Text == "tasks" || TopKinds.Contains(entry.Key.Text)).ToList();
        if (tops.Count == 0)
        {
            reading.Error(root, "missing-key", "a pipeline needs the key `tasks` (or `run`, when it is one command)");
        }
        else if (tops.Count > 1)
        {
            reading.Error(
                tops[1].Key,
                "two-kinds",
                $"`{tops[0].Key.Text}` and `{tops[1].Key.Text}` cannot stand together at the top of a file; make each a task under `tasks:`"
            );
        }
        else if (draft.Kind is { } kind)
        {
            written = [new WrittenTask(new TaskNode { Name = new TaskName(OnlyTask), Kind = kind }, TaskDefaults.None)];
        }

        var defaults = draft.Defaults.Over(new TaskDefaults { Reuse = draft.Reuse }).Over(projectDefaults);
        // A wait looks again by itself and fails once: retries that are meant for the work would say nothing there.
        var waiting = defaults with
        {
            Retries = null,
        };
        ImmutableArray<ScheduleSpec> schedules =
        [
            .. draft.Schedules.Select(schedule => schedule.Make(calendars, reading, files)).ToArray(),
        ];
        var zone = Zone.Find(schedules.IsEmpty ? "UTC" : schedules[0].TimeZone).Zone ?? Zone.Utc;
        return new Pipeline
        {
            Name = new PipelineName(draft.Name),
            Title = draft.Title,
            Description = draft.Description,
            Owner = draft.Owner,
            Tags = [.. draft.Tags],
            Doc = draft.Doc,
            Schedules = schedules,
            Overlap = draft.Overlap,
            Blackouts = [.. draft.Blackouts.Select(blackout => blackout.Make(zone)).ToArray()],
            LogicalDate = draft.LogicalDate,
            Partition = draft.Partition.By,
            WeekStarts = draft.Partition.WeekStarts,
            Dimensions = [.. draft.Partition.Dimensions],
            Start = draft.Start is { } start ? Instants.Parse(start, zone) : null,
            End = draft.End is { } end ? Instants.Parse(end, zone) : null,
            CatchUp = draft.CatchUp,
            MaxCatchUp = draft.MaxCatchUp,
            MaxActiveRuns = draft.MaxActiveRuns,
            MaxActiveTasks = draft.MaxActiveTasks,
            Priority = draft.Priority,
            Timeout = draft.Timeout,
            RunRetry = draft.RunRetry,
            CircuitBreaker = draft.CircuitBreaker,
            Retention = draft.Retention,
            Triggers = [.. draft.Triggers],
            Sla = [.. draft.Sla],
            Params = [.. draft.Params.Select(param => param.Value with { Name = param.Name })],
            ActiveVersion = draft.ActiveVersion,
            // A group has retries when it says so itself: those of its tasks are meant for them.
            Tasks =
            [
                .. written.Select(task =>
                    (
                        task.Node.Kind is TaskKind.Group ? task.Settings
                        : task.Node.Kind.Waits ? task.Settings.Over(waiting)
                        : task.Settings.Over(defaults)
                    ).On(task.Node)
                ),
            ],
        };
    }

    private static bool IsDefault(string key) => TaskDefaults.Fields.Any(field => field.Name == key);

    private sealed class ActiveVersionDraft
    {
        public string? Connection { get; set; }

        public string? Key { get; set; }
    }

    private sealed class Draft
    {
        public string Name { get; set; } = "unreadable";

        public string? Title { get; set; }

        public string? Description { get; set; }

        public string? Owner { get; set; }

        public string[] Tags { get; set; } = [];

        public string? Doc { get; set; }

        public ScheduleShapes.ScheduleDraft[] Schedules { get; set; } = [];

        public OverlapPolicy Overlap { get; set; }

        public ScheduleShapes.BlackoutDraft[] Blackouts { get; set; } = [];

        public TriggerSpec[] Triggers { get; set; } = [];

        public LogicalDateMode LogicalDate { get; set; }

        public PartitionShape.Draft Partition { get; set; } = new();

        public string? Start { get; set; }

        public string? End { get; set; }

        public CatchUp CatchUp { get; set; }

        public int MaxCatchUp { get; set; } = 100;

        public int MaxActiveRuns { get; set; } = 4;

        public int MaxActiveTasks { get; set; } = 16;

        public int Priority { get; set; }

        public TimeSpan? Timeout { get; set; }

        public RetryPolicy RunRetry { get; set; } = RetryPolicy.Default;

        public BreakerSpec? CircuitBreaker { get; set; }

        public RetentionSpec? Retention { get; set; }

        public SlaSpec[] Sla { get; set; } = [];

        public Named<ParamSpec>[] Params { get; set; } = [];

        public bool? Reuse { get; set; }

        public ActiveVersionSpec? ActiveVersion { get; set; }

        public TaskDefaults Defaults { get; set; } = TaskDefaults.None;

        public Named<WrittenTask>[] Tasks { get; set; } = [];

        public TaskKind? Kind { get; set; }
    }
}
