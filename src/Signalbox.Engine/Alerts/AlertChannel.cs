using System.Collections.Immutable;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Alerts;

/// <summary>Somewhere people are told of alerts. A closed list: one case here, one file in this folder that delivers.</summary>
/// <param name="Name">As routes and tasks name it.</param>
public abstract record AlertChannel(string Name)
{
    /// <summary>An incoming webhook of Slack.</summary>
    /// <param name="Url">The address of the webhook, which is a secret.</param>
    public sealed record Slack(string Name, SecretText Url) : AlertChannel(Name);

    /// <summary>A service of PagerDuty, by Events API v2: the trouble triggers an incident, its end resolves it.</summary>
    /// <param name="RoutingKey">The integration key of the service.</param>
    /// <param name="Url">Where events go. Null: PagerDuty itself.</param>
    public sealed record PagerDuty(string Name, SecretText RoutingKey, Uri? Url) : AlertChannel(Name);

    /// <summary>Any HTTP endpoint.</summary>
    /// <param name="Secret">Signs each request with HMAC-SHA-256. Null: none is signed.</param>
    /// <param name="Headers">Added to each request.</param>
    /// <param name="Body">A template of the body. Null: JSON of the alert.</param>
    public sealed record Webhook(
        string Name,
        SecretText Url,
        SecretText? Secret,
        ImmutableSortedDictionary<string, SecretText> Headers,
        string? Body
    ) : AlertChannel(Name);

    /// <summary>Mail by SMTP.</summary>
    /// <param name="Server"><c>smtp://user:password@host:port</c>.</param>
    /// <param name="Tls">Whether the connection must be encrypted by STARTTLS.</param>
    public sealed record Email(string Name, SecretText Server, bool Tls, string From, ImmutableArray<string> To) : AlertChannel(Name);

    /// <summary>A program of the project: it gets the alert as JSON on its standard input, and in its environment.</summary>
    public sealed record Command(string Name, ImmutableArray<string> Arguments) : AlertChannel(Name);
}
