using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Alerts;
using Signalbox.Engine.Alerts;
using Signalbox.Engine.Projects;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>alerts</c>: what people were told, who would be told, and whether a channel works.</summary>
internal static class AlertsVerb
{
    private const int MostListed = 50;

    public static readonly Verb Verb = new("alerts", "List what people were told; try a channel; show who would be told", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            $"Who is told when something goes wrong. Channels and routes stand in {Project.FileName} under `alerts:`; tasks name channels themselves with "
                + "`on_failure` and `on_retry`. A running server delivers.",
            "alerts list",
            "alerts test oncall",
            "alerts routes daily"
        );
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildTest());
        command.Subcommands.Add(BuildRoutes());
        return command;
    }

    private static Command BuildList()
    {
        var command = VerbParts.Command(
            "list",
            "Alerts, the newest first: what happened, and how far each channel is told.",
            "alerts list",
            "alerts list --pipeline daily --json"
        );
        var pipeline = new Option<string?>("--pipeline") { Description = "Only alerts about this pipeline", HelpName = "PIPELINE" };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many",
            HelpName = "N",
            DefaultValueFactory = _ => MostListed,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(pipeline);
        command.Options.Add(limit);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var most = parsed.GetValue(limit);
            if (most < 1)
            {
                throw new UserMistakeException($"--limit: at least 1, not {most}");
            }

            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            AlertDocument[] found = store?.Read(session => AlertDocument.List(session, parsed.GetValue(pipeline), most)) ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(found, CliJson.Default.AlertDocumentArray);
            }
            else
            {
                Print(found);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(AlertDocument[] found)
    {
        if (found.Length == 0)
        {
            Console.Out.WriteLine("no alerts");
            return;
        }

        TextTable.Write(
            Console.Out,
            ["id", "at (UTC)", "severity", "kind", "told", "message"],
            [
                .. found.Select(alert =>
                    new[]
                    {
                        $"{alert.Id}",
                        InstantText.Utc(alert.At),
                        alert.Severity,
                        alert.Kind.Replace('_', ' ') + (alert.ResolvedAt is null ? "" : ", resolved"),
                        Told(alert),
                        alert.Message,
                    }
                ),
            ]
        );
    }

    private static string Told(AlertDocument alert) =>
        !alert.Routed ? "not yet routed"
        : alert.Deliveries.Length == 0 ? "nobody"
        : string.Join(
            "; ",
            alert.Deliveries.Select(one =>
                one.State == Names.Of(DeliveryState.Delivered)
                    ? one.Channel
                    : $"{one.Channel} {one.State.Replace('_', ' ')}{(one.Error is { } error ? $" ({error})" : "")}"
            )
        );

    private static Command BuildTest()
    {
        var command = VerbParts.Command(
            "test",
            "Sends a test to a channel from here and now, and says what became of it. An incident that it makes is resolved at once.",
            "alerts test oncall"
        );
        var channel = new Argument<string>("CHANNEL") { Description = $"A channel of {Project.FileName}" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(channel);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            (parsed, cancellationToken) =>
                TestAsync(
                    ProjectOpening.Find(parsed.GetValue(project)),
                    parsed.GetRequiredValue(channel),
                    parsed.GetValue(json),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<int> TestAsync(Project project, string name, bool json, CancellationToken cancellationToken)
    {
        var document = await AlertTest.SendAsync(project, name, cancellationToken);
        if (json)
        {
            CliJson.Print(document, CliJson.Default.AlertTestDocument);
        }
        else if (document.Delivered)
        {
            Console.Out.WriteLine($"{name}: delivered");
        }

        if (document.Error is { } error)
        {
            Console.Error.WriteLine($"{name}: {error}");
        }

        return document.Delivered ? ExitCode.Done : ExitCode.WorkFailed;
    }

    private static Command BuildRoutes()
    {
        var command = VerbParts.Command(
            "routes",
            "Who would be told of what about a pipeline, by kind and severity, and by its tasks.",
            "alerts routes daily"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project, or a file" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            var file = PipelineSource.Load(parsed.GetRequiredValue(pipeline), opened);
            var document = AlertRoutesDocument.Of(file.Pipeline!, opened.Alerts);
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.AlertRoutesDocument);
            }
            else
            {
                Print(document);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(AlertRoutesDocument document)
    {
        var severities = Enum.GetValues<AlertSeverity>().Select(Names.Of).ToArray();
        TextTable.Write(
            Console.Out,
            ["kind", .. severities],
            [
                .. document
                    .Routes.GroupBy(route => route.Kind)
                    .Select(kind =>
                        (string[])
                            [
                                kind.Key.Replace('_', ' '),
                                .. kind.Select(route => route.Channels.Length == 0 ? "-" : string.Join(", ", route.Channels)),
                            ]
                    ),
            ]
        );
        if (document.Tasks.Length > 0)
        {
            Console.Out.WriteLine();
            TextTable.Write(
                Console.Out,
                ["task", "also told when it failed", "also told of retries"],
                [.. document.Tasks.Select(task => new[] { task.Task, Listed(task.OnFailure), Listed(task.OnRetry) })]
            );
        }

        static string Listed(string[] channels) => channels.Length == 0 ? "-" : string.Join(", ", channels);
    }
}
