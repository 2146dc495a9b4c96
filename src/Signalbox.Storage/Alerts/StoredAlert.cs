using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Signalbox.Core.Alerts;

namespace Signalbox.Storage;

/// <summary>An alert as it was written.</summary>
/// <param name="Resolves">The alert whose trouble is over, for one of the kind resolved.</param>
/// <param name="RoutedAt">When it was decided whom to tell; null: not yet.</param>
/// <param name="ResolvedAt">When its trouble was over.</param>
public sealed record StoredAlert(long Id, Alert Alert, long? Resolves, DateTimeOffset? RoutedAt, DateTimeOffset? ResolvedAt);

/// <summary>One channel that is told of one alert.</summary>
/// <param name="Attempts">Deliveries that failed.</param>
/// <param name="DueAt">When it is tried next, while it waits.</param>
/// <param name="EndedAt">When it was delivered or given up.</param>
/// <param name="Error">Why the last try failed.</param>
public sealed record AlertDelivery(
    long Alert,
    string Channel,
    DeliveryState State,
    int Attempts,
    DateTimeOffset DueAt,
    DateTimeOffset? EndedAt,
    string? Error
);

/// <summary>The lists of an alert as the texts of its columns: JSON.</summary>
internal static class AlertColumns
{
    public static string Of(ImmutableArray<string> texts) =>
        Json(json =>
        {
            json.WriteStartArray();
            foreach (var text in texts.IsDefault ? [] : texts)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        });

    public static string Of(ImmutableArray<AlertFact> facts) =>
        Json(json =>
        {
            json.WriteStartObject();
            foreach (var fact in facts.IsDefault ? [] : facts)
            {
                json.WriteString(fact.Name, fact.Value);
            }

            json.WriteEndObject();
        });

    public static ImmutableArray<string> Texts(string text)
    {
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.EnumerateArray().Select(item => item.GetString()!)];
    }

    public static ImmutableArray<AlertFact> Facts(string text)
    {
        using var json = JsonDocument.Parse(text);
        return [.. json.RootElement.EnumerateObject().Select(fact => new AlertFact(fact.Name, fact.Value.GetString()!))];
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
