using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Engine.Approvals;

namespace Signalbox.Engine.Alerts;

/// <summary>
/// An event for PagerDuty ("PD-CEF" and "Events API v2", PagerDuty's documentation): an alert triggers an incident, the end of its trouble
/// resolves the incident of the same key. An event that is sent twice is one there.
/// </summary>
internal static class PagerDutyEvent
{
    private const int LongestKey = 255;
    private const int LongestSummary = 1024;

    private static readonly Uri Service = new("https://events.pagerduty.com/v2/enqueue");

    public static Task SendAsync(
        AlertSender sender,
        AlertChannel.PagerDuty channel,
        AlertNotice notice,
        CancellationToken cancellationToken
    ) => sender.PostAsync(channel.Url ?? Service, Body(notice, sender.Resolve(channel.RoutingKey)), also: null, cancellationToken);

    private static string Body(AlertNotice notice, string routingKey) =>
        QuestionJson.Object(json =>
        {
            json.WriteString("routing_key", routingKey);
            json.WriteString("event_action", notice.Alert.Kind == AlertKind.Resolved ? "resolve" : "trigger");
            json.WriteString("dedup_key", KeyOf(notice.DedupKey));
            json.WriteString("client", "Signalbox");
            if (notice.Alert.Kind != AlertKind.Resolved)
            {
                WritePayload(json, notice);
            }
        });

    private static void WritePayload(Utf8JsonWriter json, AlertNotice notice)
    {
        var alert = notice.Alert;
        json.WriteStartObject("payload");
        json.WriteString("summary", alert.Message.Length <= LongestSummary ? alert.Message : alert.Message[..LongestSummary]);
        json.WriteString("source", notice.Instance);
        json.WriteString("severity", Names.Of(alert.Severity));
        json.WriteString("timestamp", AlertNotice.Instant(alert.At));
        if (alert.Pipeline is { } pipeline)
        {
            json.WriteString("group", pipeline.Value);
        }

        if (alert.Task is { } task)
        {
            json.WriteString("component", task.Value);
        }

        json.WriteString("class", Names.Of(alert.Kind));
        json.WriteStartObject("custom_details");
        foreach (var (name, value) in notice.Lines())
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A key that is too long for PagerDuty, cut, with its hash behind it.</summary>
    private static string KeyOf(string key)
    {
        if (key.Length <= LongestKey)
        {
            return key;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return $"{key[..(LongestKey - hash.Length - 1)]}/{hash}";
    }
}
