namespace Signalbox.Core.Definitions;

/// <summary>
/// The tasks of a pipeline as numbered nodes with their arrows in both directions: built once per definition, read in constant
/// time. A node's number is its position in <see cref="Pipeline.Tasks"/>. Needs that name no task, and second tasks of one
/// name, are left out here; <c>PipelineChecker</c> reports them.
/// </summary>
public sealed class Graph
{
    private readonly Dictionary<TaskName, int> _index;
    private readonly int[][] _upstream;
    private readonly int[][] _downstream;
    private readonly int[] _rank;
    private readonly int[] _group;

    private Graph(ImmutableArray<TaskNode> tasks)
    {
        Tasks = tasks;
        _index = new Dictionary<TaskName, int>(tasks.Length);
        for (var i = 0; i < tasks.Length; i++)
        {
            _index.TryAdd(tasks[i].Name, i);
        }

        _upstream = new int[tasks.Length][];
        var downstream = new List<int>?[tasks.Length];
        for (var i = 0; i < tasks.Length; i++)
        {
            var needs = new List<int>(tasks[i].Needs.Length);
            foreach (var need in tasks[i].Needs)
            {
                if (_index.TryGetValue(need, out var from) && !needs.Contains(from))
                {
                    needs.Add(from);
                    (downstream[from] ??= []).Add(i);
                }
            }

            _upstream[i] = [.. needs];
        }

        _downstream = new int[tasks.Length][];
        for (var i = 0; i < tasks.Length; i++)
        {
            _downstream[i] = downstream[i] is { } list ? [.. list] : [];
        }

        _group = new int[tasks.Length];
        Array.Fill(_group, -1);
        for (var i = 0; i < tasks.Length; i++)
        {
            if (tasks[i].Kind is TaskKind.Group)
            {
                HasGroups = true;
                Array.ForEach(_upstream[i], member => _group[member] = i);
            }
        }

        _rank = new int[tasks.Length];
        Array.Fill(_rank, int.MaxValue);
        var order = Order();
        for (var i = 0; i < order.Length; i++)
        {
            _rank[order[i]] = i;
        }
    }

    public ImmutableArray<TaskNode> Tasks { get; }

    public int Count => Tasks.Length;

    public static Graph Of(Pipeline pipeline) => new(pipeline.Tasks);

    /// <summary>The number of a task, or -1.</summary>
    public int IndexOf(TaskName task) => _index.GetValueOrDefault(task, -1);

    /// <summary>Whether any task is in a group.</summary>
    public bool HasGroups { get; }

    /// <summary>The group that a task is in, or -1. The tasks of a group are what it needs.</summary>
    public int GroupOf(int node) => _group[node];

    /// <summary>Some of the tasks, and the tasks of the groups among them.</summary>
    public ImmutableArray<TaskName> WithMembers(IEnumerable<TaskName> tasks) =>
        [
            .. tasks
                .SelectMany(name =>
                    IndexOf(name) is var node && node >= 0 && Tasks[node].Kind is TaskKind.Group ? Tasks[node].Needs.Add(name) : [name]
                )
                .Distinct(),
        ];

    public ReadOnlySpan<int> Upstream(int node) => _upstream[node];

    public ReadOnlySpan<int> Downstream(int node) => _downstream[node];

    /// <summary>The place of a node in <see cref="Order"/>: lower than that of every node behind it.</summary>
    public int Rank(int node) => _rank[node];

    /// <summary>Whether nothing comes after the node.</summary>
    public bool IsLeaf(int node) => _downstream[node].Length == 0;

    /// <summary>
    /// The nodes so that each comes after all it needs, otherwise in the order of the file. Nodes on a cycle, and what is behind
    /// one, are missing.
    /// </summary>
    public ImmutableArray<int> Order()
    {
        var missing = new int[Count];
        var ready = new PriorityQueue<int, int>();
        for (var i = 0; i < Count; i++)
        {
            missing[i] = _upstream[i].Length;
            if (missing[i] == 0)
            {
                ready.Enqueue(i, i);
            }
        }

        var order = ImmutableArray.CreateBuilder<int>(Count);
        while (ready.TryDequeue(out var node, out _))
        {
            order.Add(node);
            foreach (var next in _downstream[node])
            {
                if (--missing[next] == 0)
                {
                    ready.Enqueue(next, next);
                }
            }
        }

        return order.ToImmutable();
    }

    /// <summary>The given nodes and all that come after them, marked true.</summary>
    public bool[] WithDownstream(IEnumerable<int> nodes) => Closure(nodes, _downstream);

    /// <summary>The given nodes and all that they need, marked true.</summary>
    public bool[] WithUpstream(IEnumerable<int> nodes) => Closure(nodes, _upstream);

    /// <summary>
    /// Each cycle once, as the nodes in the order of the work, the first repeated at the end: <c>a -> b -> c -> a</c>. It begins
    /// with the node that stands first in the file.
    /// </summary>
    public IReadOnlyList<ImmutableArray<int>> Cycles()
    {
        var cycles = new List<ImmutableArray<int>>();
        var colour = new byte[Count];
        var path = new List<int>();
        var place = new List<int>();
        for (var root = 0; root < Count; root++)
        {
            if (colour[root] != 0)
            {
                continue;
            }

            path.Add(root);
            place.Add(0);
            colour[root] = 1;
            while (path.Count > 0)
            {
                var node = path[^1];
                if (place[^1] == _downstream[node].Length)
                {
                    colour[node] = 2;
                    path.RemoveAt(path.Count - 1);
                    place.RemoveAt(place.Count - 1);
                    continue;
                }

                var next = _downstream[node][place[^1]++];
                if (colour[next] == 0)
                {
                    colour[next] = 1;
                    path.Add(next);
                    place.Add(0);
                }
                else if (colour[next] == 1)
                {
                    cycles.Add(FirstFirst(path, path.IndexOf(next)));
                }
            }
        }

        return cycles;
    }

    private static ImmutableArray<int> FirstFirst(List<int> path, int from)
    {
        var length = path.Count - from;
        var least = from;
        for (var i = from; i < path.Count; i++)
        {
            least = path[i] < path[least] ? i : least;
        }

        var cycle = ImmutableArray.CreateBuilder<int>(length + 1);
        for (var i = 0; i <= length; i++)
        {
            cycle.Add(path[from + ((least - from + i) % length)]);
        }

        return cycle.MoveToImmutable();
    }

    private bool[] Closure(IEnumerable<int> nodes, int[][] arrows)
    {
        var seen = new bool[Count];
        var open = new Stack<int>(nodes);
        while (open.TryPop(out var node))
        {
            if (seen[node])
            {
                continue;
            }

            seen[node] = true;
            foreach (var next in arrows[node])
            {
                open.Push(next);
            }
        }

        return seen;
    }
}
