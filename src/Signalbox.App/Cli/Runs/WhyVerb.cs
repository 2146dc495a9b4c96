using System.CommandLine;
using Signalbox.Core;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>why</c>: why a run, a task or a pipeline is not further than it is.</summary>
internal static class WhyVerb
{
    public static readonly Verb Verb = new("why", "Say why a run, a task or a pipeline is not running", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Says why a run or a task is in its state: which upstream it waits for, which limit is full, when it is tried again. Of a pipeline: "
                + "why it has no run now, and when the next is due.",
            "why 12",
            "why last train --json",
            "why daily"
        );
        var run = new Argument<string>("RUN") { Description = $"{RunReference.Help}; or the name of a pipeline" };
        var task = new Argument<string?>("TASK") { Description = RunReference.TaskHelp, Arity = ArgumentArity.ZeroOrOne };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(run);
        command.Arguments.Add(task);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var found = ProjectOpening.Find(parsed.GetValue(project));
            using var store = ProjectOpening.OpenStore(found);
            var document = store.Read(session =>
            {
                var name = parsed.GetRequiredValue(run);
                var reasons = new Reasons(session, found, TimeProvider.System.GetUtcNow());
                if (parsed.GetValue(task) is null && session.Pipeline(new PipelineName(name)) is { } pipeline)
                {
                    return reasons.OfPipeline(pipeline);
                }

                var picture = RunFollower.Read(session, RunReference.Find(session, name).Number, pipeline: null)!;
                return parsed.GetValue(task) is { } text
                    ? reasons.OfTask(picture, RunReference.Task(picture.Tasks, picture.Run, text))
                    : reasons.OfRun(picture);
            });
            if (parsed.GetValue(json))
            {
                CliJson.Print(document, CliJson.Default.WhyDocument);
                return ExitCode.Done;
            }

            Console.Out.WriteLine($"{document.Subject}: {document.State}");
            foreach (var reason in document.Reasons)
            {
                Console.Out.WriteLine($"  {reason.Message}");
            }

            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary><c>why --json</c>.</summary>
/// <param name="Subject">What was asked about, in words.</param>
internal sealed record WhyDocument(string Subject, string State, WhyReason[] Reasons);

/// <summary>One reason.</summary>
/// <param name="Kind">
/// A stable word: state, upstream, condition, pool, limit, map, queue, paused, drained, overlap, blackout, calendar, catchup, waiting, approval, retry, deadline, sla, stopping, engine, schedule, trigger, update, file, refused, check.
/// </param>
internal sealed record WhyReason(string Kind, string Message);
