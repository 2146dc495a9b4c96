using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>Updates of datasets that start runs: <c>datasets:</c> of a trigger.</summary>
internal static class DatasetTriggerShapes
{
    private static readonly Shape<DatasetCondition> Condition = new ConditionShape();

    private static readonly MappingShape<Draft> Mapping = new(
        "datasets_trigger",
        "`datasets`",
        () => new Draft(),
        new Field<Draft, DatasetCondition[]>("all", Conditions(), (d, v) => d.All = v, "Each of these has an update.")
        {
            Examples = ["[\"flights/raw\", {\"any\": [\"weather/hourly\", \"weather/daily\"]}]"],
        },
        new Field<Draft, DatasetCondition[]>("any", Conditions(), (d, v) => d.Any = v, "One of these has an update.")
        {
            Examples = ["[\"flights/raw\", \"flights/corrections\"]"],
        },
        new Field<Draft, string>(
            "consume",
            Scalars.Choice(typeof(ConsumeMode), i => Names.Of((ConsumeMode)i)),
            (d, v) => d.Consume = Names.ConsumeModeOf(v)!.Value,
            "each: every update has a run of its own. batch: all that wait when no run of the trigger is unfinished become one run for each partition. "
                + "latest: as batch, and older updates of the same partition count as superseded."
        )
        {
            Default = "\"each\"",
        },
        new Field<Draft, string>(
            "partitions",
            Scalars.Choice(typeof(PartitionCover), i => Names.Of((PartitionCover)i)),
            (d, v) => d.Partitions = Names.PartitionCoverOf(v)!.Value,
            "Where a dataset is cut finer than this pipeline: a partition is due when all of the finer ones are there (a week: its seven days), or with any of them."
        )
        {
            Default = "\"all\"",
        }
    )
    {
        Rules = schema => schema["oneOf"] = OneOf(),
    };

    /// <summary><c>datasets:</c> with its settings, or with the name of one dataset alone.</summary>
    public static readonly Shape<TriggerSpec> Datasets = new EitherShape<TriggerSpec>(
        single: Scalars.Text.To(name => (TriggerSpec)new TriggerSpec.Datasets(new DatasetCondition.Updated(name))),
        mapping: Mapping.To(Finish)
    );

    private static ListShape<DatasetCondition> Conditions() => new(Condition, "a list of datasets", minItems: 1);

    private static JsonArray OneOf() =>
        [new JsonObject { ["required"] = new JsonArray("all") }, new JsonObject { ["required"] = new JsonArray("any") }];

    private static TriggerSpec? Finish(Draft draft, YamlNode node, Reading reading) =>
        ConditionOf(draft, node, reading, "`datasets`") is { } condition
            ? new TriggerSpec.Datasets(condition, draft.Consume, draft.Partitions)
            : null;

    private static DatasetCondition? ConditionOf(Draft draft, YamlNode node, Reading reading, string called)
    {
        var mapping = (YamlMapping)node;
        if (mapping.Find("all") is not null && mapping.Find("any") is { } second)
        {
            reading.Error(second.Key, "two-kinds", $"{called} has one of `all` and `any`; put the other into its list: `- any: [...]`");
            return null;
        }

        if (draft is { All: null, Any: null })
        {
            if (mapping.Find("all") is null && mapping.Find("any") is null)
            {
                reading.Error(node, "missing-key", $"{called} needs one of all, any");
            }

            return null;
        }

        return draft.All is { } all ? new DatasetCondition.All([.. all]) : new DatasetCondition.Any([.. draft.Any!]);
    }

    private sealed class Draft
    {
        public DatasetCondition[]? All { get; set; }

        public DatasetCondition[]? Any { get; set; }

        public ConsumeMode Consume { get; set; }

        public PartitionCover Partitions { get; set; }
    }

    /// <summary>A dataset's name, or a mapping with <c>all</c> or <c>any</c>; its lists hold conditions again.</summary>
    private sealed class ConditionShape : Shape<DatasetCondition>
    {
        // Made when first needed: a list of conditions is made of this shape.
        private MappingShape<Draft>? _nested;

        public override string Wanted => "a dataset or a mapping (all, any)";

        private MappingShape<Draft> Nested =>
            _nested ??= new(
                "dataset_condition",
                "a condition",
                () => new Draft(),
                new Field<Draft, DatasetCondition[]>("all", Conditions(), (d, v) => d.All = v, "Each of these has an update."),
                new Field<Draft, DatasetCondition[]>("any", Conditions(), (d, v) => d.Any = v, "One of these has an update.")
            )
            {
                Rules = schema => schema["oneOf"] = OneOf(),
            };

        public override bool TryRead(YamlNode node, Reading reading, out DatasetCondition value)
        {
            value = null!;
            if (node is YamlMapping)
            {
                if (!Nested.TryRead(node, reading, out var draft) || ConditionOf(draft, node, reading, "a condition") is not { } read)
                {
                    return false;
                }

                value = read;
                return true;
            }

            if (node is not YamlScalar { IsEmpty: false })
            {
                return reading.Wrong(node, Wanted);
            }

            var isName = Scalars.Text.TryRead(node, reading, out var name);
            value = new DatasetCondition.Updated(name);
            return isName;
        }

        public override JsonObject Schema(SchemaDefinitions definitions) =>
            new() { ["anyOf"] = new JsonArray(Scalars.Text.Schema(definitions), Nested.Schema(definitions)) };
    }
}
