using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Expressions;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Projects;
using Signalbox.Engine.Telemetry;

namespace Signalbox.Engine.Attempts;

/// <summary>The whole environment of a command: nothing of the server's own is there but what is listed.</summary>
internal static class AttemptEnvironment
{
    private const string SecretPrefix = "secret:";

    private static readonly KeyValuePair<string, string>[] Inherited = ReadInherited();

    /// <param name="secrets">Receives the values that must never be seen in a log.</param>
    public static Dictionary<string, string> Of(AttemptContext context, ICollection<string> secrets)
    {
        var run = context.Run;
        var variables = new Dictionary<string, string>(Inherited, StringComparer.Ordinal)
        {
            ["TZ"] = "UTC",
            // A log that is written line by line can be watched; Python keeps 8 KiB back otherwise.
            ["PYTHONUNBUFFERED"] = "1",
            [TaskEnvironment.Ds] = Text(context, "ds"),
            [TaskEnvironment.LogicalDate] = Iso(run.LogicalDate),
            [TaskEnvironment.IntervalStart] = Iso(run.IntervalStart),
            [TaskEnvironment.IntervalEnd] = Iso(run.IntervalEnd),
            [TaskEnvironment.Partition] = run.Partition,
            [TaskEnvironment.Pipeline] = run.Pipeline.Value,
            [TaskEnvironment.RunId] = run.Id.Value,
            [TaskEnvironment.Task] = context.Node.Name.Value,
            [TaskEnvironment.Attempt] = context.Number.ToString(CultureInfo.InvariantCulture),
            [TaskEnvironment.Result] = context.ReportFile(ReportFiles.Result),
            [TaskEnvironment.Metrics] = context.ReportFile(ReportFiles.Metrics),
            [TaskEnvironment.Error] = context.ReportFile(ReportFiles.Error),
            [TaskEnvironment.TraceParent] = TraceIds.Parent(context.Parts.Instance, context.Run.Number, context.Task.Key, context.Number),
            [TaskEnvironment.Params] = context.Parts.State.Params(run.Number),
        };
        if (context.Gpus is { } gpus)
        {
            variables[TaskEnvironment.Gpus] = gpus;
            variables[TaskEnvironment.CudaDevices] = gpus;
            variables[TaskEnvironment.CudaDeviceOrder] = "PCI_BUS_ID";
        }

        if (run.Namespace is { } space)
        {
            variables[TaskEnvironment.Namespace] = space.Value;
        }

        if (run.Backfill is not null)
        {
            variables[TaskEnvironment.BackfillDate] = Text(context, "ds");
            variables[TaskEnvironment.BackfillReason] = context.BackfillReason ?? "";
        }

        if (context.Rejected is { } rejected)
        {
            variables[TaskEnvironment.Rejected] = rejected;
        }

        if (context.Task.Key.IsInstance)
        {
            variables[TaskEnvironment.MapIndex] = context.Task.Key.MapIndex.ToString(CultureInfo.InvariantCulture);
            variables[TaskEnvironment.Item] = context.Task.Item ?? "null";
        }

        foreach (var (name, path) in context.Inputs)
        {
            variables[TaskEnvironment.Input(name)] = path;
        }

        foreach (var output in context.Outputs)
        {
            variables[TaskEnvironment.Output(output.Output)] = output.Path;
        }

        if (context.Pipeline.Params.Length > 0 && context.Scope.TryGet("params", out var found) && found is Value.Map parameters)
        {
            foreach (var (name, value) in parameters.Entries)
            {
                variables[TaskEnvironment.Param(name)] = value is Value.Null ? "" : value.ToString();
            }
        }

        foreach (var (name, text) in context.Node.Env)
        {
            variables[name] = text.StartsWith(SecretPrefix, StringComparison.Ordinal)
                ? Secret(context, text[SecretPrefix.Length..], secrets)
                : context.Render(text, $"env.{name}");
        }

        return variables;
    }

    /// <summary>The values of all secrets that a task is given, those that can be found.</summary>
    public static void AddSecrets(Project project, TaskNode node, ICollection<string> secrets)
    {
        foreach (var value in project.SecretsOf(node).Where(value => !secrets.Contains(value)))
        {
            secrets.Add(value);
        }
    }

    private static string Secret(AttemptContext context, string name, ICollection<string> secrets)
    {
        var secret = context.Parts.Project.Secrets.Resolve(name);
        if (secret.Value is not { } value)
        {
            throw TaskRefused.Because(FailureClass.Auth, secret.Problem!, "secret");
        }

        secrets.Add(value);
        return value;
    }

    private static string Text(AttemptContext context, string name) => context.Scope.TryGet(name, out var value) ? value.ToString() : "";

    private static string Iso(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static KeyValuePair<string, string>[] ReadInherited()
    {
        var found = new List<KeyValuePair<string, string>>();
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (TaskEnvironment.Inherited.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal))
            {
                found.Add(new(name, (string?)variable.Value ?? ""));
            }
        }

        return [.. found];
    }
}
