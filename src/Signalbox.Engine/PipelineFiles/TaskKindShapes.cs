using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Approvals;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What a task does: one key of a task for each, and no task has two.</summary>
internal static class TaskKindShapes
{
    /// <summary>The interpreter of <c>python:</c>.</summary>
    public const string Python = "python3";

    /// <summary>The interpreter of <c>shell:</c>.</summary>
    public const string Shell = "sh";

    /// <summary>Time between two looks of a task that waits, unless it says otherwise.</summary>
    public static readonly TimeSpan DefaultEvery = TimeSpan.FromMinutes(1);

    public static readonly Shape<TaskKind> Run = new EitherShape<TaskKind>(
        single: Scalars.Text.To(text => (TaskKind)new TaskKind.Shell(text)),
        list: new ListShape<string>(Scalars.AnyText, "a list of a program and its arguments", minItems: 1).To(list =>
            (TaskKind)new TaskKind.Argv([.. list])
        )
    );

    public static readonly Shape<TaskKind> PythonScript = Scalars.Text.To(text => (TaskKind)new TaskKind.Script(Python, text));

    public static readonly Shape<TaskKind> ShellScript = Scalars.Text.To(text => (TaskKind)new TaskKind.Script(Shell, text));

    public static readonly Shape<TaskKind> Sql = new EitherShape<TaskKind>(
        single: Scalars.Text.To(text => (TaskKind)new TaskKind.Sql(text, null)),
        mapping: new MappingShape<SqlDraft>(
            "sql",
            "`sql`",
            () => new SqlDraft(),
            new Field<SqlDraft, string>(
                "file",
                Scalars.Text,
                (d, v) => d.File = v,
                "A file with statements, relative to the project folder."
            )
            {
                Examples = ["\"features.sql\""],
            },
            new Field<SqlDraft, string>("query", Scalars.Text, (d, v) => d.Query = v, "Statements.")
        )
        {
            Rules = schema => schema["oneOf"] = OneRequired("file", "query"),
        }.To(
            (draft, node, reading) =>
                ExactlyOne(node, reading, "sql", "file", "query") ? (TaskKind)new TaskKind.Sql(draft.Query, draft.File) : null
        )
    );

    public static readonly Shape<TaskKind> Promote = new MappingShape<PromoteDraft>(
        "promote",
        "`promote`",
        () => new PromoteDraft(),
        new Field<PromoteDraft, string>("model", Scalars.Text, (d, v) => d.Model = v, "The model of which this run made a version.")
        {
            Required = true,
            Examples = ["\"delay\""],
        },
        new Field<PromoteDraft, string>("alias", Scalars.Slug, (d, v) => d.Alias = v, "The alias that moves to that version.")
        {
            Required = true,
            Examples = ["\"champion\""],
        },
        new Field<PromoteDraft, string>(
            "higher",
            Scalars.Text,
            (d, v) => d.Better = new MetricRule(v, IsLower: false),
            "Promote only a version of which this metric is higher than of the one that the alias points to."
        )
        {
            Examples = ["\"auc\""],
        },
        new Field<PromoteDraft, string>(
            "lower",
            Scalars.Text,
            (d, v) => d.Better = new MetricRule(v, IsLower: true),
            "Promote only a version of which this metric is lower than of the one that the alias points to."
        )
        {
            Examples = ["\"log_loss\""],
        },
        new Field<PromoteDraft, ApprovalShapes.Review>(
            "in_backfill",
            ApprovalShapes.InBackfill,
            (d, v) => (d.InBackfill, d.Review) = (v.Promotion, v.Spec),
            "skip: a backfill leaves the alias where people have put it. allow: it promotes as a live run does. approve, or who and how: it waits for approval."
        )
        {
            Default = "\"skip\"",
        },
        new Field<PromoteDraft, ApprovalShapes.Asked>(
            "approval",
            ApprovalShapes.Approval,
            (d, v) => d.Approval = v.Spec,
            "Whether people are asked before the alias moves: true, or who and how. They see the numbers of both versions."
        )
        {
            Default = "false",
        }
    )
    {
        Rules = schema => schema["not"] = new JsonObject { ["required"] = new JsonArray("higher", "lower") },
    }.To(
        (draft, node, reading) =>
        {
            var mapping = (YamlMapping)node;
            if (mapping.Find("higher") is not null && mapping.Find("lower") is { } second)
            {
                reading.Error(second.Key, "two-kinds", "a promotion compares one metric: `higher` or `lower`, not both");
                return null;
            }

            return (TaskKind)new TaskKind.Promote(draft.Model, draft.Alias, draft.InBackfill, draft.Approval, draft.Review, draft.Better);
        }
    );

    public static readonly Shape<TaskKind> Noop = new NoopShape();

    public static readonly Shape<TaskKind> WaitFor = new MappingShape<WaitDraft>(
        "wait_for",
        "`wait_for`",
        () => new WaitDraft(),
        new Field<WaitDraft, string>(
            "file",
            Scalars.Text,
            (d, v) => d.File = v,
            "Until this path exists; a text that may have {{ }} in it."
        )
        {
            Examples = ["\"landing/{{ ds }}.parquet\""],
        },
        new Field<WaitDraft, TimeSpan>("stable_for", Durations.Any, (d, v) => d.StableFor = v, "With `file`: unchanged for this long.")
        {
            Default = "\"0s\"",
        },
        new Field<WaitDraft, long>("min_size", Durations.Size, (d, v) => d.MinSize = v, "With `file`: at least this large.")
        {
            Default = "0",
        },
        new Field<WaitDraft, string>(
            "time",
            Scalars.Text.To(Time),
            (d, v) => d.Time = v,
            "Until HH:MM[:SS] in the schedule's zone on the day on which the data interval ends, or until an instant."
        )
        {
            Examples = ["\"06:00\""],
        },
        new Field<WaitDraft, TaskKind.WaitForTask>(
            "task",
            new EitherShape<TaskKind.WaitForTask>(single: Scalars.Text.To(OtherTask), mapping: OtherRun),
            (d, v) => d.Task = v,
            "Until a task of another pipeline has succeeded in the matching run: `pipeline.task`, or a mapping."
        )
        {
            Examples = ["\"landing.publish\""],
        }
    )
    {
        Rules = schema =>
        {
            schema["oneOf"] = OneRequired("file", "time", "task");
            schema["dependentRequired"] = new JsonObject { ["stable_for"] = new JsonArray("file"), ["min_size"] = new JsonArray("file") };
        },
    }.To(Wait);

    private static Shape<TaskKind.WaitForTask> OtherRun =>
        new MappingShape<OtherDraft>(
            "other_run",
            "`task`",
            () => new OtherDraft(),
            new Field<OtherDraft, string>("pipeline", Scalars.Slug, (d, v) => d.Pipeline = v, "The other pipeline.") { Required = true },
            new Field<OtherDraft, string>("task", Scalars.Slug, (d, v) => d.Task = v, "Its task; unstated: the whole run."),
            new Field<OtherDraft, string>(
                "match",
                Scalars.Choice(typeof(TaskMatch), i => Names.Of((TaskMatch)i)),
                (d, v) => d.Match = Names.TaskMatchOf(v)!.Value,
                "How its run is found: the data interval contains this run's or is contained in it, the same logical date, or that date plus `offset`."
            )
            {
                Default = "\"containing\"",
            },
            new Field<OtherDraft, TimeSpan>(
                "offset",
                Durations.Signed,
                (d, v) => d.Offset = v,
                "With `match: offset`: added to this run's logical date."
            )
            {
                Examples = ["\"-1d\""],
            },
            new Field<OtherDraft, bool>(
                "partitions",
                Scalars.Boolean,
                (d, v) => d.Partitions = v,
                "All partitions of this run's interval must be there, such as the seven days of a week."
            )
            {
                Default = "false",
            }
        )
        {
            Rules = schema => schema["dependentRequired"] = new JsonObject { ["offset"] = new JsonArray("match") },
        }.To(
            (draft, node, reading) =>
            {
                if ((draft.Match == TaskMatch.Offset) != draft.Offset.HasValue)
                {
                    reading.Error(node, "offset", "`match: offset` and `offset` go together: give both or none");
                    return null;
                }

                return new TaskKind.WaitForTask(
                    new PipelineName(draft.Pipeline),
                    draft.Task is { } task ? new TaskName(task) : null,
                    draft.Match,
                    draft.Offset ?? TimeSpan.Zero,
                    draft.Partitions,
                    DefaultEvery
                );
            }
        );

    /// <summary>The kind with another time between two looks.</summary>
    public static TaskKind WithEvery(TaskKind kind, TimeSpan every) =>
        kind switch
        {
            TaskKind.WaitForFile file => file with { Every = every },
            TaskKind.WaitForTask task => task with { Every = every },
            _ => kind,
        };

    private static TaskKind? Wait(WaitDraft draft, YamlNode node, Reading reading)
    {
        var mapping = (YamlMapping)node;
        if (!ExactlyOne(node, reading, "wait_for", "file", "time", "task"))
        {
            return null;
        }

        if (mapping.Find("file") is null)
        {
            foreach (var key in new[] { "stable_for", "min_size" })
            {
                if (mapping.Find(key) is { } entry)
                {
                    reading.Error(entry.Key, "wrong-key", $"`{key}` goes with `file`");
                }
            }
        }

        return draft switch
        {
            { File: { } file } => new TaskKind.WaitForFile(file, draft.StableFor, draft.MinSize, DefaultEvery),
            { Time: { } time } => new TaskKind.WaitForTime(time),
            _ => draft.Task,
        };
    }

    private static string? Time(string text, YamlNode node, Reading reading)
    {
        if (
            text.Contains("{{", StringComparison.Ordinal)
            || TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            || Instants.HasZone(text)
        )
        {
            return text;
        }

        reading.Wrong(node, "a time such as 06:00, an instant such as 2001-01-05T06:00:00Z, or a text with {{ }} that gives one");
        return null;
    }

    private static TaskKind.WaitForTask? OtherTask(string text, YamlNode node, Reading reading)
    {
        var parts = text.Split('.');
        if (parts.Length != 2)
        {
            reading.Wrong(
                node,
                parts.Length > 2
                    ? "`pipeline.task`; where a name has a dot, write {pipeline: …, task: …}"
                    : "`pipeline.task`; for a whole run write {pipeline: …}"
            );
            return null;
        }

        return Scalars.SlugOrReport(parts[0], node, reading) is { } pipeline && Scalars.SlugOrReport(parts[1], node, reading) is { } task
            ? new TaskKind.WaitForTask(
                new PipelineName(pipeline),
                new TaskName(task),
                TaskMatch.Containing,
                TimeSpan.Zero,
                Partitions: false,
                DefaultEvery
            )
            : null;
    }

    private static bool ExactlyOne(YamlNode node, Reading reading, string what, params ReadOnlySpan<string> keys)
    {
        YamlEntry? first = null;
        foreach (var key in keys)
        {
            if (((YamlMapping)node).Find(key) is not { } entry)
            {
                continue;
            }

            if (first is not null)
            {
                reading.Error(
                    entry.Key,
                    "two-kinds",
                    $"`{what}` has one of {string.Join(", ", keys!)}, not `{first.Key.Text}` and `{key}`"
                );
                return false;
            }

            first = entry;
        }

        if (first is null)
        {
            reading.Error(node, "missing-key", $"`{what}` needs one of {string.Join(", ", keys!)}");
        }

        return first is not null;
    }

    private static JsonArray OneRequired(params IEnumerable<string> keys) =>
        new([.. keys.Select(key => (JsonNode)new JsonObject { ["required"] = new JsonArray(key) })]);

    /// <summary><c>noop:</c> with nothing under it, or an empty mapping.</summary>
    private sealed class NoopShape : Shape<TaskKind>
    {
        public override string Wanted => "empty";

        public override bool TryRead(YamlNode node, Reading reading, out TaskKind value)
        {
            value = new TaskKind.Noop();
            return node is YamlScalar { IsNull: true } or YamlMapping { Entries.Count: 0 } || reading.Wrong(node, Wanted);
        }

        public override JsonObject Schema(SchemaDefinitions definitions) =>
            new() { ["type"] = new JsonArray("null", "object"), ["maxProperties"] = 0 };
    }

    private sealed class SqlDraft
    {
        public string? File { get; set; }

        public string? Query { get; set; }
    }

    private sealed class PromoteDraft
    {
        public string Model { get; set; } = "";

        public string Alias { get; set; } = "";

        public BackfillPromotion InBackfill { get; set; }

        public ApprovalSpec? Approval { get; set; }

        public ApprovalSpec? Review { get; set; }

        public MetricRule? Better { get; set; }
    }

    private sealed class WaitDraft
    {
        public string? File { get; set; }

        public TimeSpan StableFor { get; set; }

        public long MinSize { get; set; }

        public string? Time { get; set; }

        public TaskKind.WaitForTask? Task { get; set; }
    }

    private sealed class OtherDraft
    {
        public string Pipeline { get; set; } = "";

        public string? Task { get; set; }

        public TaskMatch Match { get; set; }

        public TimeSpan? Offset { get; set; }

        public bool Partitions { get; set; }
    }
}
