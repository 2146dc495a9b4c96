using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.Engine.Control;

/// <summary>Which tasks a re-run starts afresh; also what its preview shows.</summary>
public static class Reruns
{
    /// <exception cref="ArgumentException">The run has no such task.</exception>
    public static ImmutableArray<TaskKey> Plan(RunSnapshot run, RerunMode mode, string? task) =>
        mode switch
        {
            RerunMode.FromFailed => RerunPlan.FromFailed(run),
            RerunMode.From => RerunPlan.From(run, Known(run, task).Task),
            _ => RerunPlan.Only(run, Known(run, task)),
        };

    private static TaskKey Known(RunSnapshot run, string? task)
    {
        var key = TaskKey.Parse(task ?? "");
        var name = key.Task;
        return run.Pipeline.Tasks.Any(node => node.Name == name)
            ? key
            : throw new RequestRefused(
                $"run {run.Run.Number} has no task `{task}`{Suggestion.DidYouMean(name.Value, run.Pipeline.Tasks.Select(node => node.Name.Value))}"
            );
    }
}
