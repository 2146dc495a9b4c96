using Signalbox.Core;
using Signalbox.Core.Checks;
using Signalbox.Core.Runs;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary>Results of checks, for people.</summary>
internal static class CheckLines
{
    private const int MostChecks = 20;

    /// <summary>What a task's success says beside that it succeeded; null for nothing.</summary>
    public static string? NoteOf(TaskRun task)
    {
        var plain = $"attempt {task.TryNumber} succeeded; ";
        return task is { State: TaskState.Success, Reason: { } reason } && reason.StartsWith(plain, StringComparison.Ordinal)
            ? reason[plain.Length..]
            : null;
    }

    /// <summary>A line for each task whose latest checks did not all pass: how they went, then each that failed with what it saw.</summary>
    public static void Summarise(TextWriter output, IReadOnlyList<StoredCheck> checks)
    {
        var left = MostChecks;
        foreach (var task in Latest(checks).GroupBy(check => check.Task))
        {
            var results = task.ToList();
            if (results.TrueForAll(check => check.Passed))
            {
                continue;
            }

            output.WriteLine($"  {task.Key} checks: {Tally(results)}");
            foreach (var check in results.Where(check => !check.Passed))
            {
                if (left-- > 0)
                {
                    output.WriteLine($"    {Word(check), -10} {Subject(check)}: {check.Message}");
                }
            }
        }
    }

    /// <summary>Every check of a run with what it saw and what it wanted.</summary>
    public static void WriteTable(TextWriter output, IReadOnlyList<StoredCheck> checks)
    {
        if (checks.Count == 0)
        {
            return;
        }

        output.WriteLine();
        TextTable.Write(
            output,
            ["task", "attempt", "checked", "check", "result", "observed", "expected"],
            [
                .. checks.Select(check =>
                    new[]
                    {
                        check.Task.ToString(),
                        $"{check.Attempt}",
                        Subject(check),
                        check.Name,
                        Word(check),
                        check.Observed ?? "-",
                        check.Expected ?? "-",
                    }
                ),
            ]
        );
        foreach (var check in checks.Where(check => check is { Passed: false, Samples: not null }).Take(MostChecks))
        {
            output.WriteLine();
            output.WriteLine($"{check.Task}, {Subject(check)}: {check.Message}");
            output.WriteLine($"  {check.Samples}");
        }
    }

    /// <summary>Only what the latest attempt of each task found counts.</summary>
    private static IEnumerable<StoredCheck> Latest(IReadOnlyList<StoredCheck> checks)
    {
        var latest = checks.GroupBy(check => check.Task).ToDictionary(task => task.Key, task => task.Max(check => check.Attempt));
        return checks.Where(check => check.Attempt == latest[check.Task]);
    }

    private static string Tally(List<StoredCheck> checks)
    {
        var parts = checks.GroupBy(Word).OrderBy(group => group.Key == "passed" ? 0 : 1).Select(group => $"{group.Count()} {group.Key}");
        return string.Join(", ", parts);
    }

    private static string Word(StoredCheck check) =>
        check.Passed
            ? "passed"
            : check.Severity switch
            {
                CheckSeverity.Warn => "warning",
                CheckSeverity.Quarantine => "quarantine",
                _ => "failed",
            };

    private static string Subject(StoredCheck check) =>
        check.Output.StartsWith("inputs.", StringComparison.Ordinal) ? $"input {check.Output["inputs.".Length..]}" : check.Output;
}
