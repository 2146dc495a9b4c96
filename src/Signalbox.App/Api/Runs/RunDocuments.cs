using System.Text.Json;
using Signalbox.App.Cli;
using Signalbox.Core;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Engine.Projects;

namespace Signalbox.App.Api;

/// <summary>A run in a grid: what a cell for each of its tasks needs.</summary>
internal sealed record GridRunDocument(
    long Number,
    string RunId,
    string Pipeline,
    string Version,
    string LogicalDate,
    string Partition,
    string Trigger,
    long? Backfill,
    string State,
    string? Reason,
    string? StartedAt,
    string? EndedAt,
    GridTaskDocument[] Tasks
)
{
    public static GridRunDocument Of(Run run, IEnumerable<TaskRun> tasks) =>
        new(
            run.Number.Value,
            run.Id.Value,
            run.Pipeline.Value,
            run.Version.Value,
            InstantText.Utc(run.LogicalDate),
            run.Partition,
            Names.Of(run.Trigger),
            run.Backfill,
            Names.Of(run.State),
            run.Reason,
            InstantText.Fine(run.StartedAt),
            InstantText.Fine(run.EndedAt),
            [.. tasks.Where(task => !task.Key.IsInstance).Select(GridTaskDocument.Of)]
        );
}

/// <summary>A task in a grid; a mapped task is one, whose state sums up its instances.</summary>
/// <param name="Instances">Of a mapped task; null for any other.</param>
/// <param name="Attempts">Begun since it was last cleared.</param>
internal sealed record GridTaskDocument(string Task, string State, int Attempts, int? Instances, string? StartedAt, string? EndedAt)
{
    public static GridTaskDocument Of(TaskRun task) =>
        new(
            task.Key.Task.Value,
            Names.Of(task.State),
            task.TryNumber - task.TriesBefore,
            task.MapCount,
            InstantText.Fine(task.StartedAt),
            InstantText.Fine(task.EndedAt)
        );
}

/// <summary>What a task handed down.</summary>
/// <param name="Result">Null when it handed nothing down, or has not succeeded.</param>
internal sealed record ResultDocument(long Run, string Task, int MapIndex, JsonElement? Result)
{
    public static ResultDocument Of(RunNumber run, TaskRun task, Project project) =>
        new(
            run.Value,
            task.Key.Task.Value,
            task.Key.MapIndex,
            StoredResult.Read(new StateFolder(project.StateFolder), task.Result) is { } json ? ApprovalDocument.Parse(json) : null
        );
}
