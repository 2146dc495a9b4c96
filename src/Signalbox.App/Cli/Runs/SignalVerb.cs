using System.CommandLine;
using System.Globalization;
using Signalbox.Engine.Control;

namespace Signalbox.App.Cli;

/// <summary><c>signal</c>: sends a message that a task waits for.</summary>
internal static class SignalVerb
{
    public static readonly Verb Verb = new("signal", "Send a message that a task waits for", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Sends a message that a task with `wait_for: { message }` waits for: to one run, or to a pipeline for one date, whether its run has begun "
                + "or not.",
            "signal 12 labels_ready",
            "signal daily labels_ready --date 2001-01-05 --data '{\"rows\": 1204}'"
        );
        var to = new Argument<string>("RUN|PIPELINE") { Description = "The number of a run, or the name of a pipeline with --date" };
        var name = new Argument<string>("NAME") { Description = "The name of the message" };
        var date = new Option<string?>("--date", "-d")
        {
            Description = "With a pipeline: a date, an instant, or a partition such as 2001-W01",
            HelpName = "DATE",
        };
        var data = new Option<string?>("--data") { Description = "JSON that the waiting task hands down", HelpName = "JSON" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(to);
        command.Arguments.Add(name);
        foreach (var option in new Option[] { date, data, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                var whom = parsed.GetRequiredValue(to);
                var day = parsed.GetValue(date);
                await using var engine = ProjectOpening.OpenEngine(found);
                Request.SendSignal request;
                if (long.TryParse(whom, NumberStyles.None, CultureInfo.InvariantCulture, out var run))
                {
                    request = day is null
                        ? new Request.SendSignal(run, null, null, parsed.GetRequiredValue(name), parsed.GetValue(data))
                        : throw new UserMistakeException("--date goes with a pipeline; a run has its date");
                }
                else
                {
                    var file = PipelineSource.Load(whom, found);
                    await PipelineSource.SaveAsync(engine.Store, file);
                    request = new Request.SendSignal(
                        null,
                        file.Pipeline!.Name.Value,
                        day ?? throw new UserMistakeException($"say for which date of {whom} the message is: --date DATE"),
                        parsed.GetRequiredValue(name),
                        parsed.GetValue(data)
                    );
                }

                Asking.Print(await engine.AskAsync(request), parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }
}
