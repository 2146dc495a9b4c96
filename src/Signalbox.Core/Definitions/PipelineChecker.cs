using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

/// <summary>Finds every mistake of a pipeline at once: what is wrong, at which field, and how to mend it.</summary>
/// <remarks>
/// Field paths are written as in a pipeline file (<c>tasks.features.needs[1]</c>, <c>schedule.cron</c>), whatever the pipeline was made from. Codes are
/// stable. A pipeline without an error here can be run: its graph has no cycle, its templates are parsed, and every name in them is known.
/// </remarks>
public sealed partial class PipelineChecker
{
    private readonly Pipeline _pipeline;
    private readonly Graph _graph;
    private readonly ImmutableArray<Diagnostic>.Builder _found = ImmutableArray.CreateBuilder<Diagnostic>();

    // Of the task that is being checked: of all tasks at once it would be the square of their number.
    private (int Node, bool[] Marks) _upstream = (-1, []);

    private PipelineChecker(Pipeline pipeline)
    {
        _pipeline = pipeline;
        _graph = Graph.Of(pipeline);
    }

    /// <summary>All mistakes and warnings: of the pipeline, of its parameters, of its graph, and of each task in the order of the file.</summary>
    public static ImmutableArray<Diagnostic> Check(Pipeline pipeline)
    {
        var checker = new PipelineChecker(pipeline);
        checker.CheckPipeline();
        checker.CheckParams();
        checker.CheckGraph();
        for (var node = 0; node < pipeline.Tasks.Length; node++)
        {
            checker.CheckTask(node);
        }

        checker.CheckPlaces();
        return checker._found.DrainToImmutable();
    }

    private void CheckPipeline()
    {
        if (Slug.Problem(_pipeline.Name.Value) is { } problem)
        {
            Error("bad-name", "pipeline", problem);
        }

        CheckDimensions();
        CheckSchedules();
        CheckBlackouts();
        CheckTriggers();
        if (_pipeline is { Start: { } start, End: { } end } && start >= end)
        {
            Error("empty-window", "end", "`end` is not after `start`, so the schedule never makes a run");
        }

        if (_pipeline.ActiveVersion is { } flag)
        {
            if (Slug.Problem(flag.Connection) is { } connection)
            {
                Error("bad-name", "active_version.connection", connection);
            }

            if (flag.Key is { } key && (key.Length == 0 || key.Any(char.IsWhiteSpace)))
            {
                Error("bad-key", "active_version.key", "a key is a text without spaces, e.g. `active_pipeline_version`");
            }
        }

        AtLeast(1, _pipeline.MaxCatchUp, "max_catchup");
        AtLeast(1, _pipeline.MaxActiveRuns, "max_active_runs");
        AtLeast(1, _pipeline.MaxActiveTasks, "max_active_tasks");
        Positive(_pipeline.Timeout, "timeout");
        CheckRetry(_pipeline.RunRetry, "run_retry");
        if (_pipeline.CircuitBreaker is { } breaker)
        {
            AtLeast(1, breaker.Failures, "circuit_breaker.failures");
            Positive(breaker.CoolDown, "circuit_breaker.cool_down");
        }

        CheckSla(_pipeline.Sla, "sla");
        if (_pipeline.Tasks.IsDefaultOrEmpty)
        {
            Error("no-tasks", "tasks", "a pipeline has at least one task");
        }
    }

    private void CheckGraph()
    {
        var first = new HashSet<TaskName>();
        foreach (var task in _pipeline.Tasks)
        {
            var path = PathOf(task);
            if (Slug.Problem(task.Name.Value) is { } problem)
            {
                Error("bad-name", path, problem);
            }
            else if (!first.Add(task.Name))
            {
                Error("duplicate-task", path, $"there are two tasks `{task.Name}`; names are unique in a pipeline");
            }

            CheckNeeds(task, path);
        }

        foreach (var cycle in _graph.Cycles())
        {
            var names = string.Join(" -> ", cycle.Select(node => _graph.Tasks[node].Name));
            var last = _graph.Tasks[cycle[^2]].Name;
            var start = _graph.Tasks[cycle[0]];

            // A task that needs itself has been told so.
            if (cycle.Length > 2)
            {
                Error(
                    "cycle",
                    $"{PathOf(start)}.needs[{start.Needs.IndexOf(last)}]",
                    $"the tasks wait for each other in a circle: {names}; take one of these needs away"
                );
            }
        }
    }

    private void CheckNeeds(TaskNode task, string path)
    {
        var seen = new HashSet<TaskName>();
        for (var i = 0; i < task.Needs.Length; i++)
        {
            var need = task.Needs[i];
            if (need == task.Name)
            {
                Error("needs-itself", $"{path}.needs[{i}]", $"the task `{need}` needs itself");
            }
            else if (!seen.Add(need))
            {
                Error("needs-twice", $"{path}.needs[{i}]", $"`{need}` is in the list already");
            }
            else if (_graph.IndexOf(need) < 0)
            {
                Error("unknown-task", $"{path}.needs[{i}]", UnknownTask(need.Value));
            }
        }

        if (task.Needs.IsDefaultOrEmpty && task.TriggerRule != TriggerRule.AllSuccess)
        {
            Warn(
                "rule-without-needs",
                $"{path}.trigger_rule",
                $"`trigger_rule: {Names.Of(task.TriggerRule)}` does nothing: the task `{task.Name}` needs no other"
            );
        }
    }

    private string UnknownTask(string name) => Unknown("task", name, _pipeline.Tasks.Select(task => task.Name.Value));

    /// <summary>"unknown task `x`; did you mean `y`?", or with all that there are when there are few and none is near.</summary>
    private static string Unknown(string what, string name, IEnumerable<string> known)
    {
        const int Few = 8;
        var names = known.ToList();
        var near = Suggestion.DidYouMean(name, names);
        return $"unknown {what} `{name}`"
            + (
                near.Length > 0 ? near
                : names.Count is 0 or > Few ? ""
                : $"; known are {string.Join(", ", names.Select(known => $"`{known}`"))}"
            );
    }

    private bool IsUpstream(int node, int of)
    {
        var needs = _graph.Upstream(of);
        if (needs.Contains(node))
        {
            return true;
        }

        if (_upstream.Node != of)
        {
            _upstream = (of, _graph.WithUpstream(needs.ToArray()));
        }

        return _upstream.Marks[node];
    }

    private static string PathOf(TaskNode task) => $"tasks.{task.Name}";

    private void AtLeast(long least, long value, string path)
    {
        if (value < least)
        {
            Error("out-of-range", path, $"`{Last(path)}` is at least {least}, not {value}");
        }
    }

    private void Positive(TimeSpan? value, string path)
    {
        if (value <= TimeSpan.Zero)
        {
            Error("out-of-range", path, $"`{Last(path)}` is longer than nothing, such as 10m");
        }
    }

    private void NotNegative(TimeSpan value, string path)
    {
        if (value < TimeSpan.Zero)
        {
            Error("out-of-range", path, $"`{Last(path)}` cannot be negative");
        }
    }

    private static string Last(string path) => path[(path.LastIndexOf('.') + 1)..];

    private void Error(string code, string path, string message, int offset = 0) =>
        _found.Add(new Diagnostic(code, Severity.Error, path, message, offset));

    private void Warn(string code, string path, string message, int offset = 0) =>
        _found.Add(new Diagnostic(code, Severity.Warning, path, message, offset));
}
