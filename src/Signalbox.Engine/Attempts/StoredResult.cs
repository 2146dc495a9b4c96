namespace Signalbox.Engine.Attempts;

/// <summary>What a task handed down, wherever it is kept.</summary>
public static class StoredResult
{
    /// <summary>The JSON text of a task's <see cref="Core.Runs.TaskRun.Result"/>; null when it handed nothing down.</summary>
    public static string? Read(StateFolder state, string? stored) => stored is null ? null : Reports.ResultText(stored, state);
}
