using System.Text.Json;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Storage;

namespace Signalbox.App.Api;

/// <summary>Datasets and tasks, and which reads or writes which. What live runs did; runs in a namespace leave no trace here.</summary>
internal sealed record LineageDocument(LineageNodeDocument[] Nodes, LineageEdgeDocument[] Edges)
{
    public static LineageDocument Read(ReadSession session)
    {
        var drawing = new Drawing();
        foreach (var row in session.Pipelines().Where(row => row.Version is not null))
        {
            drawing.AddDeclared(session.Definition(row.Name, row.Version!.Value)!.Pipeline);
        }

        foreach (var dataset in session.Datasets())
        {
            drawing.AddDataset(dataset.Name, dataset.Partitions);
            drawing.AddRead(session, session.Publication(dataset.Newest)!);
        }

        return drawing.ToDocument();
    }

    /// <summary>Collects nodes and edges, each once.</summary>
    private sealed class Drawing
    {
        private readonly SortedDictionary<string, LineageNodeDocument> _nodes = new(StringComparer.Ordinal);
        private readonly SortedSet<(string From, string To)> _edges = [];

        public void AddDeclared(Pipeline pipeline)
        {
            foreach (var task in pipeline.Tasks)
            {
                foreach (var output in task.Outputs)
                {
                    _edges.Add(
                        (AddTask(pipeline.Name.Value, task.Name.Value), AddDataset(DatasetOf(pipeline, task, output), partitions: null))
                    );
                }

                foreach (var read in task.Inputs.Values.SelectMany(text => ReadBy(pipeline, text)))
                {
                    _edges.Add((AddDataset(read, partitions: null), AddTask(pipeline.Name.Value, task.Name.Value)));
                }
            }
        }

        public string AddDataset(string name, int? partitions)
        {
            var id = $"dataset:{name}";
            if (partitions is not null || !_nodes.ContainsKey(id))
            {
                _nodes[id] = new LineageNodeDocument(id, "dataset", name, Pipeline: null, partitions);
            }

            return id;
        }

        /// <summary>What the newest version was made from, as its attempt recorded it: it also knows what a folder held.</summary>
        public void AddRead(ReadSession session, Publication version)
        {
            var task = AddTask(version.Pipeline.Value, version.Task.Task.Value);
            _edges.Add((task, AddDataset(version.Dataset, partitions: null)));
            using var inputs = JsonDocument.Parse(version.Inputs);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var input in inputs.RootElement.EnumerateArray())
            {
                // A folder of a thousand files is one input with a thousand lines.
                if (
                    input.TryGetProperty("publication", out var number)
                    && number.ValueKind == JsonValueKind.Number
                    && seen.Add(input.GetProperty("name").GetString() ?? "")
                    && session.Publication(number.GetInt64()) is { Namespace: null } read
                )
                {
                    _edges.Add((AddDataset(read.Dataset, partitions: null), task));
                }
            }
        }

        public LineageDocument ToDocument() =>
            new([.. _nodes.Values], [.. _edges.Select(edge => new LineageEdgeDocument(edge.From, edge.To))]);

        private string AddTask(string pipeline, string task)
        {
            var id = $"task:{pipeline}.{task}";
            _nodes.TryAdd(id, new LineageNodeDocument(id, "task", $"{pipeline}.{task}", pipeline, Partitions: null));
            return id;
        }

        private static string DatasetOf(Pipeline pipeline, TaskNode task, OutputSpec output) =>
            output.Dataset ?? $"{pipeline.Name}.{task.Name}.{output.Name}";

        /// <summary>The datasets that an input names as <c>tasks.TASK.outputs.OUTPUT</c>.</summary>
        private static IEnumerable<string> ReadBy(Pipeline pipeline, string input)
        {
            foreach (var reference in Template.Parse(input).Value.References())
            {
                if (
                    reference.Path is ["tasks", var task, "outputs", var output, ..]
                    && pipeline.Tasks.FirstOrDefault(each => each.Name.Value == task) is { } node
                    && node.Outputs.FirstOrDefault(each => each.Name == output) is { } written
                )
                {
                    yield return DatasetOf(pipeline, node, written);
                }
            }
        }
    }
}

/// <summary>A dataset or a task.</summary>
/// <param name="Kind"><c>dataset</c> or <c>task</c>.</param>
/// <param name="Pipeline">Of a task; null for a dataset.</param>
/// <param name="Partitions">Of a dataset: how many have a current version; null when nothing was published.</param>
internal sealed record LineageNodeDocument(string Id, string Kind, string Name, string? Pipeline, int? Partitions);

/// <summary>From a task to what it writes, or from a dataset to the task that reads it.</summary>
internal sealed record LineageEdgeDocument(string From, string To);
