using System.Collections.Immutable;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Alerts;

/// <summary>What may stand under <c>alerts: channels:</c>.</summary>
internal static class ChannelShapes
{
    private static readonly string[] Kinds = ["slack", "pagerduty", "webhook", "email", "command"];

    private const string HeaderPattern = "^[A-Za-z0-9][A-Za-z0-9-]*$";

    private static readonly Shape<string> Address = Scalars.Text.To((text, node, reading) => Checked(text, node, reading, AddressProblem));

    private static readonly Shape<Draft> PagerDuty = new MappingShape<PagerDutyDraft>(
        "pagerduty_channel",
        "`pagerduty`",
        () => new PagerDutyDraft(),
        new Field<PagerDutyDraft, string>(
            "routing_key",
            Scalars.Text,
            (d, v) => d.RoutingKey = v,
            "The integration key of a service, for Events API v2; better secret:NAME."
        )
        {
            Required = true,
            Examples = ["\"secret:pagerduty\""],
        },
        new Field<PagerDutyDraft, string>(
            "url",
            Scalars.Text.To((text, node, reading) => Plain(text, node, reading)),
            (d, v) => d.Url = v,
            "Where events go. Unstated: https://events.pagerduty.com/v2/enqueue."
        )
    ).To(draft => new Draft
    {
        Make = name => new AlertChannel.PagerDuty(name, new SecretText(draft.RoutingKey), draft.Url is { } url ? new Uri(url) : null),
    });

    private static readonly Shape<Draft> Webhook = new MappingShape<WebhookDraft>(
        "webhook_channel",
        "`webhook`",
        () => new WebhookDraft(),
        new Field<WebhookDraft, string>("url", Address, (d, v) => d.Url = v, "Where alerts are posted, or secret:NAME.")
        {
            Required = true,
            Examples = ["\"https://alerts.example.com/signalbox\"", "\"secret:hook_url\""],
        },
        new Field<WebhookDraft, string>(
            "secret",
            Scalars.Text,
            (d, v) => d.Secret = v,
            "Signs each request with HMAC-SHA-256; better secret:NAME. Unstated: none is signed."
        )
        {
            Examples = ["\"secret:hook\""],
        },
        new Field<WebhookDraft, Named<string>[]>(
            "headers",
            new NamesShape<string>(Scalars.AnyText, "a mapping from names of headers to texts", HeaderPattern, HeaderProblem),
            (d, v) => d.Headers = v,
            "Headers of each request: a text or secret:NAME."
        )
        {
            Examples = ["{\"Authorization\": \"secret:hook_token\"}"],
        },
        new Field<WebhookDraft, string>(
            "body",
            Scalars.Text.To((text, node, reading) => Checked(text, node, reading, WebhookRequest.Problem)),
            (d, v) => d.Body = v,
            "A template of the body; its names are those of the JSON that is posted without one."
        )
        {
            Examples = ["\"{\\\"text\\\": {{ message | tojson }}}\""],
        }
    ).To(draft => new Draft
    {
        Make = name => new AlertChannel.Webhook(
            name,
            new SecretText(draft.Url),
            draft.Secret is { } secret ? new SecretText(secret) : null,
            draft.Headers.ToImmutableSortedDictionary(
                header => header.Name,
                header => new SecretText(header.Value),
                StringComparer.Ordinal
            ),
            draft.Body
        ),
    });

    private static readonly Shape<string> Box = Scalars.Text.To(
        (text, node, reading) => Checked(text, node, reading, AlertMail.BoxProblem)
    );

    private static readonly Shape<Draft> Email = new MappingShape<EmailDraft>(
        "email_channel",
        "`email`",
        () => new EmailDraft(),
        new Field<EmailDraft, string>(
            "server",
            Scalars.Text.To((text, node, reading) => Checked(text, node, reading, AlertMail.ServerProblem)),
            (d, v) => d.Server = v,
            "The mail server: smtp://host:port, with a password smtp://user:password@host:port, or secret:NAME."
        )
        {
            Required = true,
            Examples = ["\"smtp://mail.example.com:587\"", "\"secret:mail\""],
        },
        new Field<EmailDraft, bool>("tls", Scalars.Boolean, (d, v) => d.Tls = v, "Whether the connection must be encrypted (STARTTLS).")
        {
            Default = "true",
        },
        new Field<EmailDraft, string>("from", Box, (d, v) => d.From = v, "Who it is from.")
        {
            Required = true,
            Examples = ["\"signalbox@example.com\""],
        },
        new Field<EmailDraft, string[]>(
            "to",
            new ListShape<string>(Box, "a mail address or a list of them", orSingle: true, minItems: 1),
            (d, v) => d.To = v,
            "Who gets it."
        )
        {
            Required = true,
            Examples = ["[\"ops@example.com\"]"],
        }
    ).To(draft => new Draft
    {
        Make = name => new AlertChannel.Email(name, new SecretText(draft.Server), draft.Tls, draft.From, [.. draft.To]),
    });

    public static readonly Shape<Opening> One = new MappingShape<Draft>(
        "alert_channel",
        "a channel",
        () => new Draft(),
        new Field<Draft, string>(
            "slack",
            Address,
            (d, v) => d.Make = name => new AlertChannel.Slack(name, new SecretText(v)),
            "The address of an incoming webhook of Slack, which is a secret: secret:NAME."
        )
        {
            Examples = ["\"secret:slack_hook\""],
        },
        new Field<Draft, Draft>(
            "pagerduty",
            PagerDuty,
            (d, v) => d.Make = v.Make,
            "A service of PagerDuty: incidents begin and end there."
        ),
        new Field<Draft, Draft>("webhook", Webhook, (d, v) => d.Make = v.Make, "Any HTTP endpoint, which is posted JSON."),
        new Field<Draft, Draft>("email", Email, (d, v) => d.Make = v.Make, "Mail by SMTP."),
        new Field<Draft, string[]>(
            "command",
            new ListShape<string>(Scalars.AnyText, "a list of a program and its arguments", minItems: 1),
            (d, v) => d.Make = name => new AlertChannel.Command(name, [.. v]),
            "A program and its arguments, run in the project folder; the alert is JSON on its standard input."
        )
        {
            Examples = ["[\"python3\", \"notify.py\"]"],
        }
    )
    {
        Rules = schema => (schema["minProperties"], schema["maxProperties"]) = (1, 1),
    }.To((draft, node, reading) => Single(draft, (YamlMapping)node, reading));

    private static string? AddressProblem(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", Host.Length: > 0 }
            ? null
            : "an address is https://host/path, or secret:NAME for one that is secret";

    private static string? HeaderProblem(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
            ? null
            : "a name of a header has only a-z, A-Z, 0-9 and '-'";

    private static string? Checked(string text, YamlNode node, Reading reading, Func<string, string?> problemOf)
    {
        if (Secrets.NameIn(text) is null && problemOf(text) is { } problem)
        {
            reading.Error(node, "wrong-value", problem);
            return null;
        }

        return text;
    }

    private static string? Plain(string text, YamlNode node, Reading reading)
    {
        if (AddressProblem(text) is { } problem)
        {
            reading.Error(node, "wrong-value", problem);
            return null;
        }

        return text;
    }

    private static Opening? Single(Draft draft, YamlMapping node, Reading reading)
    {
        var known = node.Entries.Where(entry => Kinds.Contains(entry.Key.Text)).ToArray();
        if (known.Length > 1)
        {
            reading.Error(
                known[1].Key,
                "two-kinds",
                $"a channel has one of {string.Join(", ", Kinds)}, not `{known[0].Key.Text}` and `{known[1].Key.Text}`"
            );
        }
        else if (known.Length == 0 && node.Entries.Count == 0)
        {
            reading.Error(node, "missing-key", $"a channel needs one of {string.Join(", ", Kinds)}");
        }

        return known.Length == 1 && draft.Make is { } make ? new Opening(make) : null;
    }

    /// <summary>A channel that does not know yet what it is called.</summary>
    internal sealed record Opening(Func<string, AlertChannel> Make);

    private sealed class Draft
    {
        public Func<string, AlertChannel>? Make { get; set; }
    }

    private sealed class PagerDutyDraft
    {
        public string RoutingKey { get; set; } = "";

        public string? Url { get; set; }
    }

    private sealed class WebhookDraft
    {
        public string Url { get; set; } = "";

        public string? Secret { get; set; }

        public Named<string>[] Headers { get; set; } = [];

        public string? Body { get; set; }
    }

    private sealed class EmailDraft
    {
        public string Server { get; set; } = "";

        public bool Tls { get; set; } = true;

        public string From { get; set; } = "unreadable@invalid";

        public string[] To { get; set; } = [];
    }
}
