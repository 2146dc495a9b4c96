using System.CommandLine;
using Signalbox.Core;
using Signalbox.Core.Models;
using Signalbox.Engine.Control;
using Signalbox.Engine.Outputs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>models</c>: the versions of models, and the aliases that point to them.</summary>
internal static class ModelsVerb
{
    private const string Champion = "champion";

    public static readonly Verb Verb = new("models", "Show and compare the versions of models; promote and roll back", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "The models that runs made. A version never changes: its content is kept under its own hash. Aliases such as `champion` point to one "
                + "version; `promote:` tasks move them, and people, with a reason.",
            "models list",
            "models compare delay",
            "models rollback delay --alias champion --reason \"wrong in production\""
        );
        command.Subcommands.Add(BuildList());
        command.Subcommands.Add(BuildShow());
        command.Subcommands.Add(BuildCompare());
        command.Subcommands.Add(BuildPromote());
        command.Subcommands.Add(BuildRollback());
        return command;
    }

    private static Command BuildList()
    {
        var command = VerbParts.Command("list", "All models with their latest version and their aliases.", "models list");
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.FindStore(ProjectOpening.Find(parsed.GetValue(project)));
            ModelLineDocument[] models =
                store?.Read(session => session.Models().Select(name => ModelLineDocument.Of(session, name)).ToArray()) ?? [];
            if (parsed.GetValue(json))
            {
                CliJson.Print(models, CliJson.Default.ModelLineDocumentArray);
                return ExitCode.Done;
            }

            if (models.Length == 0)
            {
                Console.Out.WriteLine("there is no model; an output with `model: NAME` makes one");
                return ExitCode.Done;
            }

            TextTable.Write(
                Console.Out,
                ["MODEL", "LATEST", "MADE", "ALIASES"],
                [
                    .. models.Select(model =>
                        new[]
                        {
                            model.Name,
                            $"{model.LatestVersion}",
                            model.LatestAt,
                            string.Join(" ", model.Aliases.Select(alias => $"{alias.Key}={alias.Value}")),
                        }
                    ),
                ]
            );
            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildShow()
    {
        var command = VerbParts.Command(
            "show",
            "The versions of a model: what they measured, what they were made from, where they are kept; and how its aliases moved.",
            "models show delay",
            "models show delay --verify"
        );
        var name = Model();
        var verify = new Option<bool>("--verify") { Description = "Read what is kept and compare its hash; exit code 1 when it differs" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Options.Add(verify);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var model = store.Read(session => ModelDocument.Of(session, Known(session, parsed.GetRequiredValue(name))));
            if (parsed.GetValue(verify))
            {
                model = model with { Versions = [.. model.Versions.Select(version => version with { Intact = IsIntact(version) })] };
            }

            if (parsed.GetValue(json))
            {
                CliJson.Print(model, CliJson.Default.ModelDocument);
            }
            else
            {
                Print(model);
            }

            return model.Versions.Any(version => version.Intact == false) ? ExitCode.WorkFailed : ExitCode.Done;
        });
        return command;
    }

    private static bool IsIntact(ModelVersionDocument version) =>
        Path.Exists(version.Path) && ContentHash.Of(version.Path).Sha256 == version.Sha256;

    private static void Print(ModelDocument model)
    {
        foreach (var version in model.Versions)
        {
            var aliases = string.Join(", ", model.Aliases.Where(alias => alias.Value == version.Version).Select(alias => alias.Key));
            Console.Out.WriteLine($"{model.Name} {version.Version}{(aliases.Length > 0 ? $" ({aliases})" : "")}  {version.CreatedAt}");
            Console.Out.WriteLine(
                $"  made by {version.Task} of run {version.Run} of {version.Pipeline}{(version.Partition.Length > 0 ? $" for {version.Partition}" : "")}, definition {version.Definition}"
            );
            var numbers = MetricComparison.Of(version.Metrics.GetRawText(), champion: null);
            if (numbers.Length > 0)
            {
                Console.Out.WriteLine($"  {string.Join(", ", numbers)}");
            }

            foreach (var input in version.Inputs.EnumerateArray())
            {
                Console.Out.WriteLine(
                    $"  from {input.GetProperty("name").GetString()}: {input.GetProperty("path").GetString()}{(input.TryGetProperty("publication", out var made) && made.ValueKind == System.Text.Json.JsonValueKind.Number ? $", publication {made}" : "")}"
                );
            }

            var state = version.Intact switch
            {
                true => "  intact",
                false => Path.Exists(version.Path) ? "  CHANGED" : "  MISSING",
                null => "",
            };
            Console.Out.WriteLine($"  {version.Path}  sha256 {version.Sha256[..12]}{state}");
        }

        foreach (var move in model.Moves)
        {
            Console.Out.WriteLine(
                $"{move.At}  {move.Alias} {(move.From is { } from ? $"{from}" : "none")} -> {move.To}{(move.Who is { } who ? $" by {who}" : "")}: {move.Reason}"
            );
        }
    }

    private static Command BuildCompare()
    {
        var command = VerbParts.Command(
            "compare",
            "The numbers of two versions side by side. Without versions: the champion, or the version before the latest, and the latest.",
            "models compare delay",
            "models compare delay 3 7"
        );
        var name = Model();
        var first = new Argument<int?>("V1") { Description = "The version to compare with", Arity = ArgumentArity.ZeroOrOne };
        var second = new Argument<int?>("V2") { Description = "The version that is compared", Arity = ArgumentArity.ZeroOrOne };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(name);
        command.Arguments.Add(first);
        command.Arguments.Add(second);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            using var store = ProjectOpening.OpenStore(ProjectOpening.Find(parsed.GetValue(project)));
            var comparison = store.Read(session =>
            {
                var model = Known(session, parsed.GetRequiredValue(name));
                var versions = session.ModelVersions(model);
                var latest = Version(versions, parsed.GetValue(second) ?? versions[0].Version);
                var before =
                    parsed.GetValue(first)
                    ?? (session.ModelAlias(model, Champion)?.Version is { } now && now != latest.Version ? now : latest.Version - 1);
                return before == 0
                    ? throw new UserMistakeException($"{model} has one version only; there is nothing to compare it with")
                    : ModelComparisonDocument.Of(Version(versions, before), latest);
            });
            if (parsed.GetValue(json))
            {
                CliJson.Print(comparison, CliJson.Default.ModelComparisonDocument);
                return ExitCode.Done;
            }

            TextTable.Write(
                Console.Out,
                [comparison.Name, $"{comparison.First}", $"{comparison.Second}", "DIFFERENCE"],
                [
                    .. comparison.Metrics.Select(metric =>
                        new[]
                        {
                            metric.Name,
                            Number(metric.First),
                            Number(metric.Second),
                            metric.Difference is { } difference ? $"{(difference > 0 ? "+" : "")}{MetricDifference.Print(difference)}" : "",
                        }
                    ),
                ]
            );
            if (comparison.SameContent)
            {
                Console.Out.WriteLine("both have the same content");
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static Command BuildPromote()
    {
        var command = VerbParts.Command(
            "promote",
            "Moves an alias of a model to a version by hand; who did it and why is kept with the numbers of both versions.",
            "models promote delay 7 --alias champion --reason \"agreed in the review\""
        );
        var name = Model();
        var version = new Argument<int>("VERSION") { Description = "The version that the alias is to point to" };
        command.Arguments.Add(name);
        command.Arguments.Add(version);
        SetMove(
            command,
            (parsed, alias, reason) =>
                new Request.MoveAlias(parsed.GetRequiredValue(name), alias, parsed.GetRequiredValue(version), Back: false, reason)
        );
        return command;
    }

    private static Command BuildRollback()
    {
        var command = VerbParts.Command(
            "rollback",
            "Moves an alias back to the version that it pointed to before; again, and it goes further back.",
            "models rollback delay --alias champion --reason \"wrong in production\"",
            "models rollback delay --alias champion --to 3 --reason \"the last good one\""
        );
        var name = Model();
        var to = new Option<int?>("--to") { Description = "A version that it pointed to before. Default: the one before", HelpName = "V" };
        command.Arguments.Add(name);
        command.Options.Add(to);
        SetMove(
            command,
            (parsed, alias, reason) => new Request.MoveAlias(parsed.GetRequiredValue(name), alias, parsed.GetValue(to), Back: true, reason)
        );
        return command;
    }

    private static void SetMove(Command command, Func<ParseResult, string, string, Request> toRequest)
    {
        var alias = new Option<string>("--alias")
        {
            Description = "The alias, e.g. champion",
            HelpName = "NAME",
            Required = true,
        };
        var reason = new Option<string>("--reason")
        {
            Description = "Why; kept with the move",
            HelpName = "TEXT",
            Required = true,
        };
        var person = new Option<string?>("--as") { Description = "Who moves it. Default: the user of the system", HelpName = "NAME" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { alias, reason, person, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var request = toRequest(parsed, parsed.GetRequiredValue(alias), parsed.GetRequiredValue(reason));
                await using var engine = ProjectOpening.OpenEngine(found, sender: parsed.GetValue(person));
                Asking.Print(await engine.AskAsync(request), parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
    }

    private static Argument<string> Model() => new("NAME") { Description = "The name of a model" };

    private static string Known(ReadSession session, string name) =>
        session.ModelVersions(name).Count > 0
            ? name
            : throw new UserMistakeException(
                $"there is no model `{name}`{Suggestion.DidYouMean(name, session.Models())}; `signalbox models list` lists them"
            );

    private static ModelVersion Version(IReadOnlyList<ModelVersion> versions, int number) =>
        versions.FirstOrDefault(version => version.Version == number)
        ?? throw new UserMistakeException($"{versions[0].Model} has no version {number}; its versions are 1 to {versions[0].Version}");

    private static string Number(double? value) => value is { } number ? MetricDifference.Print(number) : "";
}
