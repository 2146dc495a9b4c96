using System.Collections.Immutable;
using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;

namespace Signalbox.App.Cli;

/// <summary>A run at one instant, as the displays show it.</summary>
internal sealed record RunPicture(Pipeline Pipeline, Run Run, ImmutableArray<TaskRun> Tasks, DateTimeOffset Now)
{
    public int MaxAttempts(TaskKey key) => Pipeline.Tasks.FirstOrDefault(node => node.Name == key.Task)?.Retry.MaxAttempts ?? 1;

    /// <summary>E.g. <c>2/3</c>: the attempt since the task was last cleared, and how many there can be. Empty before the first.</summary>
    public string Attempts(TaskRun task) =>
        task.TryNumber > task.TriesBefore ? $"{task.TryNumber - task.TriesBefore}/{MaxAttempts(task.Key)}" : "";

    public static string Title(TaskRun task) => task.Label is { } label ? $"{task.Key} {label}" : task.Key.ToString();
}

/// <summary>Shows a run while it goes on.</summary>
internal interface IRunDisplay : IDisposable
{
    /// <summary>Whether it shows something that moves though nothing changed: clocks.</summary>
    bool Ticks { get; }

    void Show(RunPicture picture);

    /// <summary>Says something to the person beside the progress.</summary>
    void Say(string line);
}

/// <summary>Shows nothing: for <c>--json</c>.</summary>
internal sealed class NoDisplay : IRunDisplay
{
    public bool Ticks => false;

    public void Show(RunPicture picture)
    {
        // Nothing is what it shows.
    }

    public void Say(string line) => Console.Error.WriteLine($"signalbox: {line}");

    public void Dispose()
    {
        // It holds nothing.
    }
}
