using System.CommandLine;
using Signalbox.Engine.Control;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>pause</c>: the schedule of a pipeline makes no runs.</summary>
internal static class PauseVerb
{
    public static readonly Verb Verb = new("pause", "Stop the schedule of a pipeline", () => Build(Verb!, pause: true));

    public static readonly Verb Unpause = new("unpause", "Let the schedule of a pipeline go on", () => Build(Unpause!, pause: false));

    private static Command Build(Verb verb, bool pause)
    {
        var command = VerbParts.Command(
            verb.Name,
            pause
                ? "Stops the schedule of a pipeline: no run is created by it. What runs goes on, and runs by hand stay possible."
                : "Lets the schedule of a pipeline go on from now; ticks of the pause become runs only where `catchup` says so.",
            pause ? "pause daily --reason \"the source is being moved\"" : "unpause daily"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project" };
        command.Arguments.Add(pipeline);
        Asking.SetAction(
            command,
            $"{verb.Name}d by hand",
            (parsed, project, reason) =>
            {
                var file = PipelineSource.Load(parsed.GetRequiredValue(pipeline), project);
                project.CreateState();
                using var store = Store.Open(project.Database.Value);
                PipelineSource.SaveAsync(store, file).GetAwaiter().GetResult();
                var name = file.Pipeline!.Name.Value;
                return pause ? new Request.PausePipeline(name, reason) : new Request.UnpausePipeline(name, reason);
            }
        );
        return command;
    }
}
