using Signalbox.Core.Checks;
using Signalbox.Core.Definitions;

namespace Signalbox.Core.Tests.Definitions;

/// <summary>Pipelines for the checker, right but for what a test makes wrong.</summary>
internal static class Made
{
    public static Pipeline Pipeline(params TaskNode[] tasks) =>
        new()
        {
            Name = new PipelineName("p"),
            Timeout = TimeSpan.FromHours(1),
            Tasks = [.. tasks],
        };

    public static TaskNode Task(string name, params string[] needs) =>
        new()
        {
            Name = new TaskName(name),
            Kind = new TaskKind.Shell("true"),
            Needs = [.. needs.Select(need => new TaskName(need))],
        };

    public static TaskNode Runs(this TaskNode task, string command) => task with { Kind = new TaskKind.Shell(command) };

    public static TaskNode Makes(this TaskNode task, string name, string path, params CheckSpec[] checks) =>
        task with
        {
            Outputs = task.Outputs.Add(
                new OutputSpec
                {
                    Name = name,
                    Path = path,
                    Checks = [.. checks],
                }
            ),
        };

    /// <summary>What the checker finds, one line each.</summary>
    public static string[] Found(Pipeline pipeline) =>
        [
            .. PipelineChecker
                .Check(pipeline)
                .Select(found =>
                    $"{(found.Severity == Severity.Warning ? "warning " : "")}{found.Path}{(found.Offset > 0 ? $"+{found.Offset}" : "")} {found.Code}: {found.Message}"
                ),
        ];

    public static string[] Found(params TaskNode[] tasks) => Found(Pipeline(tasks));
}
