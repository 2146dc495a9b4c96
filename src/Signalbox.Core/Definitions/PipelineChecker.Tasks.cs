using System.Globalization;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Time;

namespace Signalbox.Core.Definitions;

public sealed partial class PipelineChecker
{
    private const string SecretPrefix = "secret:";

    private void CheckTask(int node)
    {
        var task = _pipeline.Tasks[node];
        var path = PathOf(task);
        CheckLimits(task, path);
        CheckConditions(node, task, path);
        CheckKind(node, task, path);
        CheckGroups(node, task, path);
        CheckEnv(node, task, path);
        CheckVariables(task.Inputs.Keys, $"{path}.inputs", "input", TaskEnvironment.Input);
        foreach (var (name, text) in task.Inputs)
        {
            CheckTemplate(node, text, $"{path}.inputs.{name}", Place.Input);
        }

        CheckInputChecks(node, task, path);
        if (task.Kind is not TaskKind.Load)
        {
            CheckOutputs(node, task, path);
        }
    }

    /// <summary>Whoever needs a task inside of a group would go on with what the group's next try takes back.</summary>
    private void CheckGroups(int node, TaskNode task, string path)
    {
        foreach (var need in _graph.Upstream(node))
        {
            if (_graph.GroupOf(need) is var group && group >= 0 && group != node && group != _graph.GroupOf(node))
            {
                var (name, inside) = (_graph.Tasks[group].Name, _graph.Tasks[need].Name);
                Error(
                    "inside-group",
                    $"{path}.needs[{task.Needs.IndexOf(inside)}]",
                    $"the task `{task.Name}` needs `{inside}`, which is inside the group `{name}` and is done again with it; write `needs: [{name}]`"
                );
            }
        }
    }

    private void CheckResources(TaskNode task, string path)
    {
        if (task.Resources is not { } resources)
        {
            return;
        }

        if (resources.Memory < ResourceSpec.LeastMemory)
        {
            Error("out-of-range", $"{path}.memory", $"`memory` is at least 1MiB, not {resources.Memory} bytes: nothing starts with less");
        }

        if (resources.Cpu < ResourceSpec.LeastCpu)
        {
            Error("out-of-range", $"{path}.cpu", "`cpu` is at least 0.01 of a processor");
        }

        AtLeast(0, resources.Gpu, $"{path}.gpu");
        if (resources.Gpu > 0 && resources.Gpu != task.Slots)
        {
            Error(
                "wrong-value",
                $"{path}.gpu",
                $"`gpu` asks for {resources.Gpu} slots of pool {task.Pool}, and `slots` for {task.Slots}; leave one of the two out"
            );
        }
    }

    private void CheckLimits(TaskNode task, string path)
    {
        CheckSla(task.Sla, $"{path}.sla");
        CheckRetry(task.Retry, path);
        CheckFailureRules(task, $"{path}.failure_rules");
        NotNegative(task.Grace, $"{path}.grace");
        Positive(task.Timeout, $"{path}.timeout");
        Positive(task.StartTimeout, $"{path}.start_timeout");
        CheckSilence(task, $"{path}.silence_timeout");
        AtLeast(1, task.Slots, $"{path}.slots");
        CheckResources(task, $"{path}.resources");
        if (Slug.Problem(task.Pool) is { } problem)
        {
            Error("bad-name", $"{path}.pool", problem);
        }

        if (task.MaxParallel is { } parallel)
        {
            AtLeast(1, parallel, $"{path}.max_parallel");
        }

        if (task.ForEach is null && (task.Label ?? task.MaxParallel?.ToString(CultureInfo.InvariantCulture)) is not null)
        {
            var key = task.Label is null ? "max_parallel" : "label";
            Error("wrong-key", $"{path}.{key}", $"`{key}` goes with `for_each`, which the task does not have");
        }

        if (task.Kind is { Waits: true, Asks: false } && task.Retry.Retries > 0)
        {
            Warn(
                "wait-with-retries",
                $"{path}.retries",
                $"`retries` does nothing: a task that waits looks again by itself until its `timeout`, and then fails once"
            );
        }

        // The limit of the whole run stops it too.
        if (
            task.Timeout is null
            && _pipeline.Timeout is null
            && task.Kind is not (TaskKind.Noop or TaskKind.Group or TaskKind.Promote { Asks: false })
        )
        {
            Warn(
                "no-timeout",
                $"{path}.timeout",
                $"the task `{task.Name}` has no timeout, so it is stopped after {TaskNode.DefaultTimeout.TotalHours} hours only; give it one, such as `timeout: 20m`"
            );
        }
    }

    private void CheckRetry(RetryPolicy retry, string path)
    {
        AtLeast(0, retry.Retries, $"{path}.retries");
        NotNegative(retry.Delay, $"{path}.retry_delay");
        NotNegative(retry.MaxDelay, $"{path}.max_retry_delay");
        NotNegative(retry.Jitter, $"{path}.jitter");
        AtLeast(0, retry.LostBudget, $"{path}.lost_budget");
        if (retry is { Retries: > 0, Backoff: Backoff.Exponential } && retry.MaxDelay < retry.Delay)
        {
            Warn(
                "delay-above-max",
                $"{path}.retry_delay",
                $"`retry_delay` {Duration.Print(retry.Delay)} is longer than `max_retry_delay` {Duration.Print(retry.MaxDelay)}, so every wait is {Duration.Print(retry.MaxDelay)}"
            );
        }
    }

    private void CheckSilence(TaskNode task, string path)
    {
        Positive(task.SilenceTimeout, path);
        if (task.SilenceTimeout is not null && task.SilenceLimit is null)
        {
            Warn("no-log", path, "`silence_timeout` does nothing: only a command (`run`, `shell`, `python`) writes a log while it works");
        }
        else if (task.SilenceTimeout >= (task.Timeout ?? TaskNode.DefaultTimeout))
        {
            Warn(
                "silence-above-timeout",
                path,
                $"`silence_timeout` {Duration.Print(task.SilenceTimeout.Value)} does nothing: the attempt ends before, after its `timeout` of {Duration.Print(task.Timeout ?? TaskNode.DefaultTimeout)}"
            );
        }
    }

    private void CheckFailureRules(TaskNode task, string path)
    {
        foreach (var rule in task.FailureRules)
        {
            if (rule.Lines is { } pattern && FailureRule.PatternProblem(pattern) is { } problem)
            {
                Error("bad-pattern", path, $"`lines` of a failure rule, `{pattern}`: {problem}");
            }

            if (rule.ExitCodes.IsDefaultOrEmpty && rule.Lines is null)
            {
                Error("empty-rule", path, "a failure rule names exit codes, lines, or both: what it is for");
            }

            if (!FailureRule.IsClass(rule.Class))
            {
                Error("bad-class", path, $"no rule makes a failure {Names.Of(rule.Class)}: only the server knows that");
            }
        }
    }

    private void CheckConditions(int node, TaskNode task, string path)
    {
        if (task.When is { } when && CheckTemplate(node, when, $"{path}.when", Place.Decision) is { IsSingleExpression: false } condition)
        {
            if (!condition.IsLiteral)
            {
                Warn(
                    "not-an-expression",
                    $"{path}.when",
                    "`when` is one {{ }} and nothing around it; with text around it the text decides, not the value"
                );
            }
            else if (when.Trim() is not ("true" or "false"))
            {
                Error(
                    "not-an-expression",
                    $"{path}.when",
                    "`when` is an expression in {{ }}; without them it is a text, which never changes"
                );
            }
        }

        if (task.ForEach is { } list && CheckTemplate(node, list, $"{path}.for_each", Place.Decision) is { IsSingleExpression: false })
        {
            Error(
                "not-an-expression",
                $"{path}.for_each",
                "`for_each` is one {{ }} that gives a list, such as {{ tasks.segments.result }}"
            );
        }

        if (task.Label is { } label)
        {
            CheckTemplate(node, label, $"{path}.label", Place.Item);
        }
    }

    private void CheckKind(int node, TaskNode task, string path)
    {
        switch (task.Kind)
        {
            case TaskKind.Shell shell:
                NotEmpty(shell.Command, $"{path}.run", "the command is empty");
                CheckShell(node, shell.Command, $"{path}.run", Place.Command);
                break;
            case TaskKind.Argv argv:
                CheckArguments(node, argv, path);
                break;
            case TaskKind.Script script:
                CheckScript(script, path);
                break;
            case TaskKind.Sql sql:
                if ((sql.Text is null) == (sql.File is null))
                {
                    Error("no-command", $"{path}.sql", "`sql` has either statements or a file");
                }

                if (sql.Text is { } text)
                {
                    NotEmpty(text, $"{path}.sql.query", "the statements are empty");
                    CheckSql(node, text, $"{path}.sql.query", Place.Command);
                }

                if (sql.File is { } source && EscapeProblem(source) is { } escape)
                {
                    Error("path-outside", $"{path}.sql.file", escape);
                }

                break;
            case { Waits: true } and not (TaskKind.Promote or TaskKind.Approve):
                CheckWait(node, task.Kind, path);
                break;
            case TaskKind.WaitForDataset wait:
                if (DatasetName.Problem(wait.Dataset) is { } unnamed)
                {
                    Error("bad-name", $"{path}.wait_for.dataset", unnamed);
                }

                CheckTemplate(node, wait.From ?? "", $"{path}.wait_for.from", Place.Item);
                CheckTemplate(node, wait.To ?? "", $"{path}.wait_for.to", Place.Item);
                Positive(wait.Every, $"{path}.every");
                break;
            case TaskKind.Promote promote:
                CheckPromote(node, task, promote, path);
                if (promote.Approval is { } approval)
                {
                    CheckApproval(node, approval, $"{path}.promote.approval");
                }

                if (promote.BackfillApproval is { } review)
                {
                    CheckApproval(node, review, $"{path}.promote.in_backfill");
                }

                if (promote.Better is { } better)
                {
                    NotEmpty(better.Metric, $"{path}.promote.{(better.IsLower ? "lower" : "higher")}", "name the metric that is compared");
                }

                break;
            case TaskKind.Approve approve:
                if (approve.Spec.Message is null)
                {
                    Error("no-message", $"{path}.approve", "`approve` has a `message`: what people are asked");
                }

                CheckApproval(node, approve.Spec, $"{path}.approve");
                break;
            case TaskKind.Http http:
                CheckHttp(node, task, http, path);
                break;
            case TaskKind.Load load:
                CheckLoad(node, task, load, path);
                break;
        }
    }

    private void CheckArguments(int node, TaskKind.Argv argv, string path)
    {
        if (argv.Arguments.IsDefaultOrEmpty || string.IsNullOrWhiteSpace(argv.Arguments[0]))
        {
            Error("no-command", $"{path}.run", "the command is empty: its first element is the program");
        }

        for (var i = 0; i < argv.Arguments.Length; i++)
        {
            CheckTemplate(node, argv.Arguments[i], $"{path}.run[{i}]", Place.Command);
            CheckClock(argv.Arguments[i], $"{path}.run[{i}]");
        }
    }

    private void CheckScript(TaskKind.Script script, string path)
    {
        var key = script.Interpreter.StartsWith("python", StringComparison.Ordinal) ? "python" : "shell";
        NotEmpty(script.Interpreter, $"{path}.{key}", "the script has no interpreter");
        NotEmpty(script.Text, $"{path}.{key}", "the script is empty");
        CheckClock(script.Text, $"{path}.{key}");
        if (TemplateInScript(script.Text) is { } found)
        {
            Warn(
                "template-in-script",
                $"{path}.{key}",
                $"a script is run as it is written, so {{{{ {found.Name} }}}} stays as it stands: read it from the environment"
                    + (TemplateNames.EnvironmentVariable([found.Name]) is { } variable ? $", {variable}" : ""),
                found.Offset
            );
        }
    }

    private void CheckEnv(int node, TaskNode task, string path)
    {
        foreach (var (name, text) in task.Env)
        {
            var place = $"{path}.env.{name}";
            if (IdentifierProblem(name) is { } problem)
            {
                Error("bad-name", place, problem);
            }
            else if (name.StartsWith(TaskEnvironment.Prefix, StringComparison.Ordinal))
            {
                Error(
                    "reserved-name",
                    place,
                    $"variables that begin with {TaskEnvironment.Prefix} are set by Signalbox; give this one another name"
                );
            }

            if (text.StartsWith(SecretPrefix, StringComparison.Ordinal))
            {
                if (Slug.Problem(text[SecretPrefix.Length..]) is { } secret)
                {
                    Error("bad-name", place, $"`{SecretPrefix}` is followed by the name of a secret: {secret}");
                }
            }
            else
            {
                CheckTemplate(node, text, place, Place.Command);
            }
        }
    }

    private void NotEmpty(string text, string path, string message)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            Error("no-command", path, message);
        }
    }

    private static bool IsTime(string text) =>
        TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
        || (
            text.Length > 10
            && (text.EndsWith('Z') || text.AsSpan(10).ContainsAny('+', '-'))
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
        );
}
