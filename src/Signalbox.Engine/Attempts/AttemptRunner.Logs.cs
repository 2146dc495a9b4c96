using Signalbox.Engine.Executors;
using Signalbox.Engine.Logs;
using Signalbox.Engine.Outputs;

namespace Signalbox.Engine.Attempts;

/// <content>The logs of attempts: none grows without end, and none keeps a secret.</content>
internal sealed partial class AttemptRunner
{
    private static readonly TimeSpan LookAtLogs = TimeSpan.FromSeconds(2);

    private static readonly string[] Logs = [AttemptFiles.Stdout, AttemptFiles.Stderr];

    /// <summary>Cuts the middle out of logs that grow larger than they may, until the engine stops.</summary>
    public async Task KeepLogsAsync(CancellationToken stop)
    {
        while (true)
        {
            await Task.Delay(LookAtLogs, parts.Time, stop);
            foreach (var attempt in _live.Values)
            {
                try
                {
                    Cut(attempt);
                }
                catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
                {
                    Said?.Invoke($"{attempt.Ref.Key}: its log is too large and cannot be cut: {problem.Message}");
                }
            }
        }
    }

    /// <summary>After the end of a process and before it is recorded: what its files say is what people will read.</summary>
    private void CloseLogs(LiveAttempt attempt)
    {
        Cut(attempt);
        // An attempt that was found again after a restart was given its secrets by an engine that is gone.
        AttemptEnvironment.AddSecrets(parts.Project, attempt.Node, attempt.Secrets);
        var secrets = attempt.Secrets.Count == 0 ? SecretForms.None : new SecretForms(attempt.Secrets);
        foreach (var file in (ReadOnlySpan<string>)[.. Logs, ReportFiles.Error, ReportFiles.Result])
        {
            LogScrubber.Scrub(Path.Combine(attempt.Ref.Directory, file), secrets);
        }
    }

    private void Cut(LiveAttempt attempt)
    {
        foreach (var file in Logs)
        {
            LogCut.Keep(Path.Combine(attempt.Ref.Directory, file), parts.Project.Logs.MaxSize);
        }
    }
}
