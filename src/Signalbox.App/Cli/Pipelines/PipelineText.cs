using System.Diagnostics;
using System.Text;
using Signalbox.Core.Definitions;

namespace Signalbox.App.Cli;

/// <summary>A pipeline in words and in drawings.</summary>
internal static class PipelineText
{
    /// <summary>What a task does, in two words at most.</summary>
    public static string Kind(TaskNode task) =>
        task.Kind switch
        {
            TaskKind.Shell or TaskKind.Argv => "run",
            TaskKind.Script { Interpreter: var interpreter } => interpreter,
            TaskKind.Sql => "sql",
            TaskKind.WaitForFile => "wait for file",
            TaskKind.WaitForTime => "wait for time",
            TaskKind.WaitForTask => "wait for task",
            TaskKind.WaitForS3 => "wait for object",
            TaskKind.WaitForSql => "wait for query",
            TaskKind.WaitForHttp => "wait for answer",
            TaskKind.WaitForMessage => "wait for message",
            TaskKind.WaitForDataset => "wait for dataset",
            TaskKind.Promote => "promote",
            TaskKind.Approve => "approve",
            TaskKind.Load => "load",
            TaskKind.Http => "http",
            TaskKind.Noop => "noop",
            TaskKind.Group => "group",
            _ => throw new UnreachableException(),
        };

    /// <summary>The level of each task: 1 for those that need nothing, else one more than the highest they need.</summary>
    public static int[] Levels(Graph graph)
    {
        var levels = new int[graph.Count];
        foreach (var node in graph.Order())
        {
            var highest = 0;
            foreach (var up in graph.Upstream(node))
            {
                highest = Math.Max(highest, levels[up]);
            }

            levels[node] = highest + 1;
        }

        return levels;
    }

    /// <summary>The tasks by level, each with what it needs.</summary>
    public static string Drawing(Pipeline pipeline)
    {
        var graph = Graph.Of(pipeline);
        var levels = Levels(graph);
        var lines = graph
            .Order()
            .OrderBy(node => levels[node])
            .Select(node => (Node: node, Left: $"{levels[node], 2}  {new string(' ', 2 * (levels[node] - 1))}{Box(graph.Tasks[node])}"))
            .ToList();
        var width = lines.Count == 0 ? 0 : lines.Max(line => line.Left.Length);
        var text = new StringBuilder();
        foreach (var (node, left) in lines)
        {
            var task = graph.Tasks[node];
            text.Append(left);
            if (!task.Needs.IsEmpty)
            {
                text.Append(' ', width - left.Length).Append($"  <- {string.Join(", ", task.Needs)}");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The graph in Mermaid's language, as GitHub and many editors draw it.</summary>
    public static string Mermaid(Pipeline pipeline)
    {
        var graph = Graph.Of(pipeline);
        var text = new StringBuilder("graph LR\n");
        for (var i = 0; i < graph.Count; i++)
        {
            var task = graph.Tasks[i];
            var shape = task.Kind.Waits ? $"([\"{task.Name}\"])" : $"[\"{task.Name}{(task.ForEach is null ? "" : " ×n")}\"]";
            text.Append($"  t{i}{shape}\n");
        }

        for (var i = 0; i < graph.Count; i++)
        {
            foreach (var up in graph.Upstream(i))
            {
                text.Append($"  t{up} --> t{i}\n");
            }
        }

        return text.ToString();
    }

    private static string Box(TaskNode task) => $"[{task.Name}{(task.ForEach is null ? "" : " ×n")}] {Kind(task)}";
}
