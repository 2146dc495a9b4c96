using System.Text;
using Signalbox.Core.Expressions;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private const string S3 = "s3://";

    private void CheckOutputs(int node, TaskNode task, string path)
    {
        CheckVariables(task.Outputs.Select(output => output.Name), $"{path}.outputs", "output", TaskEnvironment.Output);
        foreach (var output in task.Outputs)
        {
            CheckOutput(node, task, output, $"{path}.outputs.{output.Name}");
        }
    }

    private void CheckOutput(int node, TaskNode task, OutputSpec output, string path)
    {
        if (CheckTemplate(node, output.Path, $"{path}.path", Place.Output) is { } template)
        {
            var sketch = Sketch(template);
            if ((sketch.StartsWith(S3, StringComparison.Ordinal) ? AddressProblem(sketch) : EscapeProblem(sketch)) is { } escape)
            {
                Error("path-outside", $"{path}.path", escape);
            }
            else
            {
                CheckWhatDiffers(task, output, template, $"{path}.path");
            }
        }

        CheckClock(output.Path, $"{path}.path");
        if (output.Dataset is { } dataset)
        {
            CheckDataName(node, dataset, $"{path}.dataset", "a dataset");
        }

        if (output.Model is { } model)
        {
            CheckDataName(node, model, $"{path}.model", "a model");
        }

        if (output.Registry is not null && output.Model is null)
        {
            Error("wrong-key", $"{path}.registry", "`registry` goes with `model`, which the output does not have");
        }

        CheckKeys(node, output, path);
        if (output.Freshness is { } freshness)
        {
            CheckFreshness(output, freshness, $"{path}.freshness");
        }

        if (output.Compare is { } compare)
        {
            CheckCompare(compare, $"{path}.compare");
        }

        CheckChecks(node, output.Checks, output.Path, $"{path}.checks", isInput: false);
    }

    private void CheckFreshness(OutputSpec output, FreshnessSpec freshness, string path)
    {
        if (output.Dataset is null)
        {
            Error("wrong-key", path, "`freshness` goes with `dataset`, which the output does not have");
        }

        switch (freshness)
        {
            case FreshnessSpec.Within { Limit: var limit } when limit <= TimeSpan.Zero || limit > LongestSla:
                Error("out-of-range", $"{path}.within", "`within` is longer than nothing and at most 366d, such as 26h");
                break;
            case FreshnessSpec.By { Cron: var cron, TimeZone: var zone }:
                var parsed = Schedule.Parse(cron, zone);
                if (parsed.ZoneError is { } wrong)
                {
                    Error("bad-timezone", $"{path}.timezone", wrong);
                }

                foreach (var mistake in parsed.CronErrors)
                {
                    Error("bad-cron", $"{path}.cron", mistake.Message);
                }

                break;
            default:
                break;
        }
    }

    private void CheckCompare(CompareSpec compare, string path)
    {
        if (compare.Keys.GroupBy(key => key, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            Error("duplicate-column", $"{path}.keys", $"the column `{twice.Key}` is named twice");
        }

        foreach (var (column, difference) in compare.Tolerance)
        {
            if (difference < 0 || !double.IsFinite(difference))
            {
                Error("bad-number", $"{path}.tolerance.{column}", "a tolerance is a number from 0 up");
            }

            if (compare.Keys.IsEmpty)
            {
                Error(
                    "tolerance-without-keys",
                    $"{path}.tolerance.{column}",
                    "without `keys` whole rows are compared, and no row has a partner to differ from a little; name the columns that name a row"
                );
            }
            else if (compare.Keys.Contains(column, StringComparer.OrdinalIgnoreCase))
            {
                Error("tolerance-of-key", $"{path}.tolerance.{column}", "a column of `keys` has no tolerance: by it rows are found");
            }
        }
    }

    /// <summary>Runs, and instances of a mapped task, must not publish to one place.</summary>
    private void CheckWhatDiffers(TaskNode task, OutputSpec output, Template template, string path)
    {
        var references = template.References();
        if (task.ForEach is not null && !references.Any(IsOfInstance))
        {
            Error(
                "shared-path",
                path,
                "every instance of a mapped task would publish to this path; put {{ item }} or {{ map_index }} into it"
            );
        }

        // A model's versions are kept apart by the registry, and what comes from a task may well differ from run to run.
        if (
            output.Model is null
            && _pipeline.Partition != PartitionKind.None
            && !references.Any(reference => IsOfRun(reference) || reference.Root == TemplateNames.Tasks)
        )
        {
            Warn(
                "unpartitioned-output",
                path,
                "every run publishes to this path, over the one before; put {{ ds }} or {{ partition }} into it, or say `partition: none`"
            );
        }
    }

    private static bool IsOfInstance(TemplateReference reference) =>
        reference.Root is TemplateNames.Item or TemplateNames.MapIndex
        || (reference.Path is [TemplateNames.Ti or TemplateNames.TaskInstance, "map_index", ..]);

    private static bool IsOfRun(TemplateReference reference) =>
        reference.Root
            is not (
                TemplateNames.Params
                or TemplateNames.Cells
                or TemplateNames.Item
                or TemplateNames.MapIndex
                or TemplateNames.Dag
                or TemplateNames.Task
                or TemplateNames.Pipeline
                or TemplateNames.Models
                or TemplateNames.Inputs
                or TemplateNames.Outputs
                or TemplateNames.Tasks
                or TemplateNames.Macros
            )
        && !(reference.Path is [TemplateNames.Ti or TemplateNames.TaskInstance, not "run_id", ..]);

    private void CheckDataName(int node, string text, string path, string what)
    {
        if (CheckTemplate(node, text, path, Place.Output) is not { } template)
        {
            return;
        }

        foreach (var part in Sketch(template).Split('/'))
        {
            if (Slug.Problem(part) is { } problem)
            {
                Error("bad-name", path, $"the name of {what} is names with / between them: {problem}");
                return;
            }
        }
    }

    /// <summary>Two outputs to one place, or one in the folder of another, would each destroy the other.</summary>
    private void CheckPlaces()
    {
        var owners = new Dictionary<string, (TaskNode Task, OutputSpec Output)>(StringComparer.Ordinal);
        foreach (var task in _pipeline.Tasks)
        {
            // Tables that are upserted or appended to are shared by intent.
            if (task.Kind is TaskKind.Load { Mode: LoadMode.Upsert or LoadMode.Append })
            {
                continue;
            }

            foreach (var output in task.Outputs)
            {
                var place = Normal(output.Path);
                if (place.Length > 0 && !owners.TryAdd(place, (task, output)))
                {
                    Error(
                        "same-path",
                        task.Kind is TaskKind.Load ? $"{PathOf(task)}.load.into" : $"{PathOf(task)}.outputs.{output.Name}.path",
                        $"{Owner(owners[place], task)} is published to this path already; each output has a place of its own"
                    );
                }
            }
        }

        foreach (var (place, owner) in owners)
        {
            for (var slash = place.LastIndexOf('/'); slash > 0; slash = place.LastIndexOf('/', slash - 1))
            {
                if (owners.TryGetValue(place[..slash], out var folder))
                {
                    Error(
                        "path-inside-output",
                        $"{PathOf(owner.Task)}.outputs.{owner.Output.Name}.path",
                        $"the path lies inside {Owner(folder, owner.Task)}, which is replaced as a whole when it is published"
                    );
                }
            }
        }
    }

    private static string Owner((TaskNode Task, OutputSpec Output) owner, TaskNode of) =>
        owner.Task.Name == of.Name ? $"the output `{owner.Output.Name}`" : $"the output `{owner.Output.Name}` of `{owner.Task.Name}`";

    /// <summary>The path without what means nothing: <c>./</c>, doubled and trailing slashes.</summary>
    private static string Normal(string path) =>
        string.Join(
            '/',
            path.Split('/', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(part => part != ".")
        );

    /// <summary>The literal text with a letter in place of each value.</summary>
    private static string Sketch(Template template)
    {
        var sketch = new StringBuilder();
        foreach (var part in template.Parts)
        {
            sketch.Append(part.Expression is null ? part.Literal : "x");
        }

        return sketch.ToString();
    }

    private static string? AddressProblem(string address)
    {
        var names = address[S3.Length..].TrimEnd('/').Split('/');
        return names.Length < 2 || names.Any(name => name is "" or "." or "..")
            ? "an address of S3 is s3://bucket/key, or s3://bucket/prefix/ for several objects"
            : null;
    }

    private static string? EscapeProblem(string path)
    {
        if (path.Trim().Length == 0)
        {
            return "the path is empty";
        }

        if (path.Contains("://", StringComparison.Ordinal))
        {
            return $"the path is relative to the project folder; it cannot be an address ({path[..path.IndexOf("://", StringComparison.Ordinal)]}://)";
        }

        if (path[0] is '/' or '~')
        {
            return "the path is relative to the project folder; it cannot begin with " + path[0];
        }

        var depth = 0;
        foreach (var part in path.Split('/'))
        {
            depth += part switch
            {
                "" or "." => 0,
                ".." => -1,
                _ => 1,
            };
            if (depth < 0)
            {
                return "the path leaves the project folder";
            }
        }

        return depth == 0 ? "the path is the project folder itself" : null;
    }
}
