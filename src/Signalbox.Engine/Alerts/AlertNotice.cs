using System.Globalization;
using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Alerts;

namespace Signalbox.Engine.Alerts;

/// <summary>An alert on its way to one channel.</summary>
/// <param name="Instance">The name of this installation.</param>
/// <param name="Id">The number of the alert; 0 for one of <c>alerts test</c>.</param>
/// <param name="Resolves">The number of the alert whose trouble is over.</param>
public sealed record AlertNotice(string Instance, long Id, Alert Alert, long? Resolves)
{
    /// <summary>The same for every try to deliver the alert, and for no other: what receivers tell a repetition by.</summary>
    public string Key { get; init; } = $"{Instance}-{Id.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>What the trouble is known by in this installation, also when it is over.</summary>
    public string DedupKey => $"signalbox/{Instance}/{Alert.DedupKey}";

    /// <summary>The alert as JSON: what a webhook and a command get.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("id", Key);
            json.WriteString("kind", Names.Of(Alert.Kind));
            json.WriteString("severity", Names.Of(Alert.Severity));
            json.WriteString("dedup_key", DedupKey);
            json.WriteString("pipeline", Alert.Pipeline?.Value);
            json.WriteString("run_id", Alert.RunId?.Value);
            if (Alert.Run is { } run)
            {
                json.WriteNumber("run", run.Value);
            }
            else
            {
                json.WriteNull("run");
            }

            json.WriteString("logical_date", Alert.LogicalDate is { } date ? Instant(date) : null);
            json.WriteString("task", Alert.Task?.Value);
            json.WriteString("message", Alert.Message);
            json.WriteStartArray("tags");
            foreach (var tag in Alert.Tags.IsDefault ? [] : Alert.Tags)
            {
                json.WriteStringValue(tag);
            }

            json.WriteEndArray();
            json.WriteStartObject("facts");
            foreach (var fact in Alert.Facts.IsDefault ? [] : Alert.Facts)
            {
                json.WriteString(fact.Name, fact.Value);
            }

            json.WriteEndObject();
            json.WriteString("at", Instant(Alert.At));
            json.WriteString("resolves", Resolves is { } other ? $"{Instance}-{other.ToString(CultureInfo.InvariantCulture)}" : null);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>What is known beside the message, a name and a value each, for people.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        if (Alert.Pipeline is { } pipeline)
        {
            yield return ("pipeline", pipeline.Value);
        }

        if (Alert.Task is { } task)
        {
            yield return ("task", task.Value);
        }

        if (Alert.RunId is { } id)
        {
            yield return ("run", Alert.Run is { } number ? $"{id} ({number})" : id.Value);
        }

        foreach (var fact in Alert.Facts.IsDefault ? [] : Alert.Facts)
        {
            yield return (fact.Name.Replace('_', ' '), fact.Value);
        }

        if (Alert.Tags is { IsDefaultOrEmpty: false } tags)
        {
            yield return ("tags", string.Join(", ", tags));
        }
    }

    /// <summary>An instant as ISO 8601 in UTC.</summary>
    public static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
