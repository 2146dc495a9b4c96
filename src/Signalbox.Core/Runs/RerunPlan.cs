using Signalbox.Core.Definitions;

namespace Signalbox.Core.Runs;

/// <summary>Which tasks a re-run clears. Pure; the answer goes into <see cref="RunEvent.Cleared"/>. Tasks are in the order of the work.</summary>
public static class RerunPlan
{
    /// <summary>
    /// Everything that did not end well (failed, upstream_failed, blocked, kept from starting by the end of the run) and
    /// everything after it. Of a mapped task only the instances that failed, unless something before it is run again too. Of a group all or nothing.
    /// </summary>
    public static ImmutableArray<TaskKey> FromFailed(RunSnapshot run)
    {
        var whole = new bool[run.Graph.Count];
        ImmutableArray<TaskKey> keys;
        do
        {
            keys = FromFailed(run, [.. whole]);
        } while (AddGroups(run.Graph, keys, whole));

        return keys;
    }

    /// <summary>Marks all tasks of the groups of which a task is in the plan.</summary>
    /// <returns>Whether one of them was not marked before.</returns>
    private static bool AddGroups(Graph graph, ImmutableArray<TaskKey> keys, bool[] whole)
    {
        var isMore = false;
        if (!graph.HasGroups)
        {
            return false;
        }

        foreach (var key in keys)
        {
            var node = graph.IndexOf(key.Task);
            var group = graph.Tasks[node].Kind is TaskKind.Group ? node : graph.GroupOf(node);
            if (group >= 0)
            {
                foreach (var member in graph.Upstream(group))
                {
                    isMore |= !whole[member];
                    whole[member] = true;
                }
            }
        }

        return isMore;
    }

    private static ImmutableArray<TaskKey> FromFailed(RunSnapshot run, bool[] followers)
    {
        var graph = run.Graph;
        var keys = ImmutableArray.CreateBuilder<TaskKey>();
        foreach (var node in graph.Order())
        {
            if (!TakesPart(run, node))
            {
                continue;
            }

            var name = graph.Tasks[node].Name;
            var isCleared = true;
            if (followers[node] || (run.Row(node).MapCount is not > 0 && IsToRepeat(run.Row(node))))
            {
                keys.Add(new TaskKey(name));
            }
            else
            {
                isCleared = false;
                foreach (var instance in run.Instances(node))
                {
                    if (IsToRepeat(instance))
                    {
                        keys.Add(instance.Key);
                        isCleared = true;
                    }
                }
            }

            if (isCleared)
            {
                foreach (var next in graph.Downstream(node))
                {
                    followers[next] = true;
                }
            }
        }

        return keys.DrainToImmutable();
    }

    /// <summary>The task and everything after it. Empty when there is no such task.</summary>
    public static ImmutableArray<TaskKey> From(RunSnapshot run, TaskName task)
    {
        var start = run.Graph.IndexOf(task);
        if (start < 0)
        {
            return [];
        }

        var chosen = run.Graph.WithDownstream(Members(run.Graph, start));
        var keys = ImmutableArray.CreateBuilder<TaskKey>();
        foreach (var node in run.Graph.Order())
        {
            if (chosen[node] && TakesPart(run, node))
            {
                keys.Add(new TaskKey(run.Graph.Tasks[node].Name));
            }
        }

        return keys.DrainToImmutable();
    }

    /// <summary>The task, the instance, or the group with its tasks, and nothing else. Empty when there is no such task.</summary>
    public static ImmutableArray<TaskKey> Only(RunSnapshot run, TaskKey task) =>
        run.Find(task) is null || !TakesPart(run, run.Graph.IndexOf(task.Task))
            ? []
            :
            [
                .. Members(run.Graph, run.Graph.IndexOf(task.Task))
                    .Select(node => node == run.Graph.IndexOf(task.Task) ? task : new TaskKey(run.Graph.Tasks[node].Name)),
            ];

    /// <summary>A task; of a group, its tasks too.</summary>
    private static IEnumerable<int> Members(Graph graph, int node) =>
        graph.Tasks[node].Kind is TaskKind.Group ? [.. graph.Upstream(node), node] : [node];

    /// <summary>
    /// The tasks that a run of its own runs in place of a re-run, with another definition or other parameters: those of the plan that the definition
    /// has, those that it has and the run had not, and all that comes after them.
    /// </summary>
    /// <param name="plan">What the re-run would clear.</param>
    /// <param name="alone">Only the tasks of the plan: what <see cref="Only"/> gave.</param>
    /// <returns>In the order of the work; empty when the definition has none of them.</returns>
    public static ImmutableArray<TaskName> Anew(RunSnapshot run, ImmutableArray<TaskKey> plan, Pipeline definition, bool alone)
    {
        var graph = Graph.Of(definition);
        var begin = plan.Select(key => graph.IndexOf(key.Task)).Where(node => node >= 0).ToList();
        if (!alone)
        {
            begin.AddRange(graph.Order().Where(node => run.Graph.IndexOf(graph.Tasks[node].Name) < 0));
        }

        var chosen = alone ? null : graph.WithDownstream(begin);
        return [.. graph.Order().Where(node => chosen?[node] ?? begin.Contains(node)).Select(node => graph.Tasks[node].Name)];
    }

    private static bool IsToRepeat(TaskRun task) =>
        task.State is TaskState.Failed or TaskState.UpstreamFailed or TaskState.Blocked
        || task is { State: TaskState.Skipped, Failure: not null };

    private static bool TakesPart(RunSnapshot run, int node) =>
        run.Run.OnlyTasks.IsDefaultOrEmpty || run.Run.OnlyTasks.Contains(run.Graph.Tasks[node].Name);
}
