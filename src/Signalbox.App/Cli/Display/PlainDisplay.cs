using System.Text;
using Signalbox.Core;
using Signalbox.Core.Reuse;
using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary>Progress where nothing can be redrawn: one line for each change of a task's state.</summary>
/// <param name="since">What ended before it, as tasks that a re-run keeps, is no progress.</param>
internal sealed class PlainDisplay(TextWriter output, DateTimeOffset since) : IRunDisplay
{
    private readonly Dictionary<TaskKey, (TaskState State, int Try, int? Count)> _seen = [];
    private RunState? _run;
    private DateTimeOffset? _retryAt;

    public bool Ticks => false;

    public void Show(RunPicture picture)
    {
        var lines = new StringBuilder();
        if (_run is null)
        {
            foreach (var task in picture.Tasks.Where(task => task.State.IsEnd() && task.EndedAt < since))
            {
                _seen[task.Key] = (task.State, task.TryNumber, task.MapCount);
            }
        }

        if (_run != picture.Run.State)
        {
            _run = picture.Run.State;
            if (!_run.Value.IsEnd())
            {
                lines.Append(Clock(picture)).Append($"run {picture.Run.Number} {Names.Of(_run.Value)}\n");
            }
        }

        foreach (var task in picture.Tasks)
        {
            var now = (task.State, task.TryNumber, task.MapCount);
            if (_seen.TryGetValue(task.Key, out var before) ? before == now : !IsWorthALine(task))
            {
                continue;
            }

            _seen[task.Key] = now;
            if (IsWorthALine(task))
            {
                Add(lines, picture, task);
            }
        }

        if (_retryAt != picture.Run.RetryAt)
        {
            _retryAt = picture.Run.RetryAt;
            if (_retryAt is not null)
            {
                lines.Append(Clock(picture)).Append($"run {picture.Run.Number} waits: {picture.Run.Reason}\n");
            }
        }

        output.Write(lines);
        output.Flush();
    }

    public void Say(string line) => Console.Error.WriteLine($"signalbox: {line}");

    public void Dispose()
    {
        // The writer is the console's.
    }

    private static bool IsWorthALine(TaskRun task) =>
        task.State is not (TaskState.None or TaskState.Scheduled or TaskState.Queued)
        && !(task.IsExpanded && task.State == TaskState.Running);

    private static string Clock(RunPicture picture) => $"{picture.Now.UtcDateTime:HH:mm:ss}  ";

    private static void Add(StringBuilder lines, RunPicture picture, TaskRun task)
    {
        lines.Append(Clock(picture)).Append($"{RunPicture.Title(task)} {Names.Of(task.State)}");
        if (picture.Attempts(task) is { Length: > 0 } attempts && picture.MaxAttempts(task.Key) > 1)
        {
            lines.Append($", attempt {attempts}");
        }

        if (task.State.IsEnd() && task.StartedAt is not null)
        {
            lines.Append($", {Brief.Between(task.StartedAt, task.EndedAt, picture.Now)}");
        }

        if (task.Reason is { Length: > 0 } reason && (task.State is not (TaskState.Success or TaskState.Running) || ReuseNote.Is(reason)))
        {
            lines.Append($": {reason}");
        }

        if (CheckLines.NoteOf(task) is { } note)
        {
            lines.Append($": {note}");
        }

        lines.Append('\n');
    }
}
