using System.CommandLine;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Control;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Scheduling;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>pause</c> and <c>unpause</c>: whether the schedule of a pipeline makes runs.</summary>
internal static class PauseVerb
{
    public static readonly Verb Verb = new("pause", "Stop the schedule of a pipeline", BuildPause);

    public static readonly Verb Unpause = new("unpause", "Let the schedule of a pipeline go on", BuildUnpause);

    private static Command BuildPause()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Stops the schedule of a pipeline: no run is created by it. What runs goes on, and runs by hand stay possible.",
            "pause daily --reason \"the source is being moved\""
        );
        var pipeline = Pipeline(command);
        Asking.SetAction(
            command,
            "paused by hand",
            (parsed, project, reason) => new Request.PausePipeline(Saved(parsed.GetRequiredValue(pipeline), project), reason)
        );
        return command;
    }

    private static Command BuildUnpause()
    {
        var command = VerbParts.Command(
            Unpause.Name,
            "Lets the schedule of a pipeline go on from now; ticks of the pause become runs only where `catchup` says so, and all others are "
                + "recorded as skipped. With --dry-run it only says how many runs that would create.",
            "unpause daily --dry-run",
            "unpause daily"
        );
        var pipeline = Pipeline(command);
        var reason = new Option<string?>("--reason") { Description = "Why; kept with the change", HelpName = "TEXT" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say how many runs it would create, and change nothing" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        foreach (var option in new Option[] { reason, dryRun, project, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(
            async (parsed, _) =>
            {
                var found = ProjectOpening.Find(parsed.GetValue(project));
                if (parsed.GetValue(dryRun))
                {
                    Foretell(parsed.GetRequiredValue(pipeline), found, parsed.GetValue(json));
                    return ExitCode.Done;
                }

                var name = Saved(parsed.GetRequiredValue(pipeline), found);
                await using var engine = ProjectOpening.OpenEngine(found);
                var answer = await engine.AskAsync(new Request.UnpausePipeline(name, parsed.GetValue(reason) ?? "unpaused by hand"));
                Asking.Print(answer, parsed.GetValue(json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    private static Argument<string> Pipeline(Command command)
    {
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project" };
        command.Arguments.Add(pipeline);
        return pipeline;
    }

    private static string Saved(string name, Project project)
    {
        var file = PipelineSource.Load(name, project);
        project.CreateState();
        using var store = Store.Open(project.Database.Value);
        PipelineSource.SaveAsync(store, file).GetAwaiter().GetResult();
        return file.Pipeline!.Name.Value;
    }

    private static void Foretell(string name, Project project, bool json)
    {
        var pipeline = PipelineSource.Load(name, project).Pipeline!;
        using var store = ProjectOpening.FindStore(project);
        var document =
            store?.Read(session => UnpauseDocument.Of(session, pipeline, TimeProvider.System.GetUtcNow()))
            ?? throw new UserMistakeException($"{pipeline.Name} has never run here, so it is not paused");
        if (json)
        {
            CliJson.Print(document, CliJson.Default.UnpauseDocument);
        }
        else
        {
            Console.Out.WriteLine(document.Message);
        }
    }
}

/// <summary><c>unpause --dry-run --json</c>.</summary>
/// <param name="Runs">Runs that unpausing would create at once.</param>
/// <param name="First">The tick of the first of them.</param>
/// <param name="Last">The tick of the last of them.</param>
/// <param name="Skipped">Ticks of the pause that would be skipped and recorded one by one.</param>
/// <param name="Next">The tick of the next run after these.</param>
internal sealed record UnpauseDocument(
    string Pipeline,
    bool Paused,
    int Runs,
    DateTimeOffset? First,
    DateTimeOffset? Last,
    int Skipped,
    DateTimeOffset? Next,
    string Message
)
{
    public static UnpauseDocument Of(ReadSession session, Pipeline pipeline, DateTimeOffset now)
    {
        var row = session.Pipeline(pipeline.Name);
        var forecast = UnpauseForecast.Of(session, pipeline, row?.Cursor, now);
        var paused = row?.Paused ?? false;
        return new UnpauseDocument(
            pipeline.Name.Value,
            paused,
            forecast.Runs,
            forecast.First,
            forecast.Last,
            forecast.Skipped,
            forecast.Next,
            paused
                ? $"unpausing {pipeline.Name} now: {forecast.Sentence}"
                : $"{pipeline.Name} is not paused; if it were: {forecast.Sentence}"
        );
    }
}
