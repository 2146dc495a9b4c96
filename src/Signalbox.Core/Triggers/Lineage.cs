using Signalbox.Core.Definitions;

namespace Signalbox.Core.Triggers;

/// <summary>What a pipeline has to do with a dataset.</summary>
public enum LineageRole
{
    /// <summary>A task publishes it.</summary>
    Produces,

    /// <summary>Its updates start the pipeline.</summary>
    TriggeredBy,

    /// <summary>A task waits for partitions of it.</summary>
    WaitsFor,

    /// <summary>An input of a task is its path.</summary>
    Reads,
}

/// <summary>A line of the lineage graph.</summary>
/// <param name="Task">The task; null for what the pipeline as a whole does.</param>
public sealed record LineageEdge(string Dataset, PipelineName Pipeline, TaskName? Task, LineageRole Role);

/// <summary>Who makes and who uses datasets, from what the definitions declare.</summary>
public static class Lineage
{
    /// <summary>All lines of all datasets that have a declared name, in the order of the pipelines.</summary>
    public static ImmutableArray<LineageEdge> Of(IReadOnlyCollection<Pipeline> pipelines)
    {
        var edges = ImmutableArray.CreateBuilder<LineageEdge>();
        var paths = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (_, _, output) in Declared(pipelines))
        {
            paths.TryAdd(output.Path, output.Dataset!);
        }

        foreach (var pipeline in pipelines)
        {
            foreach (var trigger in pipeline.Triggers.OfType<TriggerSpec.Datasets>())
            {
                edges.AddRange(
                    trigger.When.Names.Select(name => new LineageEdge(name, pipeline.Name, Task: null, LineageRole.TriggeredBy))
                );
            }

            foreach (var task in pipeline.Tasks)
            {
                foreach (var output in task.Outputs.Where(output => output.Dataset is not null))
                {
                    edges.Add(new LineageEdge(output.Dataset!, pipeline.Name, task.Name, LineageRole.Produces));
                }

                if (task.Kind is TaskKind.WaitForDataset wait)
                {
                    edges.Add(new LineageEdge(wait.Dataset, pipeline.Name, task.Name, LineageRole.WaitsFor));
                }

                foreach (var input in task.Inputs.Values)
                {
                    if (ReadBy(input, pipeline, paths) is { } dataset)
                    {
                        edges.Add(new LineageEdge(dataset, pipeline.Name, task.Name, LineageRole.Reads));
                    }
                }
            }
        }

        return [.. edges.Distinct()];
    }

    /// <summary>The lines that a dataset hangs together with, upstream and downstream through the pipelines: those of what it is made from, and of what is made from it.</summary>
    public static ImmutableArray<LineageEdge> Around(ImmutableArray<LineageEdge> all, string dataset)
    {
        var found = new HashSet<LineageEdge>();
        Walk(isDownstream: true);
        Walk(isDownstream: false);
        return [.. all.Where(found.Contains)];

        void Walk(bool isDownstream)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal) { dataset };
            var next = new Queue<string>(seen);
            while (next.TryDequeue(out var name))
            {
                foreach (var edge in all.Where(edge => edge.Dataset == name))
                {
                    if ((edge.Role == LineageRole.Produces) == isDownstream)
                    {
                        // Who makes it is of interest for itself; beyond it lies the other direction.
                        if (name == dataset)
                        {
                            found.Add(edge);
                        }

                        continue;
                    }

                    found.Add(edge);
                    foreach (
                        var other in all.Where(other =>
                            other.Pipeline == edge.Pipeline && (other.Role == LineageRole.Produces) == isDownstream
                        )
                    )
                    {
                        found.Add(other);
                        if (seen.Add(other.Dataset))
                        {
                            next.Enqueue(other.Dataset);
                        }
                    }
                }
            }
        }
    }

    private static IEnumerable<(Pipeline Pipeline, TaskNode Task, OutputSpec Output)> Declared(IEnumerable<Pipeline> pipelines) =>
        pipelines.SelectMany(pipeline =>
            pipeline.Tasks.SelectMany(task =>
                task.Outputs.Where(output => output.Dataset is not null).Select(output => (pipeline, task, output))
            )
        );

    /// <summary>The dataset that an input is: by the reference to a task's output, or by the path that the output declares.</summary>
    private static string? ReadBy(string input, Pipeline pipeline, Dictionary<string, string> paths)
    {
        if (paths.TryGetValue(input, out var dataset))
        {
            return dataset;
        }

        foreach (var task in pipeline.Tasks)
        {
            foreach (var output in task.Outputs)
            {
                if (
                    output.Dataset is { } name
                    && input.Replace(" ", "", StringComparison.Ordinal) == $"{{{{tasks.{task.Name}.outputs.{output.Name}}}}}"
                )
                {
                    return name;
                }
            }
        }

        return null;
    }
}
