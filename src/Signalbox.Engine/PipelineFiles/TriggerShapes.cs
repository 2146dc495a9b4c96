using System.Text.Json.Nodes;
using Signalbox.Core.Definitions;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;

namespace Signalbox.Engine.PipelineFiles;

/// <summary>What starts runs beside the schedule: <c>triggers:</c>. Each item of the list has one kind; a kind is one field here.</summary>
internal static class TriggerShapes
{
    private static readonly Field<Draft>[] Kinds =
    [
        new Field<Draft, TriggerSpec>(
            "datasets",
            DatasetTriggerShapes.Datasets,
            (d, v) => d.Trigger = v,
            "Updates of datasets start runs: a dataset, or `all` or `any` of several, nested."
        )
        {
            Examples = ["\"flights/raw\"", "{\"all\": [\"flights/raw\", \"weather\"], \"consume\": \"batch\"}"],
        },
        Message("webhook", MessageTriggerShapes.Webhook, "A POST to /hooks/PIPELINE/NAME."),
        Message("file", MessageTriggerShapes.File, "Files that arrive, each once: a path with * and ?, or a mapping."),
        Message("kafka", MessageTriggerShapes.Kafka, "Messages of a Kafka topic."),
        Message("redis", MessageTriggerShapes.Redis, "Entries of a Redis stream."),
        Message("postgres", MessageTriggerShapes.Postgres, "Rows of a PostgreSQL table."),
        Message("pipeline", MessageTriggerShapes.Pipeline, "Runs of another pipeline that end: its name, or a mapping."),
    ];

    private static Field<Draft> Message(string name, Shape<TriggerSpec> shape, string description) =>
        new Field<Draft, TriggerSpec>(name, shape, (d, v) => d.Trigger = v, description);

    private static readonly MappingShape<Draft> One = new("trigger", "a trigger", () => new Draft(), Kinds)
    {
        Rules = schema =>
            schema["oneOf"] = new JsonArray([
                .. Kinds.Select(kind => (JsonNode)new JsonObject { ["required"] = new JsonArray(kind.Name) }),
            ]),
    };

    public static readonly Shape<TriggerSpec[]> All = new ListShape<TriggerSpec>(One.To(Finish), "a list of triggers");

    private static TriggerSpec? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var written = ((YamlMapping)node).Entries.Where(entry => Kinds.Any(kind => kind.Name == entry.Key.Text)).ToList();
        if (written.Count > 1)
        {
            reading.Error(
                written[1].Key,
                "two-kinds",
                $"a trigger is of one kind, and `{written[0].Key.Text}` is one already; begin another item of the list with `- {written[1].Key.Text}:`"
            );
            return null;
        }

        if (((YamlMapping)node).Entries.Count == 0)
        {
            reading.Error(node, "missing-key", $"a trigger needs one of {string.Join(", ", Kinds.Select(kind => kind.Name))}");
        }

        return draft.Trigger;
    }

    private sealed class Draft
    {
        public TriggerSpec? Trigger { get; set; }
    }
}
