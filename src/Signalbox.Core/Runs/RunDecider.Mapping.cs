using Signalbox.Core.Definitions;
using Signalbox.Core.Retry;

namespace Signalbox.Core.Runs;

/// <content>
/// Mapped tasks: one row sums up (map index -1), one row per item works. Those that need a mapped task count its instances one by
/// one; a list without items counts as one success.
/// </content>
public static partial class RunDecider
{
    /// <summary>The most items a list may have; more fail the task, because a mistake is likelier than a wish.</summary>
    public const int MaxMapItems = 100_000;

    private const string InstancesEnded = "instances_ended";

    private static void ItemsKnown(Draft d, RunEvent.ItemsKnown e)
    {
        if (!Evaluating(d, e.Task, out var node, out var row) || d.Node(node).ForEach is null)
        {
            return;
        }

        if (e.Items.Length > MaxMapItems)
        {
            var failure = new Failure(
                FailureClass.Permanent,
                $"for_each gave {e.Items.Length} items; at most {MaxMapItems} are allowed: group them, so that one item is a batch",
                "map limit"
            );
            EndUnstarted(d, node, row, TaskState.Failed, failure.Message, failure, d.EventName);
            return;
        }

        if (e.Items.IsEmpty)
        {
            d.Set(row with { State = TaskState.Success, MapCount = 0, ReadyAt = null, EndedAt = d.At, Reason = "the list has no items" });
            RemoveInstances(d, node, from: 0);
            return;
        }

        d.Set(
            row with
            {
                State = TaskState.Running,
                MapCount = e.Items.Length,
                ReadyAt = null,
                StartedAt = d.At,
                Reason = $"runs once for each of {Sentence.Count(e.Items.Length, "item", "items")}",
            }
        );
        Expand(d, node, e.Items);
    }

    private static void Expand(Draft d, int node, ImmutableArray<MapItem> items)
    {
        var task = d.Node(node);
        for (var i = 0; i < items.Length; i++)
        {
            var key = new TaskKey(task.Name, i);
            var instance = d.Find(key) is { } former ? Fresh(former) : new TaskRun { Key = key, State = TaskState.None };
            MakeReady(d, task, instance with { Item = items[i].Json, Label = items[i].Label });
        }

        RemoveInstances(d, node, from: items.Length);
    }

    /// <summary>Marks the instances whose item is gone.</summary>
    private static void RemoveInstances(Draft d, int node, int from)
    {
        foreach (var instance in d.Instances(node))
        {
            if (instance.Key.MapIndex >= from && instance is { State: not TaskState.Removed, Attempt: null })
            {
                d.Set(Fresh(instance) with { State = TaskState.Removed, EndedAt = d.At, Reason = "its item is no longer in the list" });
            }
        }
    }

    /// <summary>Lets the instances that were cleared while the run was at rest begin.</summary>
    private static void ReadyInstances(Draft d, int node)
    {
        foreach (var instance in d.Instances(node))
        {
            if (instance.State == TaskState.None)
            {
                MakeReady(d, d.Node(node), instance);
            }
        }
    }

    /// <summary>Brings the summary of an expanded task up to date with its instances.</summary>
    private static void Summarise(Draft d, int node)
    {
        var row = d.Row(node);
        var sum = d.InstanceTally(node);
        if (!sum.AllDone)
        {
            if (row.State != TaskState.Running)
            {
                d.Set(
                    row with
                    {
                        State = TaskState.Running,
                        EndedAt = null,
                        Failure = null,
                        Reason = $"{sum.Done} of {Sentence.Count(sum.Total, "instance", "instances")} ended",
                    },
                    InstancesEnded
                );
            }

            return;
        }

        var state =
            sum.Bad > 0 ? TaskState.Failed
            : sum.Skipped == sum.Total ? TaskState.Skipped
            : TaskState.Success;
        if (row.State == state)
        {
            return;
        }

        var reason = state switch
        {
            TaskState.Failed => $"{sum.Bad} of {Sentence.Count(sum.Total, "instance", "instances")} failed",
            TaskState.Skipped => "every instance was skipped",
            _ => $"{sum.Success} of {Sentence.Count(sum.Total, "instance", "instances")} succeeded",
        };
        d.Set(row with { State = state, EndedAt = d.At, Reason = reason }, InstancesEnded);
    }
}
