using System.Diagnostics;
using System.Text;
using Signalbox.Core.Definitions;
using Signalbox.Core.Time;

namespace Signalbox.App.Cli;

/// <summary>A pipeline in words and in drawings.</summary>
internal static class PipelineText
{
    private const int MostInSentence = 6;

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
            TaskKind.Promote => "promote",
            TaskKind.Approve => "approve",
            TaskKind.Noop => "noop",
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

    /// <summary>The pipeline in one sentence: when, from what, in which order, to what.</summary>
    public static string Sentence(Pipeline pipeline)
    {
        var graph = Graph.Of(pipeline);
        var text = new StringBuilder($"{pipeline.Title ?? pipeline.Name.Value} runs ");
        text.Append(pipeline.Schedule is { } schedule ? When(schedule) : "when it is started by hand or by a backfill");
        var inputs = pipeline.Tasks.SelectMany(Sources).Distinct(StringComparer.Ordinal).ToList();
        if (inputs.Count > 0)
        {
            text.Append($": from {List(inputs)}");
        }

        text.Append(inputs.Count > 0 ? " it does " : ": it does ").Append(Order(graph));
        var outputs = pipeline.Tasks.SelectMany(task => task.Outputs).Select(output => output.Dataset ?? output.Path).Distinct().ToList();
        if (outputs.Count > 0)
        {
            text.Append($", and publishes {List(outputs)}");
        }

        return text.Append('.').ToString();
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

    private static string When(ScheduleSpec schedule)
    {
        if (CronExpression.Parse(schedule.Cron).Expression is not { } expression)
        {
            return $"by `{schedule.Cron}`";
        }

        var sentence = CronExplain.Sentence(expression);
        return $"{char.ToLowerInvariant(sentence[0])}{sentence[1..]} ({schedule.TimeZone})";
    }

    private static IEnumerable<string> Sources(TaskNode task)
    {
        switch (task.Kind)
        {
            case TaskKind.WaitForFile file:
                yield return file.Path;
                break;
            case TaskKind.WaitForTask other:
                yield return other.Task is { } name ? $"{other.Pipeline}.{name}" : other.Pipeline.Value;
                break;
        }

        foreach (var input in task.Inputs.Values)
        {
            if (!input.Contains("tasks.", StringComparison.Ordinal))
            {
                yield return input;
            }
        }
    }

    private static string Order(Graph graph)
    {
        var levels = Levels(graph);
        var steps = graph
            .Order()
            .GroupBy(node => levels[node])
            .OrderBy(level => level.Key)
            .Select(level =>
                List([
                    .. level.Select(node => graph.Tasks[node].Name.Value + (graph.Tasks[node].ForEach is null ? "" : " (for each item)")),
                ])
            )
            .ToList();
        return steps.Count <= MostInSentence
            ? string.Join(", then ", steps)
            : $"{string.Join(", then ", steps[..(MostInSentence - 1)])}, then {steps.Count - MostInSentence} more steps, then {steps[^1]}";
    }

    private static string List(IReadOnlyList<string> names) =>
        names.Count switch
        {
            1 => names[0],
            <= MostInSentence => $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}",
            _ => $"{string.Join(", ", names.Take(MostInSentence - 1))} and {names.Count - MostInSentence + 1} more",
        };
}
