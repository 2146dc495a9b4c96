using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Signalbox.Core.Expressions;

namespace Signalbox.Engine.Alerts;

/// <summary>
/// A request to any HTTP endpoint: JSON of the alert, or what a template makes of it; with the key of the delivery, the same for each try, and
/// signed where a secret is given: HMAC-SHA-256 over <c>TIMESTAMP.BODY</c>, in hex.
/// </summary>
internal static class WebhookRequest
{
    public const string DeliveryHeader = "Signalbox-Delivery";
    public const string TimestampHeader = "Signalbox-Timestamp";
    public const string SignatureHeader = "Signalbox-Signature";

    public static Task SendAsync(AlertSender sender, AlertChannel.Webhook channel, AlertNotice notice, CancellationToken cancellationToken)
    {
        var body = channel.Body is { } template ? Rendered(template, notice) : notice.ToJson();
        var timestamp = sender.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var secret = channel.Secret is { } key ? sender.Resolve(key) : null;
        var headers = channel.Headers.Select(header => (header.Key, Value: sender.Resolve(header.Value))).ToList();
        return sender.PostAsync(
            sender.ResolveAddress(channel.Url),
            body,
            request =>
            {
                request.Headers.Add(DeliveryHeader, notice.Key);
                request.Headers.Add(TimestampHeader, timestamp);
                if (secret is not null)
                {
                    request.Headers.Add(SignatureHeader, $"v1={Signature(secret, timestamp, body)}");
                }

                foreach (var (name, value) in headers)
                {
                    if (!request.Headers.TryAddWithoutValidation(name, value))
                    {
                        request.Content!.Headers.Remove(name);
                        request.Content.Headers.TryAddWithoutValidation(name, value);
                    }
                }
            },
            cancellationToken
        );
    }

    public static string Signature(string secret, string timestamp, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}")));

    /// <summary>What is wrong with a template of a body; null when nothing is.</summary>
    public static string? Problem(string template)
    {
        var parsed = Template.Parse(template);
        return parsed.Succeeded ? null : string.Join("; ", parsed.Errors.Select(error => error.ToString()));
    }

    private static string Rendered(string template, AlertNotice notice)
    {
        var scope = (Value.Map)Value.FromJson(notice.ToJson()).Value;
        var parsed = Template.Parse(template);
        var rendered = parsed.Succeeded ? parsed.Value.Render(scope) : TemplateResult<string>.Failed(parsed.Errors);
        return rendered.Succeeded
            ? rendered.Value
            : throw new AlertRefused($"its body cannot be made: {string.Join("; ", rendered.Errors.Select(error => error.ToString()))}")
            {
                IsOfAlert = true,
            };
    }
}
