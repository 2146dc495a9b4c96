using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Engine.PipelineFiles.Shapes;
using Signalbox.Engine.PipelineFiles.Yaml;
using Signalbox.Engine.Projects;

namespace Signalbox.Engine.Alerts;

/// <summary>What may stand under <c>alerts:</c> of a project.</summary>
internal static class AlertShapes
{
    private static readonly Shape<Named<ChannelShapes.Opening>[]> Channels = new NamesShape<ChannelShapes.Opening>(
        ChannelShapes.One,
        "a mapping from names to channels",
        Scalars.SlugPattern,
        Slug.Problem
    );

    private static readonly Shape<string[]> Texts = new ListShape<string>(Scalars.Text, "a text or a list of texts", orSingle: true);

    private static readonly Shape<WrittenRoute> Route = new MappingShape<RouteDraft>(
        "alert_route",
        "a route",
        () => new RouteDraft(),
        new Field<RouteDraft, string[]>(
            "to",
            new ListShape<string>(Scalars.Slug, "a channel or a list of channels", orSingle: true, minItems: 1),
            (d, v) => d.To = v,
            "The channels that are told."
        )
        {
            Required = true,
            Examples = ["\"oncall\"", "[\"team\", \"mail\"]"],
        },
        new Field<RouteDraft, string[]>(
            "pipelines",
            Texts,
            (d, v) => d.Pipelines = v,
            "Names of pipelines, where * stands for any characters. Unstated: all."
        )
        {
            Examples = ["[\"daily_*\"]"],
        },
        new Field<RouteDraft, string[]>("tags", Texts, (d, v) => d.Tags = v, "Tags, one of which a pipeline has. Unstated: all pipelines.")
        {
            Examples = ["[\"prod\"]"],
        },
        new Field<RouteDraft, string>(
            "severity",
            Scalars.Choice(typeof(AlertSeverity), i => Names.Of((AlertSeverity)i)),
            (d, v) => d.Severity = Names.AlertSeverityOf(v)!.Value,
            "The least severity that is told."
        )
        {
            Default = "\"info\"",
        },
        new Field<RouteDraft, string[]>(
            "kinds",
            new ListShape<string>(
                Scalars.Choice(typeof(AlertKind), i => Names.Of((AlertKind)i)),
                "a kind of alert or a list of kinds",
                orSingle: true,
                minItems: 1
            ),
            (d, v) => d.Kinds = v,
            "The kinds that are told. Unstated: all but retried. Ends of trouble (resolved) go where the trouble was told."
        )
        {
            Examples = ["[\"failed\", \"sla_missed\"]"],
        }
    ).To(
        (draft, node, _) =>
            new WrittenRoute(
                new AlertRoute
                {
                    To = [.. draft.To],
                    Pipelines = [.. draft.Pipelines],
                    Tags = [.. draft.Tags],
                    Severity = draft.Severity,
                    Kinds = [.. draft.Kinds.Select(word => Names.AlertKindOf(word)!.Value)],
                },
                (YamlMapping)node
            )
    );

    public static readonly Shape<AlertSettings> All = new MappingShape<Draft>(
        "alerts",
        "`alerts`",
        () => new Draft(),
        new Field<Draft, Named<ChannelShapes.Opening>[]>(
            "channels",
            Channels,
            (d, v) => d.Channels = v,
            "Where people are told, by name: Slack, PagerDuty, a webhook, mail, or a program."
        )
        {
            Examples =
            [
                "{\"team\": {\"slack\": \"secret:slack_hook\"}, \"oncall\": {\"pagerduty\": {\"routing_key\": \"secret:pagerduty\"}}}",
            ],
        },
        new Field<Draft, WrittenRoute[]>(
            "routes",
            new ListShape<WrittenRoute>(Route, "a list of routes"),
            (d, v) => d.Routes = v,
            "Which alerts go where; every route that matches counts."
        )
        {
            Examples = ["[{\"to\": \"team\"}, {\"to\": \"oncall\", \"tags\": [\"prod\"], \"severity\": \"error\"}]"],
        }
    ).To(Finish);

    private static AlertSettings? Finish(Draft draft, YamlNode node, Reading reading)
    {
        var names = draft.Channels.Select(channel => channel.Name).ToList();
        foreach (var route in draft.Routes)
        {
            foreach (var to in route.Route.To.Where(to => !names.Contains(to)))
            {
                reading.Error(route.Node.Find("to")!.Value, "unknown-channel", UnknownChannel(to, names, "channels: "));
            }

            if (route.Route.Kinds.Contains(AlertKind.Resolved))
            {
                reading.Error(
                    route.Node.Find("kinds")!.Value,
                    "wrong-value",
                    "`resolved` cannot be routed: the end of a trouble is told to those who were told of the trouble"
                );
            }
        }

        return new AlertSettings
        {
            Channels = AlertSettings.None.Channels.AddRange(
                draft.Channels.Select(channel => KeyValuePair.Create(channel.Name, channel.Value.Make(channel.Name)))
            ),
            Routes = [.. draft.Routes.Select(route => route.Route)],
        };
    }

    /// <summary>Why there is no such channel, and how to mend it.</summary>
    /// <param name="where">What stands before the channel in an example.</param>
    public static string UnknownChannel(string name, IReadOnlyCollection<string> known, string where)
    {
        var near = Suggestion.DidYouMean(name, known);
        return $"there is no channel `{name}`"
            + (near.Length > 0 ? near : $"; write in {Project.FileName}: {where}{{ {name}: {{ slack: secret:NAME }} }}");
    }

    private sealed record WrittenRoute(AlertRoute Route, YamlMapping Node);

    private sealed class Draft
    {
        public Named<ChannelShapes.Opening>[] Channels { get; set; } = [];

        public WrittenRoute[] Routes { get; set; } = [];
    }

    private sealed class RouteDraft
    {
        public string[] To { get; set; } = [];

        public string[] Pipelines { get; set; } = [];

        public string[] Tags { get; set; } = [];

        public AlertSeverity Severity { get; set; } = AlertSeverity.Info;

        public string[] Kinds { get; set; } = [];
    }
}
