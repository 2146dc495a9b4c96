using Signalbox.Core.Expressions;

namespace Signalbox.Core.Triggers;

/// <summary>
/// Event notifications of S3, and of servers that speak it, as their documentation gives them (docs.aws.amazon.com, "Event message structure").
/// </summary>
/// <remarks>Keys of objects stand in them encoded as in a form: <c>+</c> is a space, <c>%2B</c> a plus.</remarks>
public static class S3Event
{
    private const string Records = "Records";

    /// <summary>Whether it is the message with which S3 announces that it will send notifications.</summary>
    public static bool IsTest(Value.Map message) =>
        BodyOf(message) is { } body && body.TryGet("Event", out var name) && name is Value.Text { Content: "s3:TestEvent" };

    /// <summary>The message, its objects' keys decoded when it is a notification; as it is when it is none.</summary>
    public static Value.Map Decode(Value.Map message)
    {
        if (RecordsOf(message) is not { } records)
        {
            return message;
        }

        var decoded = new Value.List([.. records.Items.Select(record => DecodeRecord((Value.Map)record))]);
        return With(message, MessageNames.Body, With(BodyOf(message)!, Records, decoded));
    }

    /// <summary>
    /// One message for each object of a notification, each with what tells it from all others; null when the message is no notification.
    /// </summary>
    public static ImmutableArray<(Value.Map Message, string Key)>? Split(Value.Map message) =>
        RecordsOf(message) is { } records
            ?
            [
                .. records.Items.Select(record =>
                    (
                        With(message, MessageNames.Body, With(BodyOf(message)!, Records, new Value.List([record]))),
                        IdentityOf((Value.Map)record)
                    )
                ),
            ]
            : null;

    /// <summary>
    /// What a pipeline's parameters may be named after: <c>bucket</c>, <c>key</c>, <c>size</c>, <c>etag</c>, <c>version_id</c>, <c>sequencer</c>,
    /// <c>event_name</c>, <c>event_time</c> of the first object of a decoded notification; null when the message is none.
    /// </summary>
    public static Value.Map? First(Value.Map message)
    {
        if (RecordsOf(message) is not { } records)
        {
            return null;
        }

        var record = (Value.Map)records.Items[0];
        var found = new List<KeyValuePair<string, Value>>();
        Take("bucket", "s3", "bucket", "name");
        Take("key", "s3", "object", "key");
        Take("size", "s3", "object", "size");
        Take("etag", "s3", "object", "eTag");
        Take("version_id", "s3", "object", "versionId");
        Take("sequencer", "s3", "object", "sequencer");
        Take("event_name", "eventName");
        Take("event_time", "eventTime");
        return new Value.Map(found);

        void Take(string name, params ReadOnlySpan<string> path)
        {
            if (At(record, path) is { } value)
            {
                found.Add(new(name, value));
            }
        }
    }

    /// <summary>The text that is encoded as in a form; a percent sign that begins nothing stands for itself.</summary>
    internal static string Unquoted(string encoded) => Uri.UnescapeDataString(encoded.Replace('+', ' '));

    private static Value.Map DecodeRecord(Value.Map record) =>
        At(record, ["s3", "object", "key"]) is Value.Text key
            ? With(
                record,
                "s3",
                With(
                    (Value.Map)At(record, ["s3"])!,
                    "object",
                    With((Value.Map)At(record, ["s3", "object"])!, "key", new Value.Text(Unquoted(key.Content)))
                )
            )
            : record;

    /// <summary>An object's event: the sequencer rises with every change of a key; where there is none, ETag and time do.</summary>
    private static string IdentityOf(Value.Map record)
    {
        var parts = new[]
        {
            At(record, ["eventName"]),
            At(record, ["s3", "bucket", "name"]),
            At(record, ["s3", "object", "key"]),
            At(record, ["s3", "object", "versionId"]),
            At(record, ["s3", "object", "sequencer"])
                ?? new Value.List([At(record, ["s3", "object", "eTag"]) ?? Value.None, At(record, ["eventTime"]) ?? Value.None]),
        };
        return new Value.List([.. parts.Select(part => part ?? Value.None)]).ToJson();
    }

    private static Value.Map? BodyOf(Value.Map message) => message.TryGet(MessageNames.Body, out var body) ? body as Value.Map : null;

    private static Value.List? RecordsOf(Value.Map message) =>
        BodyOf(message) is { } body
        && body.TryGet(Records, out var found)
        && found is Value.List { Items: { Length: > 0 } items } records
        && items.All(item =>
            item is Value.Map record && At(record, ["s3", "bucket"]) is Value.Map && At(record, ["s3", "object"]) is Value.Map
        )
            ? records
            : null;

    private static Value? At(Value.Map map, params ReadOnlySpan<string> path)
    {
        Value found = map;
        foreach (var name in path)
        {
            if (found is not Value.Map inner || !inner.TryGet(name, out found))
            {
                return null;
            }
        }

        return found;
    }

    private static Value.Map With(Value.Map map, string name, Value value) =>
        new(map.Entries.Select(entry => entry.Key == name ? new(name, value) : entry));
}
