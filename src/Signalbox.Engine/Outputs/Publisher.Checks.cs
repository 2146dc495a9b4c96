using System.Text.Json;
using Signalbox.Core.Checks;
using Signalbox.Core.Retry;
using Signalbox.Core.Runs;
using Signalbox.Engine.Attempts;
using Signalbox.Storage;

namespace Signalbox.Engine.Outputs;

/// <content>What checks found: kept, told, and where it must be, in the way.</content>
internal sealed partial class Publisher
{
    /// <summary>Looks at the inputs of an attempt before its work starts.</summary>
    /// <returns>The failure, with the rows that belong to it; null when the work may start.</returns>
    /// <exception cref="TaskRefused">The checks could not be made.</exception>
    public async Task<(Outcome Outcome, Action<WriteSession> Write)?> RefuseInputsAsync(
        LiveAttempt attempt,
        AttemptContext context,
        CancellationToken cancellationToken
    )
    {
        // Asked again after a restart, the results are there already.
        if (ResultsOf(attempt).Any(result => result.Output.StartsWith(InputPrefix, StringComparison.Ordinal)))
        {
            return null;
        }

        var checks = await auditor.AuditInputsAsync(attempt, context, cancellationToken);
        void SaveChecks(WriteSession session) => Save(session, attempt, checks);
        if (
            Refusal(checks, failed => $"it was not started: input `{failed.Output[InputPrefix.Length..]}`: {failed.Message}") is { } failure
        )
        {
            return (new Outcome.Failed(failure), SaveChecks);
        }

        await parts.Store.WriteAsync(SaveChecks, CancellationToken.None);
        return null;
    }

    /// <summary>What people should know though the task succeeds: of checks of inputs, too. Null when there is nothing.</summary>
    public string? NoteOf(LiveAttempt attempt)
    {
        if (attempt.Node.InputChecks.IsEmpty && attempt.Node.Outputs.All(output => output.Checks.IsEmpty))
        {
            return null;
        }

        var rejected = quarantine
            .Prepared(attempt)
            .Select(row =>
                $"{row.Rows:N0} of {row.Of:N0} rows of `{row.Output}` rejected by {string.Join(", ", Names(row))}; the others are published"
            );
        var warned = ResultsOf(attempt)
            .Where(result => result is { Passed: false, Severity: CheckSeverity.Warn })
            .Select(result => $"warning: {result.Message}");
        var notes = rejected.Concat(warned).ToList();
        return notes.Count == 0 ? null : string.Join("; ", notes);

        static IEnumerable<string> Names(Rejected row)
        {
            using var checks = JsonDocument.Parse(row.Checks);
            return [.. checks.RootElement.EnumerateObject().Select(check => check.Name)];
        }
    }

    /// <summary>What a refusal is for the task, and the row for the rows that a database refused, where it is about such.</summary>
    private (Failure Failure, Rejected? Rows) Refused(LiveAttempt attempt, AttemptContext context, Publication intent, Exception problem)
    {
        var failure = Endings.Of(problem);
        if (problem is not PlaceException { Refused: { } rows })
        {
            return (failure, null);
        }

        try
        {
            var kept = quarantine.Keep(attempt, context, intent, rows);
            return (
                failure with
                {
                    Message = $"{failure.Message}; nothing was loaded, and they are kept: signalbox rejected list {attempt.Pipeline.Name}",
                },
                kept
            );
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return (failure with { Message = $"{failure.Message}; nothing was loaded, and they cannot be kept: {error.Message}" }, null);
        }
    }

    private const string InputPrefix = "inputs.";

    private static Failure? Refusal(IReadOnlyList<AuditedCheck> checks, Func<AuditedCheck, string> message)
    {
        var failed = checks.Where(check => check.Blocks).ToList();
        if (failed.Count == 0)
        {
            return null;
        }

        var more = failed.Count == 1 ? "" : $" (and {failed.Count - 1} more)";
        return new Failure(FailureClass.Validation, message(failed[0]) + more, "check") { CheckFailed = true };
    }

    private List<StoredCheck> ResultsOf(LiveAttempt attempt) =>
        [
            .. parts
                .Store.Read(session => session.CheckResults(attempt.Run.Number))
                .Where(result => result.Task == attempt.Task.Key && result.Attempt == attempt.Number),
        ];

    private void Save(WriteSession session, LiveAttempt attempt, IReadOnlyList<AuditedCheck> checks)
    {
        var now = parts.Time.GetUtcNow();
        foreach (var check in checks)
        {
            session.AddCheckResult(
                new StoredCheck(
                    attempt.Run.Number,
                    attempt.Task.Key,
                    attempt.Number,
                    check.Output,
                    check.Name,
                    check.Kind,
                    check.Severity,
                    check.Passed,
                    check.Observed,
                    check.Expected,
                    check.Message,
                    check.Samples,
                    now
                )
            );
        }
    }
}
