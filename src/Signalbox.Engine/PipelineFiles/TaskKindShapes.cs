using System.Collections.Immutable;
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

    internal static bool ExactlyOne(YamlNode node, Reading reading, string what, params ReadOnlySpan<string> keys)
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

    internal static JsonArray OneRequired(params IEnumerable<string> keys) =>
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
}
