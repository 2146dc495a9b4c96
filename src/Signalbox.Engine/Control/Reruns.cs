using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Storage;

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

    /// <summary>
    /// The run of its own that stands for a re-run with another definition or other parameters: a run keeps those that it began with, so that what was
    /// made is always known by its run. It is about the same slice, and its outputs take the place of the run's.
    /// </summary>
    /// <param name="changes">JSON object of the parameters that differ from the run's. Those of the run that the definition lacks are left out.</param>
    /// <exception cref="RequestRefused">Nothing is to be run again, or not with that definition.</exception>
    public static Request.StartRun Anew(
        RunSnapshot run,
        RerunMode mode,
        string? task,
        StoredDefinition definition,
        string changes,
        string? reason
    )
    {
        var number = run.Run.Number;
        var plan = Plan(run, mode, task);
        if (plan.IsEmpty)
        {
            throw new RequestRefused($"run {number} has nothing that failed; name a task to run from, or one alone");
        }

        if (mode == RerunMode.Only && plan is [{ IsInstance: true } instance])
        {
            throw new RequestRefused(
                $"the instance {instance} is run again in its own run only, as that was defined; name the task {instance.Task}"
            );
        }

        var tasks = RerunPlan.Anew(run, plan, definition.Pipeline, alone: mode == RerunMode.Only);
        return tasks.IsEmpty
            ? throw new RequestRefused(
                $"version {definition.Version} of {run.Run.Pipeline} has none of {string.Join(", ", plan.Select(key => key.Task).Distinct())}"
            )
            : new Request.StartRun(
                run.Run.Pipeline.Value,
                definition.Version.Value,
                run.Run.LogicalDate.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
                Params(run.Run, definition.Pipeline, changes),
                RunId: null,
                reason ?? $"run {number} again",
                run.Run.Namespace?.Value,
                [.. tasks.Select(name => name.Value)]
            );
    }

    private static string Params(Run run, Pipeline definition, string changes)
    {
        var all = JsonNode.Parse(run.Params)!.AsObject();
        foreach (var gone in all.Select(each => each.Key).Where(name => definition.Params.All(known => known.Name != name)).ToList())
        {
            all.Remove(gone);
        }

        foreach (var (name, value) in JsonNode.Parse(changes)!.AsObject())
        {
            all[name] = value?.DeepClone();
        }

        return all.ToJsonString();
    }

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
