using Signalbox.Core.Definitions;

namespace Signalbox.App.Cli;

/// <summary><c>graph --json</c>.</summary>
/// <param name="Idempotency">As <see cref="ProofBadge"/> has it: <c>verified</c>, <c>not_idempotent</c> or <c>unverified</c>.</param>
internal sealed record GraphDocument(string Pipeline, string Sentence, GraphTaskDocument[] Tasks, string Mermaid, string Idempotency)
{
    public static GraphDocument Of(Pipeline pipeline, ProofBadge badge)
    {
        var graph = Graph.Of(pipeline);
        var levels = PipelineText.Levels(graph);
        return new GraphDocument(
            pipeline.Name.Value,
            PipelineSentence.Of(pipeline),
            [
                .. graph.Tasks.Select(
                    (task, i) =>
                        new GraphTaskDocument(
                            task.Name.Value,
                            PipelineText.Kind(task),
                            levels[i],
                            [.. task.Needs.Select(need => need.Value)],
                            task.ForEach is not null,
                            [.. task.Outputs.Select(output => output.Path)]
                        )
                ),
            ],
            PipelineText.Mermaid(pipeline),
            badge.Idempotency
        );
    }
}

/// <summary>One task of a graph; its edges come from <paramref name="Needs"/>.</summary>
internal sealed record GraphTaskDocument(string Name, string Kind, int Level, string[] Needs, bool Mapped, string[] Outputs);
