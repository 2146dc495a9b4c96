using System.CommandLine;
using Signalbox.Core.Definitions;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Cli;

/// <summary><c>graph</c>: the tasks of a pipeline and their order, drawn in text or in Mermaid's language.</summary>
internal static class GraphVerb
{
    public static readonly Verb Verb = new("graph", "Draw the tasks of a pipeline and their order", Build);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "The pipeline in one sentence, and its tasks by level with what each needs.",
            "graph daily",
            "graph pipelines/daily.yaml --mermaid"
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline of the project, or a file" };
        var mermaid = new Option<bool>("--mermaid") { Description = "In Mermaid's language, as GitHub and many editors draw it" };
        var project = VerbParts.Project();
        var json = VerbParts.Json();
        command.Arguments.Add(pipeline);
        command.Options.Add(mermaid);
        command.Options.Add(project);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var opened = ProjectOpening.Find(parsed.GetValue(project));
            var found = PipelineSource.Load(parsed.GetRequiredValue(pipeline), opened).Pipeline!;
            if (parsed.GetValue(json))
            {
                CliJson.Print(GraphDocument.Of(found, BadgeOf(opened, found)), CliJson.Default.GraphDocument);
            }
            else if (parsed.GetValue(mermaid))
            {
                Console.Out.Write(PipelineText.Mermaid(found));
            }
            else
            {
                Console.Out.WriteLine(PipelineSentence.Of(found));
                var badge = BadgeOf(opened, found);
                Console.Out.WriteLine(
                    $"idempotency: {badge.Words}{(badge.Message is null ? "" : $" ({badge.Partition}): {badge.Message}")}"
                );
                Console.Out.WriteLine();
                Console.Out.Write(PipelineText.Drawing(found));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static ProofBadge BadgeOf(Project project, Pipeline pipeline)
    {
        using var store = ProjectOpening.FindStore(project);
        return ProofBadge.Of(store, pipeline);
    }
}
