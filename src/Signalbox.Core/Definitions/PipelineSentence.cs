using Signalbox.Core.Expressions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>A pipeline in one sentence: when it runs, its tasks in their order, what it reads and what it publishes.</summary>
public static class PipelineSentence
{
    private const int MostSteps = 8;
    private const int MostNames = 4;

    /// <summary>
    /// E.g. <c>Daily at 02:15 UTC: landed, then extract, then features, reading landing/{{ ds }}.parquet, publishing flights/features.</c>
    /// </summary>
    public static string Of(Pipeline pipeline)
    {
        var order = Order(pipeline);
        var inputs = Inputs(pipeline);
        var outputs = Outputs(pipeline);
        return $"{When(pipeline)}: {(order.Length > 0 ? order : "nothing")}"
            + (inputs.Count > 0 ? $", reading {List(inputs)}" : "")
            + (outputs.Count > 0 ? $", publishing {List(outputs)}" : "")
            + ".";
    }

    private static string When(Pipeline pipeline)
    {
        if (pipeline.Schedule is not { } schedule)
        {
            return pipeline.Triggers.IsDefaultOrEmpty ? "Started by hand" : Started(pipeline);
        }

        if (pipeline.Schedules.Length > 1 || schedule.Cron is null || schedule.Calendar is not null || schedule.Jitter != TimeSpan.Zero)
        {
            return ScheduleSentence.Of(pipeline);
        }

        if (CronExpression.Parse(schedule.Cron).Expression is not { } cron)
        {
            return "On a schedule that cannot be read";
        }

        const string At = "At ";
        const string EveryDay = ", every day";
        var sentence = CronExplain.Sentence(cron);
        var times =
            sentence.StartsWith(At, StringComparison.Ordinal) && sentence.EndsWith(EveryDay, StringComparison.Ordinal)
                ? $"Daily at {sentence[At.Length..^EveryDay.Length]} {schedule.TimeZone}"
                : $"{sentence} ({schedule.TimeZone})";
        return pipeline.Triggers.IsDefaultOrEmpty
            ? times
            : $"{times}, and {char.ToLowerInvariant(Started(pipeline)[0])}{Started(pipeline)[1..]}";
    }

    /// <summary>What starts it besides the clock, e.g. <c>On updates of flights/raw and weather</c>.</summary>
    private static string Started(Pipeline pipeline)
    {
        var starts = new List<string>();
        foreach (var trigger in pipeline.Triggers)
        {
            Add(
                starts,
                trigger switch
                {
                    TriggerSpec.Datasets datasets => $"updates of {datasets.When}",
                    TriggerSpec.Message { Trigger: var message } => message.Sentence,
                    _ => throw new System.Diagnostics.UnreachableException(),
                }
            );
        }

        return $"On {List(starts)}";
    }

    /// <summary>The tasks in steps: each step is what can run when the steps before it are done.</summary>
    private static string Order(Pipeline pipeline)
    {
        var graph = Graph.Of(pipeline);
        var steps = new List<List<string>>();
        var stepOf = new int[graph.Count];
        foreach (var node in graph.Order())
        {
            foreach (var upstream in graph.Upstream(node))
            {
                stepOf[node] = Math.Max(stepOf[node], stepOf[upstream] + 1);
            }

            if (stepOf[node] == steps.Count)
            {
                steps.Add([]);
            }

            var task = graph.Tasks[node];
            steps[stepOf[node]].Add(task.ForEach is null ? task.Name.Value : $"{task.Name} (once for each item)");
        }

        var texts = steps.ConvertAll(List);
        if (texts.Count > MostSteps)
        {
            var left = texts.Count - MostSteps + 1;
            texts = [.. texts[..(MostSteps - 2)], $"{left} more steps", texts[^1]];
        }

        return string.Join(", then ", texts);
    }

    /// <summary>What comes from outside: files and pipelines that are waited for, and inputs that no task of this pipeline makes.</summary>
    private static List<string> Inputs(Pipeline pipeline)
    {
        var inputs = new List<string>();
        foreach (var task in pipeline.Tasks)
        {
            switch (task.Kind)
            {
                case TaskKind.WaitForFile file:
                    Add(inputs, file.Path);
                    break;
                case TaskKind.WaitForTask { Task: { } other } wait:
                    Add(inputs, $"{wait.Pipeline}.{other}");
                    break;
                case TaskKind.WaitForDataset dataset:
                    Add(inputs, dataset.Dataset);
                    break;
                case TaskKind.WaitForTask wait:
                    Add(inputs, wait.Pipeline.Value);
                    break;
                case TaskKind.WaitForS3 s3:
                    Add(inputs, s3.Address);
                    break;
                case TaskKind.WaitForHttp http:
                    Add(inputs, http.Url);
                    break;
                case TaskKind.Http { IsSafe: true } asked:
                    Add(inputs, asked.Url);
                    break;
                case TaskKind.WaitForSql { Connection: { } connection }:
                    Add(inputs, $"the database {connection}");
                    break;
                case TaskKind.WaitForMessage message:
                    Add(inputs, $"the message {message.Name}");
                    break;
            }

            foreach (var path in task.Inputs.Values)
            {
                if (
                    Template.Parse(path) is not { Succeeded: true, Value: var template }
                    || template.References().All(reference => reference.Root != TemplateNames.Tasks)
                )
                {
                    Add(inputs, path);
                }
            }
        }

        return inputs;
    }

    /// <summary>Datasets and models by their names; where there are none of them, the paths.</summary>
    private static List<string> Outputs(Pipeline pipeline)
    {
        var named = new List<string>();
        var paths = new List<string>();
        foreach (var output in pipeline.Tasks.SelectMany(task => task.Outputs))
        {
            Add(paths, output.Path);
            if (output.Dataset is { } dataset)
            {
                Add(named, dataset);
            }

            if (output.Model is { } model)
            {
                Add(named, $"the model {model}");
            }
        }

        return named.Count > 0 ? named : paths;
    }

    private static void Add(List<string> list, string text)
    {
        if (!list.Contains(text))
        {
            list.Add(text);
        }
    }

    private static string List(List<string> names) =>
        names.Count switch
        {
            1 => names[0],
            <= MostNames => $"{string.Join(", ", names[..^1])} and {names[^1]}",
            _ => $"{string.Join(", ", names[..(MostNames - 1)])} and {names.Count - MostNames + 1} more",
        };
}
