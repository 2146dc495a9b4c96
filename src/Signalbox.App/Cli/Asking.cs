using System.CommandLine;
using Signalbox.Core;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Cli;

/// <summary>What the verbs that ask for one change and print its answer have in common.</summary>
internal static class Asking
{
    /// <summary>Adds <c>--reason</c>, <c>--project</c> and <c>--json</c>, and the action: make the request, ask, print the answer.</summary>
    /// <param name="toRequest">Makes the request from the call, the project and the reason (or its default).</param>
    public static void SetAction(Command command, string defaultReason, Func<ParseResult, Project, string, Request> toRequest)
    {
        var reason = new Option<string?>("--reason") { Description = "Why; kept with the change", HelpName = "TEXT" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Options.Add(reason);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var request = toRequest(parsed, found, parsed.GetValue(reason) ?? defaultReason);
                await using var engine = ProjectOpening.OpenEngine(found);
                var answer = request switch
                {
                    Request.CancelRun cancel => await CancelAsync(engine, cancel),
                    _ => await engine.AskAsync(request),
                };
                Print(answer, parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
    }

    /// <summary>Without a server nobody else would kill what ignores TERM, so this process stays until nothing of the run is left.</summary>
    private static async Task<Answer> CancelAsync(EngineSession engine, Request.CancelRun cancel)
    {
        var number = new RunNumber(cancel.Run);
        var answer = await engine.AskAsync(cancel);
        if (!engine.OwnsEngine)
        {
            return answer;
        }

        var ended = await engine.WaitForRunAsync(number, CancellationToken.None);
        return answer with { Message = $"run {number} has ended: {Names.Of(ended.State)}" };
    }

    public static void Print(Answer answer, bool json)
    {
        if (json)
        {
            CliJson.Print(new AnswerDocument(answer.Done, answer.Message), CliJson.Default.AnswerDocument);
        }
        else
        {
            Console.Out.WriteLine(answer.Message);
        }
    }
}

/// <summary>What a verb that only asks for a change prints with <c>--json</c>.</summary>
internal sealed record AnswerDocument(bool Done, string Message);
