using System.Text.Json;
using Signalbox.Core.Triggers;

namespace Signalbox.Core.Definitions;

public static partial class PipelineJson
{
    private static readonly MessageTrigger.File DefaultFile = new("") { Name = "" };
    private static readonly MessageTrigger.Postgres DefaultPostgres = new("", "") { Name = "" };

    private static void WriteMessageTrigger(Utf8JsonWriter json, MessageTrigger trigger)
    {
        json.WriteString("kind", trigger.Kind);
        Put(json, "name", trigger.Name, trigger.Kind);
        switch (trigger)
        {
            case MessageTrigger.Webhook webhook:
                Put(json, "bearer", webhook.Bearer);
                Put(json, "hmac_secret", webhook.HmacSecret);
                Put(json, "max_per_minute", webhook.MaxPerMinute, MessageTrigger.Webhook.DefaultMaxPerMinute);
                break;
            case MessageTrigger.File file:
                json.WriteString("path", file.Path);
                Put(json, "stable_for", file.StableFor, DefaultFile.StableFor);
                if (file.MinSize != DefaultFile.MinSize)
                {
                    json.WriteNumber("min_size", file.MinSize);
                }

                Put(json, "every", file.Every);
                break;
            case MessageTrigger.Kafka kafka:
                json.WriteString("connection", kafka.Connection);
                json.WriteString("topic", kafka.Topic);
                Put(json, "group", kafka.Group, MessageNames.DefaultGroup);
                Put(json, "from", Names.Of(kafka.From), Names.Of(QueueStart.Earliest));
                break;
            case MessageTrigger.Redis redis:
                json.WriteString("connection", redis.Connection);
                json.WriteString("stream", redis.Stream);
                Put(json, "group", redis.Group, MessageNames.DefaultGroup);
                Put(json, "from", Names.Of(redis.From), Names.Of(QueueStart.Earliest));
                break;
            case MessageTrigger.Postgres postgres:
                json.WriteString("connection", postgres.Connection);
                json.WriteString("table", postgres.Table);
                Put(json, "cursor", postgres.Cursor);
                Put(json, "every", postgres.Every, DefaultPostgres.Every);
                Put(json, "settle", postgres.Settle, DefaultPostgres.Settle);
                if (!postgres.Operations.SequenceEqual(DefaultPostgres.Operations))
                {
                    Put(json, "operations", postgres.Operations);
                }

                break;
            case MessageTrigger.PipelineEnd end:
                json.WriteString("upstream", end.Upstream.Value);
                Put(json, "on", Names.Of(end.On), Names.Of(EndKind.Success));
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        if (trigger.Params is { } templates)
        {
            json.WriteStartObject("params");
            foreach (var (name, template) in templates)
            {
                json.WriteString(name, template);
            }

            json.WriteEndObject();
        }

        Put(json, "date", trigger.Date);
        Put(json, "idempotency_key", trigger.IdempotencyKey);
        Put(json, "signal", trigger.Signal);
    }

    private static MessageTrigger ReadMessageTrigger(JsonElement json)
    {
        var kind = Required(json, "kind");
        var name = Text(json, "name") ?? kind;
        MessageTrigger trigger = kind switch
        {
            "webhook" => new MessageTrigger.Webhook
            {
                Name = name,
                Bearer = Text(json, "bearer"),
                HmacSecret = Text(json, "hmac_secret"),
                MaxPerMinute = Number(json, "max_per_minute", MessageTrigger.Webhook.DefaultMaxPerMinute),
            },
            "file" => new MessageTrigger.File(Required(json, "path"))
            {
                Name = name,
                StableFor = Span(json, "stable_for") ?? DefaultFile.StableFor,
                MinSize = json.TryGetProperty("min_size", out var size) ? size.GetInt64() : DefaultFile.MinSize,
                Every = Span(json, "every"),
            },
            "kafka" => new MessageTrigger.Kafka(Required(json, "connection"), Required(json, "topic"))
            {
                Name = name,
                Group = Text(json, "group") ?? MessageNames.DefaultGroup,
                From = Word(json, "from", Names.QueueStartOf, QueueStart.Earliest),
            },
            "redis" => new MessageTrigger.Redis(Required(json, "connection"), Required(json, "stream"))
            {
                Name = name,
                Group = Text(json, "group") ?? MessageNames.DefaultGroup,
                From = Word(json, "from", Names.QueueStartOf, QueueStart.Earliest),
            },
            "postgres" => new MessageTrigger.Postgres(Required(json, "connection"), Required(json, "table"))
            {
                Name = name,
                Cursor = Text(json, "cursor"),
                Every = Span(json, "every") ?? DefaultPostgres.Every,
                Settle = Span(json, "settle") ?? DefaultPostgres.Settle,
                Operations = Texts(json, "operations") is { Length: > 0 } operations ? operations : DefaultPostgres.Operations,
            },
            "pipeline" => new MessageTrigger.PipelineEnd(new PipelineName(Required(json, "upstream")))
            {
                Name = name,
                On = Word(json, "on", Names.EndKindOf, EndKind.Success),
            },
            _ => throw new FormatException($"`{kind}` is no trigger that this program knows"),
        };
        return trigger with
        {
            Params = json.TryGetProperty("params", out var templates)
                ? templates
                    .EnumerateObject()
                    .ToImmutableSortedDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal)
                : null,
            Date = Text(json, "date"),
            IdempotencyKey = Text(json, "idempotency_key"),
            Signal = Text(json, "signal"),
        };
    }
}
