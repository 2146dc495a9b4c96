using System.CommandLine;
using Signalbox.Core;
using Signalbox.Engine.Control;
using Signalbox.Engine.Variants;

namespace Signalbox.App.Cli;

/// <summary><c>promote</c> and <c>rollback</c>: which variant of a pipeline readers are served.</summary>
internal static class PromoteVerb
{
    public static readonly Verb Verb = new("promote", "Serve a variant of a pipeline to its readers", BuildPromote);

    public static readonly Verb Rollback = new("rollback", "Serve again what was served before", BuildRollback);

    // What is told to the world is told in an instant, or will be tried again by whoever runs the engine.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private static Command BuildPromote()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Makes a variant the one that readers are served: all datasets of the pipeline switch together, in an instant, and nothing is copied. It is "
                + "refused (exit code 1) when the last `shadow` of the variant against the live version was not clean.",
            "promote revenue --reason \"seven clean days\"",
            "promote revenue --variant teal --reason \"approved by finance\""
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline" };
        var variant = new Option<string?>("--variant")
        {
            Description = "The variant. Default: the only one that is deployed. `blue` is the live version",
            HelpName = "NAME",
        };
        var force = new Option<bool>("--force") { Description = "Also when the last comparison was not clean" };
        command.Arguments.Add(pipeline);
        command.Options.Add(variant);
        command.Options.Add(force);
        SetAction(
            command,
            (parsed, reason) =>
                new Request.PromoteVariant(parsed.GetRequiredValue(pipeline), parsed.GetValue(variant), reason, parsed.GetValue(force)),
            parsed => parsed.GetRequiredValue(pipeline)
        );
        return command;
    }

    private static Command BuildRollback()
    {
        var command = VerbParts.Command(
            Rollback.Name,
            "Serves readers again what they were served before the active variant was promoted: at once, without a run.",
            "rollback revenue --reason \"totals differ from the ledger\""
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline" };
        command.Arguments.Add(pipeline);
        SetAction(
            command,
            (parsed, reason) => new Request.RollbackVariant(parsed.GetRequiredValue(pipeline), reason),
            parsed => parsed.GetRequiredValue(pipeline)
        );
        return command;
    }

    private static void SetAction(Command command, Func<ParseResult, string, Request> toRequest, Func<ParseResult, string> pipelineOf)
    {
        var reason = new Option<string>("--reason")
        {
            Description = "Why; kept with the switch",
            HelpName = "TEXT",
            Required = true,
        };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(reason);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, _) =>
            {
                var why = parsed.GetRequiredValue(reason);
                if (string.IsNullOrWhiteSpace(why))
                {
                    throw new UserMistakeException("--reason: say why; it is kept with the switch");
                }

                var found = ProjectOpening.Find(parsed.GetValue(project));
                using (ProjectOpening.OpenStore(found))
                {
                    // Nothing ever ran: then there is nothing to switch either.
                }

                await using var engine = ProjectOpening.OpenEngine(found);
                var name = new PipelineName(pipelineOf(parsed));
                var answer = await engine.AskAsync(toRequest(parsed, why), CancellationToken.None);
                if (answer is { Done: false, Number: null })
                {
                    throw new UserMistakeException(answer.Message);
                }

                var untold = answer.Done ? await UntoldAsync(engine, name) : [];
                if (parsed.GetValue(json))
                {
                    CliJson.Print(
                        new SwitchDocument(answer.Done, answer.Done ? answer.Number : null, answer.Message, untold),
                        CliJson.Default.SwitchDocument
                    );
                }
                else
                {
                    (answer.Done ? Console.Out : Console.Error).WriteLine(answer.Message);
                    foreach (var line in untold)
                    {
                        Console.Error.WriteLine(line);
                    }
                }

                return answer.Done ? ExitCode.Done : ExitCode.WorkFailed;
            }
        );
    }

    /// <summary>Waits until the pointer file and the flag say what was switched to.</summary>
    /// <returns>What could not be told yet, a sentence each.</returns>
    private static async Task<string[]> UntoldAsync(EngineSession engine, PipelineName pipeline)
    {
        var late = TimeProvider.System.GetUtcNow() + LongestWait;
        while (true)
        {
            var waiting = engine.Store.Read(session => ActiveFlag.Waiting(session, pipeline, limit: 100));
            if (waiting.Count == 0 || TimeProvider.System.GetUtcNow() >= late || waiting.All(message => message.Error is not null))
            {
                return
                [
                    .. waiting.Select(message =>
                        $"{(ActiveFlag.IsForRedis(message) ? "the flag in Redis" : "the pointer file")} is not written yet ({message.Error ?? "no engine has come to it"}); "
                        + "it is tried again as long as an engine runs, e.g. `signalbox serve`"
                    ),
                ];
            }

            await Task.Delay(Pause);
        }
    }
}

/// <summary>What <c>promote</c> and <c>rollback</c> print with <c>--json</c>.</summary>
/// <param name="Switch">The number of the switch; null when nothing was switched.</param>
/// <param name="Untold">What is not yet told to the world outside, a sentence each.</param>
internal sealed record SwitchDocument(bool Done, long? Switch, string Message, string[] Untold);
