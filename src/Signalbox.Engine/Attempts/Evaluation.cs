using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Driving;

namespace Signalbox.Engine.Attempts;

/// <summary>Answers <see cref="RunCommand.Evaluate"/>: does the condition hold, and over which items is the task mapped?</summary>
internal sealed class Evaluation(EngineParts parts, NamesOfRuns names, IEventSink events)
{
    public void Start(Pipeline pipeline, Run run, TaskNode node) =>
        _ = parts.Begin(() =>
        {
            try
            {
                foreach (var happened in Evaluate(pipeline, run, node))
                {
                    events.Post(run.Number, happened);
                }
            }
            catch (TaskRefused refused)
            {
                events.Post(run.Number, new RunEvent.EvaluationFailed(parts.Time.GetUtcNow(), node.Name, refused.Failure));
            }
            catch (Exception error)
            {
                events.Post(run.Number, new RunEvent.EvaluationFailed(parts.Time.GetUtcNow(), node.Name, Endings.Of(error)));
            }

            return Task.CompletedTask;
        });

    private IEnumerable<RunEvent> Evaluate(Pipeline pipeline, Run run, TaskNode node)
    {
        var scope = names.Of(pipeline, run).Scope(node, task: null, attempt: null, inputs: null, outputs: null);
        var now = parts.Time.GetUtcNow();
        if (node.When is { } condition)
        {
            var field = $"tasks.{node.Name}.when";
            var explained = Templates.Value(Templates.Of(condition, field).Explain(scope), field);
            yield return new RunEvent.ConditionKnown(now, node.Name, explained.Holds, explained.Text);
            if (!explained.Holds)
            {
                yield break;
            }
        }

        if (node.ForEach is { } items)
        {
            yield return new RunEvent.ItemsKnown(now, node.Name, Items(node, items, scope));
        }
    }

    private static ImmutableArray<MapItem> Items(TaskNode node, string text, IScope scope)
    {
        var field = $"tasks.{node.Name}.for_each";
        var value = Templates.Evaluate(text, scope, field);
        var list = value switch
        {
            Value.List found => found.Items,
            // A list written as text: `for_each: "[1, 2]"`, or a result that is JSON in a string.
            Value.Text found when Value.FromJson(found.Content) is { Succeeded: true, Value: Value.List parsed } => parsed.Items,
            Value.Map found =>
            [
                .. found.Entries.Select(entry => (Value)new Value.Map([new("key", Value.Of(entry.Key)), new("value", entry.Value)])),
            ],
            _ => throw TaskRefused.Because(FailureClass.Validation, $"{field}: a list is wanted; this is {value.Kind}", "for_each"),
        };

        var items = ImmutableArray.CreateBuilder<MapItem>(list.Length);
        for (var i = 0; i < list.Length; i++)
        {
            string? label = null;
            if (node.Label is { } wanted)
            {
                var instance = new LayeredScope(new Value.Map([new("item", list[i]), new("map_index", Value.Of((long)i))]), scope);
                label = Templates.Render(wanted, instance, $"tasks.{node.Name}.label");
            }

            items.Add(new MapItem(list[i].ToJson(), label));
        }

        return items.MoveToImmutable();
    }
}
