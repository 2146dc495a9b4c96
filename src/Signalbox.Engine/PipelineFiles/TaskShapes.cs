using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>A task as it is written: what it is, and the settings it says itself.</summary>
/// <param name="Node">Everything but the settings that <c>defaults:</c> may give too.</param>
/// <param name="Settings">The settings that the task says itself.</param>
internal sealed record WrittenTask(TaskNode Node, TaskDefaults Settings)
{
    /// <summary>Stands for a task that could not be read, so that tasks which need it are not wrong too.</summary>
    public static readonly WrittenTask Unreadable = new(new TaskNode { Name = default, Kind = new TaskKind.Noop() }, TaskDefaults.None);

    /// <summary>The tasks of a group.</summary>
    public Named<WrittenTask>[] Members { get; init; } = [];
}

/// <summary>The tasks of a pipeline: <c>tasks:</c>.</summary>
internal static class TaskShapes
{
    /// <summary>The keys that say what a task does.</summary>
    public static readonly string[] Kinds =
    [
        "run",
        "python",
        "shell",
        "sql",
        "wait_for",
        "promote",
        "approve",
        "load",
        "http",
        "noop",
        "group",
    ];

    private static readonly Shape<string[]> TaskNames = new ListShape<string>(Scalars.Slug, "a task or a list of tasks", orSingle: true);

    private static readonly Field<Draft>[] Own =
    [
        new Field<Draft, string[]>("needs", TaskNames, (d, v) => d.Needs = v, "The tasks that this one comes after.")
        {
            Examples = ["[\"extract\"]"],
        },
        new Field<Draft, string>("when", Scalars.Text, (d, v) => d.When = v, "A condition; false skips the task and shows the values.")
        {
            Examples = ["\"{{ tasks.evaluate.metrics.auc > 0.7 }}\""],
        },
        new Field<Draft, string>(
            "for_each",
            new EitherShape<string>(single: Scalars.Text, list: new ListShape<YamlNode>(new AnythingShape(), "a list").To<string>(Listed)),
            (d, v) => d.ForEach = v,
            "A list, plain or as an expression; the task runs once for each `{{ item }}`."
        )
        {
            Examples = ["\"{{ tasks.segments.result }}\"", "[\"north\", \"south\"]"],
        },
        new Field<Draft, string>("label", Scalars.Text, (d, v) => d.Label = v, "With `for_each`: what people see in place of the position.")
        {
            Examples = ["\"{{ item.segment }}\""],
        },
        new Field<Draft, int>(
            "max_parallel",
            Scalars.Whole(1),
            (d, v) => d.MaxParallel = v,
            "With `for_each`: how many items may be worked on at one time in a run."
        ),
        new Field<Draft, Named<WrittenInput>[]>(
            "inputs",
            NameMaps.Of(TaskDataShapes.Input, "a mapping from names to paths", () => new WrittenInput()),
            (d, v) => d.Inputs = v,
            "What the task reads: a name and a path, which may have {{ }} in it; a command finds it in $SIGNALBOX_INPUT_NAME."
        )
        {
            Examples = ["{\"raw\": \"{{ tasks.extract.outputs.raw }}\"}"],
        },
        new Field<Draft, Named<OutputSpec>[]>(
            "outputs",
            NameMaps.Of(TaskDataShapes.Output, "a mapping from names to outputs", () => new OutputSpec { Name = "", Path = "unreadable" }),
            (d, v) => d.Outputs = v,
            "What the task makes: staged for each attempt, checked, and published in one step when the attempt succeeds."
        )
        {
            Examples = ["{\"raw\": \"data/raw/date={{ ds }}/\"}"],
        },
        new Field<Draft, SlaSpec[]>(
            "sla",
            SlaShape.List,
            (d, v) => d.Sla = v,
            "By when the task must have succeeded in a scheduled run: a time of day, or a length of time after the run is due."
        )
        {
            Examples = ["{\"within\": \"3h\"}"],
        },
        new Field<Draft, string>("doc", Scalars.Text, (d, v) => d.Doc = v, "A Markdown file relative to the project folder."),
        new Field<Draft, TimeSpan>(
            "every",
            Durations.Positive,
            (d, v) => d.Every = v,
            "With `wait_for`: time between two looks. A task that waits holds no slot."
        )
        {
            Default = "\"1m\"",
        },
    ];

    private static readonly Field<Draft>[] Fields =
    [
        .. KindFields<Draft>((draft, kind) => draft.Kind ??= kind),
        Kind<Draft>(
            "wait_for",
            WaitShapes.Mapping,
            "What the task waits for, without holding a slot: a file, a time or a task of another pipeline.",
            (draft, kind) => draft.Kind ??= kind,
            "{\"file\": \"landing/{{ ds }}.parquet\", \"stable_for\": \"5s\"}"
        ),
        Kind<Draft>(
            "promote",
            TaskKindShapes.Promote,
            "Moves an alias of a model to the version that this run made.",
            (draft, kind) => draft.Kind ??= kind,
            "{\"model\": \"delay\", \"alias\": \"champion\"}"
        ),
        Kind<Draft>(
            "approve",
            ApprovalShapes.Approve,
            "Waits, without a slot, until people have approved or rejected, or `timeout` decides; the answers are its result.",
            (draft, kind) => draft.Kind ??= kind,
            "{\"message\": \"publish {{ ds }}?\", \"who\": [\"alice\", \"ml-leads\"], \"quorum\": 2}"
        ),
        Kind<Draft>(
            "load",
            LoadShape.Load,
            "Rows of files or of a query into a table of PostgreSQL, SQLite or DuckDB, published in one transaction.",
            (draft, kind) => draft.Kind ??= kind,
            LoadShape.Example
        ),
        Kind<Draft>(
            "http",
            HttpShape.Http,
            "A request: an address that is asked with GET, or what is sent where, and which statuses are a success.",
            (draft, kind) => draft.Kind ??= kind,
            HttpShape.Example
        ),
        Kind<Draft>("noop", TaskKindShapes.Noop, "Nothing; a joint in the graph.", (draft, kind) => draft.Kind ??= kind, "{}"),
        .. Own,
        .. TaskDefaults.Fields.Select(field => new InnerField<Draft, TaskDefaults>(field, draft => draft.Settings)),
    ];

    private static readonly Shape<Named<WrittenTask>[]> Members = Named(
        new MappingShape<Draft>("member", "a task of a group", () => new Draft(), Fields)
        {
            Rules = schema => Rule(schema, Kinds.Except([TaskGroups.Key])),
            Elsewhere = key =>
                key == TaskGroups.Key
                    ? "a group has no groups in it: put this one beside it, with `needs`, or its tasks into the outer one"
                    : null,
        }
    );

    private static readonly MappingShape<Draft> Mapping = new(
        "task",
        "a task",
        () => new Draft(),
        [
            .. Fields,
            new Field<Draft, Named<WrittenTask>[]>(
                TaskGroups.Key,
                Members,
                (draft, members) =>
                {
                    draft.Kind ??= new TaskKind.Group();
                    draft.Members = members;
                },
                "Tasks that are tried again as one: when one of them has failed for good, the group's `retries` have all of them done again."
            )
            {
                Examples = ["{\"stage\": {\"run\": \"./stage.sh\"}, \"swap\": {\"needs\": [\"stage\"], \"run\": \"./swap.sh\"}}"],
            },
        ]
    )
    {
        Rules = schema => Rule(schema, Kinds),
    };

    private static void Rule(JsonObject schema, IEnumerable<string> kinds)
    {
        schema["oneOf"] = new JsonArray([.. kinds.Select(kind => (JsonNode)new JsonObject { ["required"] = new JsonArray(kind) })]);
        schema["dependentRequired"] = new JsonObject
        {
            ["every"] = new JsonArray("wait_for"),
            ["label"] = new JsonArray("for_each"),
            ["max_parallel"] = new JsonArray("for_each"),
        };
    }

    private static readonly HashSet<string> Keys = [.. Mapping.Keys];

    public static readonly Shape<Named<WrittenTask>[]> All = Named(Mapping);

    private static NamesShape<WrittenTask> Named(MappingShape<Draft> task) =>
        new(
            task.To(Finish),
            "a mapping from names of tasks to tasks",
            Scalars.SlugPattern,
            Slug.Problem,
            () => WrittenTask.Unreadable,
            minItems: 1
        );

    /// <summary>Whether a task has this key.</summary>
    public static bool HasKey(string key) => Keys.Contains(key);

    /// <summary>The kinds that may also stand at the top of a file of one task.</summary>
    public static IEnumerable<Field<TDraft>> KindFields<TDraft>(Action<TDraft, TaskKind> set) =>
        [
            Kind(
                "run",
                TaskKindShapes.Run,
                "A command: a text for the shell, where values in {{ }} are quoted for their place, or a list of a program and its arguments without a shell.",
                set,
                "\"python3 extract.py --date {{ ds }} --output {{ outputs.raw }}\""
            ),
            Kind(
                "python",
                TaskKindShapes.PythonScript,
                "A Python script, run as it is: it reads its environment.",
                set,
                "\"print('hello')\\n\""
            ),
            Kind("shell", TaskKindShapes.ShellScript, "A shell script, run as it is: it reads its environment.", set, "\"echo hello\\n\""),
            Kind("sql", TaskKindShapes.Sql, "Statements for DuckDB: a text, a file or a query.", set, "{\"file\": \"features.sql\"}"),
        ];

    private static Field<TDraft, TaskKind> Kind<TDraft>(
        string name,
        Shape<TaskKind> shape,
        string description,
        Action<TDraft, TaskKind> set,
        string example
    ) => new(name, shape, set, description) { Examples = [example] };

    private static WrittenTask Finish(Draft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        var kinds = mapping.Entries.Where(entry => Kinds.Contains(entry.Key.Text)).ToList();
        if (kinds.Count == 0)
        {
            // A misspelt kind has been reported as an unknown key: that is the better message.
            if (mapping.Entries.All(entry => HasKey(entry.Key.Text)))
            {
                reading.Error(node, "no-kind", $"the task `{reading.Name}` does nothing; give it one of {string.Join(", ", Kinds)}");
            }
        }
        else if (kinds.Count > 1)
        {
            reading.Error(
                kinds[1].Key,
                "two-kinds",
                $"a task does one thing: it has `{kinds[0].Key.Text}` and `{kinds[1].Key.Text}`; make two tasks of it"
            );
        }

        Together(mapping, reading, "every", "wait_for");
        if (draft.Kind is TaskKind.Group)
        {
            TaskGroups.CheckKeys(mapping, reading);
        }

        if (draft.Kind is TaskKind.Load && mapping.Find("outputs") is { } outputs)
        {
            reading.Error(
                outputs.Key,
                "wrong-key",
                "`outputs` does not go with `load`: what a load publishes is its table, `outputs.table`"
            );
        }

        var kind = draft.Kind ?? new TaskKind.Noop();
        return new WrittenTask(
            new TaskNode
            {
                Name = default,
                // The program asks, with the same key at each try: what may pass is tried again unless the author says otherwise.
                Retry = kind is TaskKind.Http ? RetryPolicy.Table : RetryPolicy.Default,
                Kind = draft.Every is { } every ? WaitShapes.WithEvery(kind, every) : kind,
                Needs = [.. draft.Needs.Select(name => new TaskName(name))],
                When = draft.When,
                ForEach = draft.ForEach,
                Label = draft.Label,
                MaxParallel = draft.MaxParallel,
                Inputs = NameMaps.Sorted([.. draft.Inputs.Select(input => new Named<string>(input.Key, input.Value.Path))]),
                InputChecks = TaskDataShapes.ChecksOf(draft.Inputs),
                Fetch = TaskNode.NoFetch.Union(draft.Inputs.Where(input => input.Value.Fetch).Select(input => input.Name)),
                Outputs = [.. draft.Outputs.Select(output => output.Value with { Name = output.Name })],
                Sla = [.. draft.Sla],
                Doc = draft.Doc,
            },
            draft.Settings
        )
        {
            Members = draft.Members,
        };
    }

    private static void Together(YamlMapping task, Reading reading, string key, string with)
    {
        if (task.Find(key) is { } entry && task.Find(with) is null)
        {
            reading.Error(entry.Key, "wrong-key", $"`{key}` goes with `{with}`, which the task does not have");
        }
    }

    private sealed class Draft
    {
        public TaskKind? Kind { get; set; }

        public Named<WrittenTask>[] Members { get; set; } = [];

        public TaskDefaults Settings { get; } = new();

        public string[] Needs { get; set; } = [];

        public string? When { get; set; }

        public string? ForEach { get; set; }

        public string? Label { get; set; }

        public int? MaxParallel { get; set; }

        public Named<WrittenInput>[] Inputs { get; set; } = [];

        public Named<OutputSpec>[] Outputs { get; set; } = [];

        public SlaSpec[] Sla { get; set; } = [];

        public string? Doc { get; set; }

        public TimeSpan? Every { get; set; }
    }

    /// <summary>A plain list as the expression that means it: what is JSON is an expression, too.</summary>
    private static string Listed(YamlNode[] items)
    {
        var list = new JsonArray([.. items.Select(JsonValues.Of)]);
        return $"{{{{ {list.ToJsonString(PlainText)} }}}}";
    }

    private static readonly JsonSerializerOptions PlainText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
