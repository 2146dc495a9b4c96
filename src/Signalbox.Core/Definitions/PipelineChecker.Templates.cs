using Signalbox.Core.Expressions;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private static readonly string[] TaskWords = [TemplateNames.Result, TemplateNames.Outputs, TemplateNames.Metrics, "state"];
    private static readonly string[] InstanceWords = ["task_id", "dag_id", "run_id", "try_number", "map_index", TemplateNames.XComPull];
    private static readonly string[] RunWords =
    [
        "conf",
        "run_id",
        "dag_id",
        "logical_date",
        "execution_date",
        "data_interval_start",
        "data_interval_end",
    ];

    /// <summary>Where a template stands: what it may use follows from when it is rendered.</summary>
    private enum Place
    {
        /// <summary>Before the task runs at all: no item yet, no inputs, no outputs.</summary>
        Decision,

        /// <summary>Once for each instance, before its attempt: no inputs and outputs.</summary>
        Item,

        /// <summary>The path of an input.</summary>
        Input,

        /// <summary>The path, dataset or model of an output.</summary>
        Output,

        /// <summary>In an attempt: everything.</summary>
        Command,

        /// <summary>In a check of an output: everything, and <c>staged</c>.</summary>
        Check,
    }

    private Template? CheckTemplate(int node, string text, string path, Place place)
    {
        if (!text.Contains('{', StringComparison.Ordinal) && text.Length <= Template.MaxText)
        {
            return Template.Parse(text).Value;
        }

        var parsed = Template.Parse(text);
        if (!parsed.Succeeded)
        {
            Report(parsed.Errors, path);
            return null;
        }

        CheckReferences(node, parsed.Value, path, place);
        return parsed.Value;
    }

    private void CheckShell(int node, string text, string path, Place place)
    {
        var parsed = ShellTemplate.Parse(text);
        if (!parsed.Succeeded)
        {
            Report(parsed.Errors, path);
        }
        else
        {
            CheckReferences(node, parsed.Value.Template, path, place);
        }

        CheckClock(text, path);
    }

    private void CheckSql(int node, string text, string path, Place place)
    {
        var parsed = SqlTemplate.Parse(text);
        if (!parsed.Succeeded)
        {
            Report(parsed.Errors, path);
        }
        else
        {
            CheckReferences(node, parsed.Value.Template, path, place);
        }

        CheckClock(text, path);
    }

    private void Report(ImmutableArray<TemplateError> errors, string path)
    {
        foreach (var error in errors)
        {
            Error("bad-template", path, error.Message, error.Offset);
        }
    }

    private void CheckReferences(int node, Template template, string path, Place place)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var reference in template.References())
        {
            if (Problem(node, reference, place) is { } problem && told.Add(problem.Message))
            {
                Error(problem.Code, path, problem.Message, reference.Offset);
            }
        }
    }

    private (string Code, string Message)? Problem(int node, TemplateReference reference, Place place)
    {
        var task = _pipeline.Tasks[node];
        var name = reference.Path.Length > 1 ? reference.Path[1] : null;
        switch (reference.Root)
        {
            case TemplateNames.Params:
                return name is null || reference.IsOptional || _pipeline.Params.Any(spec => spec.Name == name)
                    ? null
                    : ("unknown-param", Unknown("parameter", name, _pipeline.Params.Select(spec => spec.Name)));
            case TemplateNames.Tasks:
                return name is null ? null : TaskProblem(node, reference);
            case TemplateNames.Inputs:
                return place is not (Place.Command or Place.Check) ? NotHere(reference.Root, "a command and a check have inputs")
                    : name is null || reference.IsOptional || task.Inputs.ContainsKey(name) ? null
                    : ("unknown-input", Unknown("input", name, task.Inputs.Keys) + Declare("inputs", task));
            case TemplateNames.Outputs:
                return place is not (Place.Command or Place.Check)
                        ? NotHere(reference.Root, "a command and a check know where an attempt stages its outputs")
                    : name is null || reference.IsOptional || task.Outputs.Any(output => output.Name == name) ? null
                    : ("unknown-output", Unknown("output", name, task.Outputs.Select(output => output.Name)) + Declare("outputs", task));
            case TemplateNames.Item or TemplateNames.MapIndex:
                return task.ForEach is null
                        ? ("not-mapped", $"`{reference.Root}` is known in a task with `for_each`; `{task.Name}` runs once")
                    : place == Place.Decision ? NotHere(reference.Root, "it is decided for the task as a whole, before its items are known")
                    : null;
            case TemplateNames.Cells:
                return _pipeline.Dimensions.IsDefaultOrEmpty
                    ? ("unknown-name", "`cells` are those of `partition: { keys: ... }`, which the pipeline does not have")
                    : null;
            case TemplateNames.Ti or TemplateNames.TaskInstance:
                return WordProblem(reference, InstanceWords);
            case TemplateNames.DagRun:
                return WordProblem(reference, RunWords);
            case TemplateNames.Dag:
                return WordProblem(reference, ["dag_id"]);
            case TemplateNames.Task:
                return WordProblem(reference, ["task_id"]);
            default:
                return
                    reference.IsOptional
                    || TemplateNames.Roots.Contains(reference.Root)
                    || (place == Place.Check && reference.Root == Staged)
                    ? null
                    : ("unknown-name", UnknownRoot(reference.Root, place));
        }
    }

    private (string, string)? TaskProblem(int node, TemplateReference reference)
    {
        var task = _pipeline.Tasks[node];
        var name = reference.Path[1];
        var other = _graph.IndexOf(new TaskName(name));
        if (other < 0)
        {
            return ("unknown-task", UnknownTask(name));
        }

        if (name == task.Name.Value)
        {
            return (
                "uses-itself",
                $"the task `{name}` cannot use what it makes itself; in its command its outputs are {{{{ outputs.NAME }}}}"
            );
        }

        if (!IsUpstream(other, node))
        {
            return ("not-upstream", $"task `{name}` is not upstream of `{task.Name}`: add it to needs");
        }

        var path = reference.Path;
        if (path.Length > 2 && !TaskWords.Contains(path[2]))
        {
            return ("unknown-name", $"a task has no `{path[2]}`{Near(path[2], TaskWords)}");
        }

        var outputs = _graph.Tasks[other].Outputs;
        return path.Length > 3 && path[2] == TemplateNames.Outputs && !reference.IsOptional && outputs.All(output => output.Name != path[3])
            ? (
                "unknown-output",
                $"the task `{name}` has no output `{path[3]}`{(outputs.IsDefaultOrEmpty ? "; it declares none" : Near(path[3], outputs.Select(output => output.Name)))}"
            )
            : null;
    }

    private static (string, string)? WordProblem(TemplateReference reference, string[] known) =>
        reference.Path.Length < 2 || reference.IsOptional || known.Contains(reference.Path[1])
            ? null
            : ("unknown-name", $"`{reference.Root}` has no `{reference.Path[1]}`{Near(reference.Path[1], known)}");

    private static string UnknownRoot(string name, Place place)
    {
        var near = Suggestion.DidYouMean(name, place == Place.Check ? TemplateNames.Roots.Add(Staged) : TemplateNames.Roots);
        return $"unknown name `{name}`{(near.Length > 0 ? near : "; a text is written in quotes, a parameter as params.NAME")}";
    }

    private static string Near(string name, IEnumerable<string> known) =>
        Suggestion.DidYouMean(name, known) is { Length: > 0 } near
            ? near
            : $"; it has {string.Join(", ", known.Select(one => $"`{one}`"))}";

    private static string Declare(string what, TaskNode task)
    {
        var isEmpty = what == "inputs" ? task.Inputs.IsEmpty : task.Outputs.IsDefaultOrEmpty;
        return isEmpty ? $"; declare it under `{what}:` of the task `{task.Name}`" : "";
    }

    private static (string, string) NotHere(string root, string why) => ("not-known-here", $"`{root}` is not known here: {why}");
}
