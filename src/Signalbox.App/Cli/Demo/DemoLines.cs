using Signalbox.Core;
using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary>Tells of runs as they go on, a line for each thing worth one: what ended well only by its run, what did not by its task.</summary>
internal sealed class DemoLines(TextWriter said)
{
    private readonly Dictionary<(RunNumber, TaskKey), (TaskState, int)> _seen = [];
    private readonly Lock _telling = new();

    /// <summary>Told by the engine after each change that is durable.</summary>
    public void Tell(RunSnapshot run, Change change)
    {
        lock (_telling)
        {
            switch (change)
            {
                case Change.TaskChanged { After: var task }:
                    Tell(run.Run, task);
                    break;
                case Change.RunChanged { After: var row } when row.State.IsEnd():
                    // A decision has the run before its tasks; people want to read what happened first.
                    foreach (var last in run.Tasks)
                    {
                        Tell(row, last);
                    }

                    said.WriteLine(
                        $"{Clock()}  {row.Partition}  {Names.Of(row.State)} in {Brief.Between(row.StartedAt, row.EndedAt, Now)}, run {row.Number}"
                    );
                    break;
            }
        }
    }

    private void Tell(Run run, TaskRun task)
    {
        var key = (run.Number, task.Key);
        var now = (task.State, task.TryNumber);
        if (_seen.TryGetValue(key, out var before) && before == now)
        {
            return;
        }

        _seen[key] = now;
        var line = task.State switch
        {
            TaskState.UpForRetry when task.DueAt is { } due =>
                $"attempt {task.TryNumber} failed, the next in {Brief.Of(due > Now ? due - Now : TimeSpan.Zero)}: {task.Failure?.Message ?? task.Reason}",
            TaskState.Failed => $"failed: {task.Failure?.Message ?? task.Reason}",
            TaskState.Blocked or TaskState.Skipped or TaskState.UpstreamFailed => $"{Names.Of(task.State)}: {task.Reason}",
            TaskState.Success when task.TryNumber - task.TriesBefore > 1 => $"success at attempt {task.TryNumber}",
            TaskState.Success when task.Label is { } label => $"success: {label}",
            _ => null,
        };
        if (line is not null)
        {
            said.WriteLine($"{Clock()}  {run.Partition}  {task.Key} {line}");
        }
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static string Clock() => $"{Now.UtcDateTime:HH:mm:ss}";
}
