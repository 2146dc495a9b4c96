using System.CommandLine;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>drain</c>: take no new runs, and let those that run finish.</summary>
internal static class DrainVerb
{
    public static readonly Verb Verb = new("drain", "Take no new runs; those that run finish", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Takes no new runs, of one pipeline or of the whole project, until `--undo`: the schedules make none, runs by hand are refused, and "
                + "queued ones wait. What runs finishes. Ticks that pass meanwhile count as missed, and `catchup` says what becomes of them.",
            "drain --reason \"moving the database\"",
            "drain daily",
            "drain --undo"
        );
        var pipeline = new Argument<string?>("PIPELINE")
        {
            Description = "The name of a pipeline of the project. Default: the whole project",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var undo = new Option<bool>("--undo") { Description = "Take runs again" };
        command.Arguments.Add(pipeline);
        command.Options.Add(undo);
        Asking.SetAction(
            command,
            "drained by hand",
            (parsed, project, reason) =>
            {
                string? name = null;
                if (parsed.GetValue(pipeline) is { } given)
                {
                    var file = PipelineSource.Load(given, project);
                    project.CreateState();
                    using var store = Store.Open(project.Database.Value);
                    PipelineSource.SaveAsync(store, file).GetAwaiter().GetResult();
                    name = file.Pipeline!.Name.Value;
                }

                return parsed.GetValue(undo) ? new Request.EndDrain(name) : new Request.Drain(name, reason);
            }
        );
        return command;
    }
}
