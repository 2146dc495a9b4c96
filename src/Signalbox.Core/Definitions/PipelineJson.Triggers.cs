using System.Diagnostics;
using System.Text.Json;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static void WriteTriggers(Utf8JsonWriter json, ImmutableArray<TriggerSpec> triggers)
    {
        if (triggers.IsDefaultOrEmpty)
        {
            return;
        }

        json.WriteStartArray("triggers");
        foreach (var trigger in triggers)
        {
            json.WriteStartObject();
            switch (trigger)
            {
                case TriggerSpec.Datasets datasets:
                    json.WriteString("kind", "datasets");
                    json.WritePropertyName("when");
                    WriteCondition(json, datasets.When);
                    Put(json, "consume", Names.Of(datasets.Consume), Names.Of(ConsumeMode.Each));
                    Put(json, "partitions", Names.Of(datasets.Partitions), Names.Of(PartitionCover.All));
                    break;
                case TriggerSpec.Message message:
                    WriteMessageTrigger(json, message.Trigger);
                    break;
                default:
                    throw new UnreachableException();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static TriggerSpec ReadTrigger(JsonElement json) =>
        Required(json, "kind") switch
        {
            "datasets" => new TriggerSpec.Datasets(
                ReadCondition(json.GetProperty("when")),
                Word(json, "consume", Names.ConsumeModeOf, ConsumeMode.Each),
                Word(json, "partitions", Names.PartitionCoverOf, PartitionCover.All)
            ),
            _ => new TriggerSpec.Message(ReadMessageTrigger(json)),
        };

    /// <summary>A dataset is its name; of several there is a list under the word.</summary>
    private static void WriteCondition(Utf8JsonWriter json, DatasetCondition condition)
    {
        switch (condition)
        {
            case DatasetCondition.Updated updated:
                json.WriteStringValue(updated.Dataset);
                break;
            case DatasetCondition.All all:
                WriteConditions(json, "all", all.Of);
                break;
            case DatasetCondition.Any any:
                WriteConditions(json, "any", any.Of);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void WriteConditions(Utf8JsonWriter json, string word, ImmutableArray<DatasetCondition> conditions)
    {
        json.WriteStartObject();
        json.WriteStartArray(word);
        foreach (var condition in conditions)
        {
            WriteCondition(json, condition);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static DatasetCondition ReadCondition(JsonElement json) =>
        json.ValueKind == JsonValueKind.String ? new DatasetCondition.Updated(json.GetString()!)
        : json.TryGetProperty("all", out _) ? new DatasetCondition.All(All(json, "all", ReadCondition))
        : new DatasetCondition.Any([.. json.GetProperty("any").EnumerateArray().Select(ReadCondition)]);
}
